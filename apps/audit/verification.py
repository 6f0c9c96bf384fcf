"""Proving that nothing in the trail was changed, taken out, put in, moved or cut off."""

import json
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Min

from apps.audit.models import Action, Checkpoint, End, Entry, Words
from apps.audit.trail import SYSTEM, Actor, digest_of, hash_of_words, held_end, record
from apps.crypto import Unreadable, keyed_hash, unseal

# Where the trail begins after pruning, signed with the site's key.


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


BEGINNING = "0" * 64
_BATCH = 1000
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the chain: an entry's number and digest."""

    sequence: int = 0
    digest: str = BEGINNING

    def __str__(self) -> str:
        return f"{self.sequence}:{self.digest}"


@dataclass(frozen=True, slots=True)
class Verified:
    """How far the trail is whole. `broken` is a sentence about the first place where it is not."""

    start: Place
    end: Place
    broken: str = ""


class Broken(Exception):
    """The trail does not hold here; the message is a plain sentence."""


@dataclass(slots=True)
class _Walk:
    """A walk along the chain: the last place that was right, and what was passed."""

    start: Place
    last: Place
    marks: dict[int, str] = field(default_factory=dict)


def verify_trail(noted: Place | None = None) -> Verified:
    """Walk all of the trail. `noted` is an end that was written down earlier.

    It may be written to and pruned meanwhile: what comes in is walked too.
    """
    while True:
        start = _start()
        walk = _Walk(start, start)
        try:
            _check_checkpoints()
            _check_before(start)
            _walk_to_end(walk, noted)
            _check_noted(walk, noted)
        except Broken as broken:
            if _start() != start:
                continue  # pruned meanwhile: what seemed to be missing is behind a checkpoint
            return Verified(start, walk.last, str(broken))
        return Verified(start, walk.last)


def verify_up_to(sequence: int) -> str | None:
    """What is broken from the start up to that entry, as a sentence; None when it is whole."""
    start = _start()
    walk = _Walk(start, start)
    try:
        _check_checkpoints()
        for entry in _entries_after(start.sequence, sequence):
            _step(walk, entry)
    except Broken as broken:
        return str(broken)
    return None


def _start() -> Place:
    checkpoint = newest_checkpoint()
    return Place(checkpoint.sequence, checkpoint.digest) if checkpoint else Place()


def _check_checkpoints() -> None:
    for checkpoint in Checkpoint.objects.iterator():
        if signature_of(checkpoint) != checkpoint.signature:
            if _fits_nowhere(checkpoint.sequence):
                raise Broken(_other_key("No entry"))
            raise Broken(
                f"The checkpoint at entry {checkpoint.sequence} is forged: its signature "
                "doesn't match."
            )


def _check_before(start: Place) -> None:
    stray = Entry.objects.filter(sequence__lte=start.sequence).first()
    if stray is not None:
        where = "the checkpoint" if start.sequence else "the first entry"
        raise Broken(f"Entry {stray.sequence} stands before {where}, where none should be.")


def _walk_to_end(walk: _Walk, noted: Place | None) -> None:
    """Walk until the end that is written down is reached, and nothing comes behind it."""
    while True:
        end = End.objects.filter(pk=1).first() or End()
        before = walk.last
        for entry in _entries_after(before.sequence):
            _step(walk, entry)
            if entry.sequence == end.sequence or (noted and entry.sequence == noted.sequence):
                walk.marks[entry.sequence] = entry.digest
        reached = walk.last
        if reached.sequence < end.sequence:
            raise Broken(
                f"Entries are missing at the end: the last is {reached.sequence}, and "
                f"{end.sequence} were written."
            )
        at_end = walk.marks.get(end.sequence, reached.digest)
        if end.sequence >= before.sequence and at_end != end.digest:
            raise Broken(f"The recorded end doesn't match entry {end.sequence}.")
        if reached.sequence == end.sequence:
            return
        if reached == before:
            raise Broken(
                f"The end that is written down is entry {end.sequence}, and there are entries up "
                f"to {reached.sequence}."
            )


def _step(walk: _Walk, entry: Entry) -> None:
    """One entry further. Raises `Broken`."""
    number = walk.last.sequence + 1
    if entry.sequence != number:
        end = entry.sequence - 1
        gap = f"Entry {number} is" if end == number else f"Entries {number} to {end} are"
        raise Broken(f"{gap} missing.")
    fits = digest_of(entry) == entry.digest
    if not (fits and entry.previous == walk.last.digest):
        raise Broken(_what_happened_to(entry, walk, fits))
    _check_words(entry)
    walk.last = Place(entry.sequence, entry.digest)


