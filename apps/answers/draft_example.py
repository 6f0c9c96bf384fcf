"""Made-up facts for which a template is filled in, so that its writer sees what comes of it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.answers.about import About
from apps.answers.draft_text import VARIABLES, Kind
from apps.answers.drafts import Draft, make_draft
from apps.events.answer import Answer, Searched
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Issue
from apps.events.known import FixState, Known, KnownErrors, KnownMatch
from apps.events.question import Customer, Question, Window
from apps.known_errors.placeholders import check_variables

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
