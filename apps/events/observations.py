"""What a customer's logs and spans show: what failed, was refused, or took long, and what worked.

One failure that several rows show is one observation, and so are its repeats. What happened at the
same time is joined only within one request.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice

from apps.events.activity_text import (
    A_REQUEST,
    TASK_OPS,
    TOO_LARGE,
    Kind,
    Remark,
    SpanReader,
    action_in,
)
from apps.events.answer import Answer
from apps.events.breadcrumb_text import status_meaning
from apps.events.event import LogEntry, Span, time_of
from apps.events.log_text import FEATURE_OFF, LOGGED_ERROR, LOGGED_WARNING, UNCLEAR, LogReader
from apps.events.once import found_once
from apps.events.query import CustomerKind, any_case, lower_first
from apps.events.rules.engine import rule_for
from apps.events.rules.rule import CLIENT, Place, Side, side_of

Row = LogEntry | Span

_LEEWAY_S = 1.0  # between the clocks of a page and a server
_LOG_LEEWAY_S = 0.2
_RETRY_WITHIN = timedelta(minutes=10)
_RECOVERED_WITHIN_S = 10.0
_NEAR_NAMED_S = 60.0
_SAME_ERROR = timedelta(seconds=5)
_LONGEST_MS = 30 * 86_400_000
_MAIN_PART = 0.7
_OFTEN = 3
_TO_CUSTOMER = ("An email", "A text message", "An alert")  # sent after the answer, or without it
MAX_ROWS = 2_000
_MAX_TEXTS = 100  # different logs that are read closely
_MOST_AT_ONCE = 50  # requests, of which each is compared with each
_ORDER = tuple(Kind)


def times_text(count: int) -> str:
    """Return `once`, `twice`, or `3 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


_VAGUE = frozenset(("", "not accepted"))


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that logs and spans show, from `at` to `until` (UTC).

    `sentence` consists of our own words, times, and sizes; `target` is quoted from the row it is
    about. `rows` are what it rests on, the first of which says it. `also` are sentences about the
    same request. If it doesn't name the customer, it is only in one of their traces. `place` is
    where it failed, as far as the rows show it, and `is_own` whether it is a request that the
    customer's own action sent.
    """

    at: datetime
    until: datetime
    kind: Kind
    sentence: str
    target: str
    rows: tuple[Row, ...]
    also: tuple[str, ...] = ()
    repeated: tuple[datetime, ...] = ()
    names_customer: bool = True
    place: Place | None = None
    is_own: bool = False

    @property
    def moments(self) -> tuple[datetime, ...]:
        """When it began, each time."""
        return (self.at, *self.repeated)

    @property
    def times(self) -> int:
        """How often it happened."""
        return len(self.moments)

    @property
    def has_worked_later(self) -> bool:
        """Whether the same request worked after it."""
        return WORKED_LATER in self.also

    @property
    def is_passing(self) -> bool:
        """Whether another attempt may show something new: it failed once, and nothing says why."""
        is_single = self.times == 1 and isinstance(self.rows[0], Span)
        return is_single and (self.has_worked_later or self.kind in (Kind.FAILED, Kind.SLOW))

    @property
    def is_trouble(self) -> bool:
        """Whether it can be what the customer reports: a failure, or what was only noted."""
        return self.kind is not Kind.WORKED

    @property
    def is_explained(self) -> bool:
        """Whether a reason is known, from a status or a log."""
        reason = self.sentence.removesuffix(".").partition(": ")[2]
        is_log = isinstance(self.rows[0], LogEntry)
        return is_log or reason not in _VAGUE or any(one != WORKED_LATER for one in self.also)

    @property
    def is_note(self) -> bool:
        """Whether it is only what was recorded, which may be ordinary: it claims no harm."""
        return self.kind is Kind.NOTE

    @property
    def is_clear(self) -> bool:
        """Whether it says what happened, to the customer themselves."""
        is_said = not any(self.sentence.endswith(f"{one}.") for one in UNCLEAR)
        return is_said and self.is_trouble and self.names_customer and not self.is_note

    @property
    def full_text(self) -> str:
        """The sentence with its number of times, and what else is known of the request."""
        comma = "" if self.sentence.endswith((" failed.", " refused.")) else ","
        times = f"{comma} {times_text(self.times)}" if self.times > 1 else ""
        trace = "" if self.names_customer else BY_TRACE
        return " ".join(filter(None, (f"{self.sentence[:-1]}{times}.", *self.also, trace)))


WORKED_LATER = "After that, it worked."
IN_WORKED = ", in a request that worked"
BY_TRACE = "It doesn’t name the customer, but belongs to a trace of theirs."


_NOTHING = Remark(Kind.WORKED, "")


class _Found:
    """A row, and what it says if anything. `start` and `end` are epoch seconds.

    A span was read by `reader`, a log by `log`; `request` is the reader if the span is a request.
    """

    def __init__(self, row: Row, remark: Remark | None, read_by: SpanReader | LogReader) -> None:
        self.row = row
        self.remark = remark or _NOTHING
        self._read_by = read_by
        self.side = read_by.side
        self.log = read_by if isinstance(read_by, LogReader) else None
        self.reader = read_by if isinstance(read_by, SpanReader) else None
        self.request = self.reader if self.reader and self.reader.is_request else None
        span = self.reader.span if self.reader else None
        self.trace = row.trace_id or row.id
        self.op = (span and span.op) or ""
        self.code = span and span.http_status
        self.transaction = span and span.transaction
        self.is_segment = span is not None and span.is_segment
        length = min(max((span and span.duration_ms) or 0, 0), _LONGEST_MS) / 1000
        self.at = time_of(row)
        self.start = self.at.timestamp()
        self.end = self.start + length
        self.until = self.at + timedelta(seconds=self.end - self.start)
        kind = self.remark.kind
        self.is_trouble = kind is not Kind.WORKED
        self.is_claim = kind not in (Kind.WORKED, Kind.NOTE)
        self.has_worked = kind is Kind.WORKED and self.remark is not _NOTHING

    def saying(self, remark: Remark) -> "_Found":
        """Return the same row with another remark."""
        return _Found(self.row, remark, self._read_by)

    def lies_in(self, others: Iterable["_Found"]) -> list["_Found"]:
        """Return the other rows of its trace that it lies within."""
        start = self.start + (_LEEWAY_S if self.reader else _LOG_LEEWAY_S)
        end = self.end - _LEEWAY_S
        return [one for one in others if one.start <= start and end <= one.end and one is not self]


_NO_OUTCOME = ("got no answer", "didn’t arrive", f": {status_meaning(504)}")


def may_have_paid_in(trouble: Observation) -> bool:
    """Return whether a payment may have gone through: no one saw how it ended."""
    text = trouble.full_text
    is_payment = "payment" in text.lower() and not trouble.is_note
    return is_payment and any(words in text for words in _NO_OUTCOME)


def troubles_of(answer: Answer) -> tuple[Observation, ...]:
    """Return what failed, was refused, took long, or was noted, the most serious first.

    A refusal with its reason says more than that the same request got no answer before.
    """
    moment = answer.question.window.moment
    troubles = [one for one in observations_of(answer) if one.is_trouble]
    explained = {one.target for one in troubles if one.kind is Kind.REFUSED and one.is_explained}

    def rank(one: Observation) -> tuple[bool, int, timedelta, str]:
        """Return the sort key: a request that only got no answer comes after its reason."""
        is_answered_later = one.target in explained and "no answer" in one.sentence
        gravity = _ORDER.index(Kind.SLOW if is_answered_later else one.kind)
        return not one.names_customer, gravity, abs(one.at - moment), one.rows[0].id

    return tuple(sorted(troubles, key=rank))


@found_once
def observations_of(answer: Answer) -> tuple[Observation, ...]:
    """Return what the logs and spans of an answer show, oldest first."""
    by_trace: dict[str, list[_Found]] = defaultdict(list)
    for one in _read(answer):
        by_trace[one.trace].append(one)
    if answer.question.customer.kind != CustomerKind.TRACE:
        by_trace = {trace: _of_customer(rows, answer) for trace, rows in by_trace.items()}
    found = [one for rows in by_trace.values() for one in rows]
    common = Counter(one.remark.sentence for one in found)
    domains = {one.request.domain for one in found if one.request and one.has_worked}

    def is_nothing(one: _Found, group: Sequence[_Found]) -> bool:
        return _is_usual(one, group) or _is_others(one, group, domains)

    troubles: list[Observation] = []
    worked: list[Observation] = []
    groups = (group for rows in by_trace.values() for group in _join(rows))
    for group in (_downgraded(group, common) for group in groups):
        if said := [one for one in group if one.is_trouble and not is_nothing(one, group)]:
            troubles.append(_observation(group, said))
        if not said or troubles[-1].is_note:
            worked += _worked(group)
    later = _Recoveries(found)
    new = [one for one in _without_other_sides(troubles) if not _is_of_error(one, answer)]
    lasting = filter(None, map(later.without_recovered, _fold(new)))
    return tuple(sorted((*lasting, *worked), key=lambda one: (one.at, one.rows[0].id)))


def _read(answer: Answer) -> list[_Found]:
    sides = _sides(sorted(answer.beside.spans, key=lambda span: (span.started_at, span.id)))
    in_project: dict[str | None, set[Side]] = defaultdict(set)
    for span in answer.beside.spans:
        in_project[span.project].add(sides[span.id])
    moment = answer.question.window.moment
    texts: set[str] = set()
    found = []
    for row in sorted(answer.beside.activity, key=lambda row: (abs(time_of(row) - moment), row.id)):
        if isinstance(row, Span):
            reader = SpanReader(row, sides[row.id])
            found.append(_Found(row, reader.remark(), reader))
            continue
        known = in_project[row.project]
        log = LogReader(row, next(iter(known)) if len(known) == 1 else Side.UNKNOWN)
        if log.needs_rules:
            texts.add(log.plain_message)
        found.append(_Found(row, log.remark(is_known=len(texts) <= _MAX_TEXTS), log))
    return found[:MAX_ROWS]


def _is_of_error(one: Observation, answer: Answer) -> bool:
    """Return whether it is one of the customer's errors: that says the same, at that time."""
    if one.kind is Kind.SLOW:
        return False
    for event in answer.events:
        is_near = one.at - _SAME_ERROR <= event.timestamp <= one.until + _SAME_ERROR
        if is_near and event.trace_id == one.rows[0].trace_id:
            rule = rule_for(event)
            sentence = rule.sentence_for(side_of(event))[1:-1] if rule else None
            if one.is_note or (sentence and sentence in one.sentence):
                return True
    return False


_ON_PAGE = ("pageload", "navigation", "ui.", "resource.", "browser", "app.start", "mark", "measure")
_METHODS = ("GET ", "POST ", "PUT ", "PATCH ", "DELETE ")
_ON_SERVER = ("http.server", "queue.", "db", "view", "template", "middleware", "rails", "cache")


def _sides(spans: Sequence[Span]) -> dict[str, Side]:
    """Return where each span was recorded, by ID, as the other spans of its transaction show."""
    known: dict[tuple[str | None, ...], Side] = {}
    for span in spans:
        op = span.op or ""
        side = Side.BROWSER if op.startswith(_ON_PAGE) else Side.SERVER
        if op.startswith((*_ON_PAGE, *_ON_SERVER)):
            known[(span.trace_id, span.project, span.transaction)] = side
            is_both = known.setdefault((span.project,), side) is not side
            known[(span.project,)] = Side.BROWSER if is_both else side
    sides = {}
    for span in spans:
        is_request = (span.transaction or "").startswith(_METHODS)
        usual = Side.SERVER if is_request else known.get((span.project,), Side.BROWSER)
        sides[span.id] = known.get((span.trace_id, span.project, span.transaction), usual)
    return sides


def _of_customer(rows: Sequence[_Found], answer: Answer) -> list[_Found]:
    """Return a trace's rows without those that name no one and belong to a batch, or to no time.

    A request is one customer's, while a task can be about many.
    """
    trace = rows[0].row.trace_id
    times = [(one.start, one.end) for one in rows if one.row.names_customer]
    events = [one for one in answer.events if trace and one.trace_id == trace]
    times += [(one.timestamp.timestamp(), one.timestamp.timestamp()) for one in events]
    spread = _spread((start - _NEAR_NAMED_S, end + _NEAR_NAMED_S) for start, end in times)
    batches = [one for one in rows if one.op.startswith(TASK_OPS) and not one.row.names_customer]
    return [
        one
        for one in rows
        if one.row.names_customer
        or (
            any(start <= one.end and one.start <= end for start, end in spread)
            and not one.op.startswith(TASK_OPS)
            and not one.lies_in(batches)
        )
    ]


def _spread(times: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in sorted(times):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


# Joining


def _join(rows: Sequence[_Found]) -> list[list[_Found]]:
    """Group the rows of a trace that belong to one request, in the order of their times."""
    parents = {one.row.id: one.row.id for one in rows}

    def root(key: str) -> str:
        while parents[key] != key:
            parents[key] = parents[parents[key]]
            key = parents[key]
        return key

    handled = [one for one in rows if one.is_segment and one.op.startswith(_HANDLED)]
    sent = [one for one in rows if one.request and not one.op.startswith("http.server")]
    slow = [one for one in rows if one.reader and one.remark.kind is Kind.SLOW]
    for one in rows:
        outer = _outer(one, handled, sent, slow)
        if outer:
            parents[root(one.row.id)] = root(outer.row.id)
    groups: dict[str, list[_Found]] = defaultdict(list)
    for one in sorted(rows, key=lambda one: (one.start, one.row.id)):
        groups[root(one.row.id)].append(one)
    return list(groups.values())


_HANDLED = ("http.server", "queue.", "ui.action")


def _outer(
    one: _Found, handled: Sequence[_Found], sent: Sequence[_Found], slow: Sequence[_Found]
) -> _Found | None:
    """Return the request, task, or slow page that a row certainly belongs to, or None."""
    if one.reader is None:
        around = one.lies_in(handled)
        by_page = (other for other in sent if other.side is not Side.SERVER)
        return _only(around) or (None if around else _only(one.lies_in(by_page)))
    if not one.is_segment and one.side is Side.SERVER:
        own = (other for other in handled if other.transaction == one.transaction)
        return _only(one.lies_in(own))
    if not one.is_segment:
        return _only(one.lies_in(slow)) if one in slow else None
    if not one.op.startswith("http.server"):
        return None
    around = one.lies_in(sent)
    if len(around) > _MOST_AT_ONCE:
        return None
    same = [other for other in around if _is_same_path(one.remark.target, other.remark.target)]
    return _only(same) or _only(around)


def _only(rows: Sequence[_Found]) -> _Found | None:
    return rows[0] if len(rows) == 1 else None


_BEFORE_PATH = re.compile(r"^[^/]*(?=/)")
_VARIABLE = re.compile(r"[:{<\[*].*|\d+|[0-9a-f-]{16,}|\[Filtered\]")


def _is_same_path(one: str, other: str) -> bool:
    parts, others = _path_parts(one), _path_parts(other)
    return len(parts) == len(others) and all(
        first == second or _VARIABLE.fullmatch(first) or _VARIABLE.fullmatch(second)
        for first, second in zip(parts, others, strict=True)
    )


@lru_cache(maxsize=4096)  # each request is compared with all others of its time
def _path_parts(target: str) -> tuple[str, ...]:
    return tuple(_BEFORE_PATH.sub("", target).split("/"))


def _without_other_sides(troubles: Sequence[Observation]) -> Iterator[Observation]:
    """Yield the troubles; a request that a page sent and our server handled is one.

    They are two only if they have different traces, or clocks that differ.
    """
    handled: dict[tuple[object, int], list[Observation]] = defaultdict(list)
    for one in troubles:
        if _op(one).startswith("http.server"):
            handled[_moment_of(one)].append(one)
    taken: set[int] = set()
    for one in troubles:
        if not _op(one).startswith(("http.client", "fetch", "xhr")):
            continue
        code, moment = _moment_of(one)
        near = (other for at in range(-1, 2) for other in handled[code, moment + at])
        free = islice((other for other in near if id(other) not in taken), _MOST_AT_ONCE)
        same = [other for other in free if _are_sides(one, other)]
        if same:
            other = min(same, key=lambda other: abs(other.at - one.at))
            taken |= {id(one), id(other)}
            also = tuple(text for text in other.also if text not in one.also)
            yield replace(one, rows=(*one.rows, *other.rows), also=(*one.also, *also))
    yield from (one for one in troubles if id(one) not in taken)


def _moment_of(one: Observation) -> tuple[object, int]:
    row = one.rows[0]
    code = row.http_status if isinstance(row, Span) else None
    return code, int(one.at.timestamp() / _SAME_ERROR.total_seconds())


def _op(one: Observation) -> str:
    return (one.rows[0].op or "") if isinstance(one.rows[0], Span) else ""


def _are_sides(sent: Observation, handled: Observation) -> bool:
    """Return whether the same request may be seen from both sides, at the same time."""
    one, other = sent.rows[0], handled.rows[0]
    return (
        isinstance(one, Span)
        and isinstance(other, Span)
        and sent.target.partition(" ")[0] == handled.target.partition(" ")[0]
        and (one.trace_id == other.trace_id or (sent.names_customer and handled.names_customer))
        and _is_same_path(sent.target, handled.target)
    )


def _worked(group: Sequence[_Found]) -> Iterator[Observation]:
    """Yield what went well, as the outermost row of a request says it."""
    said = [one for one in group if one.has_worked]
    if not said:
        return
    main = max(said, key=lambda one: (one.end - one.start, one.row.id))
    yield Observation(
        at=main.at,
        until=main.until,
        kind=Kind.WORKED,
        sentence=f"{main.remark.sentence}.",
        target=main.remark.target,
        rows=(main.row, *(one.row for one in said if one is not main)),
        names_customer=any(one.row.names_customer for one in group),
    )


def _has_worked(group: Iterable[_Found]) -> bool:
    return any(one.has_worked and one.op.startswith("http") for one in group)


def _downgraded(group: list[_Found], common: Mapping[str, int]) -> list[_Found]:
    """Return a request's rows; those that show no harm are only notes.

    The outermost request decides: if it worked, what failed within it is a note. A log is more only
    if it names the customer, and states that something of theirs was refused or failed, or that a
    message could not be sent, or is a warning about another service that comes again and again.
    """
    noted = [one for one in group if one.side in CLIENT and one.remark.kind is Kind.NOTE]
    codes = {one.code for one in noted if one.code}
    group = [_noted(one) if one.code in codes else one for one in group]
    handled = [one for one in group if one.op.startswith("http.server")]
    if handled and all(one.has_worked for one in handled):
        group = [_noted(one, IN_WORKED) if _is_call(one) else one for one in group]
    if any(one.is_claim and one.reader for one in group):
        return group
    has_worked = _has_worked(group)
    return [_downgrade(one, common, has_worked=has_worked) for one in group]


def _is_call(one: _Found) -> bool:
    is_ours = one.side is Side.SERVER and one.request is not None and bool(one.request.service)
    return is_ours and one.is_claim and one.remark.kind is not Kind.SLOW


def _noted(one: _Found, where: str = "") -> _Found:
    if not one.is_claim:
        return one
    remark = one.remark
    if remark.reason:
        said = replace(remark, kind=Kind.NOTE, reason=f"{remark.reason}{where}")
    else:
        said = replace(remark, kind=Kind.NOTE, outcome=f"{remark.outcome}{where}")
    return one.saying(said)


def _downgrade(one: _Found, common: Mapping[str, int], *, has_worked: bool) -> _Found:
    log, remark = one.log, one.remark
    if log is None or not one.is_trouble:
        return one
    is_named = remark.outcome not in (LOGGED_ERROR, LOGGED_WARNING)
    if one.row.names_customer and is_named:
        is_often = common[remark.sentence] >= _OFTEN and remark.place in (None, Place.SERVICE)
        is_sent = log.is_error and remark.sentence.startswith(_TO_CUSTOMER)
        is_grave = is_sent and not log.used_fallback
        if remark.is_stated or is_grave or (is_often and not has_worked):
            return one
    if not log.is_loud:
        return one.saying(_NOTHING)
    logged = LOGGED_ERROR if log.is_error else LOGGED_WARNING
    return one.saying(Remark(Kind.NOTE, log.program_name, logged, target=remark.target))


def _is_usual(one: _Found, group: Sequence[_Found]) -> bool:
    """Return whether the rest of its request shows that it is ordinary.

    That is the case for a long request whose main part takes as long as usual, and for something
    that was not found for a request that worked.
    """
    if one.reader is None:
        return False
    if one.remark.kind is not Kind.SLOW:
        return one.code == 404 and one.side is Side.SERVER and _has_worked(group)
    if one.reader.span.usual_ms is not None:
        return False
    least = _MAIN_PART * (one.end - one.start)
    return any(
        other.end - other.start >= least
        for other in group
        if other.has_worked and other.reader and other.reader.span.usual_ms
    )


def _is_others(one: _Found, group: Sequence[_Found], domains: Collection[str]) -> bool:
    """Return whether it hardly concerns the customer.

    That is the case for something not found by a request that names no one, and for a page's
    request to a site that never answered while ours did, as when a blocker stops advertisements.
    """
    if not any(other.row.names_customer for other in group):
        return one.code == 404
    request = one.request
    if request is None or not request.is_unanswered or request.service or request.action:
        return False
    return bool(domains) and bool(request.domain) and request.domain not in domains


def _observation(group: Sequence[_Found], troubles: Iterable[_Found]) -> Observation:
    """Return what one request's rows show: the most serious, and what else is said about it."""
    said = sorted(troubles, key=_gravity)
    main, *others = said
    also = tuple(
        dict.fromkeys(f"{one.remark.sentence}." for one in others if _adds(one, main.remark))
    )
    remark = main.remark
    if remark.subject == A_REQUEST:  # a log of the same request may have a name for it
        names = (action_in(one.remark.target) for one in others if one.reader is None)
        remark = replace(remark, subject=next(filter(None, names), A_REQUEST))
    rest = [one for one in group if one not in said]
    if remark.kind is Kind.NOTE:  # its request is a separate observation
        rest = [one for one in rest if not one.has_worked]
    if also and (remark.reason in _VAGUE or any(remark.reason in text for text in also)):
        remark = replace(remark, reason="")
    return Observation(
        at=main.at,
        until=main.until,
        kind=remark.kind,
        sentence=f"{remark.sentence}." if main.reader else _of_log(remark, group),
        target=remark.target,
        rows=tuple(one.row for one in (*said, *rest)),
        also=also,
        names_customer=any(one.row.names_customer for one in group),
        place=_place(said),
        is_own=any(one.row.names_customer and _is_own(one) for one in said),
    )


def _place(said: Sequence[_Found]) -> Place | None:
    """Return where it failed, by the most serious row that shows it, or by one with the reason."""
    known = [place for place in map(_place_of, said) if place]
    if Place.INPUT in known:
        return Place.INPUT
    if {Place.SERVER, Place.SERVICE} <= {*known}:
        return Place.SERVER_OR_SERVICE
    return known[0] if known else None


_INPUT = re.compile(rf"{TOO_LARGE}|accepted: it had expired|^The file was refused")


def _place_of(one: _Found) -> Place | None:
    remark = one.remark
    if _INPUT.search(remark.sentence):
        return Place.INPUT
    if remark.sentence == FEATURE_OFF:
        return Place.SERVER
    if one.reader is None:
        return remark.place
    if one.reader.service:
        return Place.SERVICE
    is_ours = one.side is Side.SERVER or ((one.code or 0) >= 500 and not one.reader.host)
    return Place.SERVER if is_ours and remark.kind in (Kind.FAILED, Kind.SLOW) else None


def _is_own(one: _Found) -> bool:
    """Return whether it is a request that changes something, as a person's action sends it."""
    request = one.request
    is_ours = request is not None and not request.service and request.action is not None
    return is_ours and not one.remark.target.startswith(("GET ", "HEAD "))


def _of_log(remark: Remark, group: Sequence[_Found]) -> str:
    """Return what a log says, and what the customer did then, if its request shows that."""
    sentence = f"{remark.sentence}."
    actions = (one.request.action for one in group if one.request)
    action = next(filter(None, actions), None)
    if action is None or action.value in sentence:
        return sentence
    return f"While {action.value}: {lower_first(sentence)}"


def _gravity(one: _Found) -> tuple[int, int, float, str]:
    """Sort the most serious first; then a span with a known usual time, then the outermost."""
    return (
        _ORDER.index(one.remark.kind),
        int(one.reader.span.usual_ms is None) if one.reader else 2,
        one.start - one.end,
        one.row.id,
    )


def _adds(one: _Found, main: Remark) -> bool:
    """Return whether another row says more than that the request went wrong."""
    remark = one.remark
    is_said = main.reason not in _VAGUE and remark.sentence.endswith(main.reason)
    if remark.outcome in UNCLEAR or is_said or main.sentence.startswith(remark.subject):
        return False
    return one.reader is None or one.op.startswith("http.client")


_LENGTH = re.compile(r"(?: within| after| took)? [\d.]+ (?:s|min|h)\b.*")


def _fold(troubles: Iterable[Observation]) -> Iterator[Observation]:
    """Join repeats: the same sentence about the same thing, within ten minutes."""
    runs: list[list[Observation]] = []
    last: dict[tuple[object, ...], list[Observation]] = {}
    for one in sorted(troubles, key=lambda one: (one.at, one.rows[0].id)):
        stem = _LENGTH.sub("", one.sentence).rstrip(".")
        key = (one.kind, stem, "" if isinstance(one.rows[0], LogEntry) else one.target)
        if key in last and one.at - last[key][-1].at <= _RETRY_WITHIN:
            last[key].append(one)
        else:
            last[key] = [one]
            runs.append(last[key])
    return map(_folded, runs)


def _folded(run: Sequence[Observation]) -> Observation:
    longest = max(run, key=lambda one: one.until - one.at)
    return replace(
        longest,
        at=run[0].at,
        until=max(one.until for one in run),
        rows=(*longest.rows, *(row for one in run if one is not longest for row in one.rows)),
        also=tuple(dict.fromkeys(text for one in run for text in one.also)),
        repeated=tuple(one.at for one in run[1:]),
        names_customer=any(one.names_customer for one in run),
    )


_SIGN_OUT = any_case(
    r"(?:log|sign).?(?:out|off)|session.?end|end.?session|^DELETE .{0,200}/sessions?\b|revoke"
)
_SIGN_IN = ("The sign-in", "A sign-in request")
_CORRECTED = (400, 401, 409, 412, 419, 422)


class _Recoveries:
    """What worked, which shows how a failed request ended."""

    def __init__(self, found: Iterable[_Found]) -> None:
        self._worked: dict[str, list[_Found]] = defaultdict(list)
        self._signed_in: list[_Found] = []
        self._signed_out: list[float] = []
        self._mended: dict[str, list[LogEntry]] = defaultdict(list)
        for one in found:
            if one.log and one.log.ended_well:
                self._mended[one.trace].append(one.log.log)
            if one.request and _SIGN_OUT.search(one.remark.target):
                self._signed_out.append(one.start)
            if one.reader and one.reader.is_task and one.remark is _NOTHING:
                self._worked[one.reader.target].append(one)
            if one.has_worked:
                self._worked[one.remark.target].append(one)
                if one.remark.subject in _SIGN_IN:
                    self._signed_in.append(one)

    def without_recovered(self, one: Observation) -> Observation | None:
        """Return the observation, unless things worked again soon afterward."""
        row = one.rows[0]
        if isinstance(row, LogEntry):
            has_recovered = self._has_recovered(row) or self._has_worked_after(one)
            return None if one.times < _OFTEN and has_recovered else one
        if one.kind not in (Kind.FAILED, Kind.REFUSED, Kind.NOTE):
            return one
        is_unsigned = "not signed in" in one.sentence
        start, end = one.at.timestamp(), one.until.timestamp()
        if is_unsigned and any(
            start - _RETRY_WITHIN.total_seconds() <= at <= start for at in self._signed_out
        ):
            return None
        same = [*self._worked[one.target], *(self._signed_in if is_unsigned else ())]
        begins = [other.start for other in same if other.start >= end - _LEEWAY_S]
        if not begins:
            return one
        is_corrected = one.kind is Kind.REFUSED and row.http_status in _CORRECTED
        is_retried = row.is_segment and (row.op or "").startswith(TASK_OPS)
        is_soon = one.times == 1 and min(begins) - end <= _RECOVERED_WITHIN_S
        if is_unsigned or is_corrected or is_retried or is_soon or one.is_note:
            return None
        is_over = one.target.startswith("GET ") or one.kind is Kind.REFUSED
        is_over = is_over or "no answer" in one.sentence or "’s message" in one.sentence
        kind = Kind.NOTE if is_over and one.times == 1 else one.kind
        return replace(one, kind=kind, also=(*one.also, WORKED_LATER))

    def _has_worked_after(self, one: Observation) -> bool:
        """Return whether the request of a log worked when it was sent again."""
        targets = {SpanReader(row, Side.SERVER).target for row in one.rows if isinstance(row, Span)}
        end = one.until.timestamp()
        return any(other.start > end for target in targets for other in self._worked[target])

    def _has_recovered(self, log: LogEntry) -> bool:
        words = _words(log)
        return any(
            0 <= (other.timestamp - log.timestamp).total_seconds() <= _RECOVERED_WITHIN_S
            and any(word in own for word in _words(other) for own in words)
            for other in self._mended[log.trace_id or log.id]
        )


def _words(log: LogEntry) -> list[str]:
    return re.findall(r"[^\W\d_]{5,40}", (log.message or "")[:300].lower())
