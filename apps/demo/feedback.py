"""User feedback: what somebody wrote about their trouble, kept as an issue of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Required, TypedDict

from apps.demo.drafts import Draft, as_utc, completed, made_up_id, title_of
from apps.demo.model import Issue, Json, Person, Project, full_person, iso_z

FIRST_FEEDBACK_ID = 7_100_000_001
SOURCE = "new_feedback_envelope"
TITLE_LENGTH = 60


class FeedbackFields(TypedDict, total=False):
    """Everything `World.add_feedback` understands.

    `project` is `web` unless told. `user` has the keys of an event's user object: `id`, `email`,
    `username`, `ip_address`. `name` and `contact_email` are what was typed into the form.
    """

    project: str
    when: Required[datetime]
    message: Required[str]
    user: Person | None
    contact_email: str | None
    name: str | None
    url: str | None
    associated_event_id: str | None
    replay_id: str | None
    environment: str | None
    event_id: str | None


def feedback_draft(told: FeedbackFields, project: Project, seed: str, number: int) -> Draft:
    """The finished draft of the feedback's one event; `number` counts feedback only.

    An e-mail address typed into the form becomes the user's when the user has none, as in
    Sentry. The message is in `contexts.feedback`; there are no entries to read it from.
    """
    person = full_person(told.get("user"))
    url = told.get("url")
    title = f"User Feedback: {shortened(told['message'])}"
    draft = Draft(
        event_id=told.get("event_id") or made_up_id(seed, "feedback", number),
        trace_id=made_up_id(seed, "feedback trace", number),
        timestamp=as_utc(told["when"]),
        project=project.slug,
        platform=project.platform,
        kind="generic",
        title=title,
        culprit="user",
        level="info",
        handled=None,
        message=told["message"],
        user_id=person["id"],
        email=person["email"] or told.get("contact_email"),
        username=person["username"],
        ip=person["ip_address"],
        environment=told.get("environment", "production"),
        request={"url": url} if url else None,
        contexts={"feedback": _context(told)},
    )
    overrides = {
        "entries": [],
        "metadata": _metadata(told, title),
        "occurrence": _occurrence(draft, told),
    }
    return completed(replace(draft, overrides=overrides), seed, number, draft.when)


def shortened(message: str) -> str:
    """The message on one line, cut where the title would get too long."""
    line = " ".join(message.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 3].rstrip() + "..."


def feedback_issue(draft: Draft, project: Project, number: int, own: int) -> Issue:
    """The issue around one feedback.

    `number` counts all feedback, `own` that of the project. The short id has a letter which no
    issue of errors has, so that neither shifts the other's numbers.
    """
    return Issue(
        id=FIRST_FEEDBACK_ID + 37 * (number - 1),
        short_id=f"{project.slug.upper()}-U{own:X}",
        key=f"feedback-{number}",
        project=project,
        title=title_of(draft),
        culprit="user",
        level=draft.level,
        kind="generic",
        platform=project.platform,
        logger=None,
        status="unresolved",
        metadata=draft.overrides["metadata"],
        category="feedback",
    )


def _context(told: FeedbackFields) -> Json:
    return {
        "message": told["message"],
        "contact_email": told.get("contact_email"),
        "name": told.get("name"),
        "url": told.get("url"),
        "replay_id": told.get("replay_id"),
        "associated_event_id": told.get("associated_event_id"),
        "source": SOURCE,
    }


def _metadata(told: FeedbackFields, title: str) -> Json:
    return {
        "title": title,
        "value": told["message"],
        "message": told["message"],
        "contact_email": told.get("contact_email"),
        "name": told.get("name"),
        "source": SOURCE,
    }


def _occurrence(draft: Draft, told: FeedbackFields) -> Json:
    """What makes it an issue although nothing was raised."""
    evidence = {key: value for key, value in _context(told).items() if value is not None}
    shown = ("message", "contact_email", "name")
    return {
        "id": made_up_id("occurrence", draft.event_id),
        "eventId": draft.event_id,
        "issueTitle": draft.title,
        "subtitle": told["message"],
        "evidenceData": evidence,
        "evidenceDisplay": [
            {"name": key, "value": evidence[key], "important": key == "message"}
            for key in shown
            if key in evidence
        ],
        "type": 6001,
        "detectionTime": iso_z(draft.when),
        "level": draft.level,
        "culprit": "user",
    }
