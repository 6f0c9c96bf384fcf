"""The page of an incident: shared failures, who had them, and who could not be checked."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from apps.answers.models import DraftTemplate
from apps.answers.services import group_reply
from apps.answers.templates import About, Kind
from apps.events.correlation import Reason
from apps.events.incident import Failure
from apps.events.query import counted, listed
from apps.events.releases import short_release
from apps.incidents.exports import never_seen_title, usual_text
from apps.incidents.models import Incident
from apps.incidents.reading import account_of
from apps.incidents.services import IncidentResult, KnownFailure, waiting_reason
from apps.known_errors.catalogue import customer_time
from apps.web.presenters import formatting as fmt
from apps.web.presenters.brief import failure_brief

_WHY_JOINED = {
    Reason.SAME_REQUEST: "same request",
    Reason.CONSEQUENCE: "a consequence",
    Reason.TRIED_AGAIN: "another try",
    Reason.OTHER_RELEASE: "same error in another release",
}
_MAX_NAMES = 4
_MAX_TEXT = 120


class CustomerRow(NamedTuple):
    """A customer of the list, and what there is to say about them."""

    line: int
    customer: str
    note: str = ""


class CustomerGroup(NamedTuple):
    """The customers about whom the same is known."""

    title: str
    rows: list[CustomerRow]


def incident_view(result: IncidentResult, *, agent: str) -> dict[str, Any]:
    """Return the `view` of `incidents/detail.html`. `agent` signs the drafts of replies."""
    incident = result.incident
    template = DraftTemplate.objects.filter(kind=Kind.REPLY, is_active=True).first()
    body = template.body if template else ""
    failures = [
        _failure(result, number, one, body, agent) for number, one in enumerate(result.failures, 1)
    ]
    noise = [one for one in failures if one["is_noise"]]
    widest = max(noise, key=lambda one: len(one["customers"]), default=None)
    return {
        "headline": headline(result),
        "facts": list(_facts(result)),
        "account": account_of(result.asked, incident.left_out),
        "failures": [one for one in failures if not one["is_noise"]],
        "noise": noise,
        "noise_share": widest["share"] if widest else "",
        "groups": list(_groups(result)),
        "notices": [fmt.typeset(one.message) for one in result.notices],
        "progress": progress_of(incident, result.batches_ended, result.batches, seen=0),
        "calls": counted(result.calls, "call"),  # those of tries that failed aren't counted
    }


def headline(result: IncidentResult) -> str:
    """Return what the customers have in common, and nothing that isn't certain."""
    answered = result.answered
    of = f"{counted(answered, 'customer')}{' checked' if result.lines['not_asked'] else ''}"
    if not result.incident.is_over:
        had = sum(bool(one.events) for one in result.findings.values())
        unasked = f"Asking Sentry about {counted(result.asked, 'customer')}"
        return f"{had:,} of {of} had errors so far" if answered else unasked
    if result.failures:
        return fmt.typeset(_what_is_shared([one.failure for one in result.failures], of))
    if result.complete:
        return f"None of the {of} had an error in this window."
    return "No error was found, but not everyone’s errors could be read."


def _what_is_shared(failures: Sequence[Failure], of: str) -> str:
    loud = [one for one in failures if not one.problem.is_noise]
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
    yield f"{result.answered:,} of {counted(result.asked, 'customer')} checked"
    yield from result.unchecked()
    if not result.incident.is_over:
        return
    yield "complete" if result.complete else "incomplete"
    incident = result.incident
    if ended_at := incident.cancelled_at or incident.finished_at:
        how = "canceled" if incident.cancelled_at else "read"
        yield f"{how} at {fmt.local_minute(ended_at, ZoneInfo(incident.zone)).text}"


