"""Views of lookups, feedback on known errors, sharing, preferences, erasure, and tickets."""

import uuid
from contextlib import suppress
from functools import lru_cache
from secrets import token_hex
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, permission_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.forms import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import models as accounts
from apps.answers.catalogue.suggestions import save_feedback
from apps.audit.models import Action
from apps.events.answer import Progress
from apps.events.filtering import LEVELS
from apps.events.grouping import problems_of
from apps.events.query import Move, counted, parse_zone
from apps.incidents.models import Incident
from apps.jobs.engine import describe_queue, describe_workers, queue_state
from apps.lookups import answers, records
from apps.lookups.access import SharingRefused, active_shares, end_share, share_lookup, shared_with
from apps.lookups.exports import read_choice
from apps.lookups.models import Lookup
from apps.lookups.problems import LookupCrowded, LookupFailed
from apps.lookups.sentry_connection import check_connection, search_choices
from apps.lookups.throttling import has_spare_slots, request_slot
from apps.web import access, forms
from apps.web.middleware import SeeOther, render_failures
from apps.web.presenters.formatting import level_mark, typed_in
from apps.web.presenters.result import THEME_COOKIE, THEMES, progress_data, recent_view
from apps.web.result_page import ResultView
from apps.web.views.health import cache_state

_ZONE_COOKIE = "triage_zone"
_PREFILLED = ("customer", "at", "zone", "window", "project", "environment", "reason")
_SESSION_KEY = "prefill"


@csrf_exempt  # a POST only fills in the form, and ticket systems have no CSRF token of ours
@login_not_required  # see `_prefill_form`; the view itself redirects to sign-in
@require_http_methods(["GET", "HEAD", "POST"])
def lookup_form(request: HttpRequest) -> HttpResponse:
    """Show the form, prefilled by a POST or an allowed link. Redirect auditors to the trail."""
    if request.method == "POST":
        return _prefill_form(request)
    if settings.TRIAGE_PREFILL_LINKS and request.GET:
        request.session[_SESSION_KEY] = _prefill(request.GET)
        return redirect("lookup_form")
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("lookup_form"))
    if not request.user.has_perm("lookups.add_lookup"):
        if not (trail := access.audit_trail_url(request)):
            raise PermissionDenied
        return redirect(trail)
    values = request.session.pop(_SESSION_KEY, None)
    if values:
        return _form_page(request, _lookup_form(request, initial=values))
    options = form_options(request)
    blank, html = _empty_forms(options, settings.TRIAGE_WINDOW_MINUTES, settings.TRIAGE_REASON)
    return _new_page(request, options.own_zone, html.replace(blank, get_token(request)))


def _prefill_form(request: HttpRequest) -> HttpResponse:
    """Show the form with the posted values.

    Browsers omit the session cookie from a POST from another site (SameSite=Lax), so a page of ours
    repeats such a POST first. The values survive signing in.
    """
    values = _prefill(request.POST)
    if request.user.is_authenticated:
        if not request.user.has_perm("lookups.add_lookup"):
            raise PermissionDenied
        return _form_page(request, _lookup_form(request, initial=values))
    if "continued" in request.POST:
        request.session[_SESSION_KEY] = values
        return redirect_to_login(reverse("lookup_form"))
    return render(request, "lookups/continue.html", {"values": values})


@require_POST
@permission_required("lookups.add_lookup", raise_exception=True)
@render_failures
def lookup_create(request: HttpRequest) -> HttpResponse:
    """Record the lookup and redirect to its page, which queries Sentry."""
    return _look_up(request, _lookup_form(request, data=request.POST))


def _look_up(request: HttpRequest, form: forms.LookupForm) -> HttpResponse:
    if not form.is_valid():
        return _form_page(request, form, status=400)
    try:
        lookup = records.record_lookup(
            form.question(),
            requester=access.requester_of(request),
            typed=form.cleaned_data["customer"],
            zone=form.cleaned_data["zone"],
            reason=form.cleaned_data.get("reason", ""),
        )
    except records.TooManyLookups as refused:
        form.add_error(None, f"{refused.problem.message} {refused.problem.next_step}")
        return _form_page(request, form, status=refused.problem.page_status)
    return SeeOther(reverse("lookup_detail", args=[lookup.uuid]))


