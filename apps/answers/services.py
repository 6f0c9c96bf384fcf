"""Make drafts from results, without a language model."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from apps.answers.escalation import escalation_values
from apps.answers.reply import is_back, reply_values
from apps.answers.templates import VARIABLES, About, Kind, fill_template, to_markdown, to_plain_text
from apps.events.answer import Answer, CatalogEntry, KnownErrors
from apps.events.grouping import find_problem, problems_of
from apps.events.summary import summarize_group
from apps.known_errors.patterns import check_variables
from apps.lookups.cache import JsonForm
from apps.redaction.engine import Ledger, redact_text

_MAX_SUBJECT = 200
_EXAMPLE = JsonForm(Answer)
_MAX_PROBLEMS = {Kind.REPLY: 1, Kind.ESCALATION: 3}


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with a one-line subject, written in Markdown or as plain text."""

    kind: Kind
    subject: str
    written: str
    is_markdown: bool

    @property
    def markdown(self) -> str:
        """Return the draft as Markdown."""
        return self.written if self.is_markdown else to_markdown(self.written)

    @property
    def text(self) -> str:
        """Return the draft as plain text."""
        return to_plain_text(self.written) if self.is_markdown else self.written


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

    Templates of replies are plain text, templates of escalations are Markdown.
    """
    values = reply_values(about) if kind is Kind.REPLY else escalation_values(about)
    line = " ".join(to_plain_text(fill_template(subject, values)).split())[:_MAX_SUBJECT]
    return Draft(kind, line, fill_template(body, values), is_markdown=kind is Kind.ESCALATION)


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


def example_draft(
    kind: Kind, *, subject: str, body: str, known: CatalogEntry | None = None
) -> Draft:
    """Fill in a template with example data and this known error. Raise `TextRefused`."""
    for text in (subject, body):
        check_variables(text, VARIABLES[kind])
    answer = _EXAMPLE.validate_json((Path(__file__).parent / "example.json").read_bytes())
    if known:
        matches = tuple(replace(match, known=known) for match in answer.known.matches)
        answer = replace(answer, known=KnownErrors(matches))
    about = About(
        answer=answer,
        issue_ids=("1001",),
        zone=ZoneInfo("Europe/Berlin"),
        today=date.today() if known else date(2026, 11, 21),
        marker="example2026",
        name="Jane",
        agent="Ana Ruiz",
        lookup_link="https://triage.example.org/lookups/6f1c.../",
    )
    return make_draft(kind, subject=subject, body=body, about=about)


# Redaction of edited escalations.

_FIRST_NUMBER = 1001  # higher than the numbers of aliases in the draft
_ALIASES = re.compile(r"(<[a-z][a-z-]{1,20}(?:-\d{1,6})?>)")


def redact_edits(
    edited: Draft, unedited: Draft, names: Collection[str]
) -> tuple[Draft, dict[str, int]]:
    """Redact the lines that differ from the redacted draft, and count what is hidden by kind.

    `names` identify the customer.
    """
    subject, in_subject = _redact_edits(edited.subject, unedited.subject, names)
    written, in_text = _redact_edits(edited.written, unedited.written, names)
    return replace(edited, subject=subject, written=written), in_subject | in_text


def _redact_edits(text: str, drafted: str, names: Collection[str]) -> tuple[str, dict[str, int]]:
    unchanged = frozenset(drafted.split("\n"))
    ledger = Ledger(frozenset(names), first_number=_FIRST_NUMBER)
    pieces = []
    for is_unchanged, lines in groupby(text.split("\n"), key=unchanged.__contains__):
        parts = _ALIASES.split("\n".join(lines))
        if not is_unchanged:  # except for the aliases, which could match an identifier
            parts[::2] = [redact_text(part, ledger) for part in parts[::2]]
        pieces.append("".join(parts))
    return "\n".join(pieces), dict(ledger.counts)
