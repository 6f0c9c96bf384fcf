"""Make drafts from results, without a language model."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from apps.answers.escalation import escalation_values
from apps.answers.reply import is_back, reply_values
from apps.answers.templates import VARIABLES, About, Kind, fill_template, to_markdown, to_plain_text
from apps.events.answer import Answer, CatalogEntry, FixState, KnownErrors, KnownMatch, SearchScope
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Issue
from apps.events.grouping import find_problem, problems_of
from apps.events.query import Customer, Question, Window
from apps.events.summary import summarize_group
from apps.known_errors.patterns import check_variables
from apps.redaction.engine import Ledger, redact_text

_MAX_SUBJECT = 200
_MAX_PROBLEMS = {Kind.REPLY: 1, Kind.ESCALATION: 3}


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as Markdown and as plain text, with a one-line subject."""

    subject: str
    markdown: str
    text: str


@dataclass(frozen=True, slots=True)
class ProblemChoice:
    """A problem that a draft can include."""

    issue_id: str
    name: str
    summary: str
    is_chosen: bool
    is_known: bool


def make_draft(kind: Kind, *, subject: str, body: str, about: About) -> Draft:
    """Fill in a template, whose variables must have been checked for this kind.

    Templates of replies are plain text, templates of escalations are Markdown; the other format is
    converted from it.
    """
    values = reply_values(about) if kind is Kind.REPLY else escalation_values(about)
    line = " ".join(to_plain_text(fill_template(subject, values)).split())[:_MAX_SUBJECT]
    text = fill_template(body, values)
    if kind is Kind.REPLY:
        return Draft(line, to_markdown(text), text)
    return Draft(line, text, to_plain_text(text))


def group_reply(body: str, about: About, *, moment: str) -> str:
    """Return a reply that fits all customers with one failure, or "" if it can't be described.

    It says nothing about how often a single customer had it, and nothing about an update unless
    all of them had the same release.
    """
    if not about.problems:
        return ""
    releases = {event.release for event in about.answer.events}
    values = reply_values(about) | {"moment": moment, "how_often": ""}
    return fill_template(body, values | {"fix": ""} if len(releases) > 1 else values)


def problem_choices(
    kind: Kind, answer: Answer, chosen: Collection[str]
) -> tuple[ProblemChoice, ...]:
    """Return all problems in order of rank; without a valid choice, the default ones are chosen."""
    problems = problems_of(answer)
    found = (find_problem(problems, issue_id) for issue_id in chosen)
    selected = {one.issue_id for one in found if one} or set(default_issue_ids(kind, answer))
    return tuple(
        ProblemChoice(
            issue_id=problem.issue_id,
            name=(problem.issue and problem.issue.short_id) or problem.issue_id,
            summary=summarize_group(problem),
            is_chosen=problem.issue_id in selected,
            is_known=bool(problem.known_in(answer.known)),
        )
        for problem in problems
    )


def default_issue_ids(kind: Kind, answer: Answer) -> tuple[str, ...]:
    """Return the problems that a draft includes by default: one for a reply, else up to three.

    An escalation also includes those that were fixed but may be back.
    """
    relevant = [problem for problem in problems_of(answer) if not problem.is_noise]
    main, others = relevant[: _MAX_PROBLEMS[kind]], relevant[_MAX_PROBLEMS[kind] :]
    if kind is Kind.ESCALATION:
        main += [problem for problem in others if is_back(problem, answer, date.today())]
    return tuple(problem.issue_id for problem in main)


# The example for previews of templates.

_MOMENT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
_TODAY = date(2026, 11, 21)
_SENTRY = "https://sentry.example.org/issues"
_KNOWN = CatalogEntry(
    slug="card-declined",
    title="Cards of one bank are declined",
    explanation="The bank refuses payments of more than 500.",
    workaround="Please choose another way to pay, such as an invoice.",
    state=FixState.PLANNED,
    planned_for=date(2026, 11, 26),
    owner="Payments",
)


def example_draft(kind: Kind, *, subject: str, body: str, known: CatalogEntry = _KNOWN) -> Draft:
    """Fill in a template with example data and a known error. Raise `TextRefused`."""
    for text in (subject, body):
        check_variables(text, VARIABLES[kind])
    about = About(
        answer=_answer(known),
        issue_ids=("1001",),
        zone=ZoneInfo("Europe/Berlin"),
        today=_TODAY if known is _KNOWN else date.today(),
        marker="example2026",
        name="Jane",
        agent="Ana Ruiz",
        lookup_link="https://triage.example.org/lookups/6f1c.../",
    )
    return make_draft(kind, subject=subject, body=body, about=about)


def _answer(known: CatalogEntry) -> Answer:
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
        searched=SearchScope("example", ("web",)),
        events=tuple(_event(number) for number in (1, 2)),
        issues=(issue,),
        complete=True,
        fetched_at=_MOMENT + timedelta(hours=1),
        events_total=2,
        known=KnownErrors((KnownMatch(known, "1001", ("exception type",)),)),
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


# Redaction of edited escalations.

_FIRST_NUMBER = 1001  # higher than the numbers of aliases in the draft
_ALIASES = re.compile(r"(<[a-z][a-z-]{1,20}(?:-\d{1,6})?>)")


@dataclass(frozen=True, slots=True)
class RedactedText:
    """The redacted text, and how often each kind of data was hidden."""

    text: str
    hidden: dict[str, int]


def redact_edits(text: str, *, drafted: str, names: Collection[str]) -> RedactedText:
    """Redact the lines that differ from the draft, which is redacted already.

    `names` are the customer's identifiers.
    """
    unchanged = frozenset(drafted.split("\n"))
    ledger = Ledger(frozenset(names), first_number=_FIRST_NUMBER)
    pieces = []
    for is_unchanged, lines in groupby(text.split("\n"), key=unchanged.__contains__):
        joined = "\n".join(lines)
        pieces.append(joined if is_unchanged else _redact(joined, ledger))
    return RedactedText("\n".join(pieces), dict(Counter(ledger.counts)))


def _redact(text: str, ledger: Ledger) -> str:
    """Redact the text except for its aliases, which could match an identifier."""
    parts = _ALIASES.split(text)
    return "".join(
        part if place % 2 else redact_text(part, ledger) for place, part in enumerate(parts)
    )
