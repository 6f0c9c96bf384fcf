"""Which path is answered by whom, and which scope it takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from apps.demo import event_lists, issue_lists, organizations, pages, table
from apps.demo.exchange import Answer, Ask

Endpoint = Callable[[Ask], Answer]

ORG = r"/api/0/organizations/(?P<org>[^/]+)"
PROJECT = r"/api/0/projects/(?P<org>[^/]+)/(?P<project>[^/]+)"
ISSUE = rf"{ORG}/issues/(?P<issue>[^/]+)"
EVENT_ID = r"(?P<event>[0-9a-fA-F-]{32,36})"


@dataclass(frozen=True)
class Route:
    """A path, the scope its token needs (None for the web pages) and the endpoint."""

    path: re.Pattern[str]
    scope: str | None
    endpoint: Endpoint


def _route(path: str, scope: str | None, endpoint: Endpoint) -> Route:
    return Route(re.compile(path), scope, endpoint)


ROUTES = (
    _route(rf"{ORG}/", "org:read", organizations.organization),
    _route(rf"{ORG}/projects/", "org:read", organizations.project_list),
    _route(rf"{ORG}/releases/", "project:read", organizations.release_list),
    _route(rf"{ORG}/replays/", "org:read", organizations.replay_list),
    _route(rf"{ORG}/events/", "org:read", table.events_table),
    _route(rf"{ORG}/eventids/{EVENT_ID}/", "org:read", event_lists.event_by_id),
    _route(rf"{ORG}/issues/", "event:read", issue_lists.issue_list),
    _route(rf"{ISSUE}/", "event:read", issue_lists.issue_detail),
    _route(rf"{ISSUE}/events/", "event:read", event_lists.issue_events),
    _route(rf"{ISSUE}/events/(?P<event>[^/]+)/", "event:read", event_lists.issue_event_detail),
    _route(rf"{PROJECT}/events/", "project:read", event_lists.project_events),
    _route(rf"{PROJECT}/events/{EVENT_ID}/", "project:read", event_lists.event_detail),
    _route(r"(?:/organizations/(?P<org>[^/]+))?/issues/.*", None, pages.issue_page),
    _route(r"/", None, pages.front_page),
)


def find_route(path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path and what the path names, or None."""
    for route in ROUTES:
        match = route.path.fullmatch(path)
        if match:
            named = match.groupdict()
            return route, {name: value for name, value in named.items() if value is not None}
    return None
