"""Correlating the events of one failure, by what they say about each other.

A shared trace is not enough, because a browser's trace can last for hours: one event has to name
the other's request, error, or step, at about the same time. Unsure pairs stay apart.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import merge
from operator import attrgetter

from apps.events.event import Breadcrumb, Event, EventBody
from apps.events.patterns import PatternFile
from apps.events.query import any_case
from apps.events.rules.rule import CLIENT, side_of


class Reason(StrEnum):
    """Why an event was joined to the cause of its failure."""

    SAME_REQUEST = "same request"
    CONSEQUENCE = "consequence"
    TRIED_AGAIN = "tried again"
    OTHER_RELEASE = "same error in another release"


@dataclass(frozen=True, slots=True)
class Correlation:
    """The root cause of an event, and why it is that.

    `twin` is the ID of the event that stands for the same occurrence.
    """

    root_cause: Event
    reason: Reason
    twin: str


# What of an event can be compared with another.

_Path = tuple[str, ...]

_FILE = PatternFile.read("correlation.toml")
_CALL_ERROR = _FILE.compile("call_error", re.IGNORECASE)
_TIMEOUT = _FILE.compile("timeout", re.IGNORECASE)
_COMMON_TEXT = _FILE.compile("common_text", re.IGNORECASE)
_SHARED = _FILE.compile("shared", re.IGNORECASE)
_CHANNEL = _FILE.compile("channel", re.IGNORECASE)
_JOB = _FILE.compile("job", re.IGNORECASE)
_RPC = re.compile(r"\b1?\d [A-Z_]{5,20}: |rpc error: code")
_STATUS = re.compile(r"(?<![\w.:/-])([45]\d\d)(?![\w.-])")
_ADDRESS = _FILE.compile("address")
_PLACEHOLDER = re.compile(r"[{<\[:*]")
_ID = any_case(r"^\d+$|\d{3}|[0-9a-f]{8}")
_ENDPOINTS = frozenset(("graphql", "rpc", "jsonrpc", "trpc", "batch", "gateway", "api", "query"))
# Statuses of calls that the program may never have heard of.
_UNHEARD = frozenset((0, 404, 429, 502, 503))
_TRANSPORT = frozenset((0, 502, 503, 504))
_SERVER_FAILED = "1011"  # the code with which a server closes a WebSocket after an error
_ATTEMPT = any_case(r"\b(?:attempt|retry|try|tries)\b\W{0,3}#?\d")
_MOST_TEXT = 2000
_MOST_CALLS = 8
_JUST_BEFORE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Call:
    """A failed call to another program. `status` is 0 if it got no answer, None if unknown.

    `is_raised` if the event's error is about it.
    """

    method: str
    host: str
    path: _Path
    status: int | None = None
    is_raised: bool = False


class _Traits:
    """The parts of an event to compare with another's."""

    def __init__(self, event: Event) -> None:
        body = event.details
        self.event, self.side = event, side_of(event)
        self.at = body.happened_at or event.timestamp
        chain = [
            (one.type or "", (one.value or "").strip()[:_MOST_TEXT]) for one in body.exceptions
        ]
        chain = [(kind, value) for kind, value in chain if kind or value]
        texts = [f"{kind}: {value}" for kind, value in chain] or [event.title or ""]
        texts += [text for text in (body.message, event.message) if text]
        self.texts = [text[:_MOST_TEXT] for text in texts]
        if not chain and event.body is None:
            kind, colon, value = (event.title or "").partition(": ")
            chain = [(kind, value)] if colon and not value.endswith(("...", "…")) else []
        self.raised = chain[0] if chain else ("", "")  # type and text
        self.causes = frozenset(chain[1:])
        frame = body.crash_frame
        is_own = frame is not None and frame.in_app and frame.file and frame.line
        self.raised_at = (frame.file, frame.line) if frame and is_own else None
        self.is_call_error = any(_CALL_ERROR.search(text) for text in self.texts)
        self.has_waited = any(_TIMEOUT.search(text) for text in self.texts)

        trace = body.contexts.get("trace", {})
        self.trace = body.trace_id or event.trace_id or ""
        self.span = str(trace.get("span_id") or "")
        self.parent = str(trace.get("parent_span_id") or "")
        self.job = frozenset(_named(body, _JOB))
        self.shared = frozenset(_named(body, _SHARED))
        self.channels = frozenset(name.rpartition(":")[2] for name in _named(body, _CHANNEL))

        request = _address(body.request.url, body.request.method) if body.request else None
        route = _address((event.transaction or "").rpartition(" ")[2], None)
        self.status = _number(body.contexts.get("response", {}).get("status_code"))
        self.calls = _calls(self.texts, body, self.at, is_call_error=self.is_call_error)
        # The request that it answered, and its paths
        self.request: _Call | None = None
        self.paths: tuple[_Path, ...] = ()
        self.is_cut_off = False
        if self.side not in CLIENT:
            self.request = request
            self.paths = tuple(one.path for one in (request, route) if one and one.path)
            return
        self.is_cut_off = any(_was_cut_off(one, self.at) for one in body.breadcrumbs)
        if not self.calls and request and request.path and (self.status or 0) >= 400:
            # It is about nothing but a failed call, with its response.
            self.calls = (replace(request, status=self.status, is_raised=True),)


