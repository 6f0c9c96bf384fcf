"""GlitchTip's search for issues: split like a shell's words, tags compared letter by letter."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator

from apps.demo.exchange import Answer, ApiError
from apps.demo.model import Event, Issue
from apps.demo.world import World

INDEXED = 255
KEPT_TAGS = ("environment", "release")
DERIVED_TAGS = frozenset({"level", "dist", "transaction", "logger", "handled", "mechanism"})
TERM = re.compile(r"([^\s:]+):(.*)", re.DOTALL)

IssueTest = Callable[[Issue], bool]


class Broken(ApiError):
    """The 500 with a page that some user input leads to."""

    def __init__(self) -> None:
        super().__init__(500, "")

    def answer(self) -> Answer:
        """No JSON."""
        page = "<h1>Server Error (500)</h1>"
        return Answer(status=500, text=page, content_type="text/html; charset=utf-8")


def tags_of(event: Event) -> dict[str, str]:
    """The tags an event is listed with: environment, release and the caller's own."""
    own = {key: value for key, value in event.tags.items() if key not in DERIVED_TAGS | {"user"}}
    return {key: value for key, value in own.items() if key != "url" and value}


def indexed_tags(event: Event) -> dict[str, str]:
    """The tags an event's issue is found by: those it is listed with, and its user's names."""
    user = event.body.get("user") or {}
    names = {f"user.{name}": user.get(name) for name in ("id", "email", "username")}
    known = {key: str(value) for key, value in names.items() if value}
    return {key: value[:INDEXED] for key, value in (tags_of(event) | known).items()}


def issue_test(query: str, world: World) -> IssueTest:
    """All terms must hold for the issue, each for any of its events. Raises a 500."""
    if "\x00" in query:
        raise Broken
    try:
        words = shlex.split(query)
    except ValueError as error:
        raise Broken from error
    tests = list(_tests(words, world))
    return lambda issue: all(test(issue) for test in tests)


def _tests(words: list[str], world: World) -> Iterator[IssueTest]:
    """Terms up to the first bare word; from there on all is looked for in the title."""
    for place, word in enumerate(words):
        term = TERM.fullmatch(word)
        if term is None:
            yield _text(" ".join(words[place:]))
            return
        yield _term(term.group(1), term.group(2).strip('"'), world)


def _text(text: str) -> IssueTest:
    return lambda issue: text.lower() in issue.title.lower()


def _term(key: str, value: str, world: World) -> IssueTest:
    """One `key:value`; quotes at the edges of the value are gone by now."""
    if key == "is":
        return lambda issue: issue.status == value
    if key == "level":
        return lambda issue: issue.level == value
    if key == "has":
        return lambda issue: any(value in indexed_tags(one) for one in world.events_of(issue))
    return lambda issue: any(
        indexed_tags(one).get(key) == value[:INDEXED] for one in world.events_of(issue)
    )
