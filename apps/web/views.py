"""The pages. Each view checks a right, calls one service, and renders."""

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, permission_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import Preference
from apps.accounts.permissions import NO_TEAM
from apps.accounts.preferences import (
    choose_shortcuts,
    choose_zone,
    has_shortcuts,
    has_zone,
    zone_of,
)
from apps.answers.catalogue.suggestions import said_by
from apps.events.filtering import Shown
from apps.events.rules.engine import rules_asked_once
from apps.lookups.access import shared_with
from apps.lookups.answers import LookupResult, new_since, place_to_wait, read_beside, recent_lookups
from apps.lookups.problems import bad_input
from apps.lookups.records import (
    TooManyLookups,
    is_required,
    reason_of,
    record_lookup,
    repeat_lookup,
)
from apps.lookups.sentry_connection import check_connection, search_choices
from apps.web.access import asker_of, lookup_for, person_of, projects_seen, record_view, trail_of
from apps.web.exports import ChoiceRefused, export_of, panel_context, read_choice
from apps.web.forms import LookupForm, PreferencesForm, TicketForm, share_part
from apps.web.middleware import SeeOther, explains_failures, problem_page
from apps.web.presenters import result as presenters_result
from apps.web.presenters.filters import remembered
from apps.web.presenters.formatting import typed_in
from apps.web.presenters.result import recent_view, shared_view, since_words
from apps.web.waiting import result_of, waiting_page

_PREFILLED = ("customer", "at", "zone", "window", "project", "environment", "reason")
_SESSION_KEY = "prefill"


@csrf_exempt  # a POST only fills the form, and ticket systems have no token of ours
@login_not_required  # see `_prefill_form`; the rest asks for sign-in itself
@require_http_methods(["GET", "HEAD", "POST"])
def lookup_form(request: HttpRequest) -> HttpResponse:
    """The empty form, or one prefilled by a POST or, where allowed, by a link."""
    if request.method == "POST":
        return _prefill_form(request)
    if settings.TRIAGE_PREFILL_LINKS and request.GET:
        request.session[_SESSION_KEY] = _prefill(request.GET)
        return redirect("lookup_form")
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("lookup_form"))
    if not request.user.has_perm("lookups.add_lookup"):
        return _elsewhere(request)
    return _form_page(request, _form(request, initial=request.session.pop(_SESSION_KEY, None)))


def _elsewhere(request: HttpRequest) -> HttpResponse:
    """Who only reads the audit trail begins there. Raises `PermissionDenied` for everybody else."""
    trail = trail_of(request)
    if not trail:
        raise PermissionDenied
    return redirect(trail)


def _prefill_form(request: HttpRequest) -> HttpResponse:
    """Show the form with what was posted.

    A browser leaves the session's cookie out of a POST from another site (SameSite=Lax), so such
    a POST is repeated from a page of ours first. Who is not signed in finds the values after
    signing in.
    """
    values = _prefill(request.POST)
    if request.user.is_authenticated:
        if not request.user.has_perm("lookups.add_lookup"):
            raise PermissionDenied
        return form_filled_with(request, values)
    if "continued" in request.POST:
        request.session[_SESSION_KEY] = values
        return redirect_to_login(reverse("lookup_form"))
    return render(request, "lookups/continue.html", {"values": values})


@require_POST
@permission_required("lookups.add_lookup", raise_exception=True)
@explains_failures
def lookup_create(request: HttpRequest) -> HttpResponse:
    """Record the lookup and go to its page, which does the asking."""
    form = _form(request, data=request.POST)
    if not form.is_valid():
        return _form_page(request, form, status=400)
    try:
        lookup = record_lookup(
            form.question(),
            asker=asker_of(request),
            typed=form.cleaned_data["customer"],
            zone=form.cleaned_data["zone"],
            reason=form.cleaned_data.get("reason", ""),
        )
    except TooManyLookups as refused:
        form.add_error(None, f"{refused.problem.message} {refused.problem.next_step}")
        return _form_page(request, form, status=refused.problem.page_status)
    return SeeOther(reverse("lookup_detail", args=[lookup.uuid]))


