"""The indexes of the lookups: each way the review looks at them, the newest first."""

from django.db.models import Index, Q

_NEWEST = ("created_at", "id")
_COUNTED = (
    *("user", "outcome", "from_cache", "calls", "calls_saved", "duration_ms", "id"),
    "customer_hash",
)


def review_indexes() -> list[Index]:
    """One for the list, one for each of its filters, and one that holds all that is counted.

    Where few lookups are in a state, only those are in its index.
    """
    purged = Q(purged_at__isnull=False)
    without = Q(purged_at__isnull=True, has_answer=False)
    return [
        Index(fields=_NEWEST, name="lookups_newest"),
        *(
            Index(fields=(by, *_NEWEST), name=f"lookups_by_{by}")
            for by in ("user", "outcome", "origin", "customer_hash")
        ),
        Index(
            fields=("system_user", *_NEWEST), name="lookups_by_system", condition=~Q(system_user="")
        ),
        Index(fields=_NEWEST, name="lookups_unredacted", condition=Q(redacted=False)),
        Index(fields=_NEWEST, name="lookups_purged", condition=purged),
        Index(fields=_NEWEST, name="lookups_without_answer", condition=without),
        Index(
            fields=("cached_until",),
            name="lookups_cached_until",
            condition=Q(cached_until__isnull=False),
        ),
        Index(fields=("expires_at",), name="lookups_expires_at"),
        Index(
            fields=("expires_at",),
            name="lookups_kept_until",
            condition=Q(snapshot__isnull=False),
        ),
        Index(fields=("created_at", *_COUNTED), name="lookups_counted"),
    ]
