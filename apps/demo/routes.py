"""Which path is answered by whom, and which scope it takes."""

from __future__ import annotations

from apps.demo import (
    event_lists,
    issue_lists,
    organizations,
    pages,
    releases,
    replay_lists,
    table,
)
from apps.demo.route import Route, route

ORG = r"/api/0/organizations/(?P<org>[^/]+)"
PROJECT = r"/api/0/projects/(?P<org>[^/]+)/(?P<project>[^/]+)"
ISSUE = rf"{ORG}/issues/(?P<issue>[^/]+)"
EVENT_ID = r"(?P<event>[0-9a-fA-F-]{32,36})"


ROUTES = (
    route(rf"{ORG}/", "org:read", organizations.organization),
    route(rf"{ORG}/projects/", "org:read", organizations.project_list),
    route(rf"{ORG}/releases/", "project:read", releases.release_list),
    route(rf"{ORG}/replays/", "org:read", replay_lists.replay_list),
    route(rf"{ORG}/events/", "org:read", table.events_table),
    route(rf"{ORG}/eventids/{EVENT_ID}/", "org:read", event_lists.event_by_id),
    route(rf"{ORG}/issues/", "event:read", issue_lists.issue_list),
    route(rf"{ISSUE}/", "event:read", issue_lists.issue_detail),
    route(rf"{ISSUE}/events/", "event:read", event_lists.issue_events),
    route(rf"{ISSUE}/events/(?P<event>[^/]+)/", "event:read", event_lists.issue_event_detail),
    route(rf"{PROJECT}/events/", "project:read", event_lists.project_events),
    route(rf"{PROJECT}/events/{EVENT_ID}/", "project:read", event_lists.event_detail),
    route(r"(?:/organizations/(?P<org>[^/]+))?/issues/.*", None, pages.issue_page),
    route(r"/", None, pages.front_page),
)


def find_route(path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path and what the path names, or None."""
    return next(((one, named) for one in ROUTES if (named := one.match(path)) is not None), None)
