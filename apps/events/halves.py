"""Finding the issues that are halves of one failure, by what their events say of each other.

A shared trace is not enough, because a browser's trace can last for hours: one event has to name
the other's request, error, or step.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import product

from apps.events.event import Breadcrumb, Event, EventBody
from apps.events.rules.rule import CLIENT, side_of


class Reason(StrEnum):
    """Why an issue was joined to the cause of its failure."""

    SAME_REQUEST = "same request"
    CAUSED_IT = "caused it"
    TRIED_AGAIN = "tried again"


@dataclass(frozen=True, slots=True)
class Failure:
    """The issues of one failure: the cause, then the others with the reasons for joining them.

    `twins` maps the ID of an event to that of the cause's event of the same occurrence.
    """

    cause: str
    others: tuple[tuple[str, Reason], ...]
    twins: Mapping[str, str]


Path = tuple[str, ...]

_CALL_ERROR = re.compile(
    r"status(?: code)?:?\s*[45]\d\d|\b[45]\d\d (?:client|server) error|\bHTTP[ /]?[45]\d\d"
    r"|failed to fetch|fetch failed|network ?error|load failed|bad gateway|service unavailable"
    r"|gateway time-?out|http(?:status|client|response)?(?:error|exception)|axioserror"
    r"|max retries exceeded|connection (?:refused|reset|aborted|closed)|socket hang up"
    r"|read timed out|deadline exceeded|upstream",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?<!\d)([45]\d\d)(?!\d)")
_ADDRESS = re.compile(
    r"(?:https?://[^\s/\"'<>]+)?(/[\w\-.~%:@{}<>\[\]*+]+(?:/[\w\-.~%:@{}<>\[\]*+]*)*)"
)
_METHODS = re.compile(r"^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+")
_VARIABLE = re.compile(r"\d|^[:<\[{*]|[}>\]]$")
_BEFORE = timedelta(seconds=2)
_AFTER = timedelta(seconds=30)
_JUST_BEFORE = timedelta(seconds=2)
_RETRY = timedelta(seconds=60)
_LEAST_TEXT = 8
_MOST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class _Call:
    """A failed call to another program. `is_raised` if the event's error is about it."""

    path: Path
    status: int | None
    is_raised: bool


@dataclass(frozen=True, slots=True)
class _Traits:
    """What of an event can be compared with another."""

    event: Event
    at: datetime
    trace: str
    path: Path
    status: int | None
    calls: tuple[_Call, ...]
    is_call_error: bool
    raised: tuple[str, str]
    causes: frozenset[tuple[str, str]]


def find_joins(groups: Mapping[str, Sequence[Event]]) -> list[Failure]:
    """Return the failures that have several of these issues; one in doubt is in none."""
    by_trace: dict[str, list[tuple[str, _Traits]]] = defaultdict(list)
    for issue_id, events in groups.items():
        for event in events:
            traits = _traits(event)
            if traits.trace:
                by_trace[traits.trace].append((issue_id, traits))
    links: dict[str, dict[str, dict[str, tuple[str, Reason]]]] = defaultdict(dict)
    for traced in by_trace.values():
        halves = [pair for pair in traced if pair[1].calls or pair[1].causes]
        for (half, one), (cause, other) in product(halves, traced):
            reason = _reason(one, other) if half != cause else None
            if reason:
                links[half].setdefault(cause, {})[one.event.id] = (other.event.id, reason)
    return list(_failures(links))


def _failures(
    links: Mapping[str, Mapping[str, Mapping[str, tuple[str, Reason]]]],
) -> Iterator[Failure]:
    """Yield the failures that the links between events add up to.

    An issue with two causes is a half of neither, unless one caused the other.
    """
    parents: dict[str, str] = {}
    for half, causes in links.items():
        roots = [one for one in causes if not set(links.get(one, ())) & set(causes)]
        first = [one for one in causes if set(causes) - {one} <= set(links.get(one, ()))]
        nearest = first or (roots if len(roots) == 1 else [])
        if nearest and half not in links.get(nearest[0], ()):
            parents[half] = nearest[0]
    members: dict[str, list[str]] = defaultdict(list)
    for half in parents:
        members[_root(half, parents)].append(half)
    for cause, halves in members.items():
        twins: dict[str, str] = {}
        others = []
        for half in halves:
            own = links[half][parents[half]]
            others.append((half, next(iter(own.values()))[1]))
            twins |= {
                event: other
                for event, (other, reason) in own.items()
                if reason is not Reason.TRIED_AGAIN
            }
        yield Failure(cause, tuple(others), {event: _root(event, twins) for event in twins})


