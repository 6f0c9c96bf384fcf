"""Endpoints that answer issues."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from apps.demo.event_lists import issue_of
from apps.demo.exchange import Answer, Ask, bad
from apps.demo.finding import in_environments
from apps.demo.issue_bodies import issue_body
from apps.demo.matching import clause, compiled, free_text
from apps.demo.model import Event, Issue
from apps.demo.paging import page_of, per_page_of
from apps.demo.search import parse
from apps.demo.syntax import Both, Clause, FreeText, Node, SearchError
from apps.demo.windows import Window, asked_window, window_of

DEFAULT_QUERY = "is:unresolved"
STATUSES = {
    "unresolved": "unresolved",
    "resolved": "resolved",
    "ignored": "ignored",
    "archived": "ignored",
}
SEVERAL = "You do not have the multi project stream feature enabled"
GROUP_ID = re.compile(r"\d+")

IssueTest = Callable[[Issue], bool]
EventTest = Callable[[Event], bool]


@dataclass(frozen=True)
class Wanted:
    """An issue query split into what is asked of the issue and what of one of its events.

    `categories` are those the query names; feedback is listed only when it is among them.
    """

    of_issue: list[IssueTest]
    of_event: list[EventTest]
    categories: set[str]


def issue_list(ask: Ask) -> Answer:
    """Issues, newest last-seen first.

    With `group` just these issues come back, whatever their status, the query and the dates.
    Otherwise an issue is listed when one of its events in the window satisfies the query.
    """
    projects = ask.chosen_projects(SEVERAL)
    if ask.many("group"):
        return _known_issues(ask)
    told = ask.one("query")
    wanted = _read(ask, DEFAULT_QUERY if told is None else told)
    window = window_of(ask)
    found = [
        issue
        for issue in _candidates(ask, wanted)
        if issue.project in projects and _is_wanted(ask, issue, wanted, window)
    ]
    found.sort(key=lambda issue: _last_seen(ask, issue), reverse=True)
    page = page_of(ask, found, per_page_of(ask, "limit"))
    hits = {"X-Hits": str(len(found)), "X-Max-Hits": "1000"}
    bodies = [issue_body(ask, issue, window) for issue in page.items]
    return Answer(bodies, headers=page.headers | hits)


def _candidates(ask: Ask, wanted: Wanted) -> tuple[Issue, ...]:
    return ask.world.all_issues if "feedback" in wanted.categories else ask.world.issues


def issue_detail(ask: Ask) -> Answer:
    """One issue with the few lists only its own endpoint has."""
    body = issue_body(ask, issue_of(ask), None)
    extras = {"activity": [], "seenBy": [], "userReportCount": 0, "participants": []}
    return Answer(body | extras | {"owners": [], "inbox": None})


def _known_issues(ask: Ask) -> Answer:
    told = ask.many("group")
    if not all(GROUP_ID.fullmatch(value) for value in told):
        raise bad("Group ids must be integers")
    window = window_of(ask) if asked_window(ask) else None
    visible = ask.visible_projects()
    wanted = {int(value) for value in told}
    found = [one for one in ask.world.all_issues if one.id in wanted and one.project in visible]
    return Answer([issue_body(ask, issue, window) for issue in found])


def _read(ask: Ask, query: str) -> Wanted:
    try:
        tree = parse(query, booleans=False)
        parts = tree.parts if isinstance(tree, Both) else (tree,)
        return _split(ask, parts)
    except SearchError as error:
        raise bad(f"Error parsing search query: {error}") from error


def _split(ask: Ask, parts: tuple[Node, ...]) -> Wanted:
    wanted = Wanted([], [], set())
    for part in parts:
        if isinstance(part, FreeText):
            wanted.of_event.append(free_text(part.text))
        elif isinstance(part, Clause):
            _place(ask, part, wanted)
        else:
            wanted.of_event.append(compiled(part, ask.world))
    return wanted


def _place(ask: Ask, part: Clause, wanted: Wanted) -> None:
    if part.key == "is":
        wanted.of_issue.append(_state(part))
    elif part.key in ("issue.category", "issue.type"):
        _place_category(ask, part, wanted)
    else:
        wanted.of_event.append(clause(part, ask.world))


def _place_category(ask: Ask, part: Clause, wanted: Wanted) -> None:
    """Category and type are one here: there are errors and there is feedback."""
    if "feedback" in part.values and not ask.settings.feedback_on:
        raise SearchError(f"Invalid {part.key.removeprefix('issue.')} value of 'feedback'")
    positive = part.operator in ("=", "IN")
    if positive:
        wanted.categories.update(part.values)
    wanted.of_issue.append(lambda issue: (issue.category in part.values) == positive)


def _state(part: Clause) -> IssueTest:
    word, positive = part.values[0], part.operator == "="
    if word == "assigned":
        return lambda _: not positive
    if word in ("unassigned", "for_review"):
        return lambda _: positive
    if word not in STATUSES:
        raise SearchError(f'Invalid value for "is" search, valid values are {sorted(STATUSES)}')
    return lambda issue: (issue.status == STATUSES[word]) == positive


def _is_wanted(ask: Ask, issue: Issue, wanted: Wanted, window: Window) -> bool:
    if not all(test(issue) for test in wanted.of_issue):
        return False
    environments = ask.many("environment")
    return any(
        window.holds(event)
        and in_environments(event, environments)
        and all(test(event) for test in wanted.of_event)
        for event in ask.world.events_of(issue)
    )


def _last_seen(ask: Ask, issue: Issue) -> float:
    return ask.world.events_of(issue)[-1].timestamp.timestamp()
