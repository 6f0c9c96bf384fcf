"""The pages. Each view checks a right, calls one service, and renders."""

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, permission_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
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
from apps.audit.models import Action
from apps.events.answer import Progress
from apps.events.filtering import Shown
from apps.events.query import Move
from apps.events.rules.engine import rules_asked_once
from apps.lookups.access import SharingRefused, active_shares, end_share, share_lookup, shared_with
from apps.lookups.answers import (
    LookupResult,
    State,
    answer_now,
    answer_soon,
    cancel_lookup,
    count_newer,
    move_lookup,
    new_since,
    place_to_wait,
    read_beside,
    recent_lookups,
    state_of,
)
from apps.lookups.models import Lookup
from apps.lookups.problems import LookupFailed, bad_input
from apps.lookups.records import (
    TooManyLookups,
    forget_customer,
    is_required,
    kept_of,
    reason_of,
    record_act,
    record_lookup,
    repeat_lookup,
)
from apps.lookups.sentry_connection import check_connection, search_choices
from apps.web.access import (
    asker_of,
    kept_lookup_for,
    lookup_for,
    person_of,
    projects_seen,
    record_view,
    trail_of,
)
from apps.web.exports import ChoiceRefused, export_of, panel_context, read_choice
from apps.web.forms import (
    ForgetForm,
    LookupForm,
    PreferencesForm,
    ShareForm,
    TicketForm,
    TicketPage,
    missing_of,
    share_form,
    share_part,
    ticket_page,
    values_for_form,
)
from apps.web.middleware import SeeOther, explains_failures, problem_page
from apps.web.presenters import result as presenters_result
from apps.web.presenters.filters import remembered
from apps.web.presenters.formatting import counted, grouped, level_mark, local_clock, typed_in
from apps.web.presenters.result import recent_view, shared_view, since_words

# The page that waits for an answer, and what its script is told while the asking goes on.

# An answer that comes this soon needs no page to wait on: that would only flash.
QUICK_S = 0.3

_LIVE_COOKIE = "triage_live"
_LEVELS = ("fatal", "error", "warning", "info", "debug")


def result_of(request: HttpRequest, lookup: Lookup) -> LookupResult | None:
    """The lookup's answer; None when the browser can show how far it is and it takes longer.

    Raises as `answer_lookup` does.
    """
    if request.COOKIES.get(_LIVE_COOKIE) == "1" and "wait" not in request.GET:
        return answer_soon(lookup, QUICK_S, projects_seen(request))
    return answer_now(lookup, projects_seen(request))


def waiting_page(request: HttpRequest, lookup: Lookup) -> HttpResponse:
    """What was asked, how far it is, and a way to stop it."""
    context = {
        "lookup": lookup,
        "levels": [level_mark(level) for level in _LEVELS],
        "sentence": _sentence(State.ASKING, Progress()),
        "share": _rounded(Progress()),
    }
    return render(request, "lookups/waiting.html", context)


def told(lookup: Lookup, state: State, progress: Progress) -> dict[str, Any]:
    """How far the asking is, for the page's script. Only numbers, times and words of our own.

    `share` is how much is done, from 0 to 1. `known` is null until the list of events has ended.
    """
    zone = ZoneInfo(lookup.zone)
    hidden = progress.events_found - len(progress.newest)
    return {
        "state": state,
        "done": progress.done,
        "known": progress.known,
        "share": _rounded(progress),
        "sentence": _sentence(state, progress),
        "events_found": progress.events_found,
        "more": f"and {counted(hidden, 'earlier event')}" if hidden > 0 else "",
        "events": [
            {
                "id": one.id,
                "time": local_clock(one.timestamp, zone, day_of=lookup.moment).text,
                "iso": local_clock(one.timestamp, zone).iso,
                "level": level_mark(one.level).word,
                "sentence": one.sentence,
            }
            for one in progress.newest
        ],
    }


