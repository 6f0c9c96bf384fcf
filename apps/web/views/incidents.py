"""Views of incidents: a list of customers, confirmed before the lookup, and the result."""

import secrets
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.events.query import counted
from apps.exports.tokens import DEFAULT_BUDGET
from apps.incidents import reading, services
from apps.incidents.exports import MEDIA_TYPES, SUFFIXES, export_incident
from apps.incidents.models import Incident, IncidentShare
from apps.lookups.access import shares_with
from apps.lookups.exports import SIZES, read_choice
from apps.lookups.records import count_call
from apps.lookups.sentry_connection import read_customer
from apps.web import access
from apps.web.forms import FormOptions, LookupForm, share_section
from apps.web.middleware import SeeOther, render_failures
from apps.web.presenters.formatting import Clock, local_moment, typed_in
from apps.web.presenters.incident import incident_view, progress_of
from apps.web.presenters.issue import FULL, EventView
from apps.web.views.lookups import form_options

_SENT_ON = ("zone", "window", "project", "environment", "reason")


class IncidentForm(LookupForm):
    """The lookup form with a list in place of a customer. A valid form has what was `found`."""

    customers = forms.CharField(
        required=False,
        strip=False,
        label="Customers, one per line",
        help_text=f"User IDs, emails, and usernames, up to {reading.MAX_CUSTOMERS:,}.",
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
    )
    file = forms.FileField(
        required=False,
        label="Or a CSV file",
        help_text="You can choose the column on the next page.",
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )
    recent = forms.ChoiceField(
        required=False,
        label="Or everyone looked up in the last",
        choices=[("", "(choose hours)"), *((n, counted(n, "hour")) for n in (1, 2, 4, 8, 24))],
    )
    column = forms.IntegerField(required=False)

    def __init__(self, request: HttpRequest, options: FormOptions) -> None:
        posted = request.POST if request.method == "POST" else None
        super().__init__(posted, options, initial={"window": 30})
        self.files, self._request = request.FILES, request
        self.found: reading.CustomerList | None = None
        self.text = ""
        del self.fields["customer"]
        if reason := self.fields.get("reason"):
            reason.help_text = "Stored in the audit trail. Don’t name customers here."
        if not request.user.has_perm("lookups.view_lookup"):
            del self.fields["recent"]

    def clean(self) -> dict[str, Any]:
        """Read the moment, then the list."""
        cleaned = super().clean()
        sources = [cleaned.get("customers", "").strip(), cleaned.get("file"), cleaned.get("recent")]
        if sum(map(bool, sources)) != 1:
            not_both = ", not both" if any(sources) else ""
            self.add_error("customers", f"Paste a list or choose a file{not_both}.")
            return cleaned
        try:
            self.text = self._text(cleaned)
            self.found = reading.read_list(self.text, read_customer, column=cleaned.get("column"))
        except reading.ListRefused as refused:
            self.add_error("file" if cleaned.get("file") else "customers", str(refused))
        return cleaned

    def _text(self, cleaned: dict[str, Any]) -> str:
        if uploaded := cleaned.get("file"):
            if (uploaded.size or 0) > reading.MAX_LIST_LENGTH:
                raise reading.ListRefused(
                    f"The file is too large: up to {reading.MAX_LIST_LENGTH // 1000} KB."
                )
            return reading.decode_list(uploaded.read())
        if cleaned.get("recent"):
            return services.recent_customers(
                int(cleaned["recent"]), access.requester_of(self._request).actor
            )
        return str(cleaned["customers"])


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("incidents.add_incident", raise_exception=True)
@render_failures
def incident_list(request: HttpRequest) -> HttpResponse:
    """Show the form and recent incidents; check a posted list; start when that is confirmed."""
    if request.method == "POST":
        count_call(access.person_of(request))
    options = form_options(request, request.POST.get("project", ""))._replace(zone_is_known=True)
    form = IncidentForm(request, options)
    if request.method != "POST":
        return _form_page(request, form)
    if not form.is_valid() or form.found is None:
        return _form_page(request, form, status=400)
    if "confirmed" not in request.POST or not form.found.customers:
        return _confirm_page(request, form, form.found)
    incident = services.record_incident(
        form.found,
        **form.searched,
        requester=access.requester_of(request),
        zone=form.cleaned_data["zone"],
        reason=form.cleaned_data.get("reason", ""),
        form=request.POST.get("form", "")[:64],
    )
    return SeeOther(reverse("incident_detail", args=[incident.uuid]))


def _form_page(request: HttpRequest, form: IncidentForm, status: int = 200) -> HttpResponse:
    person = access.person_of(request)
    shares = shares_with(person, IncidentShare.objects.all(), "incident")
    shared = Incident.objects.filter(pk__in=shares.values("incident"))
    context = {
        "form": form,
        "recent": _stored(Incident.objects.filter(user=person)),
        "shared": _stored(shared),
        "demo_incidents": [
            {
                "customers": "\n".join(one.customers),
                "at": typed_in(one.moment, form.options.own_zone),
                "zone": form.options.own_zone.key,
                "window": one.minutes,
                "count": len(one.customers),
            }
            for one in settings.DEMO_INCIDENTS
        ],
    }
    return render(request, "incidents/new.html", context, status=status)


