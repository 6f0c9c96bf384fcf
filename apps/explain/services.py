"""Having a model explain a result: recorded and paid for before anything is sent."""

import hashlib
import json
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from threading import BoundedSemaphore
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils import timezone

from apps.audit.models import Action
from apps.audit.trail import one_act
from apps.explain.claims import Line, Reader
from apps.explain.client import (
    MILLION,
    BudgetUsedUp,
    Crowded,
    Llm,
    ModelFailed,
    TooMuch,
    Usage,
    money,
    problem_of,
)
from apps.explain.models import Explanation, Spending, State
from apps.exports import Preset, estimate_tokens, render
from apps.lookups.access import Asker
from apps.lookups.answers import LookupResult
from apps.lookups.known_errors import with_replies
from apps.lookups.problems import Problem
from apps.lookups.records import record_act

# What a day may cost: set aside before a call at its most, and corrected when it is known.


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was set aside, and on which day."""

    day: date
    tokens: int
    cost: int


def reserve(llm: Llm, tokens_in: int) -> Reserved:
    """Set aside what the call can cost at most. Raises `BudgetUsedUp`.

    One conditional change of the day's row, so that no two processes take the same rest.
    """
    tokens = tokens_in + llm.answer_tokens
    cost = llm.cost(tokens_in, llm.answer_tokens)
    day = timezone.localdate()
    Spending.objects.get_or_create(day=day)
    rows = Spending.objects.filter(day=day, tokens__lte=llm.tokens_per_day - tokens)
    if llm.costs_money:
        rows = rows.filter(cost__lte=_most_cost(llm) - cost)
    if not rows.update(tokens=F("tokens") + tokens, cost=F("cost") + cost):
        raise BudgetUsedUp(left_today(llm))
    return Reserved(day, tokens, cost)


def settle(reserved: Reserved, *, tokens: int, cost: int) -> None:
    """Put what was really used in the place of what was set aside."""
    Spending.objects.filter(day=reserved.day).update(
        tokens=F("tokens") + (tokens - reserved.tokens), cost=F("cost") + (cost - reserved.cost)
    )


def left_today(llm: Llm) -> str:
    """What is left of the day in words: tokens, and money where there are prices."""
    spent = Spending.objects.filter(day=timezone.localdate()).first() or Spending()
    tokens = max(llm.tokens_per_day - spent.tokens, 0)
    told = f"{tokens:,} tokens"
    if not llm.costs_money:
        return told
    left, most = max(_most_cost(llm) - spent.cost, 0), _most_cost(llm)
    return f"{told}, and {money(left)} of {money(most)} to spend"


def _most_cost(llm: Llm) -> int:
    return int(llm.cost_per_day * MILLION)


# What is sent: one message of a question of ours and the redacted export, and nothing else.

# Within what every export holds back for its question, so that the facts are those of the page.
_QUESTION = Preset(
    "explain",
    "Explain",
    "Why did this happen to the customer? Write one JSON object per line and nothing else, "
    'likeliest first, at most 5: {"cause": "...", "confidence": "high|medium|low", '
    '"events": ["..."], "confirm": "..."}. In events name the ids of the events in the data that '
    "show it; without one, leave it empty. In confirm say what would prove it.",
)
# Other models cut words finer than the one that is counted for.
_SPARE, _FRAME = 4, 100


@dataclass(frozen=True, slots=True)
class Message:
    """The text as it is shown and sent. `most_in` is how many tokens it has at most."""

    text: str
    tokens: int
    most_in: int
    digest: str


def message_for(result: LookupResult, llm: Llm) -> Message:
    """The message about this result. There is no way to have one without redaction.

    Its digest covers where it goes too: a preview for one model is none for another.
    """
    lookup, zone = result.lookup, ZoneInfo(result.lookup.zone)
    today = timezone.localdate(timezone=zone)
    rendered = render(
        with_replies(result.answer, zone=zone, today=today),
        format="markdown",
        preset=_QUESTION,
        lookup_id=str(lookup.uuid),
        marker=lookup.marker,
        from_cache=lookup.from_cache,
        zone=lookup.zone,
        today=today,
    )
    tokens = estimate_tokens(rendered.text)
    told = json.dumps([llm.base_url, llm.model, llm.answer_tokens, rendered.text])
    return Message(
        text=rendered.text,
        tokens=tokens,
        most_in=tokens + tokens // _SPARE + _FRAME,
        digest=hashlib.sha256(told.encode()).hexdigest(),
    )


# Each holds one of the server's threads for as long as the model takes.
_MOST_AT_ONCE = 4
_places = BoundedSemaphore(_MOST_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer is over: whole, or with what came between. `cost` is in millionths."""

    problem: Problem | None
    tokens: int
    cost: int
    is_told: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """It is recorded and set aside, and the model is being asked."""