@require_safe
@explains_failures
@rules_asked_once()
def lookup_detail(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """What went wrong for this customer."""
    lookup = lookup_for(request, lookup_id)
    record_view(request, lookup)
    result = result_of(request, lookup)
    if result is None:
        return waiting_page(request, lookup)
    try:
        export = export_of(result, read_choice(request.GET))
    except ChoiceRefused as refused:
        return problem_page(request, bad_input(str(refused)), lookup_id)
    shown = remembered(request.session, str(lookup_id), result.answer)
    panel = panel_context(request, result, export)
    context = {**_result_context(request, result, shown), **panel}
    return render(request, "lookups/detail.html", context)


@require_POST
@permission_required("lookups.add_lookup", raise_exception=True)
@explains_failures
def lookup_again(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """The same question, asked of Sentry now; it gets a record of its own."""
    again = repeat_lookup(lookup_for(request, lookup_id), asker=asker_of(request))
    return SeeOther(reverse("lookup_detail", args=[again.uuid]))


@require_POST
@permission_required("lookups.add_lookup", raise_exception=True)
@explains_failures
def lookup_beside(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Read now what was not read in time beside the errors."""
    lookup = lookup_for(request, lookup_id)
    with place_to_wait():
        read_beside(lookup)
    return SeeOther(f"{reverse('lookup_detail', args=[lookup.uuid])}#beside")


@require_safe
@permission_required("lookups.view_lookup", raise_exception=True)
def check_sentry(request: HttpRequest) -> HttpResponse:
    """Does the connection work, and what to change if not."""
    findings = check_connection()
    context = {"findings": findings, "all_ok": all(finding.ok for finding in findings)}
    return render(request, "lookups/check_sentry.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """A person's own time zone, and whether single keys act."""
    user = person_of(request)
    if request.method == "POST":
        form = PreferencesForm(request.POST)
        if form.is_valid():
            choose_zone(user, form.cleaned_data["time_zone"])
            choose_shortcuts(user, form.cleaned_data["shortcuts"])
            messages.success(request, "Saved.")
            return SeeOther(reverse("preferences"))
    else:
        kept = Preference.objects.filter(user=user).first()
        form = PreferencesForm(chosen=kept.time_zone if kept else "", shortcuts=has_shortcuts(user))
    return render(request, "accounts/preferences.html", {"form": form})


def _form(
    request: HttpRequest, *, data: Any = None, initial: dict[str, Any] | None = None
) -> LookupForm:
    browser = request.COOKIES.get("triage_zone", "")
    allowed = projects_seen(request)
    if allowed is not None and not allowed:
        raise PermissionDenied(NO_TEAM)
    projects, environments = search_choices(allowed)
    asked = data.get("project", "") if data else ""
    if allowed is not None and asked and asked not in allowed:
        projects = (*projects, asked)  # it is refused, and recorded, when the lookup begins
    return LookupForm(
        data,
        own_zone=zone_of(request.user, browser=browser),
        zone_is_known=bool(browser) or has_zone(person_of(request)),
        projects=projects,
        environments=environments,
        initial=initial,
    )


def form_filled_with(request: HttpRequest, values: dict[str, str]) -> HttpResponse:
    """The lookup form with these values, by their fields' names; nothing is asked yet."""
    return _form_page(request, _form(request, initial=values))


def _form_page(request: HttpRequest, form: LookupForm, status: int = 200) -> HttpResponse:
    zone, person = form.own_zone, person_of(request)
    demo_customers = [
        {
            "identifier": customer.identifier,
            "at": typed_in(customer.moment, zone)[:16],
            "zone": zone.key,
            "story": customer.what,
        }
        for customer in settings.DEMO_CUSTOMERS
    ]
    context = {
        "form": form,
        "ticket": TicketForm(own_zone=zone, zone_is_known=form.zone_is_known),
        "demo_customers": demo_customers,
        "recent": recent_view(recent_lookups(person), projects_seen(request), timezone.now()),
        "shared": shared_view(shared_with(person), projects_seen(request), timezone.now()),
    }
    return render(request, "lookups/new.html", context, status=status)


def _prefill(values: Any) -> dict[str, str]:
    return {name: values[name][:2000] for name in _PREFILLED if values.get(name)}


def _result_context(request: HttpRequest, result: LookupResult, shown: Shown) -> dict[str, Any]:
    lookup, now = result.lookup, timezone.now()
    own_zone = zone_of(request.user, browser=request.COOKIES.get("triage_zone", "")).key
    page = presenters_result.result_page(
        result.answer,
        lookup,
        zone=ZoneInfo(lookup.zone),
        now=now,
        shown=shown,
        said=said_by(person_of(request), lookup),
    )
    return {
        "page": page,
        "lookup": lookup,
        "share": share_part(person_of(request), lookup),
        "requires_reason": is_required(),
        "reason": reason_of(lookup),
        "zones": list(dict.fromkeys((lookup.zone, own_zone, "UTC"))),
        "since": since_words(new_since(lookup, result.answer, person_of(request)), now),
    }