def _calls(
    texts: Sequence[str], body: EventBody, at: datetime, *, is_call_error: bool
) -> tuple[_Call, ...]:
    """Return the failed calls: those that the error names, or else the last one before it."""
    statuses = [int(found[1]) for text in texts for found in _STATUS.finditer(text)]
    if is_call_error:
        named = [found for text in texts for found in _ADDRESS.finditer(text)]
        calls = [_address(found[2], found[1]) for found in named[:_MOST_CALLS]]
        status = statuses[0] if statuses else None
        raised = [one for one in calls if one and one.path]
        if raised:
            return tuple(replace(one, status=status, is_raised=True) for one in raised)
    for crumb in reversed(body.breadcrumbs):
        call = _failed_call(crumb)
        if call and not (crumb.timestamp and abs(crumb.timestamp - at) > _JUST_BEFORE):
            is_alike = not statuses or not call.status or call.status in statuses
            return (replace(call, is_raised=is_call_error and is_alike),)
    return ()


def _failed_call(crumb: Breadcrumb) -> _Call | None:
    url = crumb.data.get("url")
    call = _address(url if isinstance(url, str) else None, crumb.data.get("method"))
    if call is None or not call.path:
        return None
    status = _number(crumb.data.get("status_code", crumb.data.get("http.response.status_code")))
    has_failed = crumb.level == "error" if status is None else not 0 < status < 400
    return replace(call, status=status or 0) if has_failed else None


def _address(url: str | None, method: object) -> _Call | None:
    text = (url or "").strip()[:_MOST_TEXT]
    scheme, slashes, rest = text.partition("://")
    host, slash, path = rest.partition("/") if slashes else ("", text[:1], text[1:])
    if slash != "/" or " " in scheme:
        return None
    bare = re.split(r"[?#]", path, maxsplit=1)[0].rstrip(".:]}>'\"") if path else ""
    parts = tuple(part for part in bare.split("/") if part)
    return _Call(str(method or "").upper(), host.lower(), parts)


def _named(body: EventBody, names: re.Pattern[str]) -> Iterator[str]:
    """Yield the IDs with one of these names, such as that of the job that was being done."""
    inner = (*body.contexts.values(), *body.extra.values(), body.extra)
    pairs = [
        *body.tags,
        *(pair for one in inner if isinstance(one, Mapping) for pair in one.items()),
    ]
    for name, value in pairs:
        if names.search(str(name)) and len(str(value)) > 5:
            yield str(value)


def _was_cut_off(crumb: Breadcrumb, at: datetime) -> bool:
    """Return whether the server closed a live connection just before, because it had failed."""
    if crumb.category != "websocket" or _SERVER_FAILED not in map(str, crumb.data.values()):
        return False
    return crumb.timestamp is None or abs(crumb.timestamp - at) <= _JUST_BEFORE


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


# Comparing two events.

