"""What people do with lookups, in the audit trail."""

from collections.abc import Sequence

from apps.audit.models import Action
from apps.audit.trail import Actor, Fact, record
from apps.lookups.models import Lookup

_MOST_IN_AN_ENTRY = 500


def record_act(action: Action, actor: Actor, lookup: Lookup, **detail: Fact) -> None:
    """One act on one lookup."""
    record(
        action,
        actor,
        target=lookup.audit_target,
        customer_hash=lookup.customer_hash,
        detail=detail,
    )


def record_each(action: Action, actor: Actor, lookups: Sequence[Lookup]) -> None:
    """One act on many lookups, as few entries that name them all."""
    if len(lookups) == 1:
        record_act(action, actor, lookups[0])
        return
    for start in range(0, len(lookups), _MOST_IN_AN_ENTRY):
        named = [str(lookup.uuid) for lookup in lookups[start : start + _MOST_IN_AN_ENTRY]]
        record(action, actor, target=f"{len(named)} lookups", detail={"lookups": named})
