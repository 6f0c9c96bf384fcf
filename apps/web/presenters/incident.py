"""The page of an incident: shared failures, who had them, and who could not be checked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apps.answers.models import DraftTemplate
from apps.answers.services import group_reply
from apps.answers.templates import About, Kind
from apps.events.event import Event
from apps.events.halves import Reason
from apps.events.incident import Failure
from apps.events.once import rule_cache
from apps.events.query import counted
from apps.events.releases import short_release
from apps.incidents.exports import never_seen_title, usual_text
from apps.incidents.models import Incident
from apps.incidents.reading import account_of
from apps.incidents.services import IncidentResult, KnownFailure, held_up_by
from apps.known_errors.catalogue import customer_time, render_reply
from apps.web.presenters.brief import shared_brief
from apps.web.presenters.formatting import (
    LocalTime,
    half_window,
    listed,
    local_clock,
    local_minute,
    local_moment,
    safe_link,
    shortened,
    today_in,
    typeset,
)

_WHY_JOINED = {
    Reason.SAME_REQUEST: "same request",
    Reason.CONSEQUENCE: "a consequence",
    Reason.TRIED_AGAIN: "another try",
    Reason.OTHER_RELEASE: "same error in another release",
}
_MAX_NAMES = 4
_MAX_TEXT = 120
_RELOADS = 6


@dataclass(frozen=True, slots=True)
class EventLink:
    """An event that represents a failure in one release."""

    event_id: str
    release: str
    title: str


@dataclass(frozen=True, slots=True)
class IssueView:
    """An issue of a failure: its link, which can be empty, and why it is part of the failure."""

    name: str
    link: str
    customers: str
    why: str


@dataclass(frozen=True, slots=True)
class KnownReply:
    """A known error; its reply for the customers and its workaround can be empty."""

    title: str
    reply: str
    workaround: str


@dataclass(frozen=True, slots=True)
class FailureView:
    """A failure. `percent` is of the customers who were checked, `key` identifies it in URLs."""

    number: int
    key: str
    sentence: str
    share: str
    percent: int
    first: LocalTime
    last: LocalTime
    releases: str
    usual: str
    is_noise: bool
    answers: tuple[tuple[str, str], ...]
    next: str
    issues: tuple[IssueView, ...]
    known: tuple[KnownReply, ...]
    events: tuple[EventLink, ...]
    customers: tuple["CustomerRow", ...]
    reply: str


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer of the list; `what` says in words what is known about them."""

    line: int
    customer: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class IncidentView:
    """The context of `incidents/detail.html`. The `groups` have each customer once."""

    headline: str
    facts: tuple[str, ...]
    account: str
    moment: LocalTime
    zone: str
    window: str
    failures: tuple[FailureView, ...]
    noise: tuple[FailureView, ...]
    groups: tuple[tuple[str, tuple[CustomerRow, ...]], ...]
    notices: tuple[str, ...]
    progress: Mapping[str, Any]
    calls: str

    @property
    def noise_share(self) -> str:
        """The share of the customers who had the most widespread of these failures."""
        widest = max(self.noise, key=lambda one: len(one.customers), default=None)
        return widest.share if widest else ""


def incident_view(result: IncidentResult, *, agent: str) -> IncidentView:
    """Return the page's content. `agent` signs the drafts of replies."""
    incident = result.incident
    template = DraftTemplate.objects.filter(kind=Kind.REPLY, is_active=True).first()
    body = template.body if template else ""
    with rule_cache():
        failures = tuple(
            _failure(result, number, one, body, agent)
            for number, one in enumerate(result.failures, 1)
        )
    return IncidentView(
        headline=headline(result),
        facts=tuple(_facts(result)),
        account=account_of(result.asked, incident.left_out),
        moment=local_moment(incident.moment, ZoneInfo(incident.zone)),
        zone=incident.zone,
        window=half_window(incident.minutes),
        failures=tuple(one for one in failures if not one.is_noise),
        noise=tuple(one for one in failures if one.is_noise),
        groups=tuple(_groups(result)),
        notices=tuple(typeset(one.message) for one in result.notices),
        progress=progress_of(incident, result.batches_ended, result.batches, seen=0),
        calls=counted(result.calls, "call"),  # those of tries that failed aren't counted
    )