_BEFORE = timedelta(seconds=2)
_AT_ONCE = timedelta(seconds=1)
_SOON = timedelta(seconds=4)
_ANSWERED = timedelta(seconds=10)
_LATER = timedelta(seconds=30)
_WAITED = timedelta(seconds=-60)
_RETRY = timedelta(seconds=60)
_UNTRACED = timedelta(seconds=3)
_LEAST_TEXT = 10
_CERTAIN = 4


def _compare(effect: _Traits, cause: _Traits) -> tuple[int, Reason] | None:
    """Return how sure it is that `effect` was caused by `cause`, and why; None if it wasn't."""
    if effect.event.issue_id == cause.event.issue_id or _are_of_two(effect, cause):
        return None
    is_same_trace = effect.trace == cause.trace and bool(effect.trace)
    wait = effect.at - cause.at
    if effect.is_cut_off and cause.side not in CLIENT and timedelta() <= wait <= _BEFORE:
        channels = (one for one in cause.channels if _ID.search(one))
        if any(channel in text for channel in channels for text in effect.texts):
            return 2, Reason.CONSEQUENCE
    if effect.trace and cause.trace and not is_same_trace:
        return _compare_tries(effect, cause, wait)
    limit = _LATER if is_same_trace else _UNTRACED
    earliest = _WAITED if is_same_trace and effect.calls and effect.has_waited else -_BEFORE
    if earliest <= wait <= limit:
        found = [
            _compare_chains(effect, cause),
            _compare_texts(effect, cause, wait),
            _compare_requests(effect, cause, wait, is_same_trace=is_same_trace),
        ]
        best = max((one for one in found if one), default=None, key=lambda one: one[0])
        if best:
            return best
    return _compare_tries(effect, cause, wait)


def _are_of_two(one: _Traits, other: _Traits) -> bool:
    """Return whether the events name two people in the same field."""
    if one.event.matched_on or other.event.matched_on:
        return not (one.event.matched_on and other.event.matched_on)
    first, second = dict(one.event.identities), dict(other.event.identities)
    return any(first[name] != second[name] for name in first.keys() & second.keys())


def _compare_chains(effect: _Traits, cause: _Traits) -> tuple[int, Reason] | None:
    if not cause.raised[0] or cause.raised not in effect.causes:
        return None
    return (_CERTAIN if len(cause.raised[1]) >= _LEAST_TEXT else 2), Reason.CONSEQUENCE


def _compare_texts(effect: _Traits, cause: _Traits, wait: timedelta) -> tuple[int, Reason] | None:
    """Look for the text of one error in the other: passed on by a server, or logged as well."""
    kind, value = cause.raised
    if len(value) < _LEAST_TEXT or " " not in value or wait > _SOON:
        named = f"{kind}: {value}" if kind and len(value) > 2 else ""
    else:
        named = value
    if not named or not any(named in text for text in effect.texts):
        return None
    if _COMMON_TEXT.search(value) and kind not in " ".join(effect.texts):
        return None
    if _is_one_program(effect, cause):
        is_same = effect.raised == cause.raised
        if not _is_one_request(effect, cause) or (effect.raised[0] and not is_same):
            return None
        if is_same and (effect.at, effect.event.id) < (cause.at, cause.event.id):
            return None
    elif cause.side in CLIENT or not _may_quote(effect, cause, wait):
        return None
    return _CERTAIN, Reason.SAME_REQUEST


def _may_quote(effect: _Traits, cause: _Traits, wait: timedelta) -> bool:
    """Return whether the event's program can have read the text in an answer to a call."""
    if effect.calls and cause.paths:
        return any(_match(call, cause, wait) for call in effect.calls)
    return effect.side in CLIENT or any(_RPC.search(text) for text in effect.texts)


def _is_one_program(one: _Traits, other: _Traits) -> bool:
    is_one_side = (one.side in CLIENT) == (other.side in CLIENT)
    return is_one_side and one.event.project == other.event.project


