"""Views of a result's events: one event, the filter, and the timeline as a table."""

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.answers.catalogue.suggestions import feedback_by
from apps.events.answer import Answer
from apps.events.breadcrumb_text import step_times
from apps.events.filtering import EventFilter, filter_problems
from apps.events.grouping import problems_of
from apps.events.summary import summarize
from apps.exports import ExportRefused
from apps.lookups.answers import read_event, result_now
from apps.lookups.exports import Choice, read_choice
from apps.lookups.models import Lookup
from apps.web import access
from apps.web.middleware import SeeOther, render_failures
from apps.web.presenters.filters import filter_form, read_filter, store_filter, stored_filter
from apps.web.presenters.formatting import Clock, clipped, level_mark, today_in
from apps.web.presenters.issue import BRIEF, FULL, EventView, Limits, known_views
from apps.web.presenters.result import ResultPage
from apps.web.presenters.timeline import Scale, density, filter_deploys


@require_safe
@render_failures
def lookup_event(request: HttpRequest, lookup_id: uuid.UUID, event_id: str) -> HttpResponse:
    """Show one event in full, even if it was not among those read at first."""
    lookup = access.get_lookup_or_404(request, lookup_id)
    access.record_view(request, lookup, f"event {event_id[:50]}")
    return render(request, "lookups/event.html", _context(request, lookup, event_id, FULL))


@require_safe
@render_failures
def lookup_event_brief(request: HttpRequest, lookup_id: uuid.UUID, event_id: str) -> HttpResponse:
    """Return the body of an event that is opened on the result page, as HTML."""
    lookup = access.get_lookup_or_404(request, lookup_id)
    access.record_partial_view(request, lookup, f"event {event_id[:50]}")
    context = _context(request, lookup, event_id, BRIEF)
    return render(request, "lookups/_event_body.html", context)


def _context(request: HttpRequest, lookup: Lookup, event_id: str, limits: Limits) -> dict[str, Any]:
    answer = result_now(lookup, access.allowed_projects(request)).answer
    event = read_event(lookup, answer, event_id)
    if event is None:
        raise Http404
    clock = Clock(answer.question.window.moment, ZoneInfo(lookup.zone))
    own = [one for one in problems_of(answer) if event.id in one.event_ids]
    known = known_views(answer, own, zone=clock.zone, today=today_in(lookup.zone))
    return {
        "known": next(iter(known.values()), ())[:1],
        "lookup": lookup,
        "server": answer.searched.server,
        "event": EventView(event, clock, limits),
    }


# The timeline as a table: a row for each event, each release, and the reported time.


def event_table(answer: Answer, event_filter: EventFilter, zone: ZoneInfo) -> dict[str, Any]:
    """Return the context of `lookups/table.html`: events, releases, and the reported time."""
    clock = Clock(answer.question.window.moment, zone)
    span = event_filter.span or answer.question.window
    visible_problems = filter_problems(problems_of(answer), event_filter)

    def row(when: datetime, what: str, **cells: str | None) -> dict[str, Any]:
        texts = {name: clipped(text or "", 60) for name, text in cells.items()}
        return {"when": when, "time": clock.time(when), "what": what, "event_id": "", **texts}

    rows = []
    for problem in visible_problems:
        for event in problem.events:
            cells = {
                "number": str(problem.number),
                "level": level_mark(event.level).word,
                "project": event.project,
                "environment": event.environment or event.details.environment,
                "release": event.release or event.details.release,
            }
            shown = row(event.timestamp, summarize(event), **cells)
            rows.append({**shown, "event_id": event.id})
    for one in filter_deploys(answer.beside.deploys, span, event_filter):
        cells = {"project": one.project, "environment": one.environment, "release": one.version}
        rows.append(row(one.at, "A release went live", **cells))
    if span.contains(clock.moment):
        rows.append(row(clock.moment, "Reported time"))
    return {
        "rows": sorted(rows, key=lambda row: (row["when"], row["event_id"])),
        "activity": density(step_times(answer), Scale(span, zone)),
        "filter": filter_form(answer, event_filter, visible_problems, zone),
    }


# The filter and the table use the stored result and never query Sentry.


@require_POST
@render_failures
def lookup_shown(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Store the posted filter, then redirect to the page; a script gets the changed parts."""
    lookup = access.get_lookup_or_404(request, lookup_id)
    if access.PART_HEADER in request.headers:
        access.record_partial_view(request, lookup, "part")
    result = result_now(lookup, access.allowed_projects(request))
    event_filter = read_filter(request.POST, result.answer)
    store_filter(request.session, str(lookup_id), event_filter)
    try:
        choice = read_choice(request.GET)
    except ExportRefused:
        choice = Choice()
    if access.PART_HEADER not in request.headers:
        query = f"?{choice.query}" if request.GET else ""
        return SeeOther(f"{reverse('lookup_detail', args=[lookup_id])}{query}#timeline")
    page = ResultPage(
        result.answer,
        result.lookup,
        zone=ZoneInfo(result.lookup.zone),
        now=timezone.now(),
        event_filter=event_filter,
        feedback=feedback_by(access.person_of(request), lookup),
    )
    server = result.answer.searched.server
    context = {"page": page, "lookup": result.lookup, "choice": choice, "server": server}
    return render(request, "lookups/_shown.html", context)


@require_safe
@render_failures
def lookup_table(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Show the filtered events as a table on a separate page."""
    lookup = access.get_lookup_or_404(request, lookup_id)
    access.record_view(request, lookup, "table")
    result = result_now(lookup, access.allowed_projects(request))
    event_filter = stored_filter(request.session, str(lookup_id), result.answer)
    table = event_table(result.answer, event_filter, ZoneInfo(result.lookup.zone))
    return render(request, "lookups/table.html", {**table, "lookup": result.lookup})
