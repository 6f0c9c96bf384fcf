"""Taking old entries out of the trail so that the rest can still be verified."""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Min

from apps.audit.checkpoints import newest_checkpoint, signature_of
from apps.audit.models import Action, Checkpoint, Entry, Words
from apps.audit.trail import SYSTEM, Actor, held_end, record
from apps.audit.verifying import verify_up_to


class TrailBroken(Exception):
    """What was to be pruned does not verify: it has to stay, as it is the evidence."""


def prune_trail(before: datetime, *, actor: Actor = SYSTEM) -> int:
    """Remove the entries from before that moment, with what was typed; returns how many.

    A signed checkpoint takes their place, and that it was done becomes an entry. Raises
    `TrailBroken` with a plain sentence when the part to remove was tampered with.
    """
    last = _last_before(before)
    if last is None:
        return 0
    broken = verify_up_to(last)
    if broken is not None:
        raise TrailBroken(f"Nothing was pruned. {broken}")
    with transaction.atomic():
        held_end()
        return _prune(last, actor)


def forget_words(customer_hash: str) -> int:
    """Erase what was typed about one customer, whose entries stay; returns how many words."""
    return Words.objects.filter(customer_hash=customer_hash).delete()[0] if customer_hash else 0


def _last_before(before: datetime) -> int | None:
    """The last entry of the oldest ones that are all from before that moment."""
    start = newest_checkpoint()
    rest = Entry.objects.filter(sequence__gt=start.sequence if start else 0)
    kept = rest.filter(at__gte=before).aggregate(first=Min("sequence"))["first"]
    gone = rest if kept is None else rest.filter(sequence__lt=kept)
    return gone.order_by("-sequence").values_list("sequence", flat=True).first()


def _prune(last: int, actor: Actor) -> int:
    gone = Entry.objects.filter(sequence__lte=last)
    count = gone.count()
    end = gone.filter(sequence=last).values_list("digest", flat=True).first()
    if end is None:
        return 0  # somebody else has just pruned
    checkpoint = Checkpoint(sequence=last, digest=end, at=datetime.now(UTC), count=count)
    checkpoint.signature = signature_of(checkpoint)
    checkpoint.save(force_insert=True)
    Words.objects.filter(entry_id__lte=last).delete()
    gone.delete()
    record(Action.PRUNED, actor, target="audit trail", detail={"up_to": last, "entries": count})
    return count
