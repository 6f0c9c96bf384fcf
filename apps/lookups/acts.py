"""What people do with lookups, in the audit trail."""

from collections.abc import Sequence

from apps.audit.models import Action
from apps.audit.trail import Actor, Fact, record
from apps.lookups.models import Lookup

_MOST_ENTRIES = 100
_NAMED_IN_ONE = 100


def record_act(action: Action, actor: Actor, lookup: Lookup, **detail: Fact) -> None:
    """One act on one lookup."""
    record(
        action,
        actor,
        target=lookup.audit_target,
        customer_hash=lookup.customer_hash,
        detail=detail,
    )


def record_each(action: Action, actor: Actor, lookups: Sequence[Lookup], **detail: Fact) -> None:
    """One act on many: an entry for each, so that each tells its own story; of more than a hundred
    one entry for each hundred, which names them.
    """
    facts: dict[str, Fact] = {**detail, "lookups": len(lookups)}
    if len(lookups) <= _MOST_ENTRIES:
        for lookup in lookups:
            record_act(action, actor, lookup, **facts)
        return
    for start in range(0, len(lookups), _NAMED_IN_ONE):
        named = [str(lookup.uuid) for lookup in lookups[start : start + _NAMED_IN_ONE]]
        target = f"{len(lookups)} lookups"
        record(action, actor, target=target, detail={**facts, "targets": named})
