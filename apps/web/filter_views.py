"""Choosing what a result shows, and the timeline as a table. Neither asks Sentry anew."""

import uuid
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.answers.catalogue.suggestions import said_by
from apps.events.rules.engine import rules_asked_once
from apps.lookups.answers import answer_now
from apps.web.access import lookup_for, person_of, projects_seen, record_piece, record_view
from apps.web.exports import Choice, ChoiceRefused, read_choice
from apps.web.middleware import SeeOther, explains_failures
from apps.web.presenters.filters import read_shown, remember, remembered
from apps.web.presenters.result import result_page
from apps.web.timeline_table import table_of

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
