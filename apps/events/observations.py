"""What a customer's logs and spans show: what failed, was refused, or took long, and what worked.

One failure that several rows show is one observation, and so are its repeats. What happened at the
same time is joined only within one request.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from apps.events.activity import LogEntry, Span
from apps.events.activity_text import (
    A_REQUEST,
    LOGGED_ERROR,
    LOGGED_WARNING,
    Kind,
    Remark,
    SpanReader,
    deed_in,
    duration_text,
    log_remark,
)
from apps.events.answer import Answer, Signal
from apps.events.query import CustomerKind
from apps.events.rules.engine import once
from apps.events.rules.rule import Place, Side

Row = LogEntry | Span

_LEEWAY = timedelta(seconds=1)  # between the clocks of a page and a server
_LOG_LEEWAY = timedelta(seconds=0.2)
_RETRY_WITHIN = timedelta(minutes=10)
_RECOVERED_WITHIN = timedelta(seconds=10)
_NEAR_NAMED = timedelta(minutes=1)
_MAIN_PART = 0.7
_MAX_ROWS = 2_000
_ORDER = tuple(Kind)
_VAGUE = frozenset(("", "not accepted"))


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that logs and spans show, from `at` to `until` (UTC).

    `sentence` consists of our own words; `target` is quoted from the row it is about. `rows` are
    what it rests on, the first of which says it. `also` are sentences about the same request. If it
    doesn't name the customer, it is only in one of their traces.
    """

    at: datetime
    until: datetime
    kind: Kind
    sentence: str
    target: str
    rows: tuple[Row, ...]
    also: tuple[str, ...] = ()
    times: int = 1
    names_customer: bool = True

    @property
    def is_trouble(self) -> bool:
        """Whether it can be what the customer reports."""
        return self.kind is not Kind.WORKED

    @property
    def is_clear(self) -> bool:
        """Whether it says what happened, to the customer themselves."""
        is_unclear = self.sentence[:-1] in (LOGGED_ERROR, LOGGED_WARNING)
        return self.is_trouble and self.names_customer and not is_unclear

    @property
    def full_text(self) -> str:
        """The sentence with its number of times, and what else is known of the request."""
        times = f", {self.times} times" if self.times > 1 else ""
        trace = "" if self.names_customer else BY_TRACE
        return " ".join(filter(None, (f"{self.sentence[:-1]}{times}.", *self.also, trace)))


BY_TRACE = "It doesn’t name the customer, but belongs to a trace of theirs."


@dataclass(frozen=True, slots=True)
class _Found:
    row: Row
    remark: Remark | None
    start: datetime
    end: datetime
    side: Side = Side.UNKNOWN

    @property
    def trace(self) -> str:
        return self.row.trace_id or self.row.id

    @property
    def op(self) -> str:
        return (self.row.op or "") if isinstance(self.row, Span) else ""

    @property
    def is_request(self) -> bool:
        return isinstance(self.row, Span) and SpanReader(self.row, self.side).is_request

    @property
    def is_trouble(self) -> bool:
        return self.remark is not None and self.remark.kind is not Kind.WORKED

    def encloses(self, other: "_Found") -> bool:
        """Return whether the other one lies within it, in the same trace."""
        before = _LOG_LEEWAY if isinstance(other.row, LogEntry) else _LEEWAY
        return (
            self.row.id != other.row.id
            and self.trace == other.trace
            and self.start - before <= other.start
            and other.end <= self.end + _LEEWAY
        )


def observations_of(answer: Answer) -> tuple[Observation, ...]:
    """Return what the logs and spans of an answer show, oldest first."""
    return once(_find_observations, answer)


def troubles_of(answer: Answer) -> tuple[Observation, ...]:
    """Return what failed, was refused, took long, or was warned of, the gravest first."""
    moment = answer.question.window.moment
    troubles = (one for one in observations_of(answer) if one.is_trouble)
    return tuple(
        sorted(
            troubles,
            key=lambda one: (
                not one.names_customer,
                _ORDER.index(one.kind),
                abs(one.at - moment),
                one.rows[0].id,
            ),
        )
    )


