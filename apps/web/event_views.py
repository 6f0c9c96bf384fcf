"""One event: on a page of its own in full, or in brief as the result page opens it."""

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.events.filtering import numbered
from apps.events.grouping import UNGROUPED, group_by_issue
from apps.lookups.answers import answer_now, read_event_now
from apps.lookups.models import Lookup
from apps.web.access import lookup_for, projects_seen, record_piece, record_view
from apps.web.middleware import explains_failures
from apps.web.presenters import result
from apps.web.presenters.issue import BRIEF, FULL, Limits, known_views


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