def _is_one_request(one: _Traits, other: _Traits) -> bool:
    if abs(one.at - other.at) > _BEFORE or one.event.transaction != other.event.transaction:
        return False
    if one.side in CLIENT:
        return bool(one.calls) and one.calls[:1] == other.calls[:1]
    if one.span and other.span:
        return bool({one.span, one.parent} & {other.span, other.parent} - {""})
    is_traced = bool(one.trace) and one.trace == other.trace
    return is_traced and one.request is not None and one.request == other.request


def _compare_requests(
    effect: _Traits, cause: _Traits, wait: timedelta, *, is_same_trace: bool
) -> tuple[int, Reason] | None:
    if cause.side in CLIENT or _is_one_program(effect, cause):
        return None
    if effect.shared & cause.shared and (effect.side in CLIENT or effect.is_call_error):
        return _CERTAIN, Reason.SAME_REQUEST
    both_waited = effect.has_waited and cause.has_waited
    matches = (_match(call, cause, wait, both_waited=both_waited) for call in effect.calls)
    sureness = max(matches, default=0)
    if _is_child(effect, cause, wait) and (sureness or not (effect.calls and cause.paths)):
        return _CERTAIN, Reason.SAME_REQUEST
    if is_same_trace and not effect.calls and _is_answer(effect, cause, wait):
        return 1, Reason.SAME_REQUEST
    is_raised = any(call.is_raised for call in effect.calls)
    is_enough = sureness >= (1 if is_same_trace else _CERTAIN)
    if not is_enough or (not is_raised and wait > _SOON):
        return None
    return sureness, Reason.SAME_REQUEST if is_raised else Reason.CONSEQUENCE


def _is_child(effect: _Traits, cause: _Traits, wait: timedelta) -> bool:
    """Return whether the span in which one event failed made the request of the other.

    A browser's span can be the whole page, so there the error has to be about a call.
    """
    is_about_call = effect.is_call_error or effect.side not in CLIENT
    return bool(effect.span) and effect.span == cause.parent and wait <= _SOON and is_about_call


def _is_answer(effect: _Traits, cause: _Traits, wait: timedelta) -> bool:
    """Return whether a failed call that names no address got the answer of this error."""
    statuses = {int(found[1]) for text in effect.texts for found in _STATUS.finditer(text)}
    own = cause.status or (500 if cause.event.handled is not True else None)
    return effect.is_call_error and own in statuses and -_AT_ONCE <= wait <= _UNTRACED


def _match(call: _Call, cause: _Traits, wait: timedelta, *, both_waited: bool = False) -> int:
    """Return how sure it is that the call is the request: from 0 to 4, for an ID in the path."""
    served = cause.request or call
    is_other_answer = call.status and cause.status and call.status != cause.status
    is_other_method = call.method and served.method and call.method != served.method
    kinds = [_match_paths(call.path, path) for path in cause.paths]
    if is_other_answer or is_other_method or not kinds or 0 in kinds:
        return 0
    has_id = max(kinds) == 3 and any(_ID.search(part) for part in call.path)
    if has_id and wait > _SOON and (call.status in _UNHEARD or wait > _ANSWERED):
        return 0
    if has_id:
        return _CERTAIN
    is_same_host = bool(cause.request and served.host == call.host)
    is_endpoint = call.path[-1].lower() in _ENDPOINTS
    is_doubtful = is_endpoint or (call.status in _UNHEARD and not both_waited)
    if wait > _SOON or (is_doubtful and not timedelta() <= wait <= _BEFORE):
        return 0
    if is_endpoint:
        return 1 if is_same_host and call.is_raised and call.status not in _UNHEARD else 0
    return 3 if max(kinds) == 3 and is_same_host else 2


def _match_paths(called: _Path, served: _Path) -> int:
    """Return 3 for equal paths, 2 if one has variable or more parts, 0 for others.

    A gateway adds parts before the path that the server sees, or removes some.
    """
    shorter, longer = sorted((called, served), key=len)
    ends = longer[len(longer) - len(shorter) :]
    pairs = list(zip(shorter, ends, strict=True))
    if not any(one == other and not _PLACEHOLDER.search(one) for one, other in pairs):
        return 0
    if all(one == other for one, other in pairs):
        return 3 if len(shorter) == len(longer) else 2
    if all(one == other or _PLACEHOLDER.search(one + other) for one, other in pairs):
        return 2
    return 0