def _stored(incidents: QuerySet[Incident]) -> list[Incident]:
    """Return the last ones, unless they have expired, with their `customer_count`."""
    rows = incidents.annotate(customer_count=Count("lines")).defer("sealed_rest")
    return [one for one in rows.order_by("-created_at")[:8] if one.expires_at > timezone.now()]


def _confirm_page(
    request: HttpRequest, form: IncidentForm, found: reading.CustomerList
) -> HttpResponse:
    moment, zone = form.cleaned_data["moment"], form.cleaned_data["zone"]
    context = {
        "found": found,
        "name": secrets.token_hex(16),
        "account": reading.account_of(len(found.customers), found.left_out),
        "text": form.text,
        "at": moment.astimezone(zone).isoformat(timespec="seconds"),
        "moment": local_moment(moment, zone),
        "zone": zone.key,
        "sent": {
            name: value.key if isinstance(value, ZoneInfo) else value
            for name in _SENT_ON
            if (value := form.cleaned_data.get(name)) not in (None, "")
        },
    }
    return render(request, "incidents/confirm.html", context)


@require_safe
@render_failures
def incident_detail(request: HttpRequest, incident_id: uuid.UUID) -> HttpResponse:
    """Show what is known so far. The page of a running incident follows its progress."""
    incident = access.get_incident_or_404(request, incident_id)
    record = access.record_view if incident.is_over else access.record_partial_view
    record(request, incident, "incident")
    person = access.person_of(request)
    result = services.read_incident(incident, access.allowed_projects(request))
    share = share_section(person, incident)
    context = {
        "incident": incident,
        "view": incident_view(result, agent=person.get_full_name()),
        "reason": services.reason_of_incident(incident),
        "is_running": not incident.is_over,
        "ended": result.batches_ended,
        "share": share,
        "sizes": SIZES,
        "budget": DEFAULT_BUDGET,
    }
    return render(request, "incidents/detail.html", context)


@require_safe
def incident_progress(request: HttpRequest, incident_id: uuid.UUID) -> JsonResponse:
    """Return the progress as JSON."""
    incident = access.get_incident_or_404(request, incident_id)
    access.record_partial_view(request, incident, "progress")
    seen = request.GET.get("seen", "0")
    batches = incident.batches.count()
    ended = incident.batches.filter(ended_at__isnull=False).count()
    number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 6 else 0
    return JsonResponse(progress_of(incident, ended, batches, seen=number))


@require_POST
def incident_cancel(request: HttpRequest, incident_id: uuid.UUID) -> HttpResponse:
    """Stop the lookups and redirect to the page, which shows what was found before."""
    incident = access.get_incident_or_404(request, incident_id)
    access.require_manager(request, incident)
    services.cancel_incident(incident, access.requester_of(request).actor)
    return SeeOther(reverse("incident_detail", args=[incident_id]))


@require_POST
@permission_required("lookups.add_lookup", raise_exception=True)
@render_failures
def incident_lookup(request: HttpRequest, incident_id: uuid.UUID) -> HttpResponse:
    """Open the lookup of one customer of the list, which is recorded as any other."""
    incident = access.get_incident_or_404(request, incident_id)
    result = services.read_incident(incident, access.allowed_projects(request))
    line = access.posted_pk(request, "line")
    lookup = services.customer_lookup(result, line, access.requester_of(request))
    if lookup is None:
        raise Http404
    return SeeOther(reverse("lookup_detail", args=[lookup.uuid]))


@require_safe
@render_failures
def incident_event(request: HttpRequest, incident_id: uuid.UUID, event_id: str) -> HttpResponse:
    """Show an event that represents a failure."""
    incident = access.get_incident_or_404(request, incident_id)
    access.record_view(request, incident, f"event {event_id[:50]}")
    result = services.read_incident(incident, access.allowed_projects(request))
    for number, one in enumerate(result.failures, 1):
        for event in one.answer.events:
            if event.id == event_id:
                clock = Clock(one.answer.question.window.moment, ZoneInfo(incident.zone))
                view = EventView(event, clock, FULL)
                context = {"incident": incident, "event": view, "number": number}
                return render(request, "incidents/event.html", context)
    raise Http404


@require_safe
@render_failures
def incident_export(request: HttpRequest, incident_id: uuid.UUID, suffix: str) -> HttpResponse:
    """Return the result as JSON, CSV, or Markdown within a token limit, and record that."""
    incident = access.get_incident_or_404(request, incident_id)
    if suffix not in SUFFIXES:
        raise Http404
    format_ = SUFFIXES[suffix]
    result = services.read_incident(incident, access.allowed_projects(request))
    choice = read_choice(request.GET, suffix="md")
    budget = choice.budget or DEFAULT_BUDGET
    text = export_incident(result, format_, budget=budget, family=choice.family)
    services.record_incident_export(result, format_, access.requester_of(request))
    response = HttpResponse(text.encode(), content_type=f"{MEDIA_TYPES[format_]}; charset=utf-8")
    name = f"incident-{str(incident.uuid)[:8]}.{suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