def _rounded(progress: Progress) -> float:
    return round(progress.share, 3)


def _sentence(state: State, progress: Progress) -> str:
    """How far it is: "2 of 5 problems read, 14 events". It never says that there is nothing."""
    if state == State.WAITING:
        return "Waiting in line. Other people are asking Sentry too."
    if not progress.events_found:
        return (
            "Asking Sentry for this customer's events."
            if progress.known is None
            else "Nearly done."
        )
    events = counted(progress.events_found, "event")
    if progress.problems is None:
        return f"{events} so far."
    problems = counted(progress.problems, "problem")
    return f"{grouped(progress.read)} of {problems} read, {events}"


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
    return _form_page(
        request, _lookup_form(request, initial=request.session.pop(_SESSION_KEY, None))
    )


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
    form = _lookup_form(request, data=request.POST)
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


def _lookup_form(
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
    return _form_page(request, _lookup_form(request, initial=values))


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


# While a lookup is being asked: how far it is, and stopping it. Afterwards: what is new.

# Long enough that an answer which is there already is told at once.
_PATIENCE_S = 0.1


@require_safe
def lookup_progress(request: HttpRequest, lookup_id: uuid.UUID) -> JsonResponse:
    """How far the asking is; it is begun if nobody is at it and nothing is known."""
    lookup = lookup_for(request, lookup_id)
    state, progress = state_of(lookup, _PATIENCE_S, projects_seen(request))
    return JsonResponse(told(lookup, state, progress))


@require_safe
def lookup_newer(request: HttpRequest, lookup_id: uuid.UUID) -> JsonResponse:
    """How many events came in since a young window was looked at; null where nobody knows."""
    lookup = lookup_for(request, lookup_id)
    try:
        with place_to_wait():
            new = count_newer(lookup, projects_seen(request))
    except LookupFailed:
        new = None
    told_new = f"{counted(new, 'new event')} since you last looked." if new else ""
    return JsonResponse({"new": new, "sentence": told_new})


@require_POST
def lookup_cancel(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Stop the asking, and go to the page that says so; an answer that was quicker stays."""
    lookup = kept_lookup_for(request, lookup_id)
    record_act(Action.CANCELLED, asker_of(request).actor, lookup)
    cancel_lookup(lookup)
    response = HttpResponseRedirect(reverse("lookup_detail", args=[lookup.uuid]))
    response.status_code = 303
    return response


# Going on from a result: to another time, or to a wider window.


@require_POST
@permission_required("lookups.add_lookup", raise_exception=True)
@explains_failures
def lookup_move(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """The same customer now, earlier, later or in a wider window; it gets a record of its own."""
    lookup = lookup_for(request, lookup_id)
    try:
        move = Move(request.POST.get("move", ""))
    except ValueError:
        return HttpResponseBadRequest()
    onward = move_lookup(lookup, move, asker=asker_of(request))
    if onward is None:
        return redirect("lookup_detail", lookup.uuid)
    return SeeOther(reverse("lookup_detail", args=[onward.uuid]))


# Sharing a lookup with a person or a team, and ending that.


@require_http_methods(["GET", "HEAD", "POST"])
def lookup_share(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Who reads the lookup, and the form to let somebody else; a POST does it."""
    lookup = kept_lookup_for(request, lookup_id)
    form = share_form(request.POST) if request.method == "POST" else None
    if form is not None and form.is_valid():
        try:
            share = share_lookup(
                lookup, form.cleaned_data["reader"], asker=asker_of(request), keep=form.keep
            )
        except SharingRefused as refused:
            form.add_error("reader", str(refused))
        else:
            messages.success(request, f"Shared with {share.reader}.")
            return _back(lookup_id)
    return _share_page(request, lookup, form)


@require_POST
def lookup_unshare(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """End one share of the lookup."""
    lookup = kept_lookup_for(request, lookup_id)
    typed = request.POST.get("share", "")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0
    share = active_shares(lookup).filter(pk=number).first()
    if share is None:
        raise Http404
    end_share(share, asker=asker_of(request))
    messages.success(request, f"No longer shared with {share.reader}.")
    return _back(lookup_id)


def _share_page(request: HttpRequest, lookup: Lookup, form: ShareForm | None) -> HttpResponse:
    context = {"lookup": lookup, "share": share_part(person_of(request), lookup, form)}
    status = 400 if form is not None else 200
    return render(request, "lookups/share.html", context, status=status)


def _back(lookup_id: uuid.UUID) -> HttpResponse:
    return SeeOther(f"{reverse('lookup_detail', args=[lookup_id])}#share")


# Having a customer forgotten: say what is kept under which name, then remove it.


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("lookups.forget_customer", raise_exception=True)
def forget(request: HttpRequest) -> HttpResponse:
    """The form; posted, what would go; confirmed, it goes. The names are in no address."""
    form = ForgetForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        status = 400 if form.is_bound else 200
        return render(request, "lookups/forget.html", {"form": form}, status=status)
    if "confirmed" not in request.POST:
        found = [(name, kept_of(name)) for name in form.read]
        context = {"found": found, "names": form.cleaned_data["names"]}
        return render(request, "lookups/forget_confirm.html", context)
    _forget(request, form.read)
    return SeeOther(reverse("forget"))


def _forget(request: HttpRequest, names: list[str]) -> None:
    """Remove it, and say how much went without saying of whom."""
    done = [forget_customer(name, asker_of(request).actor) for name in names]
    answers = counted(sum(one.kept.answers for one in done), "result")
    lookups = counted(sum(one.kept.lookups for one in done), "lookup")
    messages.success(
        request, f"Deleted: {answers} from {lookups}, along with everything typed for them."
    )
    if not all(one.is_cache_cleared for one in done):
        messages.warning(
            request,
            "We couldn't reach the shared cache. Do this again when it's back. Until then, "
            "no copy in it is shown.",
        )


# A ticket is pasted, read and confirmed. Its text is in no session, no database and no log.

_LONGEST_CHOICE = 2000


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("lookups.add_lookup", raise_exception=True)
def ticket_read(request: HttpRequest) -> HttpResponse:
    """What was read in the pasted text, to be confirmed."""
    if request.method != "POST":
        return redirect("lookup_form")  # whoever had to sign in first: there is no text any more
    form = _ticket_form(request)
    if form.reading is None:
        return _ticket_page(request, form, None, status=400)
    return _ticket_page(request, form, ticket_page(form.reading, form.read_in))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("lookups.add_lookup", raise_exception=True)
def ticket_use(request: HttpRequest) -> HttpResponse:
    """The lookup form with what was confirmed; the same page again while something is open."""
    if request.method != "POST":
        return redirect("lookup_form")
    form = _ticket_form(request)
    chosen = {
        name: request.POST[name][:_LONGEST_CHOICE]
        for name in ("customer", "moment")
        if name in request.POST
    }
    if form.reading is None:
        return _ticket_page(request, form, None, status=400)
    if missing_of(form.reading, chosen, form.read_in):
        return _ticket_page(
            request, form, ticket_page(form.reading, form.read_in, chosen), status=400
        )
    return form_filled_with(request, values_for_form(chosen, form.read_in))


def _ticket_form(request: HttpRequest) -> TicketForm:
    browser = request.COOKIES.get("triage_zone", "")
    return TicketForm(request.POST, own_zone=zone_of(request.user, browser=browser))


def _ticket_page(
    request: HttpRequest, form: TicketForm, page: TicketPage | None, status: int = 200
) -> HttpResponse:
    context = {
        "ticket": form,
        "page": page,
        "zone": form.read_in.key,
        "date_form": TicketForm(request.POST, own_zone=form.own_zone, auto_id="date_%s"),
    }
    return render(request, "lookups/ticket.html", context, status=status)
