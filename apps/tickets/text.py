"""The result types of reading a ticket, places in its text, and words in 13 languages."""

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

from apps.events.patterns import PatternFile

MAX_TICKET_LENGTH = 20_000


class TicketRefused(ValueError):
    """The text can't be read; the message is a sentence for the agent."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Words found in the ticket, and the text around them."""

    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True)
class CustomerFound:
    """An identifier that may be the customer's; it occurs `times` times.

    `kind` is for display. `likely_ours` marks an address of the help desk itself.
    """

    identifier: str
    kind: str
    excerpt: Excerpt
    times: int = 1
    likely_ours: bool = False


_MAX_SURE_MINUTES = 360


@dataclass(frozen=True, slots=True)
class MomentReading:
    """One moment, in UTC, that the words can mean.

    `minutes` is how far to search before and after it (1 to 1440), None if the text is exact.
    `understood` says how the words were read.
    """

    moment: datetime
    minutes: int | None
    understood: str
    is_whole_day: bool = False

    @property
    def is_rough(self) -> bool:
        """Whether it is too much to search without asking: a whole day, even one just begun."""
        return self.is_whole_day or (self.minutes or 0) > _MAX_SURE_MINUTES


@dataclass(frozen=True, slots=True)
class MomentFound:
    """The words for a moment, and everything they can mean.

    `questions` are sentences about what is ambiguous or was not listed. `lacks_date` is true if
    the words count from the ticket's own date and that is unknown.
    """

    excerpt: Excerpt
    readings: tuple[MomentReading, ...] = ()
    questions: tuple[str, ...] = ()
    lacks_date: bool = False

    @property
    def is_sure(self) -> bool:
        """Return whether there is one reading and no question."""
        return len(self.readings) == 1 and not self.questions

    def asking(self, questions: Iterable[str]) -> "MomentFound":
        """Return it with these questions added, without duplicates and empty ones."""
        unique = dict.fromkeys(filter(None, [*self.questions, *questions]))
        return replace(self, questions=tuple(unique))


@dataclass(frozen=True, slots=True)
class ReferenceTime:
    """When the text was written, from which "yesterday" counts.

    Either the aware `moment` or, if only that is known, the `day`. `source` says where it was
    found, in words. `doubt` asks about it if it may be another date.
    """

    source: str
    moment: datetime | None = None
    day: date | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class TicketReading:
    """Everything found in a ticket.

    `written` are the headers with a date, `notes` sentences on what was found but not listed.
    """

    customers: tuple[CustomerFound, ...]
    moments: tuple[MomentFound, ...]
    written: tuple[Excerpt, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lacks_date(self) -> bool:
        """Return whether a moment needs the ticket's own date."""
        return any(found.lacks_date for found in self.moments)


# Cleaning a text, and places in it.

_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
_INVISIBLE |= dict.fromkeys(range(0x2066, 0x206A))
_SPACES: dict[int, int | str | None] = dict.fromkeys((0xA0, 0x2007, 0x2009, 0x202F, 0x3000), " ")
_WIDE = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x2010: "-", 0x2011: "-"}
_CLEANED = {**_INVISIBLE, **_SPACES, **_WIDE}
# Japanese and Chinese write no spaces; the signs for year, month, and so on belong to a number.
_TIGHT = re.compile(
    r"(?<=[\u3041-\u9fff])(?<![年月時])(?=[0-9])|"
    r"(?<=[0-9])(?=[\u3041-\u9fff])(?![年月日時分秒])"
)


def clean(text: str) -> str:
    """Return the text with usual spaces, digits, and line ends, and without invisible characters.

    Mail programs put narrow spaces before "PM", and invisible marks between the numbers of a date.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CLEANED)
    return _TIGHT.sub(" ", text)


# The end of a sentence or a paragraph.
HARD_BREAK = re.compile(r"\n[ \t\r>]{0,8}\n|[!?;]\s|[^\W\d]{2}\.\s{1,3}(?=[A-ZÄÖÜÉ¿¡])")


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A place in the text, from `start` up to, but not including, `end`."""

    start: int
    end: int


S = TypeVar("S", bound=TextSpan)
T = TypeVar("T")


def not_overlapping(found: Iterable[S], taken: Iterable[TextSpan]) -> list[S]:
    """Return those that overlap none of `taken`, which may overlap each other."""
    places = [(span.start, span.end) for span in taken]
    is_taken = bytearray(max((end for _, end in places), default=0))
    for start, end in places:
        is_taken[start:end] = b"\1" * (end - start)
    return [one for one in found if not any(is_taken[one.start : one.end])]


Read = Callable[[re.Match[str]], S | None]
Readers = tuple[tuple[re.Pattern[str], Read[S]], ...]


def readers(file: PatternFile, functions: dict[str, Read[S]]) -> Readers[S]:
    """Return the patterns of a file, which ignore case, with the functions that read a match."""
    return tuple((file.compile(name, re.IGNORECASE), read) for name, read in functions.items())