def _find_observations(answer: Answer) -> tuple[Observation, ...]:
    found = _read(answer)
    found = [one for one in found if one.row.names_customer or _counts_by_trace(one, found, answer)]
    groups = _join(found)
    troubles, worked = [], []
    for group in groups:
        if said := [one for one in group if one.is_trouble and not _is_usual(one, group)]:
            troubles.append(_observation(group, said))
        elif observation := _worked(group):
            worked.append(observation)
    lasting = filter(None, (_without_recovered(one, found) for one in _fold(troubles)))
    return tuple(sorted((*lasting, *worked), key=lambda one: (one.at, one.rows[0].id)))


def _read(answer: Answer) -> list[_Found]:
    spans = answer.beside.spans
    sides = _sides(spans)
    found = [
        _Found(
            span,
            SpanReader(span, side).remark(),
            span.started_at,
            span.started_at + timedelta(milliseconds=span.duration_ms or 0),
            side,
        )
        for span, side in zip(spans, sides, strict=True)
    ]
    by_project = {span.project: side for span, side in zip(spans, sides, strict=True)}
    for log in answer.beside.logs:
        side = by_project.get(log.project, Side.UNKNOWN)
        found.append(_Found(log, log_remark(log, side), log.timestamp, log.timestamp, side))
    moment = answer.question.window.moment
    return sorted(found, key=lambda one: (abs(one.start - moment), one.row.id))[:_MAX_ROWS]


_ON_PAGE = ("pageload", "navigation", "ui.", "resource.", "browser", "app.start", "mark", "measure")
_ON_SERVER = ("http.server", "queue.", "db", "view", "template", "middleware", "rails", "cache")


def _sides(spans: Sequence[Span]) -> list[Side]:
    """Return where each span was recorded, as the other spans of its transaction show."""
    known: dict[tuple[str | None, ...], Side] = {}
    for span in spans:
        op = span.op or ""
        side = Side.BROWSER if op.startswith(_ON_PAGE) else Side.SERVER
        if op.startswith((*_ON_PAGE, *_ON_SERVER)):
            known[(span.trace_id, span.project, span.transaction)] = side
            known.setdefault((span.project,), side)
    return [
        known.get((span.trace_id, span.project, span.transaction))
        or (
            Side.SERVER
            if re.match(r"(?:GET|POST|PUT|PATCH|DELETE) ", span.transaction or "")
            else known.get((span.project,), Side.BROWSER)
        )
        for span in spans
    ]


def _counts_by_trace(one: _Found, found: Sequence[_Found], answer: Answer) -> bool:
    """Return whether a row that names nobody belongs to the customer: one request, not a batch."""
    if answer.question.customer.kind == CustomerKind.TRACE:
        return True
    named = [other for other in found if other.trace == one.trace and other.row.names_customer]
    times = [(other.start, other.end) for other in named]
    times += [
        (event.timestamp, event.timestamp) for event in answer.events if event.trace_id == one.trace
    ]
    is_near = any(
        start - _NEAR_NAMED <= one.end and one.start <= end + _NEAR_NAMED for start, end in times
    )
    is_batch = any(
        other.op.startswith(("queue.", "task", "job", "cron")) and not other.row.names_customer
        for other in found
        if other.encloses(one) or other is one
    )
    return is_near and not is_batch


# Joining


def _join(found: Sequence[_Found]) -> list[list[_Found]]:
    """Group the rows that belong to one request, in the order of their times."""
    parents = {one.row.id: one.row.id for one in found}

    def root(key: str) -> str:
        while parents[key] != key:
            parents[key] = parents[parents[key]]
            key = parents[key]
        return key

    by_trace: dict[str, list[_Found]] = {}
    for one in found:
        by_trace.setdefault(one.trace, []).append(one)
    for one in found:
        outer = _outer(one, by_trace[one.trace])
        if outer:
            parents[root(one.row.id)] = root(outer.row.id)
    groups: dict[str, list[_Found]] = {}
    for one in sorted(found, key=lambda one: (one.start, one.row.id)):
        groups.setdefault(root(one.row.id), []).append(one)
    return list(groups.values())


