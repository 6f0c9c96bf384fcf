"""Where the trail begins after pruning, signed with the site's key."""

import json
from datetime import UTC

from apps.audit.models import Checkpoint
from apps.crypto import keyed_hash


def newest_checkpoint() -> Checkpoint | None:
    """The one that the trail begins behind; None when nothing was pruned yet."""
    return Checkpoint.objects.first()


def signature_of(checkpoint: Checkpoint) -> str:
    """The keyed hash of all that a checkpoint says."""
    told = [
        checkpoint.sequence,
        checkpoint.digest,
        checkpoint.at.astimezone(UTC).isoformat(timespec="microseconds"),
        checkpoint.count,
    ]
    return keyed_hash("triage.audit.checkpoint", json.dumps(told, separators=(",", ":")))
