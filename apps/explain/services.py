"""Have a model explain a result. Calls are recorded and budgeted before anything is sent."""

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Literal

from django.contrib.auth.models import User
from django.db.models import F, Sum
from django.utils import timezone

from apps.audit.models import Action
from apps.audit.trail import audited_transaction
from apps.explain.config import Llm, Usage, format_money
from apps.explain.llm import ModelFailed
from apps.explain.models import Explanation, ExplanationState, Spending
from apps.exports.escaping import Neutralizer, truncate
from apps.exports.facts import Preset
from apps.exports.tokens import GPT, estimate_tokens
from apps.lookups.access import Requester
from apps.lookups.answers import LookupResult
from apps.lookups.exports import Choice, render_result
from apps.lookups.problems import Problem
from apps.lookups.records import record_action

Confidence = Literal["high", "medium", "low", "unknown"]

_CONFIDENCES: dict[str, Confidence] = {"high": "high", "medium": "medium", "low": "low"}
MAX_LINES = 40
_MAX_LINE = 8000
_MAX_TEXT, _MAX_ID = 1000, 80
_MAX_EVENTS = 12
_MIN_PREFIX = 8


@dataclass(frozen=True, slots=True)
class Cause:
    """A likely cause. `unknown_events` were cited, but the message has none with these IDs."""

    text: str
    confidence: Confidence
    events: tuple[str, ...]
    unknown_events: tuple[str, ...]
    confirm: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A line that isn't in the requested format."""

    text: str


Line = Cause | Remark


class AnswerReader:
    """Parse an answer that arrives in pieces."""

    def __init__(self, nonce: str, event_ids: frozenset[str]) -> None:
        """`event_ids` are the lowercase IDs of the events, logs, and spans in the message."""
        self._neutralizer, self._ids = Neutralizer(nonce), event_ids
        self._rest = ""
        self._count = 0

    @property
    def is_full(self) -> bool:
        """Return whether the maximum number of lines has been read."""
        return self._count >= MAX_LINES

    def read(self, piece: str) -> Iterator[Line]:
        """Yield the lines that this piece completes."""
        self._rest += piece
        while "\n" in self._rest and not self.is_full:
            line, _end, self._rest = self._rest.partition("\n")
            yield from self._read_line(line)
        if len(self._rest) > _MAX_LINE and not self.is_full:
            line, self._rest = self._rest, ""
            yield from self._read_line(line)

    def end(self) -> Iterator[Line]:
        """Yield the last line, at the end of the answer."""
        line, self._rest = self._rest, ""
        if not self.is_full:
            yield from self._read_line(line)

    def _read_line(self, line: str) -> Iterator[Line]:
        line = line.strip().rstrip(",").rstrip()
        if not line or line.startswith("```") or line in ("[", "]"):
            return  # markup around JSON
        self._count += 1
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        cause = self._cause(values) if isinstance(values, dict) else None
        yield cause or Remark(self._clean(line, _MAX_TEXT))

    def _cause(self, values: Mapping[str, object]) -> Cause | None:
        text = values.get("cause")
        if not isinstance(text, str) or not text.strip():
            return None
        cited = values.get("events")
        names = [
            str(one)
            for one in (cited if isinstance(cited, list) else [cited])
            if isinstance(one, str | int) and not isinstance(one, bool) and str(one).strip()
        ]
        found = {one: self._event_id(one) for one in list(dict.fromkeys(names))[:_MAX_EVENTS]}
        level, confirm = values.get("confidence"), values.get("confirm")
        level = level.strip().lower() if isinstance(level, str) else ""
        return Cause(
            text=self._clean(text, _MAX_TEXT),
            confidence=_CONFIDENCES.get(level, "unknown"),
            events=tuple(dict.fromkeys(event for event in found.values() if event)),
            unknown_events=tuple(
                self._clean(one, _MAX_ID) for one, event in found.items() if not event
            ),
            confirm=self._clean(confirm, _MAX_TEXT) if isinstance(confirm, str) else "",
        )

    def _event_id(self, cited: str) -> str | None:
        """Return the ID that was cited in full or by an unambiguous prefix."""
        cited = cited.strip().strip("`").lower()
        if cited in self._ids:
            return cited
        if len(cited) < _MIN_PREFIX:
            return None
        found = [one for one in self._ids if one.startswith(cited)]
        return found[0] if len(found) == 1 else None

    def _clean(self, text: str, limit: int) -> str:
        return truncate(self._neutralizer.clean(text.strip()), limit)


