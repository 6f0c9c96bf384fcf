"""The body that a webhook gets: the draft as it was edited, and a few facts to sort it by."""

import json
from dataclasses import dataclass
from datetime import UTC

from apps.answers.about import About
from apps.answers.draft_text import Kind, markdown_of, plain_of
from apps.answers.models import Handover
from apps.events.summary import summarize_group
from apps.events.timeline import Group
from apps.lookups.models import Lookup


@dataclass(frozen=True, slots=True)
class Edited:
    """A draft as a person left it; `is_markdown` is how its text is written."""

    kind: Kind
    subject: str
    text: str
    is_markdown: bool


def message_of(handover: Handover, lookup: Lookup, edited: Edited, about: About) -> bytes:
    """JSON as `docs/drafts.md` tells it. Nothing of an event but short facts stands beside."""
    text = edited.text
    at = handover.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    told = {
        "type": f"triage.{edited.kind}",
        "timestamp": at,
        "data": {
            "id": handover.message_id,
            "kind": edited.kind.value,
            "created": at,
            "lookup": {"id": str(lookup.uuid), "link": about.lookup_link},
            "title": edited.subject,
            "markdown": text if edited.is_markdown else markdown_of(text),
            "text": plain_of(text) if edited.is_markdown else text,
            "complete": about.answer.complete,
            "problems": [_problem(group, about) for group in about.groups],
        },
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _problem(group: Group, about: About) -> dict[str, object]:
    issue = group.issue
    return {
        "issue": group.issue_id,
        "summary": summarize_group(group),
        "level": (issue and issue.level) or group.newest.level,
        "project": (issue and issue.project) or group.newest.project,
        "caught": group.handled,
        "events": len(group.events),
        "users_affected": issue.users_affected if issue else None,
        "known": [match.known.slug for match in about.answer.known.of(group.issue_id)],
    }