def headline(result: IncidentResult) -> str:
    """Return what the customers have in common, and nothing that isn't certain."""
    asked = len(result.answered)
    of = f"{counted(asked, 'customer')}{' checked' if result.not_asked else ''}"
    if result.state == "running":
        had = sum(bool(one.events) for one in result.findings.values())
        unasked = f"Asking Sentry about {counted(result.asked, 'customer')}"
        return f"{had:,} of {of} had errors so far" if asked else unasked
    if result.failures:
        return typeset(_what_is_shared([one.failure for one in result.failures], of))
    if result.complete:
        return f"None of the {of} had an error in this window."
    return "No error was found, but not everyone’s errors could be read."


def _what_is_shared(failures: Sequence[Failure], of: str) -> str:
    loud = [one for one in failures if not one.is_noise]
    shared = [one for one in loud if len(one.lines) > 1]
    if shared:
        had = "had the same event" if shared[0].is_slight else "hit the same failure"
        return f"{len(shared[0].lines):,} of {of} {had}: {shared[0].sentence}"
    if loud:
        each = " each" if len(loud) > 1 else ""
        return f"No failure is shared. {counted(len(loud), 'failure')} hit one customer{each}."
    return "Nothing stands out: all of these failures were about as common before."


def _facts(result: IncidentResult) -> Iterable[str]:
    projects = () if result.is_part else result.projects
    if where := (*projects, *result.incident.environments):
        yield f"in {_first_of(where)}"
    yield f"{len(result.answered):,} of {counted(result.asked, 'customer')} checked"
    if result.not_asked:
        yield f"{len(result.not_asked):,} not checked{' yet' if result.state == 'running' else ''}"
    if result.unanswerable:
        yield f"{len(result.unanswerable):,} couldn’t be checked"
    if result.state == "running":
        return
    yield "complete" if result.complete else "incomplete"
    incident = result.incident
    if ended_at := incident.cancelled_at or incident.finished_at:
        how = "canceled" if incident.cancelled_at else "read"
        yield f"{how} at {local_minute(ended_at, ZoneInfo(incident.zone)).text}"


def _unexplained(result: IncidentResult) -> frozenset[int]:
    """Return the lines of customers whose errors were all about as common before."""
    noise, loud = (
        {
            line
            for one in result.failures
            if one.failure.is_noise is is_noise
            for line in one.failure.lines
        }
        for is_noise in (True, False)
    )
    return frozenset(noise - loud)


def _where(result: IncidentResult) -> str:
    return "in projects you can see" if result.is_part else "in this window"


def _failure(
    result: IncidentResult, number: int, one: KnownFailure, body: str, agent: str
) -> FailureView:
    failure, zone = one.failure, ZoneInfo(result.incident.zone)
    first, last = failure.first_event.timestamp, failure.last_event.timestamp
    today = today_in(zone.key)
    about = About(one.answer, failure.issues[:1], zone, today, result.incident.marker, agent=agent)
    answers, step = shared_brief(
        one.answer, failure.problem, failure.releases, zone=zone, today=today
    )
    return FailureView(
        number=number,
        key=failure.problem.issue_id,
        sentence=typeset(failure.sentence),
        share=result.share_text(failure),
        percent=round(100 * len(failure.lines) / max(len(result.answered), 1)),
        first=local_clock(first, zone, day_of=result.incident.moment),
        last=local_clock(last, zone, day_of=result.incident.moment),
        releases=_first_of(list(map(short_release, failure.releases))),
        usual=usual_text(failure, result),
        is_noise=failure.is_noise,
        answers=answers,
        next=step,
        issues=tuple(_issues(result, failure)),
        known=tuple(
            KnownReply(
                match.known.title,
                render_reply(match, one.answer, name="", zone=zone, today=today),
                match.known.workaround,
            )
            for match in one.known
        ),
        events=tuple(map(_event_link, one.answer.events)),
        customers=tuple(
            CustomerRow(line, result.customers.get(line, "")) for line in failure.lines
        ),
        reply=group_reply(body, about, moment=customer_time(first, last, zone)) if body else "",
    )