def _what_happened_to(entry: Entry, walk: _Walk, fits: bool) -> str:
    number = entry.sequence
    if fits:
        return (
            f"Entry {number} does not follow entry {number - 1}: the one before it was replaced, "
            "or this one comes from elsewhere."
        )
    if entry.previous == walk.last.digest and _fits_nowhere(number):
        return _other_key(f"From entry {number} on none" if number > 1 else "No entry")
    own_place = _own_place(copy(entry))
    if own_place:
        return f"Entries are out of order: what stands as entry {number} was entry {own_place}."
    return f"Entry {number} was changed, or another was put in its place."


def _own_place(entry: Entry) -> int | None:
    """The number that the entry was written with, if it is whole and only stands elsewhere."""
    before = Entry.objects.filter(digest=entry.previous).values_list("sequence", flat=True)
    candidates = {*(one + 1 for one in before[:_SAMPLE]), *_neighbours(entry.sequence)}
    for sequence in candidates:
        entry.sequence = sequence
        if digest_of(entry) == entry.digest:
            return int(sequence)
    return None


def _neighbours(sequence: int) -> range:
    """Where an entry may belong whose own predecessor was moved too."""
    return range(max(1, sequence - 100), sequence + 100)


def _other_key(which: str) -> str:
    return (
        f"{which} fits its digest, though each names the one before it. Most likely "
        "TRIAGE_HASH_KEY is not the key that the trail was written with; without it, nothing "
        "can be proved."
    )


def _fits_nowhere(sequence: int) -> bool:
    """Whether several entries from that number on, the last ones too, have all another key."""
    rest = Entry.objects.filter(sequence__gte=sequence)
    sample = {one.pk: one for one in rest.order_by("sequence")[:_SAMPLE]}
    sample |= {one.pk: one for one in rest.order_by("-sequence")[:_SAMPLE]}
    return len(sample) > 1 and all(digest_of(one) != one.digest for one in sample.values())


def _check_words(entry: Entry) -> None:
    """Words may be erased, but not changed, and not added."""
    words = getattr(entry, "words", None)
    if words is None:
        return
    try:
        typed = unseal(bytes(words.sealed)).decode()
    except Unreadable as error:
        raise Broken(
            f"The words of entry {entry.sequence} cannot be opened: they were changed, or their "
            "key is no longer among TRIAGE_DATA_KEYS."
        ) from error
    if not entry.words_hash or hash_of_words(typed) != entry.words_hash:
        raise Broken(f"The words of entry {entry.sequence} don't match their hash.")


def _check_noted(walk: _Walk, noted: Place | None) -> None:
    if noted is None:
        return
    number = noted.sequence
    if number > walk.last.sequence:
        raise Broken(
            f"Entry {number} was noted as the end, and the trail ends at {walk.last.sequence}: "
            "entries were cut off."
        )
    kept = Checkpoint.objects.filter(sequence=number).values_list("digest", flat=True).first()
    digest = walk.marks.get(number, kept if number else BEGINNING)
    if digest is None:
        raise Broken(
            f"Entry {number} was pruned since it was noted, so it can no longer be compared. The "
            f"trail begins behind entry {walk.start.sequence}."
        )
    if digest != noted.digest:
        raise Broken(f"Entry {number} is not the one that was noted: the trail was rewritten.")


def _entries_after(sequence: int, last: int | None = None) -> Iterator[Entry]:
    """The entries behind that number in their order, a batch at a time, with their words."""
    while True:
        rest = Entry.objects.filter(sequence__gt=sequence).select_related("words")
        if last is not None:
            rest = rest.filter(sequence__lte=last)
        batch = list(rest.order_by("sequence")[:_BATCH])
        if not batch:
            return
        yield from batch
        sequence = batch[-1].sequence


def parse_place(text: str) -> Place:
    """`NUMBER:DIGEST` as `verify_audit` prints it. Raises ValueError."""
    number, _, digest = text.strip().partition(":")
    if not (number.isascii() and number.isdigit()) or len(digest) != len(BEGINNING):
        raise ValueError(text)
    return Place(int(number), digest.lower())


# Taking old entries out of the trail so that the rest can still be verified.


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