def _compare_tries(effect: _Traits, cause: _Traits, wait: timedelta) -> tuple[int, Reason] | None:
    """Compare two tries of the same step, of which `effect` is the later one."""
    one, other = effect.event, cause.event
    is_later = timedelta() < wait <= _RETRY or (not wait and other.id < one.id)
    if not is_later or one.project != other.project or one.transaction != other.transaction:
        return None
    if effect.job and cause.job:
        return (2, Reason.TRIED_AGAIN) if effect.job & cause.job else None
    (kind, text), (other_kind, other_text) = effect.raised, cause.raised
    is_alike = kind == other_kind and _masked(text) == _masked(other_text)
    is_same_line = kind == other_kind and effect.raised_at == cause.raised_at is not None
    is_of_call = effect.calls or cause.calls or effect.is_call_error
    if is_same_line and one.transaction and effect.side in CLIENT and not is_of_call:
        return 2, Reason.TRIED_AGAIN
    if is_alike and one.transaction and (_ATTEMPT.search(text) or _is_same_step(effect, cause)):
        return 2, Reason.TRIED_AGAIN
    for call in effect.calls:
        for before in cause.calls:
            if call.is_raised and before.is_raised and _is_same_call(call, before):
                return 2, Reason.TRIED_AGAIN
    return None


def _is_same_step(effect: _Traits, cause: _Traits) -> bool:
    requested = effect.request.path if effect.request else ()
    is_same = effect.request == cause.request and effect.raised == cause.raised
    return is_same and any(_ID.search(part) for part in requested)


def _is_same_call(one: _Call, other: _Call) -> bool:
    if one.path != other.path or one.host != other.host:
        return False
    if one.method and other.method and one.method != other.method:
        return False
    statuses = {one.status or 0, other.status or 0}
    return len(statuses) == 1 or statuses <= _TRANSPORT


def _masked(text: str) -> str:
    return re.sub(r"\d+", "#", text)


# Finding the pairs.

_MOST_NEAR = 40
_MOST_OF_ISSUE = 4
_FURTHEST = timedelta(seconds=60)


def correlate(events: Sequence[Event]) -> dict[str, Correlation]:
    """Return the events that another event caused, by ID."""
    if len({event.issue_id for event in events}) < 2:
        return {}
    traits = sorted(map(_Traits, events), key=lambda one: (one.at, one.event.id))
    links: dict[str, _Link] = {}
    for place, effect in enumerate(traits):
        found = _surest(effect, _near(place, traits))
        if found and not _leads_to(effect.event.id, found, links):
            links[effect.event.id] = found
    _drop_rivals(events, links)
    _follow_issues(traits, links)
    return {event_id: _correlation(event_id, links) for event_id in links}


def find_origin(event: Event, errors: Iterable[Event]) -> Event | None:
    """Return the error behind a failed call, of those of its trace that name no customer."""
    effect = _Traits(event)
    own = {one.id: one for one in errors if effect.trace and one.trace_id == effect.trace}
    same = (replace(one, matched_on=event.matched_on) for one in own.values())
    found = _surest(effect, map(_Traits, same))
    return own[found.cause.event.id] if found and found.reason is Reason.SAME_REQUEST else None


@dataclass(frozen=True, slots=True)
class _Link:
    """The cause of an event, and why it is that. Twins are two records of one occurrence."""

    cause: _Traits
    reason: Reason
    sureness: int
    is_twin: bool


def _surest(effect: _Traits, near: Iterable[_Traits]) -> _Link | None:
    """Return the surest cause of an event, or None if two of different issues are equally sure.

    Those belong to one failure if one of them caused the other, or if one cause is immediate and
    the others are far away.
    """
    found = []
    for other in near:
        if compared := _compare(effect, other):
            sureness, reason = compared
            found.append(_Link(other, reason, sureness, reason is not Reason.TRIED_AGAIN))

    def distance(link: _Link) -> timedelta:
        return abs(effect.at - link.cause.at)

    surest = max((one.sureness for one in found), default=0)
    found = sorted((one for one in found if one.sureness == surest), key=distance)
    if not found:
        return None
    first, cause = found[0], found[0].cause
    rivals = [one for one in found if one.cause.event.issue_id != cause.event.issue_id]
    if all(_compare(cause, one.cause) or _compare(one.cause, cause) for one in rivals):
        return first
    is_certain = first.reason is not Reason.CONSEQUENCE or _is_one_program(effect, cause)
    nearest = min(map(distance, rivals))
    is_nearest = distance(first) <= _AT_ONCE and nearest >= distance(first) + _SOON
    return first if is_certain and is_nearest else None


