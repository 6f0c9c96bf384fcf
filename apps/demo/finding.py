"""Finds the events a request is about: projects, window, environments and search together."""

from __future__ import annotations

from collections.abc import Sequence

from apps.demo.exchange import Ask, bad
from apps.demo.matching import Test, compiled
from apps.demo.model import Event, Project
from apps.demo.search import parse
from apps.demo.syntax import SearchError
from apps.demo.windows import window_of


def found_events(
    ask: Ask, projects: Sequence[Project], query: str, among: Sequence[Event] | None = None
) -> list[Event]:
    """The events of the projects that lie in the window and satisfy the query, unordered.

    `among` names the events to look at; without it, all but feedback.

    Raises ApiError 400 for a window or a query Sentry refuses.
    """
    test = searched(ask, query)
    window = window_of(ask)
    environments = ask.many("environment")
    slugs = {project.slug for project in projects}
    return [
        event
        for event in (ask.world.events if among is None else among)
        if event.project.slug in slugs
        and window.holds(event)
        and in_environments(event, environments)
        and test(event)
    ]


def searched(ask: Ask, query: str) -> Test:
    """The query as a test. Raises ApiError 400 with Sentry's words."""
    try:
        return compiled(parse(query), ask.world)
    except SearchError as error:
        raise bad(str(error)) from error


def in_environments(event: Event, names: Sequence[str]) -> bool:
    """No names means every environment; the empty name means events without one."""
    return not names or (event.columns["environment"] or "") in names
