"""Views of exports: the panel, files, records of copies, and files without redaction."""

import re
import uuid

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import preference_of
from apps.exports import ExportRefused, Rendered
from apps.lookups import exports
from apps.lookups.answers import result_now, unredacted_result
from apps.lookups.models import ExportMethod, Lookup
from apps.lookups.records import reason_of, repeat_lookup
from apps.lookups.throttling import request_slot
from apps.web.access import (
    allowed_projects,
    get_lookup_or_404,
    person_of,
    record_partial_view,
    record_view,
    requester_of,
)
from apps.web.forms import UnredactedForm
from apps.web.middleware import render_failures
from apps.web.presenters.formatting import redaction_receipt


@require_safe
@render_failures
def lookup_export(request: HttpRequest, lookup_id: uuid.UUID, suffix: str) -> HttpResponse:
    """Return the export as a file, byte for byte as in the preview."""
    result = result_now(get_lookup_or_404(request, lookup_id), allowed_projects(request))
    choice = exports.read_choice(request.GET, suffix=suffix)
    rendered = exports.create_export(result, choice)
    if request.method == "GET":  # HEAD exports nothing
        requester, how = requester_of(request), ExportMethod.DOWNLOADED
        exports.record_export(result.lookup, choice, rendered.tokens, requester=requester, how=how)
    return _file(rendered, result.lookup, part=choice.issue_id)


@require_safe
@render_failures
def lookup_export_panel(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Return the panel for a choice, or the reason for refusing it, as an HTML fragment."""
    lookup = get_lookup_or_404(request, lookup_id)
    record_partial_view(request, lookup, "export panel")
    result = result_now(lookup, allowed_projects(request))
    try:
        choice = exports.read_choice(request.GET)
        rendered = exports.create_export(result, choice)
    except ExportRefused as refused:
        return render(request, "lookups/_export_refused.html", {"refused": refused}, status=400)
    context = {
        **exports.panel_choices(),
        "lookup": result.lookup,
        "choice": choice,
        "export": rendered,
        "shortcuts": preference_of(person_of(request)).shortcuts,
        "receipt": redaction_receipt(result.answer.redaction),
    }
    return render(request, "lookups/_export_panel.html", context)


@require_POST
@render_failures
def lookup_copied(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Record that an export was copied, as the browser reports it."""
    result = result_now(get_lookup_or_404(request, lookup_id), allowed_projects(request))
    choice = exports.read_choice(request.POST)
    tokens = exports.create_export(result, choice).tokens
    requester, how = requester_of(request), ExportMethod.COPIED
    exports.record_export(result.lookup, choice, tokens, requester=requester, how=how)
    return HttpResponse(status=204)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("lookups.export_unredacted", raise_exception=True)
@render_failures
def lookup_unredacted(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Explain the export without redaction, and return it once that is confirmed."""
    lookup = get_lookup_or_404(request, lookup_id)
    posted = request.POST if request.method == "POST" else None
    form = UnredactedForm(posted, initial={"reason": reason_of(lookup)})
    if form.is_valid():
        return _unredacted(request, lookup, form)
    record_view(request, lookup, "unredacted form")
    context = {"lookup": lookup, "form": form}
    status = 400 if form.is_bound else 200
    return render(request, "lookups/unredacted.html", context, status=status)


def _unredacted(request: HttpRequest, lookup: Lookup, form: UnredactedForm) -> HttpResponse:
    """Return the file, made from a new lookup's answer, which is not stored."""
    requester, reason = requester_of(request), form.cleaned_data["reason"]
    choice = exports.Choice(form.cleaned_data["format"], form.cleaned_data["budget"])
    again = repeat_lookup(lookup, requester=requester, reason=reason)
    with request_slot(request.user.pk):
        result = unredacted_result(again, allowed_projects(request))
    rendered = exports.render_result(result, choice, customer=again.customer)
    exports.record_export(
        again,
        choice,
        rendered.tokens,
        requester=requester,
        how=ExportMethod.DOWNLOADED,
        redacted=False,
        reason=reason,
    )
    return _file(rendered, again, part="unredacted")


def _file(rendered: Rendered, lookup: Lookup, *, part: str = "") -> HttpResponse:
    charset = "" if rendered.media_type == "application/json" else "; charset=utf-8"
    response = HttpResponse(rendered.text.encode(), content_type=f"{rendered.media_type}{charset}")
    safe_part = re.sub(r"[^A-Za-z0-9-]", "", part)[:40]
    name = f"triage-{lookup.uuid}{f'-{safe_part}' if safe_part else ''}.{rendered.suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
