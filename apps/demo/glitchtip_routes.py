"""Which path of a GlitchTip is answered by whom, and what unknown paths lead to."""

from __future__ import annotations

import re

from apps.demo import glitchtip
from apps.demo.exchange import Answer
from apps.demo.route import Route, route

ORG = r"/api/0/organizations/(?P<org>[^/]+)"
PROJECT = r"/api/0/projects/(?P<org>[^/]+)/(?P<project>[^/]+)"
ISSUE = r"/api/0/issues/(?P<issue>\d+)"
FRONTEND = re.compile(r"/(?:issues|projects|settings|releases|performance|uptime-monitors)")
HTML = "text/html; charset=utf-8"

ROUTES = (
    route(rf"{ORG}/", "org:read", glitchtip.organization),
    route(rf"{ORG}/projects/", "project:read", glitchtip.project_list),
    route(rf"{ORG}/issues/", "event:read", glitchtip.issue_list),
    route(rf"{ORG}/issues/\d+/", "event:read", glitchtip.only_put),
    route(rf"{ISSUE}/", "event:read", glitchtip.issue_detail),
    route(rf"{ISSUE}/events/", "event:read", glitchtip.issue_events),
    route(rf"{PROJECT}/events/", "event:read", glitchtip.project_events),
    route(rf"{PROJECT}/events/(?P<event>[^/]+)/", "event:read", glitchtip.event_detail),
)


def find(path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path and what the path names, or None."""
    return next(((one, named) for one in ROUTES if (named := one.match(path)) is not None), None)


def nowhere(path: str) -> Answer:
    """The front end's page, with 200, for what looks like one of its pages; else a 404 page."""
    if FRONTEND.search(path):
        return Answer(text="<!doctype html><title>GlitchTip</title>", content_type=HTML)
    return Answer(status=404, text="<h1>Not Found</h1>", content_type=HTML)