def reserve(llm: Llm, tokens_in: int) -> date:
    """Reserve the call's maximum tokens and cost, and return the day. Raise a `ModelFailed`."""
    tokens = tokens_in + llm.answer_tokens
    cost = llm.cost(tokens_in, llm.answer_tokens)
    day = timezone.localdate()
    Spending.objects.get_or_create(day=day)
    rows = Spending.objects.filter(day=day, tokens__lte=llm.tokens_per_day - tokens)
    if llm.costs_money:
        rows = rows.filter(cost__lte=llm.most_per_day - cost)
    # One conditional update, so that no two processes reserve the same remainder.
    if not rows.update(tokens=F("tokens") + tokens, cost=F("cost") + cost):
        raise ModelFailed("budget", left=remaining_today(llm))
    return day


def _check_share(llm: Llm, user: User | None, tokens_in: int) -> None:
    """Raise a `ModelFailed` if the person's calls today would use over a third of the budget.

    The first call of the day is always within the share.
    """
    start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    used = Explanation.objects.filter(user=user, at__gte=start).aggregate(
        tokens=Sum(F("tokens_in") + F("tokens_out"), default=0), cost=Sum("cost", default=0)
    )
    tokens = used["tokens"] + tokens_in + llm.answer_tokens
    cost = used["cost"] + llm.cost(tokens_in, llm.answer_tokens)
    is_over = tokens * 3 > llm.tokens_per_day or (llm.costs_money and cost * 3 > llm.most_per_day)
    if used["tokens"] and is_over:
        raise ModelFailed("share", left=remaining_today(llm))


def remaining_today(llm: Llm) -> str:
    """Return today's remaining budget in words: tokens and, if there are prices, money."""
    spent = Spending.objects.filter(day=timezone.localdate()).first() or Spending()
    tokens = max(llm.tokens_per_day - spent.tokens, 0)
    if not llm.costs_money:
        return f"{tokens:,} tokens"
    left = format_money(max(llm.most_per_day - spent.cost, 0))
    return f"{tokens:,} tokens, and {left} of {format_money(llm.most_per_day)} to spend"


# It fits into the room that every export reserves for its prompt, so that no facts are left out.
_PROMPT = Preset(
    "explain",
    "Explain",
    "Why did this happen to the customer? Write one JSON object per line and nothing else, "
    'likeliest first, at most 5: {"cause": "...", "confidence": "high|medium|low", '
    '"events": ["..."], "confirm": "..."}. In events name the ids of the events, logs, or spans '
    "in the data that show it; without one, leave it empty. In confirm say what would prove it.",
)
# Other models split words into more tokens than the estimate assumes.
_MARGIN_DIVISOR, _OVERHEAD_TOKENS = 4, 100


@dataclass(frozen=True, slots=True)
class Message:
    """The text as previewed and sent. `max_tokens` is the upper bound of its estimate."""

    text: str
    tokens: int
    max_tokens: int
    digest: str


def build_message(result: LookupResult, llm: Llm) -> Message:
    """Return the message: our prompt and the export of the result, always redacted.

    The digest covers the model too: a preview for one model isn't valid for another.
    """
    text = render_result(result, Choice(model=GPT.name), _PROMPT).text
    tokens = estimate_tokens(text)
    digested = json.dumps([llm.base_url, llm.model, llm.answer_tokens, text])
    return Message(
        text=text,
        tokens=tokens,
        max_tokens=tokens + tokens // _MARGIN_DIVISOR + _OVERHEAD_TOKENS,
        digest=hashlib.sha256(digested.encode()).hexdigest(),
    )


# Each call occupies one of the server's threads until the model has finished. A person has one.
_MAX_CONCURRENT = 4
_lock = Lock()
_callers: list[int | None] = []


@contextmanager
def _slot(person: int | None) -> Iterator[None]:
    """Count the person among the callers. Raise a `ModelFailed` if that would be too many."""
    with _lock:
        if person is not None and person in _callers:
            raise ModelFailed("still_answering")
        if len(_callers) >= _MAX_CONCURRENT:
            raise ModelFailed("crowded")
        _callers.append(person)
    try:
        yield
    finally:
        with _lock:
            _callers.remove(person)


