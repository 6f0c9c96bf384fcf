"""Verify that no entries were changed, removed, added, moved, or cut off, and prune old ones."""

import json
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import Min

from apps.audit.models import Action, Checkpoint, End, Entry, Words
from apps.audit.trail import SYSTEM, Actor, audited_transaction, digest_of, hash_words, record
from apps.crypto import Unreadable, keyed_hash, unseal

_NO_DIGEST = "0" * 64  # of the position before the first entry
_BATCH_SIZE = 1000
_SAMPLE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Position:
    """An entry's number and digest."""

    sequence: int = 0
    digest: str = _NO_DIGEST

    def __str__(self) -> str:
        return f"{self.sequence}:{self.digest}"


@dataclass(frozen=True, slots=True)
class Verification:
    """How far the trail is intact. `broken` is a sentence about the first problem, if any."""

    start: Position
    end: Position
    broken: str = ""


class TrailBroken(Exception):
    """The trail can't be verified; the message is a plain sentence that names the entry."""


@dataclass(slots=True)
class _Walk:
    """Progress along the chain: the last valid position, and digests to compare later."""

    start: Position
    last: Position
    digests: dict[int, str] = field(default_factory=dict)


def verify_trail(noted: Position | None = None) -> Verification:
    """Verify the whole trail. `noted` is an earlier end that must still be part of it.

    The trail can be written to and pruned in the meantime; new entries are verified too.
    """
    while True:
        start = _start()
        walk = _Walk(start, start)
        try:
            _check_checkpoints()
            stray = Entry.objects.filter(sequence__lte=start.sequence).first()
            if stray is not None:
                where = "the checkpoint" if start.sequence else "the first entry"
                raise TrailBroken(
                    f"Entry {stray.sequence} comes before {where}, where none should be."
                )
            _walk_to_end(walk, noted)
            _check_noted(walk, noted)
        except TrailBroken as broken:
            if _start() != start:
                continue  # pruned in the meantime, so the missing entries may not be missing
            return Verification(start, walk.last, str(broken))
        return Verification(start, walk.last)


def _start() -> Position:
    checkpoint = Checkpoint.objects.first()
    return Position(checkpoint.sequence, checkpoint.digest) if checkpoint else Position()


def _signature_of(checkpoint: Checkpoint) -> str:
    at = checkpoint.at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [checkpoint.sequence, checkpoint.digest, at, checkpoint.count]
    return keyed_hash("triage.audit.checkpoint", json.dumps(fields, separators=(",", ":")))


def _check_checkpoints() -> None:
    for checkpoint in Checkpoint.objects.iterator():
        if _signature_of(checkpoint) != checkpoint.signature:
            number = checkpoint.sequence
            if _has_other_key(number):
                raise TrailBroken(_other_key("No entry matches"))
            raise TrailBroken(
                f"The checkpoint at entry {number} is forged: its signature doesn't match."
            )


def _walk_to_end(walk: _Walk, noted: Position | None) -> None:
    """Walk until the recorded end is reached and no entries follow it."""
    while True:
        end = End.objects.filter(pk=1).first() or End()
        before, written = walk.last, end.sequence
        for entry in _entries_after(before.sequence):
            _step(walk, entry)
            if entry.sequence == written or (noted and entry.sequence == noted.sequence):
                walk.digests[entry.sequence] = entry.digest
        last = walk.last.sequence
        if last < written:
            raise TrailBroken(
                f"Entries are missing at the end: the last is {last}, but {written} were written."
            )
        at_end = walk.digests.get(written, walk.last.digest)
        if written >= before.sequence and at_end != end.digest:
            raise TrailBroken(f"The recorded end doesn't match entry {written}.")
        if last == written:
            return
        if walk.last == before:
            raise TrailBroken(
                f"The recorded end is entry {written}, but there are entries up to {last}."
            )


def _step(walk: _Walk, entry: Entry) -> None:
    """Advance by one entry. Raise `TrailBroken`."""
    number = walk.last.sequence + 1
    if entry.sequence != number:
        end = entry.sequence - 1
        gap = f"Entry {number} is" if end == number else f"Entries {number} to {end} are"
        raise TrailBroken(f"{gap} missing.")
    is_intact = digest_of(entry) == entry.digest
    if not (is_intact and entry.previous == walk.last.digest):
        raise TrailBroken(_diagnosis(entry, walk, is_intact))
    _check_words(entry)
    walk.last = Position(entry.sequence, entry.digest)


def _diagnosis(entry: Entry, walk: _Walk, is_intact: bool) -> str:
    number = entry.sequence
    if is_intact:
        return (
            f"Entry {number} doesn't follow entry {number - 1}: the previous entry was replaced, "
            "or this one was moved here."
        )
    if entry.previous == walk.last.digest and _has_other_key(number):
        none = f"From entry {number} on, no entry matches" if number > 1 else "No entry matches"
        return _other_key(none)
    original = _original_number(copy(entry))
    if original:
        return f"Entries are out of order: entry {number} was written as entry {original}."
    return f"Entry {number} was changed or replaced."


