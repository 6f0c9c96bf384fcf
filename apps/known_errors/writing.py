"""Keeping an entry: with who did it, a version of its own, and an entry in the trail."""

from collections.abc import Sequence

from django.contrib.auth.models import User

from apps.audit.models import Action
from apps.audit.trail import Actor, one_act, record
from apps.known_errors.models import KnownError

# What a person says of an entry, and what a version of it holds.
SAID = (
    *("slug", "title", "pattern", "explanation", "reply", "workaround", "state", "planned_for"),
    *("fixed_in", "owner", "links", "valid_from", "valid_until", "is_active"),
)
NAMES = {
    "pattern": "what it looks like",
    "reply": "what to tell the customer",
    "planned_for": "fix planned for",
    "fixed_in": "fixed in release",
    "valid_from": "valid from",
    "valid_until": "valid until",
    "is_active": "in use",
    "slug": "name",
}


def differing(one: object, other: object) -> tuple[str, ...]:
    """The parts in which two entries, or two versions of one, differ."""
    return tuple(name for name in SAID if getattr(one, name) != getattr(other, name))


def save_entry(
    entry: KnownError, *, change: str, parts: Sequence[str], actor: Actor, user: User | None
) -> None:
    """Keep the entry and record it. The entry must have been checked."""
    with one_act():
        entry.changed_by = user
        entry._history_user = user  # type: ignore[attr-defined]  # as django-simple-history asks
        reason = f"{change} by {actor.name}" if actor.name and not user else change
        entry._change_reason = reason[:100]  # type: ignore[attr-defined]  # the same
        entry.save()
        detail = {"change": change, "parts": list(parts)}
        record(Action.CATALOGUED, actor, target=entry.audit_target, detail=detail)