@dataclass(frozen=True, slots=True)
class ExplanationEnd:
    """The end of the answer. `cost` is in millionths; `is_reported`: by the server."""

    problem: Problem | None
    tokens: int
    cost: int
    is_reported: bool


Piece = Line | ExplanationEnd


def explain(
    llm: Llm, result: LookupResult, message: Message, *, requester: Requester
) -> Generator[Piece]:
    """Record the call and reserve its cost now; return a generator that makes the call.

    The caller must close the generator, even unread, to settle the reservation. Its last piece is
    an `ExplanationEnd`. Raise a `ModelFailed` before anything is sent.
    """
    pieces = _explain(llm, result, message, requester)
    next(pieces)  # up to the record
    return pieces


def _explain(
    llm: Llm, result: LookupResult, message: Message, requester: Requester
) -> Generator[Piece]:
    """Yield an empty remark once the call is recorded, the lines of the answer, and its end."""
    lookup, answer = result.lookup, result.answer
    ids = (one.id.lower() for one in (*answer.events, *answer.beside.activity))
    reader = AnswerReader(lookup.marker, frozenset(one for one in ids if one in message.text))
    with _slot(requester.user.pk if requester.user else None):
        with audited_transaction():
            _check_share(llm, requester.user, message.max_tokens)
            day = reserve(llm, message.max_tokens)
            facts = {"model": llm.model, "host": llm.host, "digest": message.digest}
            record = Explanation.objects.create(
                lookup=lookup,
                user=requester.user,
                tokens_in=message.max_tokens,
                tokens_out=llm.answer_tokens,
                cost=llm.cost(message.max_tokens, llm.answer_tokens),
                **facts,
            )
            record_action(Action.EXPLAINED, requester.actor, lookup, **facts, tokens=message.tokens)
        call = _Call(llm, record, day)
        try:
            yield Remark("")
            try:
                yield from call.lines(message, reader)
            except ModelFailed as failure:
                call.failure = failure
            yield from reader.end()
            call.is_over = True
        finally:
            call.settle()
    problem = call.failure.problem if call.failure else None
    tokens = record.tokens_in + record.tokens_out
    yield ExplanationEnd(problem, tokens, record.cost, record.is_told)


@dataclass(slots=True)
class _Call:
    """A call in progress, with its record and the day of its reservation."""

    llm: Llm
    record: Explanation
    day: date
    usage: Usage | None = None
    failure: ModelFailed | None = None
    has_text: bool = False
    is_over: bool = False

    def lines(self, message: Message, reader: AnswerReader) -> Iterator[Line]:
        """Make the call, and yield the whole lines of the answer. Raise a `ModelFailed`."""
        from apps.explain import client  # slow to import

        with closing(client.stream_answer(self.llm, message.text)) as answer:
            for piece in answer:
                if isinstance(piece, Usage):
                    self.usage = piece
                    continue
                self.has_text = True
                yield from reader.read(piece)
                if reader.is_full:
                    raise ModelFailed("cut_off", "The answer has more lines than we show.")

    def settle(self) -> None:
        """Save the usage. If the server reported none, the whole reservation counts as spent."""
        record, failure = self.record, self.failure
        reserved, reserved_cost = record.tokens_in + record.tokens_out, record.cost
        if self.usage:
            record.tokens_in, record.tokens_out = self.usage.tokens_in, self.usage.tokens_out
            record.is_told = True
        elif failure and failure.was_free and not self.has_text:
            record.tokens_in = record.tokens_out = 0
        record.cost = self.llm.cost(record.tokens_in, record.tokens_out)
        Spending.objects.filter(day=self.day).update(
            tokens=F("tokens") + (record.tokens_in + record.tokens_out - reserved),
            cost=F("cost") + (record.cost - reserved_cost),
        )
        if not self.is_over:  # the reader has disconnected
            record.state, record.problem = ExplanationState.CUT, "left"
        elif failure is None:
            record.state = ExplanationState.COMPLETE
        else:
            record.state = ExplanationState.CUT if self.has_text else ExplanationState.FAILED
            record.problem = failure.problem.code
        # The lookup may have been pruned in the meantime, and this record with it.
        names = ("tokens_in", "tokens_out", "cost", "is_told", "state", "problem")
        changes = {name: getattr(record, name) for name in names}
        Explanation.objects.filter(pk=record.pk).update(**changes)
