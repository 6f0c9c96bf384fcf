"""The page of a draft: what was chosen, the draft, and what can be done with it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone

from apps.accounts.preferences import zone_of
from apps.answers.models import DraftTemplate, Handover
from apps.answers.services import Draft, make_draft, problems_offered
from apps.answers.templates import MAX_DRAFT_LENGTH, About, Kind, mail_link
from apps.answers.webhook import Edited, is_set_up
from apps.lookups.access import may_keep
from apps.lookups.answers import LookupResult
from apps.web.access import person_of
from apps.web.presenters.formatting import LocalTime, local_minute, redaction_receipt

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