def _original_number(entry: Entry) -> int | None:
    """Return the number that an unchanged but moved entry was written with."""
    before = Entry.objects.filter(digest=entry.previous).values_list("sequence", flat=True)
    number = entry.sequence
    nearby = range(max(1, number - 100), number + 100)  # the previous one may have moved too
    for sequence in {*(one + 1 for one in before[:_SAMPLE_SIZE]), *nearby}:
        entry.sequence = sequence
        if digest_of(entry) == entry.digest:
            return int(sequence)
    return None


def _other_key(none: str) -> str:
    return (
        f"{none} its digest, but the entries are still linked to each other. Most likely, "
        "TRIAGE_HASH_KEY isn't the key that the trail was written with. Nothing can be proved "
        "without that key."
    )


def _has_other_key(sequence: int) -> bool:
    """Return whether none of the entries sampled from that number on matches the current key."""
    rest = Entry.objects.filter(sequence__gte=sequence)
    sample = {one.pk: one for one in rest.order_by("sequence")[:_SAMPLE_SIZE]}
    sample |= {one.pk: one for one in rest.order_by("-sequence")[:_SAMPLE_SIZE]}
    return len(sample) > 1 and all(digest_of(one) != one.digest for one in sample.values())


def _check_words(entry: Entry) -> None:
    """Raise `TrailBroken` if the entry's words were changed or added; erased words are fine."""
    words = getattr(entry, "words", None)
    if words is None:
        return
    try:
        typed = unseal(bytes(words.sealed)).decode()
    except Unreadable as error:
        raise TrailBroken(
            f"The words of entry {entry.sequence} can't be decrypted: they were changed, or "
            "their key is no longer in TRIAGE_DATA_KEYS."
        ) from error
    if not entry.words_hash or hash_words(typed) != entry.words_hash:
        raise TrailBroken(f"The words of entry {entry.sequence} don't match their hash.")


def _check_noted(walk: _Walk, noted: Position | None) -> None:
    if noted is None:
        return
    number = noted.sequence
    if number > walk.last.sequence:
        raise TrailBroken(
            f"Entry {number} was noted as the end, but the trail ends at {walk.last.sequence}: "
            "entries were cut off."
        )
    pruned = Checkpoint.objects.filter(sequence=number).values_list("digest", flat=True).first()
    digest = walk.digests.get(number, pruned if number else _NO_DIGEST)
    if digest is None:
        raise TrailBroken(
            f"Entry {number} was pruned after it was noted, so it can no longer be compared. The "
            f"trail now starts after entry {walk.start.sequence}."
        )
    if digest != noted.digest:
        raise TrailBroken(f"Entry {number} isn't the one that was noted: the trail was rewritten.")


def _entries_after(sequence: int, last: int | None = None) -> Iterator[Entry]:
    """Yield the entries after that number in order, with their words, in batches."""
    while True:
        rest = Entry.objects.filter(sequence__gt=sequence).select_related("words")
        if last is not None:
            rest = rest.filter(sequence__lte=last)
        batch = list(rest.order_by("sequence")[:_BATCH_SIZE])
        if not batch:
            return
        yield from batch
        sequence = batch[-1].sequence


def parse_position(text: str) -> Position:
    """Parse `NUMBER:DIGEST` as `verify_audit` prints it. Raise ValueError."""
    number, _, digest = text.strip().partition(":")
    if not (number.isascii() and number.isdigit()) or len(digest) != len(_NO_DIGEST):
        raise ValueError(text)
    return Position(int(number), digest.lower())


# Pruning.


def prune_trail(before: datetime, *, actor: Actor = SYSTEM) -> int:
    """Delete entries older than `before`, with their words, and return how many.

    A signed checkpoint replaces them, so that the rest can still be verified; the pruning gets its
    own entry. Raise `TrailBroken`, with a plain sentence.
    """
    rest = Entry.objects.filter(sequence__gt=_start().sequence)
    first_new = rest.filter(at__gte=before).aggregate(first=Min("sequence"))["first"]
    old = rest if first_new is None else rest.filter(sequence__lt=first_new)
    last = old.order_by("-sequence").values_list("sequence", flat=True).first()
    if last is None:
        return 0
    start = _start()  # another process may have pruned
    walk = _Walk(start, start)
    try:
        _check_checkpoints()
        for entry in _entries_after(start.sequence, last):
            _step(walk, entry)
    except TrailBroken as broken:
        raise TrailBroken(f"Nothing was pruned. {broken}") from broken
    with audited_transaction():
        old = Entry.objects.filter(sequence__lte=last)
        count = old.count()
        digest = old.filter(sequence=last).values_list("digest", flat=True).first()
        if digest is None:
            return 0  # another process has just pruned
        checkpoint = Checkpoint(sequence=last, digest=digest, at=datetime.now(UTC), count=count)
        checkpoint.signature = _signature_of(checkpoint)
        checkpoint.save(force_insert=True)
        Words.objects.filter(entry_id__lte=last).delete()
        old.delete()
        record(Action.PRUNED, actor, target="audit trail", detail={"up_to": last, "entries": count})
    return count


def erase_words(customer_hash: str) -> int:
    """Erase the words about a customer, but not the entries, and return how many."""
    return Words.objects.filter(customer_hash=customer_hash).delete()[0] if customer_hash else 0
