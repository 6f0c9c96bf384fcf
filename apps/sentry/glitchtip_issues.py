"""Finding a customer's issues in GlitchTip by the tags it keeps of each event's user."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from apps.events.event import Issue
from apps.events.query import Question
from apps.sentry.glitchtip_api import GlitchTip
from apps.sentry.glitchtip_pages import Pager
from apps.sentry.search import EMAIL_FIELDS, spellings

MOST_ISSUE_PAGES: Final = 10
_WORDS_OF_THE_SEARCH = frozenset(("is", "has", "level"))


@dataclass
class Tagged:
    """The issues that carry a tag; `limits` says what could hide others."""

    issues: dict[str, Issue] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    unreadable: int = 0


def tag_terms(question: Question) -> tuple[str, ...]:
    """What to search for, a term a call; none where a term would miss what is there.

    GlitchTip drops quotes at the edges of a value and takes the first colon for the end of a key.
    """
    customer = question.customer
    if not customer.is_named:
        return ()
    if customer.identifier.startswith('"') or customer.identifier.endswith('"'):
        return ()
    keys = [name[5:-1] if name.startswith("tags[") else name for name in question.fields]
    if any(":" in key or key in _WORDS_OF_THE_SEARCH for key in keys):
        return ()
    return tuple(
        f"{key}:{_quoted(value)}"
        for key, name in zip(keys, question.fields, strict=True)
        for value in spellings(name, customer.identifier)
    )


def tag_limits(question: Question) -> list[str]:
    """What a search by tags cannot find, in sentences."""
    limits = []
    identifier = question.customer.identifier
    has_case = identifier.lower() != identifier.upper()
    if EMAIL_FIELDS & set(question.fields) and "@" in identifier and has_case:
        limits.append("The address was looked for as typed and in small letters only.")
    if question.customer.hex_id:
        limits.append("What was typed was not looked for as the id of a trace.")
    return limits


def tagged_issues(server: GlitchTip, term: str, project_ids: Sequence[str]) -> Tagged:
    """All issues one of whose events carries the tag. Raises a `SentryError`."""
    tagged = Tagged()
    pager = Pager(partial(server.issues, term, project_ids), limits=tagged.limits)
    while not pager.has_ended and pager.pages < MOST_ISSUE_PAGES:
        page = pager.read()
        found = {issue.id: issue for row in page.rows if (issue := server.issue_of(row))}
        tagged.unreadable += sum(server.issue_of(row) is None for row in page.rows)
        has_moved = bool(found.keys() - tagged.issues.keys())
        tagged.issues.update(found)
        pager.turn(page, has_moved=has_moved)
    if not pager.has_ended:
        tagged.limits.append("The customer has more problems than we checked.")
    return tagged


def _quoted(value: str) -> str:
    """A value in a shell's double quotes, which is how GlitchTip splits its search."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
