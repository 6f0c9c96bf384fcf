"""How long a lookup's answer is kept, and what became of it: told by columns, not the cache."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from apps.lookups.models import Lookup


class State(models.TextChoices):
    """What is kept of an answer."""

    FRESH = "fresh", "fresh"
    STALE = "stale", "stored, not fresh"
    EXPIRED = "expired", "expired"
    PURGED = "purged", "purged"
    NONE = "none", "nothing stored"


def state_of(lookup: Lookup, now: datetime) -> State:
    """What is kept of this lookup's answer."""
    if lookup.purged_at is not None:
        return State.PURGED
    if lookup.expires_at is None or not lookup.has_answer:
        return State.NONE
    if lookup.cached_until is not None and lookup.cached_until > now:
        return State.FRESH
    return State.EXPIRED if lookup.expires_at <= now else State.STALE


def is_in(state: State, now: datetime) -> Q:
    """The same, as a condition of a query; each lookup is in one state."""
    unpurged = Q(purged_at__isnull=True)
    kept = unpurged & Q(has_answer=True)
    # There are few of them, and as a list of their own they are found by their index alone.
    fresh = Lookup.objects.filter(cached_until__gt=now, has_answer=True).values("pk")
    not_fresh = Q(cached_until__isnull=True) | Q(cached_until__lte=now)
    return {
        State.PURGED: Q(purged_at__isnull=False),
        State.NONE: unpurged & Q(has_answer=False),
        State.EXPIRED: kept & Q(expires_at__lte=now) & not_fresh,
        State.FRESH: unpurged & Q(pk__in=fresh),
        State.STALE: kept & Q(expires_at__gt=now) & not_fresh,
    }[state]
