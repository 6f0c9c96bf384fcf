"""Drafts: the reply to the customer, the escalation to engineering, and handing them over."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.preferences import zone_of
from apps.answers.models import DraftTemplate, Handover
from apps.answers.services import Draft, make_draft, problems_offered
from apps.answers.templates import MAX_DRAFT_LENGTH, About, Kind, checked, mail_link
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
from apps.lookups.access import may_keep
from apps.lookups.answers import LookupResult, answer_now
from apps.lookups.problems import bad_input
from apps.lookups.records import names_of, record_act
from apps.web.access import asker_of, lookup_for, person_of, projects_seen, record_view
from apps.web.middleware import SeeOther, explains_failures, problem_page
from apps.web.presenters.formatting import LocalTime, local_minute, redaction_receipt

# The page of a draft: what was chosen, the draft, and what can be done with it.

LONGEST_NAME = 80
LONGEST_SUBJECT = 200
PAGES = {Kind.REPLY: "lookup_reply", Kind.ESCALATION: "lookup_escalation"}
TITLES = {Kind.REPLY: "Reply to the customer", Kind.ESCALATION: "Escalation to engineering"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody chose. No template stands for the first, no problems for the telling ones."""

    kind: Kind
    template: str = ""
    name: str = ""
    problems: tuple[str, ...] = ()
    is_markdown: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A draft with what it was made of."""

    wanted: Wanted
    template: DraftTemplate
    templates: tuple[DraftTemplate, ...]
    about: About
    draft: Draft

    @property
    def edited(self) -> Edited:
        """The draft as it was made, before anybody edits it."""
        return Edited(self.wanted.kind, self.draft.subject, self.text, self.wanted.is_markdown)

    @property
    def text(self) -> str:
        """The text in the form that was chosen."""
        return self.draft.markdown if self.wanted.is_markdown else self.draft.text


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """One hand-over as the page lists it."""

    number: int
    kind: str
    by: str
    at: LocalTime
    state: str
    said: str
    next_try: LocalTime | None
    is_waiting: bool
    can_cancel: bool
    can_try: bool


def read_wanted(kind: Kind, values: QueryDict) -> Wanted:
    """What was chosen; what makes no sense counts as not chosen."""
    return Wanted(
        kind=kind,
        template=values.get("template", "")[:40],
        name=values.get("name", "")[:LONGEST_NAME] if kind is Kind.REPLY else "",
        problems=tuple(one[:100] for one in values.getlist("problem")[:50]),
        is_markdown=kind is Kind.ESCALATION and values.get("format") != "text",
    )


def made_of(request: HttpRequest, result: LookupResult, wanted: Wanted) -> Made | None:
    """The draft as it was wished for; None where no template of this kind is in use."""
    offered = tuple(DraftTemplate.objects.filter(kind=wanted.kind, is_active=True))
    if not offered:
        return None
    chosen = next((one for one in offered if one.name == wanted.template), offered[0])
    problems = problems_offered(wanted.kind, result.answer, wanted.problems)
    about = About(
        answer=result.answer,
        issue_ids=tuple(one.issue_id for one in problems if one.is_chosen),
        zone=ZoneInfo(result.lookup.zone),
        today=timezone.now().astimezone(zone_of(person_of(request))).date(),
        marker=result.lookup.marker,
        name=wanted.name,
        agent=person_of(request).get_full_name(),
        lookup_link=request.build_absolute_uri(reverse("lookup_detail", args=[result.lookup.uuid])),
    )
    draft = make_draft(wanted.kind, subject=chosen.subject, body=chosen.body, about=about)
    return Made(replace(wanted, template=chosen.name), chosen, offered, about, draft)


def read_edited(values: QueryDict, made: Made) -> Edited:
    """The draft as it was edited; lines end as a text of ours does."""
    subject = " ".join(values.get("subject", "").split())[:LONGEST_SUBJECT]
    text = "\n".join(values.get("text", "").split("\r\n")).replace("\r", "\n").strip("\n")
    return replace(made.edited, subject=subject or made.draft.subject, text=text)


def why_refused(edited: Edited) -> str:
    """Why this cannot be handed over; empty where it can."""
    if not edited.text.strip():
        return "There is no text to send."
    if len(edited.text) > MAX_DRAFT_LENGTH:
        over = len(edited.text) - MAX_DRAFT_LENGTH
        return f"The text is {over} characters too long to send. Shorten it, or copy it instead."
    return ""


def draft_context(
    result: LookupResult,
    made: Made,
    edited: Edited,
    *,
    reader: User,
    hidden: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """What the page of a draft prints. `hidden` is what was just taken out of an edited text."""
    kind = made.wanted.kind
    answer = result.answer
    return {
        "lookup": result.lookup,
        "kind": kind.value,
        "heading": TITLES[kind],
        "templates": made.templates,
        "wanted": made.wanted,
        "problems": problems_offered(kind, answer, made.about.issue_ids),
        "draft": edited,
        "mail": mail_link(edited.subject, edited.text),
        "most_letters": MAX_DRAFT_LENGTH,
        "receipt": redaction_receipt(answer.redaction) if kind is Kind.ESCALATION else "",
        "hidden": redaction_receipt(hidden) if hidden else "",
        "complete": answer.complete,
        "has_webhook": is_set_up(),
        "page_number": uuid.uuid4(),
        "handovers": handover_rows(result, reader),
    }


def number_of(values: QueryDict, edited: Edited) -> uuid.UUID:
    """The number of this text out of this page: the same where a form is sent twice."""
    try:
        page = uuid.UUID(values.get("page", ""))
    except ValueError:
        return uuid.uuid4()
    return uuid.uuid5(page, f"{edited.kind}\n{edited.subject}\n{edited.text}")


def may_act_on(handover: Handover, person: User) -> bool:
    """Who handed it over, and whoever may share the lookup, not those it is merely shared with."""
    return handover.by_id == person.pk or may_keep(person, handover.lookup)


def handover_rows(result: LookupResult, reader: User) -> tuple[HandoverRow, ...]:
    """What was handed over of this lookup, the newest first."""
    zone = ZoneInfo(result.lookup.zone)
    rows = result.lookup.handovers.select_related("by", "lookup")[:20]
    return tuple(_row(one, zone, may_act=may_act_on(one, reader)) for one in rows)


def _row(one: Handover, zone: ZoneInfo, *, may_act: bool) -> HandoverRow:
    is_waiting = one.state == Handover.State.WAITING
    return HandoverRow(
        number=one.pk,
        kind=TITLES[Kind(one.kind)],
        by=str(one.by) if one.by else "somebody",
        at=local_minute(one.at, zone),
        state=one.state,
        said=one.problem,
        next_try=local_minute(one.next_try, zone) if one.next_try else None,
        is_waiting=is_waiting,
        can_cancel=may_act and is_waiting,
        can_try=may_act and one.state == Handover.State.FAILED and one.has_body,
    )


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