def _outer(one: _Found, trace: Sequence[_Found]) -> _Found | None:
    """Return the request or task that a row surely belongs to, or None."""
    around = [other for other in trace if other.encloses(one)]
    handled = [
        other
        for other in around
        if isinstance(other.row, Span)
        and other.row.is_segment
        and other.op.startswith(("http.server", "queue.", "ui.action"))
    ]
    if isinstance(one.row, LogEntry):
        sent = [other for other in around if other.is_request and other.side is not Side.SERVER]
        return _only(handled) or (None if handled else _only(sent))
    if not one.row.is_segment:
        own = [
            other
            for other in handled
            if isinstance(other.row, Span) and other.row.transaction == one.row.transaction
        ]
        return _only(own) if one.side is Side.SERVER else _slow_page(one, around)
    if not one.op.startswith("http.server"):
        return None
    sent = [other for other in around if other.is_request and not other.op.startswith("http.s")]
    return _only([other for other in sent if _is_same_path(one, other)]) or _only(sent)


def _slow_page(one: _Found, around: Sequence[_Found]) -> _Found | None:
    """Return the slow page that waited for a slow request."""
    slow = [
        other
        for other in (one, *around)
        if other.remark and other.remark.kind is Kind.SLOW and other.row.trace_id
    ]
    return _only([other for other in slow if other is not one]) if one in slow else None


def _only(rows: Sequence[_Found]) -> _Found | None:
    return rows[0] if len(rows) == 1 else None


_VARIABLE = re.compile(r"[:{<\[*].*|\d+|[0-9a-f-]{16,}|\[Filtered\]")


def _is_same_path(one: _Found, other: _Found) -> bool:
    """Return whether two requests have the same path, whatever its variable parts."""
    paths = [
        re.sub(r"^[A-Z]+ |^[^/]*(?=/)", "", found.remark.target if found.remark else "").split("/")
        for found in (one, other)
    ]
    return len(paths[0]) == len(paths[1]) and all(
        first == second or _VARIABLE.fullmatch(first) or _VARIABLE.fullmatch(second)
        for first, second in zip(*paths, strict=True)
    )


def _worked(group: Sequence[_Found]) -> Observation | None:
    """Return what went well, as the outermost row of a request says it."""
    said = [one for one in group if one.remark]
    if not said:
        return None
    main = max(said, key=lambda one: (one.end - one.start, one.row.id))
    return Observation(
        at=main.start,
        until=main.end,
        kind=Kind.WORKED,
        sentence=f"{_remark(main).sentence}.",
        target=_remark(main).target,
        rows=(main.row, *(one.row for one in said if one is not main)),
        names_customer=any(one.row.names_customer for one in group),
    )


def _is_usual(one: _Found, group: Sequence[_Found]) -> bool:
    """Return whether the rest of its request shows that it is as always, or was coped with.

    That is a long request whose main part takes as long as usual, and a warning about our own
    program in a request that worked.
    """
    served = [
        other
        for other in group
        if other.remark and other.remark.kind is Kind.WORKED and isinstance(other.row, Span)
    ]
    if isinstance(one.row, LogEntry):
        is_own = _remark(one).place is Place.SERVER and _remark(one).kind is Kind.WARNING
        return (
            is_own
            and bool(served)
            and not any(isinstance(other.row, Span) and other.is_trouble for other in group)
        )
    return (
        _remark(one).kind is Kind.SLOW
        and one.row.usual_ms is None
        and any(
            other.row.usual_ms is not None
            and (other.end - other.start) >= _MAIN_PART * (one.end - one.start)
            for other in served
            if isinstance(other.row, Span)
        )
    )


def _observation(group: Sequence[_Found], troubles: Iterable[_Found]) -> Observation:
    """Return what one request's rows show: the gravest, and what else is said about it."""
    said = sorted(troubles, key=_gravity)
    main, *others = said
    also = tuple(
        dict.fromkeys(f"{_remark(one).sentence}." for one in others if _adds(one, _remark(main)))
    )
    remark = _named(_remark(main), others)
    if any(remark.reason and remark.reason in text for text in also):
        remark = replace(remark, reason="")
    return Observation(
        at=main.start,
        until=main.end,
        kind=remark.kind,
        sentence=f"{remark.sentence}." if isinstance(main.row, Span) else _of_log(remark, group),
        target=remark.target,
        rows=tuple(one.row for one in (*said, *(one for one in group if one not in said))),
        also=also,
        names_customer=any(one.row.names_customer for one in group),
    )


