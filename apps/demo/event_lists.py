"""Endpoints that answer events: an issue's, a project's, a single one."""

from __future__ import annotations

import re

from apps.demo.event_bodies import detailed_event, listed_event, simple_event
from apps.demo.exchange import Answer, ApiError, Ask, bad, missing
from apps.demo.finding import found_events
from apps.demo.model import Event, Issue
from apps.demo.paging import page_of, per_page_of
from apps.demo.windows import asked_window

HEX_ID = re.compile(r"[0-9a-f]{32}")


def newest_first(events: list[Event]) -> list[Event]:
    """Newest first; within one moment the higher id first."""
    return sorted(events, key=lambda event: (event.second, event.id), reverse=True)


def issue_of(ask: Ask) -> Issue:
    """The issue named in the path. Raises ApiError 404."""
    issue = ask.world.find_issue(ask.args["issue"])
    if issue is None or issue.project not in ask.visible_projects():
        raise missing()
    return issue


def issue_events(ask: Ask) -> Answer:
    """Newest first; `sort` is not read. With `full` a page is cut to the cap without a word.

    Sentry puts `issue:SHORT-ID ` in front of the query as text. AND binds tighter than OR, so
    a bare OR in the query reaches other issues of the project.
    """
    issue = issue_of(ask)
    query = (ask.one("query") or "").strip()
    full = ask.is_on("full")
    hit = ask.world.find_event(query) if HEX_ID.fullmatch(query) else None
    if hit is not None and hit.issue.id == issue.id:
        return Answer([_item(hit, full)], headers={"X-Sentry-Direct-Hit": "1"})
    size = per_page_of(ask)
    cap = ask.settings.full_page_cap
    search = f"issue:{issue.short_id} {query}"
    found = found_events(ask, [issue.project], search, ask.world.among(issue))
    ordered = _order(ask, [] if ask.settings.issue_events_empty else found)
    page = page_of(ask, ordered, min(size, cap) if full and cap else size)
    return Answer([_item(event, full) for event in page.items], headers=page.headers)


def project_events(ask: Ask) -> Answer:
    """The project's events, newest first.

    `query` is no search here: it is looked for in the message as it stands, whatever its case.
    Users and environments are not filtered at all, and without dates neither is time.
    """
    project = ask.project()
    try:
        window = asked_window(ask)
    except ApiError as error:
        raise bad("Invalid date range parameters provided") from error
    wanted = (ask.one("query") or "").lower()
    found = [
        event
        for event in ask.world.events
        if event.project.slug == project.slug
        and (window is None or window.holds(event))
        and wanted in str(event.columns["message"] or "").lower()
    ]
    full = ask.is_on("full")
    size = per_page_of(ask)
    cap = ask.settings.full_page_cap
    page = page_of(ask, _order(ask, found), min(size, cap) if full and cap else size)
    return Answer([_item(event, full) for event in page.items], headers=page.headers)


def _order(ask: Ask, events: list[Event]) -> list[Event]:
    if ask.is_on("sample"):
        return sorted(events, key=lambda event: event.id)
    return newest_first(events)


def _item(event: Event, full: bool) -> object:
    return listed_event(event) if full else simple_event(event)


def event_detail(ask: Ask) -> Answer:
    """One event of a project with everything. 404 `Event not found` without it."""
    project = ask.project()
    event = ask.world.find_event(ask.args["event"])
    if event is None or event.project.slug != project.slug:
        raise missing("Event not found")
    return Answer(detailed_event(event, ask.world))


def issue_event_detail(ask: Ask) -> Answer:
    """One event of an issue by id, or by `latest`, `oldest` or `recommended`."""
    own = ask.world.events_of(issue_of(ask))
    name = ask.args["event"]
    places = {"latest": -1, "recommended": -1, "oldest": 0}
    if name in places and own:
        return Answer(detailed_event(own[places[name]], ask.world))
    event = next((one for one in own if one.id == name), None)
    if event is None:
        raise missing("Event not found")
    return Answer(detailed_event(event, ask.world))


def event_by_id(ask: Ask) -> Answer:
    """Where an event lives, for those who know nothing but its id."""
    event = ask.world.find_event(ask.args["event"])
    if event is None or event.project not in ask.visible_projects():
        raise missing()
    return Answer(
        {
            "organizationSlug": ask.organization,
            "projectSlug": event.project.slug,
            "groupId": str(event.issue.id),
            "eventId": event.id,
            "event": listed_event(event),
        }
    )
