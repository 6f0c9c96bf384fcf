"""Drafts made of an answer, for the customer and for engineering. No LLM, no guessing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from apps.answers.about import About
from apps.answers.draft_text import Kind, filled_out, markdown_of, plain_of
from apps.answers.escalation import escalation_values
from apps.answers.reply import reply_values
from apps.events.answer import Answer
from apps.events.summary import summarize_group
from apps.events.timeline import group_by_issue

_MOST_SUBJECT = 200
_MOST_TOLD = {Kind.REPLY: 1, Kind.ESCALATION: 3}


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft in both forms; the subject is one line."""

    subject: str
    markdown: str
    text: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A problem that a draft can be about, whether this one is, and whether it is known."""

    issue_id: str
    name: str
    summary: str
    is_chosen: bool
    is_known: bool


def make_draft(kind: Kind, *, subject: str, body: str, about: About) -> Draft:
    """Fill in a template. Its variables must have been checked for this kind.

    A reply is written as plain text, an escalation as Markdown; the other form is made of it.
    """
    values = values_of(kind, about)
    line = " ".join(plain_of(filled_out(subject, values)).split())[:_MOST_SUBJECT]
    told = filled_out(body, values)
    if kind is Kind.REPLY:
        return Draft(line, markdown_of(told), told)
    return Draft(line, told, plain_of(told))


def values_of(kind: Kind, about: About) -> Mapping[str, str]:
    """What the variables of a draft of this kind stand for."""
    return reply_values(about) if kind is Kind.REPLY else escalation_values(about)


def problems_offered(kind: Kind, answer: Answer, chosen: Collection[str]) -> tuple[Offered, ...]:
    """The problems of the answer, the most telling first; these are chosen where none was."""
    groups = group_by_issue(answer)
    known = {group.issue_id for group in groups}
    about = known.intersection(chosen) or set(telling(kind, answer))
    return tuple(
        Offered(
            issue_id=group.issue_id,
            name=(group.issue and group.issue.short_id) or group.issue_id,
            summary=summarize_group(group),
            is_chosen=group.issue_id in about,
            is_known=bool(answer.known.of(group.issue_id)),
        )
        for group in groups
    )


def telling(kind: Kind, answer: Answer) -> tuple[str, ...]:
    """The issues that a draft is about where nobody chose: one for a reply, else up to three.

    A reply is also about the first problem that is known: what to tell is written already.
    """
    loud = [group.issue_id for group in group_by_issue(answer) if not group.is_noise]
    told = loud[: _MOST_TOLD[kind]]
    known = next((one for one in loud if answer.known.of(one)), None)
    if kind is Kind.REPLY and known and known not in told:
        told.append(known)
    return tuple(told)
