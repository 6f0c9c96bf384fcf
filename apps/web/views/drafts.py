"""Views of drafts: replies to customers, escalations to engineering, and their deliveries."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import zone_of
from apps.answers import webhook
from apps.answers.models import DraftTemplate, Handover
from apps.answers.reply import name_in
from apps.answers.services import Draft, ProblemChoice, make_draft, problem_choices, redact_edits
from apps.answers.templates import MAX_DRAFT_LENGTH, About, Kind, mailto_link
from apps.audit.models import Action
from apps.audit.trail import record
from apps.events.query import counted
from apps.incidents.exports import representing, shared_text
from apps.incidents.services import read_incident
from apps.lookups.access import may_manage
from apps.lookups.answers import LookupResult, result_now
from apps.lookups.models import Lookup
from apps.lookups.problems import LookupFailed, bad_input
from apps.lookups.records import customer_of, identifiers_of
from apps.web import access
from apps.web.middleware import SeeOther, render_failures
from apps.web.presenters.formatting import local_minute, redaction_receipt

_MAX_CHOSEN = 50

_NO_TEMPLATE = bad_input(
    "There is no template for this draft.", "Ask a lead to turn one on under Manage."
)


@dataclass(frozen=True, slots=True)
class PreparedDraft:
    """A draft with everything it was made from. `template` is the name of the one that is used."""

    unedited: Draft
    about: About
    template: str
    templates: tuple[DraftTemplate, ...]
    problems: tuple[ProblemChoice, ...]


@require_http_methods(["GET", "HEAD", "POST"])
@render_failures
def lookup_draft(request: HttpRequest, lookup_id: uuid.UUID, kind: Kind) -> HttpResponse:
    """Show a draft for editing. A POST changes its options or sends the edited text."""
    lookup = access.get_lookup_or_404(request, lookup_id)
    access.record_view(request, lookup, f"{kind} draft")
    result = result_now(lookup, access.allowed_projects(request))
    name = request.POST.get("name", "")[:80] if kind is Kind.REPLY else ""
    if kind is Kind.REPLY and request.method != "POST" and lookup.customer:
        name = name_in(customer_of(lookup).identifier)
    about = About(result.answer, (), ZoneInfo(lookup.zone), date.min, lookup.marker, name=name)
    prepared = _prepare(request, kind, about, reverse("lookup_detail", args=[lookup.uuid]))
    action, edited = request.POST.get("do", ""), _read_edited(request.POST, prepared)
    if request.POST.get("choosing") and not request.POST.getlist("problem"):
        problems = tuple(replace(one, is_chosen=False) for one in prepared.problems)
        prepared = replace(prepared, problems=problems)
        return _page(request, result, prepared, edited, refused="Choose at least one problem.")
    if action == "hand over":
        return _send(request, result, prepared, edited)
    return _page(request, result, prepared, edited if action == "keep" else prepared.unedited)


@require_http_methods(["GET", "HEAD", "POST"])
@render_failures
def incident_escalation(
    request: HttpRequest, incident_id: uuid.UUID, issue_id: str
) -> HttpResponse:
    """Show an escalation of a failure that many customers share. A POST changes its options."""
    incident = access.get_incident_or_404(request, incident_id)
    access.record_view(request, incident, "escalation draft")
    result = read_incident(incident, access.allowed_projects(request))
    found = (one for one in result.failures if one.failure.problem.issue_id == issue_id)
    if (one := next(found, None)) is None:
        raise Http404
    shared, zone = shared_text(one.failure, result), ZoneInfo(incident.zone)
    about = About(representing(one), (), zone, date.min, incident.marker, shared=shared)
    link = reverse("incident_detail", args=[incident_id])
    prepared = _prepare(
        request, Kind.ESCALATION, about, link, default=one.failure.problem.issue_ids
    )
    keep = request.POST.get("do") == "keep"
    edited = _read_edited(request.POST, prepared) if keep else prepared.unedited
    context = {
        "back": link,
        "drafted": reverse("incident_drafted", args=[incident_id]),
        "complete": result.complete,
    }
    return render(request, "lookups/draft.html", _context(prepared, edited) | context)


@require_POST
@render_failures
def draft_used(request: HttpRequest, **ids: uuid.UUID) -> HttpResponse:
    """Record that a draft was copied or opened in an email app, as the browser reports it."""
    subject = access.get_subject_or_404(request, **ids)
    kind, how = request.POST.get("kind", ""), request.POST.get("how", "")
    if kind not in list(Kind) or how not in ("copied", "mailed"):
        raise LookupFailed(bad_input("This isn't a draft.", "Reload the page."))
    record(
        Action.DRAFTED,
        access.requester_of(request).actor,
        target=subject.audit_target,
        customer_hash=getattr(subject, "customer_hash", ""),
        detail={"draft": kind, "how": how},
    )
    return HttpResponse(status=204)


@require_POST
def lookup_handover(request: HttpRequest, lookup_id: uuid.UUID) -> HttpResponse:
    """Retry a failed delivery, or cancel one that is waiting."""
    lookup = access.get_lookup_or_404(request, lookup_id)
    deliveries = lookup.handovers.select_related("lookup")
    delivery = deliveries.filter(pk=access.posted_pk(request, "handover")).first()
    if delivery is None:
        raise Http404
    if not _may_act_on(delivery, access.person_of(request)):
        raise PermissionDenied(
            "Someone else sent this. Only they or the lookup's owner can do this."
        )
    if request.POST.get("do") == "cancel":
        is_done = webhook.cancel_delivery(delivery, access.requester_of(request))
        messages.success(request, "It won't be sent." if is_done else "It's no longer waiting.")
    else:
        is_done = webhook.retry(delivery, access.requester_of(request))
        messages.success(request, _status(delivery) if is_done else "It can't be sent again.")
    return _redirect(lookup_id, Kind(delivery.kind))


def _prepare(
    request: HttpRequest, kind: Kind, about: About, link: str, *, default: Sequence[str] = ()
) -> PreparedDraft:
    """Return the draft about a result at this link, by the options that were posted.

    Without valid ones, it uses the first template and the `default` or main problems. Raise
    `LookupFailed` without a template.
    """
    templates = tuple(DraftTemplate.objects.filter(kind=kind, is_active=True))
    if not templates:
        raise LookupFailed(_NO_TEMPLATE)
    chosen, person = request.POST.get("template", ""), access.person_of(request)
    template = next((one for one in templates if one.name == chosen), templates[0])
    issue_ids = request.POST.getlist("problem")[:_MAX_CHOSEN] or default
    problems = problem_choices(kind, about.answer, issue_ids)
    about = replace(
        about,
        issue_ids=tuple(problem.issue_id for problem in problems if problem.is_chosen),
        today=timezone.now().astimezone(zone_of(person)).date(),
        agent=person.get_full_name(),
        lookup_link=request.build_absolute_uri(link),
    )
    draft = make_draft(kind, subject=template.subject, body=template.body, about=about)
    if request.POST.get("format") == "text":
        draft = replace(draft, written=draft.text, is_markdown=False)
    return PreparedDraft(draft, about, template.name, templates, problems)


def _read_edited(values: QueryDict, prepared: PreparedDraft) -> Draft:
    unedited = prepared.unedited
    subject = " ".join(values.get("subject", "").split())[:200]
    text = values.get("text", "").replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return replace(unedited, subject=subject or unedited.subject, written=text)


def _send(
    request: HttpRequest, result: LookupResult, prepared: PreparedDraft, edited: Draft
) -> HttpResponse:
    """Send the edited draft. If anything had to be redacted in it, show that first."""
    if refusal := _refusal(edited):
        return _page(request, result, prepared, edited, refused=refusal)
    if edited.kind is Kind.ESCALATION:
        names = identifiers_of(result.lookup)
        redacted, hidden = redact_edits(edited, prepared.unedited, names)
        if redacted != edited:
            return _page(request, result, prepared, redacted, hidden=hidden)
    try:  # the same text from the same page is sent only once
        page = uuid.UUID(request.POST.get("page", ""))
        number = uuid.uuid5(page, f"{edited.kind}\n{edited.subject}\n{edited.written}")
    except ValueError:
        number = uuid.uuid4()
    delivery = Handover(uuid=number, lookup=result.lookup, kind=edited.kind)
    body = webhook.webhook_body(delivery, edited, prepared.about)
    try:
        webhook.deliver(delivery, body, access.requester_of(request))
    except webhook.AlreadySent:
        messages.info(request, "This was already sent. See its status below.")
    else:
        messages.success(request, _status(delivery))
    return _redirect(result.lookup.uuid, edited.kind)


def _refusal(edited: Draft) -> str:
    if not webhook.is_configured():
        return "Sending is turned off. Copy the text or email it."
    if not edited.written.strip():
        return "There is no text to send."
    if (excess := len(edited.written) - MAX_DRAFT_LENGTH) > 0:
        characters = counted(excess, "character")
        return f"The text is {characters} too long to send. Shorten it, or copy it instead."
    return ""


def _may_act_on(delivery: Handover, person: User) -> bool:
    return delivery.by_id == person.pk or may_manage(person, delivery.lookup)


def _status(delivery: Handover) -> str:
    if delivery.state == Handover.State.SENT:
        return "Sent."
    if delivery.state == Handover.State.WAITING:
        return f"It hasn't arrived yet. {delivery.problem} Triage will try again automatically."
    return f"It wasn't sent. {delivery.problem}"


def _page(
    request: HttpRequest,
    result: LookupResult,
    prepared: PreparedDraft,
    edited: Draft,
    *,
    refused: str = "",
    hidden: Mapping[str, int] | None = None,
) -> HttpResponse:
    """Render the draft. `hidden` counts what was just redacted in the edited text."""
    lookup = result.lookup
    context = {
        "lookup": lookup,
        "back": reverse("lookup_detail", args=[lookup.uuid]),
        "drafted": reverse("lookup_drafted", args=[lookup.uuid]),
        "hidden": redaction_receipt(hidden) if hidden else "",
        "refused": refused,
        "complete": result.answer.complete,
        "has_webhook": webhook.is_configured(),
        "page_number": uuid.uuid4(),
        "handovers": list(_deliveries(lookup, access.person_of(request))),
    }
    context |= _context(prepared, edited)
    return render(request, "lookups/draft.html", context, status=400 if refused else 200)


def _context(prepared: PreparedDraft, edited: Draft) -> dict[str, object]:
    kind, redaction = edited.kind, prepared.about.answer.redaction
    return {
        "kind": kind.value,
        "heading": kind.label.capitalize(),
        "templates": prepared.templates,
        "template": prepared.template,
        "name": prepared.about.name,
        "problems": prepared.problems,
        "draft": edited,
        "mail": mailto_link(edited.subject, edited.written),
        "receipt": redaction_receipt(redaction) if kind is Kind.ESCALATION else "",
    }


def _deliveries(lookup: Lookup, reader: User) -> Iterator[dict[str, object]]:
    """Yield the lookup's deliveries, newest first, as rows of `lookups/_handovers.html`."""
    zone = ZoneInfo(lookup.zone)
    for one in lookup.handovers.select_related("by", "lookup")[:20]:
        may_act, is_waiting = _may_act_on(one, reader), one.state == Handover.State.WAITING
        yield {
            "delivery": one,
            "at": local_minute(one.at, zone),
            "next_try": local_minute(one.next_try, zone) if is_waiting and one.next_try else None,
            "can_cancel": may_act and is_waiting,
            "can_try": may_act and one.state == Handover.State.FAILED and one.has_body,
        }


def _redirect(lookup_id: uuid.UUID, kind: Kind) -> HttpResponse:
    return SeeOther(f"{reverse(f'lookup_{kind.value}', args=[lookup_id])}#handovers")