def _near(place: int, traits: Sequence[_Traits]) -> Iterator[_Traits]:
    at = traits[place].at
    start = bisect_left(traits, at - _FURTHEST, key=attrgetter("at"))
    end = bisect_left(traits, at + _FURTHEST, key=attrgetter("at"))
    before, after = reversed(traits[start:place]), traits[place + 1 : end]
    of_issue: Counter[str | None] = Counter()
    count = 0
    for other in merge(before, after, key=lambda one: abs(one.at - at)):
        of_issue[other.event.issue_id] += 1
        if of_issue[other.event.issue_id] <= _MOST_OF_ISSUE:
            count += 1
            yield other
        if count == _MOST_NEAR:
            return


def _drop_rivals(events: Sequence[Event], links: dict[str, _Link]) -> None:
    """Drop the links of two callers that claim the same request without certain evidence."""
    callers: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        link = links.get(event.id)
        if link and link.reason is Reason.SAME_REQUEST and link.sureness < _CERTAIN:
            callers[link.cause.event.id].append(event)
    for rivals in callers.values():
        is_weak = any(links[event.id].sureness == 1 for event in rivals)
        if len({event.issue_id if is_weak else event.project for event in rivals}) > 1:
            for event in rivals:
                del links[event.id]


def _leads_to(event_id: str, link: _Link, links: Mapping[str, _Link]) -> bool:
    one = link.cause.event.id
    while one in links and one != event_id:
        one = links[one].cause.event.id
    return one == event_id


def _follow_issues(traits: Sequence[_Traits], links: dict[str, _Link]) -> None:
    """Link the other events of an issue if those with links have one cause.

    They had too little to compare, or the server lost its event. One that is known to be of
    another step shows that the issue has several causes.
    """
    by_issue: dict[str | None, list[_Traits]] = defaultdict(list)
    for one in traits:
        by_issue[one.event.issue_id].append(one)
    for issue_id, own in by_issue.items():
        linked = [one for one in own if one.event.id in links]
        rest = [one for one in own if one.event.id not in links]
        roots = {links[one.event.id].cause.event.issue_id for one in linked}
        steps = {_step(one) for one in linked}
        if (
            issue_id is None
            or len(roots) != 1
            or any(one.event.body and _step(one) not in steps for one in rest)
        ):
            continue
        for one in rest:
            near = min(linked, key=lambda other: abs(other.at - one.at)).event.id
            cause = min(
                (other for other in by_issue[links[near].cause.event.issue_id] if other is not one),
                key=lambda other: abs(other.at - one.at),
            )
            is_twin = abs(cause.at - one.at) <= _SOON and cause.trace == one.trace
            if one.event.body is None and not is_twin:
                continue
            link = replace(links[near], cause=cause, is_twin=is_twin)
            if not _leads_to(one.event.id, link, links):
                links[one.event.id] = link


def _step(one: _Traits) -> tuple[object, ...]:
    """Return what was done when it failed: the same for each time of the same step."""
    calls = tuple(
        (call.method, tuple("*" if _ID.search(part) else part for part in call.path))
        for call in one.calls
    )
    return (one.event.project, one.event.transaction, calls)


def _correlation(event_id: str, links: Mapping[str, _Link]) -> Correlation:
    link = links[event_id]
    cause = link.cause.event
    twin = cause.id if link.is_twin else event_id
    while following := links.get(cause.id):
        twin = following.cause.event.id if twin == cause.id and following.is_twin else twin
        cause = following.cause.event
    return Correlation(cause, link.reason, twin)