def _root(one: str, parents: Mapping[str, str]) -> str:
    seen = {one}
    while one in parents and parents[one] not in seen:
        one = parents[one]
        seen.add(one)
    return one


def _reason(half: _Traits, cause: _Traits) -> Reason | None:
    """Return why `half` is a half of the failure that `cause` caused; None if that is unsure."""
    if not cause.at - _BEFORE <= half.at <= cause.at + _AFTER or _are_of_two(half, cause):
        return None
    if cause.raised[0] and len(cause.raised[1]) >= _LEAST_TEXT and cause.raised in half.causes:
        return Reason.CAUSED_IT
    if half.event.project == cause.event.project or side_of(cause.event) in CLIENT:
        return None
    for call in half.calls:
        if _is_of_call(call, cause):
            return Reason.SAME_REQUEST if call.is_raised else Reason.CAUSED_IT
    return None


def _is_of_call(call: _Call, cause: _Traits) -> bool:
    if call.status and cause.status and call.status != cause.status:
        return False
    return bool(call.path) and _is_same_path(call.path, cause.path)


def _are_of_two(one: _Traits, other: _Traits) -> bool:
    """Return whether the events name two people in the same field."""
    if one.event.matched_on and other.event.matched_on:
        return False
    first, second = dict(one.event.identities), dict(other.event.identities)
    return any(first[name] != second[name] for name in first.keys() & second.keys())


def _traits(event: Event) -> _Traits:
    body = event.body or EventBody()
    at = body.happened_at or event.timestamp
    chain = [((one.type or ""), (one.value or "").strip()) for one in body.exceptions]
    texts = [f"{kind}: {value}" for kind, value in chain] or [event.title or ""]
    texts += [text for text in (body.message, event.message) if text]
    texts = [text[:_MOST_TEXT] for text in texts]
    is_call_error = any(_CALL_ERROR.search(text) for text in texts)
    request = body.request
    path = _path(request.url if request and request.url else event.transaction or "")
    return _Traits(
        event=event,
        at=at,
        trace=body.trace_id or event.trace_id or "",
        path=path,
        status=_own_status(body),
        calls=tuple(_calls(texts, body, at, is_call_error=is_call_error)),
        is_call_error=is_call_error,
        raised=chain[0] if chain else ("", ""),
        causes=frozenset(chain[1:]),
    )


def _calls(
    texts: Sequence[str], body: EventBody, at: datetime, *, is_call_error: bool
) -> Iterator[_Call]:
    """Yield the failed calls: those of the error's own text, then those just before it."""
    statuses = [int(found[1]) for text in texts if (found := _STATUS.search(text))]
    if is_call_error:
        for text in texts:
            for found in _ADDRESS.finditer(text):
                yield _Call(_path(found[1]), statuses[0] if statuses else None, is_raised=True)
    for crumb in reversed(body.breadcrumbs):
        status = _failed(crumb)
        url = crumb.data.get("url")
        if status is None or not isinstance(url, str):
            continue
        if crumb.timestamp and not at - _JUST_BEFORE <= crumb.timestamp <= at + _JUST_BEFORE:
            continue
        is_raised = is_call_error and (not statuses or not status or status in statuses)
        yield _Call(_path(url), status or None, is_raised=is_raised)
        return


def _failed(crumb: Breadcrumb) -> int | None:
    """Return the status of a failed call, 0 if it got no response, None if it is none."""
    status = crumb.data.get("status_code", crumb.data.get("http.response.status_code"))
    if status is None or not str(status).isdigit():
        return None
    return int(str(status)) if int(str(status)) >= 400 or int(str(status)) == 0 else None


def _own_status(body: EventBody) -> int | None:
    """Return the status that a server answered with, if the event says so."""
    status = body.contexts.get("response", {}).get("status_code")
    return int(str(status)) if str(status).isdigit() else None


def _path(address: str) -> Path:
    """Return the path of an address or a transaction, with `*` for its variable parts."""
    text = _METHODS.sub("", address.strip())
    text = re.sub(r"^[a-z]+://[^/]*", "", text).split("?")[0].split("#")[0]
    if not text.startswith("/"):
        return ()
    return tuple("*" if _VARIABLE.search(part) else part for part in text.split("/") if part)


def _is_same_path(called: Path, served: Path) -> bool:
    """Return whether one path ends with the other, as behind a gateway that adds a prefix."""
    shorter, longer = sorted((called, served), key=len)
    if not any(part != "*" for part in shorter):
        return False
    ends = longer[len(longer) - len(shorter) :]
    return all(
        one == other or "*" in (one, other) for one, other in zip(shorter, ends, strict=True)
    )
