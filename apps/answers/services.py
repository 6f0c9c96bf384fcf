"""Drafts made of an answer, for the customer and for engineering. No LLM, no guessing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.answers.escalation import escalation_values
from apps.answers.reply import reply_values
from apps.answers.templates import VARIABLES, About, Kind, filled_out, markdown_of, plain_of
from apps.events.answer import Answer, FixState, Known, KnownErrors, KnownMatch, Searched
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Issue
from apps.events.grouping import group_by_issue
from apps.events.query import Customer, Question, Window
from apps.events.summary import summarize_group
from apps.known_errors.patterns import check_variables

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


# Made-up facts for which a template is filled in, so that its writer sees what comes of it.

_MOMENT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
_SENTRY = "https://sentry.example.org/issues"
_KNOWN = Known(
    slug="card-declined",
    title="Cards of one bank are declined",
    explanation="The bank refuses payments of more than 500.",
    workaround="Please choose another way to pay, such as an invoice.",
    state=FixState.PLANNED,
    planned_for=date(2026, 11, 26),
    owner="Payments",
)


def example_of(kind: Kind, *, subject: str, body: str) -> Draft:
    """The draft that this template makes of the example. Raises `TextRefused`."""
    for text in (subject, body):
        check_variables(text, VARIABLES[kind])
    about = About(
        answer=_answer(),
        issue_ids=("1001",),
        zone=ZoneInfo("Europe/Berlin"),
        today=date(2026, 11, 21),
        marker="example2026",
        name="Jane",
        agent="Ana Ruiz",
        lookup_link="https://triage.example.org/lookups/6f1c.../",
    )
    return make_draft(kind, subject=subject, body=body, about=about)


def _answer() -> Answer:
    issue = Issue(
        id="1001",
        short_id="WEB-17",
        title="PaymentDeclined: Card was declined",
        project="web",
        level="error",
        status="unresolved",
        users_affected=57,
        first_seen=_MOMENT - timedelta(days=2),
        permalink=f"{_SENTRY}/1001/",
    )
    return Answer(
        question=Question(Customer("<customer>"), Window(_MOMENT, 5)),
        searched=Searched("example", ("web",)),
        events=tuple(_event(number) for number in (1, 2)),
        issues=(issue,),
        complete=True,
        fetched_at=_MOMENT + timedelta(hours=1),
        events_total=2,
        known=KnownErrors((KnownMatch(_KNOWN, "1001", ("exception type",)),)),
    )


def _event(number: int) -> Event:
    at = _MOMENT - timedelta(minutes=number)
    frame = Frame(file="checkout/pay.py", line=118, function="charge", in_app=True)
    crumb = Breadcrumb(
        timestamp=at - timedelta(seconds=4),
        category="ui.click",
        level="info",
        message="button#pay",
    )
    raised = ExceptionInfo("PaymentDeclined", "Card was declined", handled=False, frames=(frame,))
    return Event(
        id=f"{number:032x}",
        timestamp=at,
        project="web",
        issue_id="1001",
        title="PaymentDeclined: Card was declined",
        culprit="checkout.pay.charge",
        level="error",
        handled=False,
        release="web@2.14.0",
        environment="production",
        permalink=f"{_SENTRY}/1001/events/{number:032x}/",
        matched_on=("user.id",),
        body=EventBody(exceptions=(raised,), breadcrumbs=(crumb,)),
    )
