"""Taking entries in from files: all of them or none, by name."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from apps.audit.trail import Actor, one_act
from apps.known_errors.checks import refusals_of
from apps.known_errors.front_matter import FileRefused, from_text
from apps.known_errors.models import KnownError
from apps.known_errors.writing import NAMES, SAID, differing, save_entry


@dataclass(frozen=True, slots=True)
class File:
    """A file by its name."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that cannot be taken in, the part of it that is meant, and why."""

    name: str
    part: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Taken:
    """An entry as it would be, the parts that change, and whether it is new."""

    entry: KnownError
    parts: tuple[str, ...]
    is_new: bool

    @property
    def told(self) -> tuple[str, ...]:
        """The parts in words."""
        return tuple(NAMES.get(part, part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Plan:
    """What taking these files in would do; with a refused one it cannot be done."""

    changes: tuple[Taken, ...]
    unchanged: tuple[str, ...]
    refused: tuple[RefusedFile, ...]


def plan_of(files: Iterable[File]) -> Plan:
    """What the files hold, against what the catalogue has. Nothing is written."""
    read: list[tuple[File, KnownError]] = []
    refused: list[RefusedFile] = []
    for file in files:
        try:
            entry = from_text(file.content, PurePath(file.name).stem)
        except FileRefused as said:
            refused.append(RefusedFile(file.name, said.part, str(said)))
            continue
        against = _against(entry)
        refused += [RefusedFile(file.name, part, sentence) for part, sentence in against]
        read.append((file, entry))
    names = Counter(entry.slug for _file, entry in read)
    for file, entry in read:
        if names[entry.slug] > 1:
            said_twice = f"Another file also uses the name {entry.slug}."
            refused.append(RefusedFile(file.name, "name", said_twice))
    return _compared([entry for _file, entry in read], tuple(refused))


def _against(entry: KnownError) -> list[tuple[str, str]]:
    found = [(refusal.part, refusal.sentence) for refusal in refusals_of(entry)]
    try:
        KnownError._meta.get_field("slug").clean(entry.slug, entry)
    except ValidationError as refused:
        found += [("name", message) for message in refused.messages]
    return found


def _compared(entries: list[KnownError], refused: tuple[RefusedFile, ...]) -> Plan:
    if refused:
        return Plan((), (), refused)
    known = {one.slug: one for one in KnownError.objects.filter(slug__in=[e.slug for e in entries])}
    changes, unchanged = [], []
    for entry in entries:
        before = known.get(entry.slug)
        parts = differing(before, entry) if before else SAID
        if not parts:
            unchanged.append(entry.slug)
            continue
        if before:
            for part in parts:
                setattr(before, part, getattr(entry, part))
        changes.append(Taken(before or entry, parts, is_new=before is None))
    return Plan(tuple(changes), tuple(unchanged), ())


def carry_out(files: Iterable[File], *, actor: Actor, user: User | None) -> Plan:
    """Take the files in, all or none, by what the catalogue holds at that moment."""
    with one_act():
        plan = plan_of(files)
        for taken in plan.changes:
            parts = () if taken.is_new else taken.parts
            change = "added from a file" if taken.is_new else "changed by a file"
            save_entry(taken.entry, change=change, parts=parts, actor=actor, user=user)
    return plan
