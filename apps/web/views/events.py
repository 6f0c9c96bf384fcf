"""One event: on a page of its own in full, or in brief as the result page opens it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.answers.catalogue.suggestions import said_by
from apps.events.answer import Answer, Deploy
from apps.events.breadcrumb_text import step_times
from apps.events.event import Event
from apps.events.filtering import Numbered, Shown, kept, numbered
from apps.events.grouping import UNGROUPED, group_by_issue
from apps.events.rules.engine import rules_asked_once
from apps.events.summary import summarize
from apps.lookups.answers import answer_now, read_event_now
from apps.lookups.models import Lookup
from apps.web.access import lookup_for, person_of, projects_seen, record_piece, record_view
from apps.web.exports import Choice, ChoiceRefused, read_choice
from apps.web.middleware import SeeOther, explains_failures
from apps.web.presenters import result
from apps.web.presenters.filters import FilterForm, filter_form, read_shown, remember, remembered
from apps.web.presenters.formatting import LocalTime, clipped, level_mark, local_clock
from apps.web.presenters.issue import BRIEF, FULL, Limits, known_views
from apps.web.presenters.result import result_page
from apps.web.presenters.timeline import Scale, density, deploys_shown, whole_of


@require_safe
@explains_failures
def lookup_event(request: HttpRequest, lookup_id: uuid.UUID, event_id: str) -> HttpResponse:
    """One event in full, also when it was not among the first that were read."""
    lookup = lookup_for(request, lookup_id)
    record_view(request, lookup, f"event {event_id[:50]}")
    return render(request, "lookups/event.html", _context(request, lookup, event_id, FULL))


@require_safe
@explains_failures
def lookup_event_brief(request: HttpRequest, lookup_id: uuid.UUID, event_id: str) -> HttpResponse:
    """What the result page shows of an event that is opened there."""
    lookup = lookup_for(request, lookup_id)
    record_piece(request, lookup, f"event {event_id[:50]}")
    context = _context(request, lookup, event_id, BRIEF)
    return render(request, "lookups/_event_body.html", context)


def _context(request: HttpRequest, lookup: Lookup, event_id: str, limits: Limits) -> dict[str, Any]:
    answer = answer_now(lookup, projects_seen(request)).answer
    event = read_event_now(lookup, answer, event_id)
    if event is None:
        raise Http404
    zone, problems = ZoneInfo(lookup.zone), numbered(group_by_issue(answer))
    issue_id = event.issue_id or UNGROUPED
    own = [(number, group) for number, group in problems if group.issue_id == issue_id]
    known = known_views(answer, own, zone=zone, now=timezone.now())
    return {
        "known": known.get(issue_id, ())[:1],
        "lookup": lookup,
        "asked": result.asked_of(answer.question, lookup, zone),
        "event": result.event_view(event, answer=answer, zone=zone, limits=limits),
    }


# The timeline as a table: the same events, releases and moment, a row each, in order of time.

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. Without an `event_id` it is a release or the moment itself."""

    when: datetime
    time: LocalTime
    what: str
    number: int | None = None
    level: str = ""
    project: str = ""
    environment: str = ""
    release: str = ""
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What `lookups/table.html` prints. `steps` tells what the customer did, empty if nothing."""

    rows: tuple[Row, ...]
    zone: str
    steps: str
    filter: FilterForm


def table_of(answer: Answer, shown: Shown, zone: ZoneInfo) -> Table:
    """The table of what is shown of an answer."""
    problems = numbered(group_by_issue(answer))
    left = kept(problems, shown)
    window = answer.question.window
    span = shown.span or whole_of(window)
    rows = [_event_row(event, number, zone, window.moment) for number, event in _each(left)]
    rows += [
        _deploy_row(deploy, zone, window.moment)
        for deploy in deploys_shown(answer.beside.deploys, span, shown)
    ]
    if span.contains(window.moment):
        time = local_clock(window.moment, zone)
        rows.append(Row(window.moment, time, "Reported time"))
    did = density(step_times(answer.events), Scale(span, zone))
    return Table(
        rows=tuple(sorted(rows, key=lambda row: (row.when, row.event_id))),
        zone=zone.key,
        steps=did.description if did else "",
        filter=filter_form(answer, problems, shown, left, zone),
    )


def _each(problems: Sequence[Numbered]) -> list[tuple[int, Event]]:
    return [(number, event) for number, group in problems for event in group.events]


def _event_row(event: Event, number: int, zone: ZoneInfo, moment: datetime) -> Row:
    body = event.body
    return Row(
        when=event.timestamp,
        time=local_clock(event.timestamp, zone, day_of=moment),
        what=summarize(event),
        number=number,
        level=level_mark(event.level).word,
        project=clipped(event.project or "", _LONGEST),
        environment=clipped(event.environment or (body and body.environment) or "", _LONGEST),
        release=clipped(event.release or (body and body.release) or "", _LONGEST),
        event_id=event.id,
    )


def _deploy_row(deploy: Deploy, zone: ZoneInfo, moment: datetime) -> Row:
    return Row(
        when=deploy.at,
        time=local_clock(deploy.at, zone, day_of=moment),
        what="A release went live",
        project=clipped(deploy.project or "", _LONGEST),
        environment=clipped(deploy.environment or "", _LONGEST),
        release=clipped(deploy.version, _LONGEST),
    )


# Choosing what a result shows, and the timeline as a table. Neither asks Sentry anew.

PART_HEADER = "X-Triage-Part"


@require_POST
@explains_failures
@rules_asked_once()
def lookup_shown(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Keep what is to be shown, then lead back to the page; a script gets its changed parts.

    The choice is posted and stays in the session, because its text may name a customer.
    """
    lookup = lookup_for(request, lookup_id)
    if PART_HEADER in request.headers:
        record_piece(request, lookup, "part")
    result = answer_now(lookup, projects_seen(request))
    shown = read_shown(request.POST, result.answer)
    remember(request.session, str(lookup_id), shown)
    choice = _export_choice(request)
    if PART_HEADER not in request.headers:
        query = f"?{choice.query}" if request.GET else ""
        return SeeOther(f"{reverse('lookup_detail', args=[lookup_id])}{query}#timeline")
    zone = ZoneInfo(result.lookup.zone)
    said = said_by(person_of(request), lookup)
    page = result_page(
        result.answer, result.lookup, zone=zone, now=timezone.now(), shown=shown, said=said
    )
    context = {"page": page, "lookup": result.lookup, "export": choice}
    return render(request, "lookups/_shown.html", context)


@require_safe
@explains_failures
@rules_asked_once()
def lookup_table(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """The events that are shown as a table, on a page of its own."""
    lookup = lookup_for(request, lookup_id)
    record_view(request, lookup, "table")
    result = answer_now(lookup, projects_seen(request))
    shown = remembered(request.session, str(lookup_id), result.answer)
    table = table_of(result.answer, shown, ZoneInfo(result.lookup.zone))
    return render(request, "lookups/table.html", {"table": table, "lookup": result.lookup})


def _export_choice(request: HttpRequest) -> Choice:
    """What was chosen of the export stays chosen; one that makes no sense does not stop this."""
    try:
        return read_choice(request.GET)
    except ChoiceRefused:
        return Choice()