@require_safe
@render_failures
def lookup_detail(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Show the result, or a page that waits for it if the browser can follow the progress."""
    lookup = access.get_lookup_or_404(request, lookup_id)
    access.record_view(request, lookup)
    view = ResultView(request, lookup, read_choice(request.GET), zone_of_request(request).key)
    rendered = view.read_stored(lookup)
    if rendered is None:
        result = _load_result(request, lookup)
        if result is None:
            return _waiting_page(request, lookup)
        rendered, lookup = view.render(result), result.lookup
    context = {"page": rendered, "html": view.complete(rendered, lookup)}
    return render(request, "lookups/detail.html", context)


def _waiting_page(request: HttpRequest, lookup: Lookup) -> HttpResponse:
    is_followed = _is_followed(request)
    state = answers.LookupState.RUNNING if is_followed else answers.LookupState.WAITING
    context = {
        **progress_data(lookup, state, Progress()),
        "lookup": lookup,
        "levels": [level_mark(level) for level in (*LEVELS, None)],
        "pause_s": 0 if is_followed else 5,  # without scripts, it is then loaded again
    }
    return render(request, "lookups/waiting.html", context)


def _load_result(request: HttpRequest, lookup: Lookup) -> answers.LookupResult | None:
    """Return the result, or None to show the progress while it takes longer."""
    projects = access.allowed_projects(request)
    if not _is_followed(request) and has_spare_slots():
        with suppress(LookupCrowded):
            return answers.result_now(lookup, projects)
    return answers.result_soon(lookup, 0.3, projects)  # sooner, a waiting page would only flash


def _is_followed(request: HttpRequest) -> bool:
    """Return whether the browser can follow the progress; otherwise, the response waits."""
    return request.COOKIES.get("triage_live") == "1" and "wait" not in request.GET


@require_POST
@permission_required("lookups.add_lookup", raise_exception=True)
@render_failures
def lookup_again(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Repeat the lookup as a new one that queries Sentry again."""
    again = records.repeat_lookup(
        access.get_lookup_or_404(request, lookup_id), requester=access.requester_of(request)
    )
    return SeeOther(reverse("lookup_detail", args=[again.uuid]))


@require_POST
@permission_required("lookups.add_lookup", raise_exception=True)
@render_failures
def lookup_beside(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Load the related data that was not read in time."""
    lookup = access.get_lookup_or_404(request, lookup_id)
    with request_slot(request.user.pk):
        answers.read_related(lookup)
    return SeeOther(f"{reverse('lookup_detail', args=[lookup.uuid])}#beside")


@require_safe
@permission_required("lookups.view_lookup", raise_exception=True)
def check_sentry(request: HttpRequest) -> HttpResponse:
    """Show whether the Sentry connection and background work work, and what to fix."""
    findings, queue = check_connection(), queue_state()
    has_cache = cache_state() == "ok"
    context = {
        "findings": findings,
        "all_ok": all(finding.ok for finding in findings),
        "uses_redis": bool(settings.REDIS_URL),
        "has_cache": has_cache,
        "queue": queue,
        "workers": describe_workers(queue),
        "jobs": describe_queue(queue),
    }
    return render(request, "lookups/check_sentry.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show and save the person's time zone and shortcut setting."""
    user = access.person_of(request)
    stored = model_to_dict(accounts.preference_of(user))
    form = forms.PreferencesForm(request.POST if request.method == "POST" else None, initial=stored)
    if form.is_valid():
        accounts.set_preference(user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return SeeOther(reverse("preferences"))
    return render(request, "accounts/preferences.html", {"form": form})


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Store the theme in this browser, and redirect back to the page it was chosen on."""
    back, chosen = request.POST.get("next", ""), request.POST.get("theme", "")
    is_local = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    response = SeeOther(back if is_local else reverse("lookup_form"))
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            chosen,
            365 * 24 * 60 * 60,
            path=settings.SESSION_COOKIE_PATH,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie(THEME_COOKIE, path=settings.SESSION_COOKIE_PATH)
    return response


def form_options(request: HttpRequest, posted: str = "") -> forms.FormOptions:
    """Return the options of a form, also with the posted project. Raise `PermissionDenied`."""
    allowed = access.allowed_projects(request)
    if allowed is not None and not allowed:
        raise PermissionDenied(accounts.NO_TEAM)
    projects, environments = search_choices(allowed)
    if allowed is not None and posted and posted not in allowed:
        projects = (*projects, posted)  # `record_lookup` refuses and records it
    zone_is_chosen = bool(accounts.preference_of(access.person_of(request)).time_zone)
    return forms.FormOptions(
        own_zone=zone_of_request(request),
        zone_is_chosen=zone_is_chosen,
        zone_is_known=zone_is_chosen or bool(parse_zone(request.COOKIES.get(_ZONE_COOKIE, ""))),
        projects=projects,
        environments=environments,
    )


def _lookup_form(
    request: HttpRequest, *, data: Any = None, initial: dict[str, Any] | None = None
) -> forms.LookupForm:
    options = form_options(request, data.get("project", "") if data else "")
    return forms.LookupForm(data, options, initial=initial)


def _form_page(request: HttpRequest, form: forms.LookupForm, status: int = 200) -> HttpResponse:
    html = _forms(form, get_token(request))
    return _new_page(request, form.options.own_zone, html, status)


def _forms(form: forms.LookupForm, token: str) -> str:
    ticket = forms.TicketForm(None, form.options)
    values = {"form": form, "ticket": ticket, "csrf_token": token}
    return render_to_string("lookups/_forms.html", values)


@lru_cache(maxsize=50)
def _empty_forms(options: forms.FormOptions, *_of_settings: object) -> tuple[str, str]:
    """Return the forms, which take half of the page's time, and what stands for the CSRF token."""
    blank = token_hex()
    return blank, _forms(forms.LookupForm(None, options), blank)


def _new_page(request: HttpRequest, zone: ZoneInfo, html: str, status: int = 200) -> HttpResponse:
    person, now = access.person_of(request), timezone.now()
    projects = access.allowed_projects(request)
    context = {
        "forms": mark_safe(html),  # noqa: S308 - a template's HTML, and Django's token
        "demo_customers": _demo_customers(settings.DEMO_CUSTOMERS, zone),
        "recent": recent_view(answers.recent_lookups(person), projects, now),
        "shared": recent_view(shared_with(person), projects, now),
    }
    return render(request, "lookups/new.html", context, status=status)


@lru_cache(maxsize=50)
def _demo_customers(customers: tuple[Any, ...], zone: ZoneInfo) -> str:
    """Return the list of the demo's customers, which is the same for everyone in a zone."""
    rows = [
        {
            "identifier": customer.identifier,
            "at": typed_in(customer.moment, zone)[:16],
            "zone": zone.key,
            "story": customer.what,
        }
        for customer in customers
    ]
    return render_to_string(
        "lookups/_demo.html", {"customers": rows, "minutes": settings.TRIAGE_WINDOW_MINUTES}
    )


def _prefill(values: Any) -> dict[str, str]:
    """Return the values for the form. One that it wouldn't take is left out, never cut."""
    limits = {
        **dict.fromkeys(_PREFILLED, records.MAX_REASON_LENGTH),
        "customer": forms.MAX_CUSTOMER_LENGTH,
    }
    given = {name: values.get(name, "") for name in limits}
    return {name: text for name, text in given.items() if 0 < len(text) <= limits[name]}


def zone_of_request(request: HttpRequest) -> ZoneInfo:
    """Return the person’s time zone, else that of the browser, else the site’s."""
    return accounts.zone_of(request.user, browser=request.COOKIES.get(_ZONE_COOKIE, ""))


# Following a lookup: its progress, stopping it, and news after it.


@require_safe
def lookup_progress(request: HttpRequest, lookup_id: uuid.UUID) -> JsonResponse:
    """Return the progress as JSON. Start the query if it is neither running nor done."""
    lookup = access.get_lookup_or_404(request, lookup_id)
    access.record_partial_view(request, lookup, "progress")
    # A result that is already there is reported at once.
    state, progress = answers.visible_state(lookup, 0.1, access.allowed_projects(request))
    return JsonResponse(progress_data(lookup, state, progress))


@require_safe
def lookup_newer(request: HttpRequest, lookup_id: uuid.UUID) -> JsonResponse:
    """Return how many events a window that was still open has gained; null if unknown."""
    lookup = access.get_lookup_or_404(request, lookup_id)
    try:
        with request_slot(request.user.pk):
            new = answers.count_new(lookup, access.allowed_projects(request))
    except LookupFailed:
        new = None
    sentence = f"{counted(new, 'new event')} since you last looked." if new else ""
    return JsonResponse({"new": new, "sentence": sentence})


@require_POST
def lookup_cancel(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Stop the query and redirect to the lookup's page. A result that came first remains."""
    lookup = access.get_lookup_or_404(request, lookup_id)
    access.require_manager(request, lookup)
    records.record_action(Action.CANCELLED, access.requester_of(request).actor, lookup)
    answers.cancel_lookup(lookup)
    return SeeOther(reverse("lookup_detail", args=[lookup.uuid]))


@require_POST
@permission_required("lookups.add_lookup", raise_exception=True)
@render_failures
def lookup_move(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Look up the same customer now, earlier, later, or in a wider window, as a new lookup."""
    lookup = access.get_lookup_or_404(request, lookup_id)
    try:
        move = Move(request.POST.get("move", ""))
    except ValueError:
        return HttpResponseBadRequest()
    moved = answers.move_lookup(lookup, move, requester=access.requester_of(request))
    if moved is None:
        return redirect("lookup_detail", lookup.uuid)
    return SeeOther(reverse("lookup_detail", args=[moved.uuid]))


# Sharing a lookup with a person or a team.


@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, **ids: uuid.UUID) -> HttpResponse:
    """Show who a lookup or an incident is shared with, and share it with one more reader."""
    shared = access.get_subject_or_404(request, **ids)
    access.require_manager(request, shared)
    is_posted = request.method == "POST"
    form = forms.ShareForm(request.POST, auto_id="share_%s") if is_posted else None
    if form is not None and form.is_valid():
        reader, requester = form.cleaned_data["reader"], access.requester_of(request)
        try:
            made = share_lookup(shared, reader, requester=requester, lifetime=form.duration)
        except SharingRefused as refused:
            form.add_error("reader", str(refused))
        else:
            messages.success(request, f"Shared with {made.reader}.")
            return _back_from_sharing(shared)
    access.record_view(request, shared, "sharing")
    kind = str(shared._meta.model_name)
    context = {kind: shared, "share": forms.share_section(access.person_of(request), shared, form)}
    return render(request, f"{kind}s/share.html", context, status=400 if form else 200)


@require_POST
def unshare(request: HttpRequest, **ids: uuid.UUID) -> HttpResponse:
    """Stop sharing a lookup or an incident with the posted person or team."""
    shared = access.get_subject_or_404(request, **ids)
    access.require_manager(request, shared)
    ended = active_shares(shared).filter(pk=access.posted_pk(request, "share")).first()
    if ended is None:
        raise Http404
    end_share(ended, requester=access.requester_of(request))
    messages.success(request, f"No longer shared with {ended.reader}.")
    return _back_from_sharing(shared)


def _back_from_sharing(shared: Lookup | Incident) -> HttpResponse:
    if isinstance(shared, Lookup):
        return SeeOther(f"{reverse('lookup_detail', args=[shared.uuid])}#share")
    return SeeOther(reverse("incident_detail", args=[shared.uuid]))


# Erasing customer data.


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("lookups.forget_customer", raise_exception=True)
def forget(request: HttpRequest) -> HttpResponse:
    """Show what is stored for identifiers, which are never in a URL; erase it once confirmed."""
    form = forms.ForgetForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        status = 400 if form.is_bound else 200
        return render(request, "lookups/forget.html", {"form": form}, status=status)
    if "confirmed" not in request.POST:
        found = [(name, records.stored_counts(name)) for name in form.identifiers]
        context = {"found": found, "names": form.cleaned_data["names"]}
        return render(request, "lookups/forget_confirm.html", context)
    done = [
        records.forget_customer(name, access.requester_of(request).actor)
        for name in form.identifiers
    ]
    results = counted(sum(one.counts.answers for one in done), "result")
    lookups = counted(sum(one.counts.lookups for one in done), "lookup")
    messages.success(
        request, f"Deleted: {results} from {lookups}, along with everything typed for them."
    )
    if not all(one.is_cache_cleared for one in done):
        messages.warning(
            request,
            "We couldn't reach the shared cache. Do this again when it's back. Until then, "
            "none of its copies are shown.",
        )
    return SeeOther(reverse("forget"))


# Reading a pasted ticket. Its text is never in a session, a database, or a log.


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("lookups.add_lookup", raise_exception=True)
@render_failures
def ticket(request: HttpRequest, *, is_chosen: bool) -> HttpResponse:
    """Look up what the pasted text says, or what was chosen from it; ask if that isn't clear."""
    if request.method != "POST":
        return redirect("lookup_form")  # the text is lost when someone had to sign in first
    form = forms.TicketForm(request.POST, forms.FormOptions(zone_of_request(request)))
    if form.reading is None:
        return _ticket_page(request, form, None, status=400)
    posted = {
        name: request.POST[name][:2000] for name in ("customer", "moment") if name in request.POST
    }
    page = forms.ticket_page(form.reading, form.chosen_zone, posted if is_chosen else None)
    if page["missing"]:
        return _ticket_page(request, form, page, status=400)
    if not is_chosen:
        if not page["is_sure"]:
            return _ticket_page(request, form, page)
        messages.info(request, "Read from the ticket. Check the customer and the time.")
    values = page["values"]
    if records.reason_required() or not {"customer", "at"} <= values.keys():
        return _form_page(request, _lookup_form(request, initial=values))
    return _look_up(request, _lookup_form(request, data=values))


def _ticket_page(
    request: HttpRequest, form: forms.TicketForm, page: dict[str, Any] | None, status: int = 200
) -> HttpResponse:
    context = {
        "ticket": form,
        "page": page,
        "zone": form.chosen_zone.key,
        "date_form": forms.TicketForm(request.POST, form.options, auto_id="date_%s"),
    }
    return render(request, "lookups/ticket.html", context, status=status)


@require_POST
@render_failures
def lookup_known_feedback(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Save whether the known error helped, then redirect to the page; a script gets a 204."""
    result = answers.result_now(
        access.get_lookup_or_404(request, lookup_id), access.allowed_projects(request)
    )
    issue_id, slug = request.POST.get("issue", ""), request.POST.get("known", "")
    matches = result.answer.known.for_issue(issue_id)
    match = next((one for one in matches if one.known.slug == slug), None)
    helped = {"yes": True, "no": False}.get(request.POST.get("helped", ""))
    if match is None or helped is None:
        raise Http404
    save_feedback(
        access.person_of(request), result.lookup, issue_id=issue_id, slug=slug, helped=helped
    )
    if access.PART_HEADER in request.headers:
        return HttpResponse(status=204)
    anchors = (
        f"known-{problem.number}-{place}"
        for problem in problems_of(result.answer)
        for place, one in enumerate(problem.known_in(result.answer.known), 1)
        if one == match
    )
    anchor = next(anchors, "known-title")
    return SeeOther(f"{reverse('lookup_detail', args=[lookup_id])}#{anchor}")
