"""The catalogue as this process keeps it prepared: built anew once an entry has changed."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from unicodedata import category

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Count, Max

from apps.audit.models import Action
from apps.audit.trail import Actor, one_act, record
from apps.known_errors.matching import Catalogue, Entry, catalogue_of
from apps.known_errors.models import KnownError
from apps.known_errors.patterns import PatternRefused, TextRefused, check_reply, pattern_from

_log = logging.getLogger(__name__)


def current_catalogue() -> Catalogue:
    """The entries in use, ready to be matched. Costs one query while nothing has changed.

    Versions are counted: of two changes at once the earlier one may be seen last, and then the
    time of the newest stays as it was.
    """
    stamp = KnownError.history.aggregate(Count("pk"), Max("pk"), Max("history_date"))
    return _built(tuple(stamp.values()))


@lru_cache(maxsize=1)
def _built(_stamp: tuple[object, ...]) -> Catalogue:
    found = [_entry(one) for one in KnownError.objects.filter(is_active=True)]
    usable = [entry for entry in found if entry]
    return replace(catalogue_of(usable), unusable=len(found) - len(usable))


def _entry(one: KnownError) -> Entry | None:
    """None where today's rules refuse its pattern, which an earlier program took."""
    try:
        return one.entry
    except PatternRefused:
        _log.error("The known error %s has a pattern that cannot be used.", one.slug)
        return None


# What an entry must have before it is kept, whichever door it comes through.

MOST_LINKS = 20
LONGEST_LABEL = 100
LONGEST_ADDRESS = 500
_IS_ADDRESS = URLValidator(schemes=("http", "https"))
# Orders to a terminal, and what ends a line for some programs.
_NOT_IN_A_LINE = frozenset(("Cc", "Zl", "Zp"))
_TEXTS = ("title", "explanation", "reply", "workaround", "fixed_in", "owner")
_LINES = frozenset(("title", "fixed_in", "owner"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an entry cannot be kept, and the part of it that is meant."""

    part: str
    sentence: str


def tidy(text: str) -> str:
    """A text as it is kept: without space around it, lines ended in one way."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def no_text(text: str) -> bool:
    """Whether it holds what no text has, nor can be kept or shown: half a letter, or a zero."""
    return "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text)


def refusals_of(entry: KnownError) -> list[Refusal]:
    """All that stands against the entry; empty where it can be kept."""
    found = [*_texts(entry), *_pattern(entry), *_state(entry), *_days(entry), *_links(entry)]
    if not any(refusal.part in ("state", "links") for refusal in found):
        found.extend(_reply(entry))
    return found


def _texts(entry: KnownError) -> Iterator[Refusal]:
    if not entry.title:
        yield Refusal("title", "A title is missing.")
    if not entry.explanation:
        yield Refusal("explanation", "The explanation is missing.")
    for name in _TEXTS:
        text = getattr(entry, name)
        longest = getattr(KnownError._meta.get_field(name), "max_length", None)
        if longest and len(text) > longest:
            yield Refusal(name, f"It's longer than {longest:,} characters.")
        if no_text(text):
            yield Refusal(name, "It contains a character that isn't allowed in text.")
        if name in _LINES and any(category(sign) in _NOT_IN_A_LINE for sign in text):
            yield Refusal(name, "It must be one line of plain text.")


def _pattern(entry: KnownError) -> Iterator[Refusal]:
    try:
        pattern_from(entry.pattern)
    except PatternRefused as refused:
        yield Refusal(refused.part, str(refused))


def _state(entry: KnownError) -> Iterator[Refusal]:
    if entry.state not in KnownError.State.values:
        yield Refusal("state", f"The state is one of {', '.join(KnownError.State.values)}.")
    if entry.state == KnownError.State.PLANNED and entry.planned_for is None:
        yield Refusal("planned_for", "Enter the date the fix is planned for.")
    if entry.state == KnownError.State.FIXED and not entry.fixed_in:
        yield Refusal("fixed_in", "Enter the release that has the fix.")


def _days(entry: KnownError) -> Iterator[Refusal]:
    if entry.valid_from and entry.valid_until and entry.valid_from > entry.valid_until:
        yield Refusal("valid_until", "The end date is before the start date.")


def _links(entry: KnownError) -> Iterator[Refusal]:
    if len(entry.links) > MOST_LINKS:
        yield Refusal("links", f"You can add up to {MOST_LINKS} links.")
    for link in entry.links:
        sentence = _against_link(link)
        if sentence:
            yield Refusal("links", sentence)


def _against_link(link: Mapping[str, str]) -> str:
    label, address = link["label"], link["address"]
    if not label or len(label) > LONGEST_LABEL or not label.isprintable():
        return f"A link needs a one-line label of up to {LONGEST_LABEL} characters."
    try:
        _IS_ADDRESS(address)
    except ValidationError:
        return f"“{address[:80]}” doesn't start with http:// or https://."
    if len(address) > LONGEST_ADDRESS:
        return f"An address can have up to {LONGEST_ADDRESS} characters."
    return ""


def _reply(entry: KnownError) -> Iterator[Refusal]:
    try:
        check_reply(entry.known)
    except TextRefused as refused:
        yield Refusal("reply", str(refused))


# Keeping an entry: with who did it, a version of its own, and an entry in the trail.

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
