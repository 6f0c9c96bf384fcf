"""Drafts: the reply to the customer, the escalation to engineering, and handing them over."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.answers.models import Handover
from apps.answers.templates import Kind, checked
from apps.answers.webhook import (
    AlreadyDone,
    Edited,
    cancel,
    hand_over,
    is_set_up,
    message_of,
    try_again,
)
from apps.audit.models import Action
from apps.events.rules.engine import rules_asked_once
from apps.lookups.answers import LookupResult, answer_now
from apps.lookups.problems import bad_input
from apps.lookups.records import names_of, record_act
from apps.web.access import asker_of, lookup_for, person_of, projects_seen, record_view
from apps.web.draft_page import (
    PAGES,
    Made,
    draft_context,
    made_of,
    may_act_on,
    number_of,
    read_edited,
    read_wanted,
    why_refused,
)
from apps.web.middleware import SeeOther, explains_failures, problem_page

_WAYS = ("copied", "mailed")
NOT_THEIRS = "Someone else sent this. Only they or the lookup's owner can do this."
_NO_TEMPLATE = bad_input(
    "There is no template for this draft.", "Ask a lead to turn one on under Manage."
)


@require_http_methods(["GET", "HEAD", "POST"])
@explains_failures
@rules_asked_once()
def lookup_draft(request: HttpRequest, lookup_id: uuid.UUID, kind: Kind) -> HttpResponse:
    """The draft as it was chosen, to be edited; a POST may hand over what stands there then."""
    lookup = lookup_for(request, lookup_id)
    record_view(request, lookup, f"{kind} draft")
    result = answer_now(lookup, projects_seen(request))
    made = made_of(request, result, read_wanted(kind, request.POST))
    if made is None:
        return problem_page(request, _NO_TEMPLATE, lookup_id)
    done = request.POST.get("do", "")
    if done not in ("hand over", "keep"):
        return _page(request, result, made, made.edited)
    edited = read_edited(request.POST, made)
    if done == "hand over":
        return _hand_over(request, result, made, edited)
    return _page(request, result, made, edited)


@require_POST
@explains_failures
def lookup_drafted(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Record that a draft was copied or taken into a mail; the browser says so. Not its text."""
    lookup = lookup_for(request, lookup_id)
    kind, how = request.POST.get("kind", ""), request.POST.get("how", "")
    if kind not in list(Kind) or how not in _WAYS:
        return problem_page(request, bad_input("This isn't a draft.", "Please reload."), lookup_id)
    record_act(Action.DRAFTED, asker_of(request).actor, lookup, draft=kind, how=how)
    return HttpResponse(status=204)


@require_POST
def lookup_handover(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Try again one that failed, or cancel one that waits."""
    lookup = lookup_for(request, lookup_id)
    typed = request.POST.get("handover", "")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0
    handover = lookup.handovers.select_related("lookup").filter(pk=number).first()
    if handover is None:
        raise Http404
    if not may_act_on(handover, person_of(request)):
        raise PermissionDenied(NOT_THEIRS)
    if request.POST.get("do") == "cancel":
        is_done = cancel(handover, asker_of(request))
        messages.success(request, "It won't be sent." if is_done else "It's no longer waiting.")
    else:
        is_done = try_again(handover, asker_of(request))
        messages.success(request, _said(handover) if is_done else "It cannot be tried again.")
    return _back(lookup_id, Kind(handover.kind))


def _hand_over(
    request: HttpRequest, result: LookupResult, made: Made, edited: Edited
) -> HttpResponse:
    """Hand over what stands in the form. What had to be hidden in it is shown first."""
    refused = why_refused(edited)
    if not is_set_up():
        refused = "Sending is turned off. Copy the text or email it."
    if refused:
        return _page(request, result, made, edited, refused=refused)
    if edited.kind is Kind.ESCALATION:
        names = names_of(result.lookup)
        text = checked(edited.text, drafted=made.text, names=names)
        subject = checked(edited.subject, drafted=made.draft.subject, names=names)
        if (text.text, subject.text) != (edited.text, edited.subject):
            shown = Edited(edited.kind, subject.text, text.text, edited.is_markdown)
            hidden = {**subject.hidden, **text.hidden}
            return _page(request, result, made, shown, hidden=hidden)
    handover = Handover(uuid=number_of(request.POST, edited))
    body = message_of(handover, result.lookup, edited, made.about)
    try:
        hand_over(result.lookup, edited.kind, body, handover=handover, asker=asker_of(request))
    except AlreadyDone:
        messages.info(request, "This was already sent. See its status below.")
    else:
        messages.success(request, _said(handover))
    return _back(result.lookup.uuid, edited.kind)


def _said(handover: Handover) -> str:
    if handover.state == Handover.State.SENT:
        return "Sent."
    if handover.state == Handover.State.WAITING:
        return f"It hasn't arrived yet. {handover.problem} Triage will try again automatically."
    return f"It wasn't sent. {handover.problem}"


def _page(
    request: HttpRequest,
    result: LookupResult,
    made: Made,
    edited: Edited,
    *,
    refused: str = "",
    hidden: dict[str, int] | None = None,
) -> HttpResponse:
    told = draft_context(result, made, edited, reader=person_of(request), hidden=hidden)
    context = {**told, "refused": refused}
    status = 400 if refused else 200
    return render(request, "lookups/draft.html", context, status=status)


def _back(lookup_id: uuid.UUID, kind: Kind) -> HttpResponse:
    return SeeOther(f"{reverse(PAGES[kind], args=[lookup_id])}#handovers")