Piece = Begun | Line | Ended


def explain(llm: Llm, result: LookupResult, message: Message, *, asker: Asker) -> Generator[Piece]:
    """Record it and set its cost aside now; what is returned then asks, and tells as it comes.

    Whoever takes it has to close it, read or not, so that the account is settled. The last piece
    is an `Ended`. Raises `BudgetUsedUp` and `Crowded` without sending anything.
    """
    asked = _begin(llm, result, message, asker)
    pieces = asked.pieces(_reader(result, message))
    next(pieces)  # has begun: from here on, closing it settles the account
    return pieces


def _begin(llm: Llm, result: LookupResult, message: Message, asker: Asker) -> "_Asked":
    if not _places.acquire(blocking=False):
        raise Crowded
    try:
        with one_act():
            reserved = reserve(llm, message.most_in)
            kept = Explanation.objects.create(
                lookup=result.lookup,
                user=asker.user,
                model=llm.model,
                host=llm.host,
                digest=message.digest,
                tokens_in=message.most_in,
                tokens_out=llm.answer_tokens,
                cost=reserved.cost,
            )
            record_act(
                Action.EXPLAINED,
                asker.actor,
                result.lookup,
                model=llm.model,
                host=llm.host,
                digest=message.digest,
                tokens=message.tokens,
            )
    except BaseException:
        _places.release()
        raise
    return _Asked(llm, message, kept, reserved)


def _reader(result: LookupResult, message: Message) -> Reader:
    named = (event.id.lower() for event in result.answer.events)
    return Reader(result.lookup.marker, frozenset(one for one in named if one in message.text))


class _Asked:
    """One explanation under way, its record and what was set aside for it."""

    def __init__(self, llm: Llm, message: Message, kept: Explanation, reserved: Reserved) -> None:
        self._llm, self._message, self._kept, self._reserved = llm, message, kept, reserved
        self._usage: Usage | None = None
        self._failure: ModelFailed | None = None
        self._has_words = self._is_over = False

    def pieces(self, reader: Reader) -> Generator[Piece]:
        """Everything the model says, between how it began and how it ended."""
        with self._settled():
            yield Begun()
            try:
                yield from self._lines(reader)
            except ModelFailed as failure:
                self._failure = failure
                yield from reader.end()
            self._is_over = True
        problem = problem_of(self._failure) if self._failure else None
        kept = self._kept
        yield Ended(problem, kept.tokens_in + kept.tokens_out, kept.cost, kept.is_told)

    def _lines(self, reader: Reader) -> Iterator[Line]:
        from apps.explain import client  # its library takes a third of a second to import

        with closing(client.ask(self._llm, self._message.text)) as answer:
            for piece in answer:
                if isinstance(piece, Usage):
                    self._usage = piece
                    continue
                self._has_words = True
                yield from reader.read(piece)
                if reader.is_full:
                    raise TooMuch("The answer has more lines than we show.")
        yield from reader.end()

    @contextmanager
    def _settled(self) -> Iterator[None]:
        try:
            yield
        finally:
            try:
                self._settle()
            finally:
                _places.release()

    def _settle(self) -> None:
        """Note what was used. Where nobody told, what was set aside stays spent."""
        kept = self._kept
        if self._usage:
            kept.tokens_in, kept.tokens_out = self._usage.tokens_in, self._usage.tokens_out
            kept.is_told = True
        elif self._failure and self._failure.was_free and not self._has_words:
            kept.tokens_in = kept.tokens_out = 0
        kept.cost = self._llm.cost(kept.tokens_in, kept.tokens_out)
        settle(self._reserved, tokens=kept.tokens_in + kept.tokens_out, cost=kept.cost)
        # A lookup may have been pruned meanwhile, and this record with it.
        Explanation.objects.filter(pk=kept.pk).update(
            tokens_in=kept.tokens_in,
            tokens_out=kept.tokens_out,
            cost=kept.cost,
            is_told=kept.is_told,
            state=self._state(),
            problem=self._code(),
        )

    def _state(self) -> State:
        if not self._is_over:
            return State.CUT  # whoever read it went away
        if self._failure is None:
            return State.COMPLETE
        return State.CUT if self._has_words else State.FAILED

    def _code(self) -> str:
        if not self._is_over:
            return "left"
        return problem_of(self._failure).code if self._failure else ""
