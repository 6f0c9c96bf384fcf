"""The three sizes Sentry answers an event in: simple, full in a list, full on its own."""

from __future__ import annotations

from apps.demo.model import Event, Json, iso_z
from apps.demo.world import World


def simple_event(event: Event) -> Json:
    """A list item without entries and contexts."""
    body = event.body
    return {
        "id": event.id,
        "event.type": event.columns["event.type"],
        "groupID": str(event.issue.id),
        "eventID": event.id,
        "projectID": str(event.project.id),
        "message": event.columns["message"],
        "title": event.columns["title"],
        "location": event.columns["location"],
        "culprit": event.columns["culprit"],
        "user": body.get("user"),
        "tags": body.get("tags") or [],
        "platform": event.columns["platform"],
        "dateCreated": iso_z(event.timestamp),
        "crashFile": None,
        "metadata": body.get("metadata") or {},
    }


def listed_event(event: Event) -> Json:
    """A full list item; the extras of the single-event endpoint are not in it."""
    return event.body


def detailed_event(event: Event, world: World) -> Json:
    """The single event with its release and its neighbours within the issue.

    A verbatim body is answered as it was given, without them.
    """
    if event.verbatim:
        return event.body
    own = [one.id for one in world.events_of(event.issue)]
    at = own.index(event.id)
    return event.body | {
        "release": release_of(event),
        "userReport": None,
        "sdkUpdates": [],
        "resolvedWith": [],
        "nextEventID": own[at + 1] if at + 1 < len(own) else None,
        "previousEventID": own[at - 1] if at else None,
    }


def release_of(event: Event) -> Json | None:
    """The release object of an event, or None when it names no release."""
    version = event.columns["release"]
    if not version:
        return None
    return {
        "id": 1,
        "version": version,
        "status": "open",
        "ref": None,
        "url": None,
        "userAgent": None,
        "commitCount": 0,
        "deployCount": 0,
        "data": {},
        "dateCreated": iso_z(event.second),
        "dateReleased": None,
        "lastCommit": None,
        "lastDeploy": None,
        "versionInfo": version_info(str(version)),
    }


def version_info(version: str) -> Json:
    """`shop@1.2.3` taken apart the way Sentry does."""
    package, _, number = version.rpartition("@")
    return {
        "package": package or None,
        "version": {"raw": number},
        "description": number,
        "buildHash": None,
    }