def _named(remark: Remark, others: Iterable[_Found]) -> Remark:
    """Return the remark, with the name that a log of the same request has for it."""
    logs = (one for one in others if isinstance(one.row, LogEntry))
    is_unnamed = remark.subject == A_REQUEST
    names = filter(None, (deed_in(_remark(one).target) for one in logs))
    return replace(remark, subject=next(names, A_REQUEST)) if is_unnamed else remark


def _of_log(remark: Remark, group: Sequence[_Found]) -> str:
    """Return what a log says, and what the customer did then, if its request shows that."""
    sentence = f"{remark.sentence}."
    readers = [SpanReader(one.row, one.side) for one in group if isinstance(one.row, Span)]
    action = next(filter(None, (one.action for one in readers if one.is_request)), None)
    if action is None or action.value in sentence:
        return sentence
    return f"While {action.value}: {sentence[0].lower()}{sentence[1:]}"


def _remark(one: _Found) -> Remark:
    if one.remark is None:
        raise ValueError("only rows that say something are described")
    return one.remark


def _gravity(one: _Found) -> tuple[int, int, timedelta, str]:
    """Sort the gravest first; of equals, a span whose usual time is known, then the outermost."""
    length = one.end - one.start
    return (
        _ORDER.index(_remark(one).kind),
        2 if isinstance(one.row, LogEntry) else int(one.row.usual_ms is None),
        -length,
        one.row.id,
    )


def _adds(one: _Found, main: Remark) -> bool:
    """Return whether another row says more than that the request went wrong."""
    remark = _remark(one)
    is_said = main.reason not in _VAGUE and main.reason in remark.sentence
    is_unclear = remark.subject in (LOGGED_ERROR, LOGGED_WARNING)
    if is_unclear or is_said or main.sentence.startswith(remark.subject):
        return False
    return isinstance(one.row, LogEntry) or one.op.startswith("http.client")


def _fold(troubles: Iterable[Observation]) -> Iterator[Observation]:
    """Join repeats: the same sentence about the same thing, within ten minutes."""
    runs: dict[tuple[object, ...], list[Observation]] = {}
    for one in sorted(troubles, key=lambda one: (one.at, one.rows[0].id)):
        stem = re.sub(r"(?: within| after| took)? [\d.]+ (?:s|min|h)\b.*", "", one.sentence).rstrip(
            "."
        )
        is_log = isinstance(one.rows[0], LogEntry)
        key = (one.kind, stem, "" if is_log else one.target)
        run = runs.get(key)
        if run and one.at - run[-1].at <= _RETRY_WITHIN:
            run.append(one)
            continue
        if run:
            yield _folded(run)
        runs[key] = [one]
    yield from map(_folded, runs.values())


def _folded(run: Sequence[Observation]) -> Observation:
    if len(run) == 1:
        return run[0]
    longest = max(run, key=lambda one: one.until - one.at)
    return replace(
        longest,
        at=run[0].at,
        until=max(one.until for one in run),
        rows=(*longest.rows, *(row for one in run if one is not longest for row in one.rows)),
        also=tuple(dict.fromkeys(text for one in run for text in one.also)),
        times=len(run),
        names_customer=any(one.names_customer for one in run),
    )


def _without_recovered(one: Observation, found: Sequence[_Found]) -> Observation | None:
    """Return the observation, unless the same request worked soon after it."""
    if one.kind not in (Kind.FAILED, Kind.REFUSED) or isinstance(one.rows[0], LogEntry):
        return one
    later = [
        other
        for other in found
        if other.remark
        and other.remark.kind is Kind.WORKED
        and other.start >= one.until - _LEEWAY
        and (other.remark.target == one.target or _signs_in(other, one))
    ]
    if "not signed in" in one.sentence and any(_signs_out(other, one) for other in found):
        return None
    if not later:
        return one
    worked = min(later, key=lambda other: other.end)
    is_short = one.times == 1 and worked.end - one.at <= _RECOVERED_WITHIN
    if is_short or "not signed in" in one.sentence:
        return None
    return replace(one, also=(*one.also, "After that, it worked."))


