"""Exports: the panel beside a result, files, records of copies, and text without redaction."""

import re
import uuid
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.events.rules.engine import rules_asked_once
from apps.exports import Rendered
from apps.exports import render as render_export
from apps.lookups.answers import answer_now, answer_unredacted, place_to_wait
from apps.lookups.exports import Exported, record_export
from apps.lookups.known_errors import with_replies
from apps.lookups.models import How, Lookup
from apps.lookups.problems import bad_input
from apps.lookups.records import reason_of, repeat_lookup
from apps.web.access import asker_of, lookup_for, projects_seen, record_piece
from apps.web.exports import ChoiceRefused, export_of, panel_context, read_choice
from apps.web.forms import UnredactedForm
from apps.web.middleware import explains_failures, problem_page
from apps.web.presenters.formatting import today_in


@require_safe
@explains_failures
@rules_asked_once()
def lookup_export(request: HttpRequest, lookup_id: uuid.UUID, suffix: str) -> HttpResponse:
    """The export as a file; byte for byte what the page previews."""
    result = answer_now(lookup_for(request, lookup_id), projects_seen(request))
    try:
        export = export_of(result, read_choice(request.GET, suffix=suffix))
    except ChoiceRefused as refused:
        return problem_page(request, bad_input(str(refused)), lookup_id)
    if request.method == "GET":  # HEAD takes nothing away
        record_export(result.lookup, export.exported, asker=asker_of(request), how=How.DOWNLOADED)
    return _file(export.rendered, result.lookup, part=export.choice.issue_id)


@require_safe
@explains_failures
@rules_asked_once()
def lookup_export_panel(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """The inner part of the panel for a choice, or why there is none, as pieces of a page."""
    lookup = lookup_for(request, lookup_id)
    record_piece(request, lookup, "export panel")
    result = answer_now(lookup, projects_seen(request))
    try:
        export = export_of(result, read_choice(request.GET))
    except ChoiceRefused as refused:
        return render(request, "lookups/_export_refused.html", {"refused": refused}, status=400)
    return render(request, "lookups/_export_panel.html", panel_context(request, result, export))


@require_POST
@explains_failures
def lookup_copied(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Record that the text of a choice was copied; the browser says so after it has copied."""
    result = answer_now(lookup_for(request, lookup_id), projects_seen(request))
    try:
        export = export_of(result, read_choice(request.POST))
    except ChoiceRefused as refused:
        return problem_page(request, bad_input(str(refused)), lookup_id)
    record_export(result.lookup, export.exported, asker=asker_of(request), how=How.COPIED)
    return HttpResponse(status=204)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("lookups.export_unredacted", raise_exception=True)
@explains_failures
def lookup_unredacted(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Say what an export without redaction is, and make it once that was understood."""
    lookup = lookup_for(request, lookup_id)
    posted = request.POST if request.method == "POST" else None
    form = UnredactedForm(posted, initial={"reason": reason_of(lookup)})
    if form.is_valid():
        return _unredacted(request, lookup, form)
    context = {"lookup": lookup, "form": form}
    status = 400 if form.is_bound else 200
    return render(request, "lookups/unredacted.html", context, status=status)


def _unredacted(request: HttpRequest, lookup: Lookup, form: UnredactedForm) -> HttpResponse:
    """The file, made of an answer that exists only here, under a record of its own."""
    asker, chosen = asker_of(request), form.cleaned_data
    again = repeat_lookup(lookup, asker=asker, reason=chosen["reason"])
    with place_to_wait():
        answer = answer_unredacted(again, projects_seen(request)).answer
    today = today_in(again.zone)
    rendered = render_export(
        with_replies(answer, zone=ZoneInfo(again.zone), today=today),
        format=chosen["format"],
        budget=chosen["budget"],
        customer=again.customer,
        lookup_id=str(again.uuid),
        marker=again.marker,
        zone=again.zone,
        today=today,
    )
    exported = Exported(
        format=chosen["format"],
        tokens=rendered.tokens,
        budget=chosen["budget"],
        redacted=False,
        reason=chosen["reason"],
    )
    record_export(again, exported, asker=asker, how=How.DOWNLOADED)
    return _file(rendered, again, part="unredacted")


def _file(rendered: Rendered, lookup: Lookup, *, part: str = "") -> HttpResponse:
    charset = "" if rendered.media_type == "application/json" else "; charset=utf-8"
    response = HttpResponse(rendered.text.encode(), content_type=f"{rendered.media_type}{charset}")
    told = re.sub(r"[^A-Za-z0-9-]", "", part)[:40]
    name = f"triage-{lookup.uuid}{f'-{told}' if told else ''}.{rendered.suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