def _issues(result: IncidentResult, failure: Failure) -> Iterable[IssueView]:
    """Yield the failure's issues, the cause's first, each with the customers who had it."""
    reasons = {joined.group.issue_id: joined.reason for joined in failure.problem.others}
    for group in failure.problem.groups:
        events = {event.id for event in group.events}
        had = sum(
            any(event.id in events for event in result.findings[line].events)
            for line in failure.lines
        )
        issue = group.issue
        reason = reasons.get(group.issue_id)
        yield IssueView(
            name=shortened((issue and issue.short_id) or group.issue_id, _MAX_TEXT),
            link=safe_link(issue.permalink) if issue else "",
            customers=counted(had, "customer"),
            why=_WHY_JOINED[reason] if reason else "",
        )


def _event_link(event: Event) -> EventLink:
    release = shortened(short_release(event.release), _MAX_TEXT) if event.release else ""
    return EventLink(event.id, release, shortened(event.title or "(no title)", _MAX_TEXT))


def _first_of(names: Sequence[str]) -> str:
    shown = [shortened(name, _MAX_TEXT) for name in names[:_MAX_NAMES]]
    more = len(names) - _MAX_NAMES
    return listed([*shown, f"{more} more"] if more > 0 else shown)


def _groups(result: IncidentResult) -> Iterable[tuple[str, tuple[CustomerRow, ...]]]:
    """Yield the customers, each once: those with errors, then the others by what is known."""
    known = {"", *(one.message for one in result.notices)}
    notes = {line: one.why for line, one in result.findings.items() if one.why not in known}
    notes |= dict((*result.not_asked, *result.unanswerable))
    numbers: dict[int, list[int]] = {}
    for number, one in enumerate(result.failures, 1):
        for line in one.failure.lines:
            numbers.setdefault(line, []).append(number)
    with_errors = sorted(numbers, key=lambda line: (numbers[line], line))
    unexplained = _unexplained(result)
    unsure = [line for line in result.capped if line not in numbers]
    groups: tuple[tuple[str, Iterable[int]], ...] = (
        ("With these failures", [line for line in with_errors if line not in unexplained]),
        ("With only failures that were about as common before", sorted(unexplained)),
        (f"Without errors {_where(result)}", result.without_errors),
        (never_seen_title(result.incident), result.never_seen),
        ("No errors found, but some may be missing", unsure),
        ("Not checked" if result.incident.is_over else "Not checked yet", dict(result.not_asked)),
        ("Couldn’t be checked", dict(result.unanswerable)),
    )
    for title, lines in groups:
        rows = []
        for line in lines:
            had = numbers.get(line)
            what = f"failure{'s' if had[1:] else ''} {listed(map(str, had))}" if had else ""
            parts = filter(None, (what, notes.get(line, "")))
            rows.append(CustomerRow(line, result.customers.get(line, ""), ". ".join(parts)))
        if rows:
            yield title, tuple(rows)


def progress_of(incident: Incident, ended: int, batches: int, *, seen: int) -> dict[str, Any]:
    """Return the progress for the page's script, which loads the page again when it has changed.

    `seen` is how many batches had ended on the page.
    """
    is_news = (ended - seen) * _RELOADS >= batches or (ended > 0 and seen == 0)
    is_over = incident.is_over or incident.is_expired
    sentence = f"{ended:,} of {counted(batches, 'batch', 'batches')} of customers checked."
    if ended == batches:
        sentence = "Comparing with other customers."
    if not is_over and (problem := held_up_by(incident)):
        sentence = f"{sentence} {problem}"
    return {
        "state": "changed" if is_over or is_news else "asking",
        "done": ended,
        "known": batches,
        "share": round(ended / (batches + 1), 3),
        "sentence": sentence,
        "more": "",
        "events": [],
    }


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident in a list."""

    incident_id: str
    what: str
    when: LocalTime
    zone: str
    window: str
    state: str


def incident_rows(incidents: Iterable[Incident], now: datetime) -> tuple[IncidentRow, ...]:
    """Return the rows of incidents that haven't expired. They need `customer_count`."""
    states = {True: "finished", False: "running"}
    return tuple(
        IncidentRow(
            incident_id=str(one.uuid),
            what=counted(one.customer_count, "customer"),  # type: ignore[attr-defined]  # annotated
            when=local_moment(one.moment, ZoneInfo(one.zone)),
            zone=one.zone,
            window=half_window(one.minutes),
            state="canceled" if one.cancelled_at else states[one.finished_at is not None],
        )
        for one in incidents
        if one.expires_at > now
    )