def _failure(
    result: IncidentResult, number: int, one: KnownFailure, body: str, agent: str
) -> dict[str, Any]:
    """Return the `failure` of `incidents/_failure.html`: `percent` is of the customers checked."""
    failure, problem, zone = one.failure, one.failure.problem, ZoneInfo(result.incident.zone)
    first, last = problem.events[-1].timestamp, problem.events[0].timestamp
    clock = fmt.Clock(result.incident.moment, zone)
    today, marker = fmt.today_in(zone.key), result.incident.marker
    about = About(one.answer, (problem.issue_id,), zone, today, marker, agent=agent)
    answers, step = failure_brief(one.answer, problem, failure.releases, zone=zone, today=today)
    return {
        "number": number,
        "key": problem.issue_id,
        "sentence": fmt.typeset(failure.sentence),
        "share": result.share_text(failure),
        "percent": round(100 * len(failure.lines) / max(result.answered, 1)),
        "first": clock.time(first),
        "last": clock.time(last),
        "releases": _first_of(list(map(short_release, failure.releases))),
        "usual": usual_text(failure, result),
        "is_noise": problem.is_noise,
        "answers": answers,
        "next": step,
        "issues": list(_issues(result, failure)),
        "known": [match.known for match in one.known],
        "events": [
            {
                "id": event.id,
                "title": fmt.shortened(event.title or "(no title)", _MAX_TEXT),
                "release": event.release and fmt.shortened(short_release(event.release), _MAX_TEXT),
            }
            for event in one.answer.events
        ],
        "customers": [CustomerRow(line, result.customers.get(line, "")) for line in failure.lines],
        "reply": body and group_reply(body, about, moment=customer_time(first, last, zone)),
    }


def _issues(result: IncidentResult, failure: Failure) -> Iterable[dict[str, str]]:
    """Yield each issue with its customers, and why it was joined, the cause's first."""
    reasons = {joined.group.issue_id: joined.reason for joined in failure.problem.others}
    for group in failure.problem.groups:
        events = {event.id for event in group.events}
        had = sum(
            any(event.id in events for event in result.findings[line].events)
            for line in failure.lines
        )
        issue = group.issue
        reason = reasons.get(group.issue_id)
        yield {
            "name": fmt.shortened((issue and issue.short_id) or group.issue_id, _MAX_TEXT),
            "link": fmt.safe_link(issue.permalink) if issue else "",
            "customers": counted(had, "customer"),
            "why_joined": _WHY_JOINED[reason] if reason else "",
        }


def _first_of(names: Sequence[str]) -> str:
    shown = [fmt.shortened(name, _MAX_TEXT) for name in names[:_MAX_NAMES]]
    more = len(names) - _MAX_NAMES
    return listed([*shown, f"{more} more"] if more > 0 else shown)


def _groups(result: IncidentResult) -> Iterable[CustomerGroup]:
    """Yield the customers, each once: those with errors, then the others by what is known."""
    known = {"", *(one.message for one in result.notices)}
    unread = {*result.lines["not_asked"], *result.lines["unanswerable"]}
    notes = {n: why for n, why in result.notes.items() if n in unread or why not in known}
    numbers: dict[int, list[int]] = defaultdict(list)
    loud = set[int]()
    for number, one in enumerate(result.failures, 1):
        for line in one.failure.lines:
            numbers[line].append(number)
        if not one.failure.problem.is_noise:
            loud.update(one.failure.lines)
    with_errors = sorted(numbers, key=lambda line: (numbers[line], line))
    where = "in projects you can see" if result.is_part else "in this window"
    unsure = [line for line in result.lines["capped"] if line not in numbers]
    groups: tuple[tuple[str, Iterable[int]], ...] = (
        ("With these failures", [line for line in with_errors if line in loud]),
        ("With only failures that were about as common before", sorted({*numbers} - loud)),
        (f"Without errors {where}", result.lines["without_errors"]),
        (never_seen_title(result.incident), result.lines["never_seen"]),
        ("No errors found, but some may be missing", unsure),
        (
            "Not checked" if result.incident.is_over else "Not checked yet",
            result.lines["not_asked"],
        ),
        ("Couldn’t be checked", result.lines["unanswerable"]),
    )
    for title, lines in groups:
        rows = []
        for line in lines:
            had = numbers.get(line)
            what = f"failure{'s' if had[1:] else ''} {listed(map(str, had))}" if had else ""
            parts = filter(None, (what, notes.get(line, "")))
            rows.append(CustomerRow(line, result.customers.get(line, ""), ". ".join(parts)))
        if rows:
            yield CustomerGroup(title, rows)


def progress_of(incident: Incident, ended: int, batches: int, *, seen: int) -> dict[str, Any]:
    """Return the progress for the page's script. `seen` is how many batches had ended on it."""
    is_news = (ended - seen) * 6 >= batches or (ended > 0 and seen == 0)
    is_over = incident.is_over or incident.is_expired
    sentence = f"{ended:,} of {counted(batches, 'batch', 'batches')} of customers checked."
    if ended == batches:
        sentence = "Comparing with other customers."
    if not is_over and (problem := waiting_reason(incident)):
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
