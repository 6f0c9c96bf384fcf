"""The issue as the API answers it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from apps.demo.exchange import Ask
from apps.demo.model import Event, History, Issue, Json, Project, iso_z
from apps.demo.windows import Window

FIXED: Json = {
    "shareId": None,
    "isPublic": False,
    "priority": "medium",
    "priorityLockedAt": None,
    "seerFixabilityScore": None,
    "seerAutofixLastTriggered": None,
    "seerExplorerAutofixLastTriggered": None,
    "numComments": 0,
    "isBookmarked": False,
    "isSubscribed": False,
    "subscriptionDetails": None,
    "hasSeen": True,
    "annotations": [],
    "filtered": None,
    "sessionCount": 0,
    "integrationIssues": [],
    "sentryAppIssues": [],
    "latestEventHasAttachments": False,
    "matchingEventId": None,
    "matchingEventEnvironment": None,
}

DERIVED: Json = {
    "blocker": "none",
    "progress": "none",
    "status": "open",
    "viewCount": 0,
    "hasOpenFixPr": False,
    "isAssigned": False,
    "hasRootCause": False,
    "lastCompletedAutofixStep": "none",
    "lastProgressedAt": None,
}

SUBSTATUS = {"unresolved": "ongoing", "ignored": "archived_until_escalating"}


def issue_body(ask: Ask, issue: Issue, window: Window | None) -> Json:
    """The issue with its numbers: of the window when there is one, of all time in `lifetime`.

    `count` is a text and `userCount` a number (Sentry API: issues).
    """
    ever = ask.world.events_of(issue)
    seen = [event for event in ever if window is None or window.holds(event)]
    first, last = (ever[0], ever[-1]) if ever else (None, None)
    lately = seen[-1] if seen else last
    history = ask.world.history_of(issue)
    lifetime = _numbers(ever, first, last, history)
    return FIXED | {
        "id": str(issue.id),
        "shortId": issue.short_id,
        "title": issue.title,
        "culprit": issue.culprit,
        "permalink": f"{ask.base_url}/organizations/{ask.organization}/issues/{issue.id}/",
        "logger": issue.logger,
        "level": issue.level,
        "status": issue.status,
        "substatus": history.substatus or SUBSTATUS.get(issue.status),
        "statusDetails": _status_details(history),
        "assignedTo": _assigned(history),
        "platform": issue.platform,
        "project": project_of(issue.project),
        "type": issue.kind,
        "issueType": issue.category,
        "issueCategory": issue.category,
        "metadata": issue.metadata,
        "isUnhandled": any(event.tags.get("handled") == "no" for event in ever),
        "derivedData": DERIVED,
        "stats": {"24h": _by_hour(ever, ask.now, history.day)},
        "lifetime": lifetime,
        "inbox": {"reason": 0, "reason_details": None, "date_added": _moment(first) or ""},
        "owners": {"type": "ownershipRule", "owner": "team:1", "date_added": _moment(first) or ""},
        **(
            _numbers(seen, first, lately, replace(history, earlier_users=0, earlier_events=0))
            if window
            else lifetime
        ),
    }


def _status_details(history: History) -> Json:
    """In which release it is fixed; an actor stands there too, who is not told of here."""
    if history.fixed_in:
        return {"inRelease": history.fixed_in}
    return {"inNextRelease": True} if history.fixed_in_next else {}


def _assigned(history: History) -> Json | None:
    if history.team:
        return {"type": "team", "id": "1", "name": history.team}
    if history.person:
        name, email = history.person
        return {"type": "user", "id": "7", "name": name, "email": email}
    return None


def project_of(project: Project) -> Json:
    """The project as an issue names it."""
    return {
        "id": str(project.id),
        "name": project.name,
        "slug": project.slug,
        "platform": project.platform,
    }


def _numbers(
    events: list[Event], first: Event | None, last: Event | None, history: History
) -> Json:
    people = {event.user_key for event in events} - {None}
    began = history.first_seen
    return {
        "count": str(len(events) + history.earlier_events),
        "userCount": len(people) + history.earlier_users,
        "firstSeen": iso_z(began) if began else _moment(first),
        "lastSeen": _moment(last),
    }


def _moment(event: Event | None) -> str | None:
    return iso_z(event.second) if event else None


def _by_hour(events: list[Event], now: datetime, more: tuple[int, ...]) -> list[list[int]]:
    """Pairs of unix time and number for the last 24 hours, oldest first."""
    top = now.replace(minute=0, second=0, microsecond=0)
    hours = [top - timedelta(hours=23 - back) for back in range(24)]
    starts = [event.second.replace(minute=0, second=0) for event in events]
    return [
        [int(hour.timestamp()), starts.count(hour) + count]
        for hour, count in zip(hours, more, strict=True)
    ]