def _signs_out(other: _Found, one: Observation) -> bool:
    is_before = one.at - _RETRY_WITHIN <= other.start <= one.at
    return is_before and other.is_request and bool(_SIGN_OUT.search(_target(other)))


def _target(one: _Found) -> str:
    return one.remark.target.lower() if one.remark else ""


_SIGN_OUT = re.compile(r"(?:log|sign).?(?:out|off)|session.?end|end.?session")


def _signs_in(other: _Found, one: Observation) -> bool:
    return (
        "not signed in" in one.sentence
        and other.remark is not None
        and other.remark.subject in ("The sign-in", "A sign-in request")
    )


# The headline of a result without errors

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def seen_instead(answer: Answer) -> tuple[str, str]:
    """Return a clause such as `two requests failed`, and a sentence with the gravest; or two "".

    A single observation is the clause itself.
    """
    troubles = troubles_of(answer)
    if not troubles:
        return "", ""
    text = troubles[0].full_text
    if len(troubles) == 1:
        clause, _period, rest = text.partition(". ")
        return f"{clause[0].lower()}{clause[1:].removesuffix('.')}", f" {rest}".rstrip()
    by_kind = ([one for one in troubles if one.kind is kind] for kind in _ORDER)
    counts = [_counted(same) for same in by_kind if same]
    comma = "," if len(counts) > 2 else ""
    listing = f"{', '.join(counts[:-1])}{comma} and {counts[-1]}" if counts[1:] else counts[0]
    return listing, f" {text}"


def _counted(same: Sequence[Observation]) -> str:
    """Return `two requests failed`, for observations of one kind."""
    count, kind = sum(one.times for one in same), same[0].kind
    number = _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"
    if kind is Kind.WARNING:
        return f"the program noted {number} thing{'s' * (count > 1)}"
    is_request = all(isinstance(one.rows[0], Span) for one in same) and kind is not Kind.SLOW
    noun = f"{number} {'request' if is_request else 'step'}{'s' * (count > 1)}"
    if kind is Kind.SLOW:
        longest = max((one.until - one.at).total_seconds() for one in same) * 1000
        return f"{noun} took {'up to ' * (count > 1)}{duration_text(longest)}"
    if kind is Kind.REFUSED:
        return f"{noun} {'were' if count > 1 else 'was'} refused"
    return f"{noun} failed"


_WORDS = {Signal.LOGS: "logs", Signal.SPANS: "requests"}


def unseen_text(answer: Answer) -> str:
    """Return what logs and requests without any trouble mean, or "" if they were not asked for."""
    beside, server = answer.beside, answer.searched.server
    absent = [one for one in _WORDS if one in {signal.signal for signal in beside.absent}]
    unread = [one for one in _WORDS if one in {signal.signal for signal in beside.unread}]
    asked = [one for one in _WORDS if one in beside.asked and one not in absent]
    unread += [one for one in asked if one not in beside.surely and one not in unread]
    if unread:
        words = _listed(unread, "and")
        return f", but not all {words} of this customer could be read: we can’t tell what happened"
    if not asked:
        return f"; {server} has no {_listed(absent, 'or')} for us to check" if absent else ""
    if not (beside.logs or beside.spans):
        words = _listed(asked, "or")
        return f", and {server} has no {words} of this customer: we can’t tell what happened"
    if not any(one.kind is Kind.WORKED and one.names_customer for one in observations_of(answer)):
        return f", and what {server} recorded of this customer shows no failure"
    if not all(map(_is_fine, beside.spans)):
        return "; this customer’s requests then worked, apart from background and repeated ones"
    recorded = "every request" if asked == [Signal.SPANS] else "everything"
    return f"; {recorded} that {server} recorded of this customer then worked"


def _listed(signals: Sequence[Signal], joined_by: str) -> str:
    """Return `logs or requests`."""
    return f" {joined_by} ".join(_WORDS[one] for one in signals)


def _is_fine(span: Span) -> bool:
    return span.status in (None, "ok", "unset") and not (span.http_status or 0) >= 400