def read_all(text: str, readers: Readers[S], taken: Iterable[TextSpan] = ()) -> list[S]:
    """Return everything that the patterns find and their functions read, in the text's order.

    An earlier pattern goes first; none overlap each other or `taken`.
    """
    found: list[S] = []
    for pattern, read in readers:
        several = filter(None, map(read, pattern.finditer(text)))
        found += not_overlapping(several, [*found, *taken])
    return sorted(found, key=lambda one: one.start)


_CONTEXT_LENGTH = 48
_MAX_FOUND_LENGTH = 160
_SPACES_IN_LINE = re.compile(r"\s{1,99}")


def excerpt(text: str, start: int, end: int) -> Excerpt:
    """Return the text from `start` to `end` with up to 48 characters on each side, on one line."""
    before = text[max(0, start - _CONTEXT_LENGTH) : start]
    if start > _CONTEXT_LENGTH:
        before = f"… {before.partition(' ')[2]}"
    after = text[end : end + _CONTEXT_LENGTH]
    if end + _CONTEXT_LENGTH < len(text):
        after = f"{after.rpartition(' ')[0]} …"
    found = one_line(text[start:end])
    if len(found) > _MAX_FOUND_LENGTH:
        found = f"{found[:_MAX_FOUND_LENGTH]} …"
    before, after = (_SPACES_IN_LINE.sub(" ", one) for one in (before, after))
    return Excerpt(before, found, after)


def one_line(text: str) -> str:
    """Return the text with single spaces between its words."""
    return " ".join(text.split())


# Words in 13 languages, from `words.toml`.

WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))


def word_set(name: str) -> frozenset[str]:
    """Return a set of words."""
    return frozenset(WORDS["sets"][name].split())


def _phrases(listed: str) -> list[str]:
    return [phrase for phrase in re.split(r"[|\n]", listed) if phrase]


def by_phrase(rows: dict[str, str], read: Callable[[str], T]) -> dict[str, T]:
    """Return what is read from a table's keys by each of its phrases."""
    return {phrase: read(key) for key, listed in rows.items() for phrase in _phrases(listed)}


def _any_of(phrases: Iterable[str], space: str) -> str:
    """Return a pattern that tries these phrases in their order."""
    patterns = (re.escape(one).replace(r"\ ", space).replace("'", "['\u2019]") for one in phrases)
    return f"(?:{'|'.join(patterns)})"


def either(name: str) -> str:
    """Return a pattern that tries these phrases in their order; a space is any white space."""
    return _any_of(_phrases(WORDS["phrases"][name]), r"\s")


def _numbered(rows: list[str], first: int) -> dict[str, int]:
    return {word: number for number, row in enumerate(rows, first) for word in row.split()}


MONTHS = _numbered(WORDS["months"], 1)
WEEKDAYS = _numbered(WORDS["weekdays"], 0)
ANY_WEEKDAY = {**WEEKDAYS, **_numbered(WORDS["short_weekdays"], 0)}
NUMBERS = _numbered(WORDS["numbers"], 1)
DAYS_AGO = by_phrase(WORDS["days_ago"], int)
# A part of a certain day: how many days ago, and which part.
PARTS_OF_DAYS = by_phrase(WORDS["parts_of_days"], lambda key: (int(key[0]), key[2:]))
PARTS = by_phrase(WORDS["parts"], str)
COMPOUND_PARTS = by_phrase(WORDS["compound_parts"], str)

_CASE_FOLDS = {0x2019: "'", 0x131: "i", 0x307: ""}


_WORD_TABLES: dict[str, Iterable[str]] = {
    "numbers": NUMBERS,
    "tens": by_phrase(WORDS["amounts"]["tens"], int),
    "months": MONTHS,
    "weekdays": WEEKDAYS,
    "any_weekday": ANY_WEEKDAY,
    "days_and_parts": {**DAYS_AGO, **PARTS_OF_DAYS},
    "parts_of_day": PARTS,
    "compound_parts": COMPOUND_PARTS,
    "minutes": by_phrase(WORDS["minutes"], int),
    "minutes_before_hour": by_phrase(WORDS["minutes_before_hour"], int),
    "minutes_after_hour": by_phrase(WORDS["minutes_after_hour"], int),
}
_ANY_WORD = {name: either(name) for name in WORDS["phrases"]}
_ANY_WORD["zones"] = "|".join(name for name in WORDS["zones"] if len(name) > 2)
_ANY_WORD |= {name: part.replace("\n", "") for name, part in WORDS["patterns"].items()}
_ANY_WORD |= {
    name: _any_of(sorted(words, key=len, reverse=True), r"\s{1,3}")
    for name, words in _WORD_TABLES.items()
}


def read_patterns(name: str) -> PatternFile:
    """Return a TOML file of this package; in its patterns, `{name}` can be any of those words."""
    return PatternFile.read(name, beside=__file__, **_ANY_WORD)


def normalize(text: str) -> str:
    """Return the matched text as the tables spell it: lowercase, with single spaces.

    Patterns that ignore case also match the Turkish letters for an i.
    """
    return one_line(text.casefold().translate(_CASE_FOLDS))
