"""The result types of reading a ticket, places in its text, and words in four languages."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

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


@dataclass(frozen=True, slots=True)
class MomentReading:
    """One moment, in UTC, that the words can mean.

    `minutes` is how far to search before and after it (1 to 1440), None if the text is exact.
    `understood` says how the words were read.
    """

    moment: datetime
    minutes: int | None
    understood: str


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


@dataclass(frozen=True, slots=True)
class ReferenceTime:
    """When the text was written, from which "yesterday" counts.

    Either the aware `moment` or, if only that is known, the `day`. `source` says where it was
    found, in words. `is_uncertain` means that it may be another date.
    """

    source: str
    moment: datetime | None = None
    day: date | None = None
    is_uncertain: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
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


# Places in a text.

_HARD_BREAK = re.compile(r"\n[ \t\r>]{0,8}\n|[!?;]\s|[^\W\d]{2}\.\s{1,3}(?=[A-ZÄÖÜÉ¿¡])")


class Spanned(Protocol):
    """Anything found from `start` up to, but not including, `end`."""

    @property
    def start(self) -> int:
        """Return the place of its first character."""

    @property
    def end(self) -> int:
        """Return the place after its last character."""


S = TypeVar("S", bound=Spanned)


def not_overlapping(found: Iterable[S], taken: Iterable[Spanned]) -> list[S]:
    """Return those that overlap none of `taken`, which may overlap each other."""
    merged: list[list[int]] = []
    for span in sorted((span.start, span.end) for span in taken):
        if merged and span[0] <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], span[1])
        else:
            merged.append(list(span))
    starts = [start for start, _ in merged]

    def is_free(one: S) -> bool:
        before = bisect_right(starts, one.end - 1) - 1
        return before < 0 or merged[before][1] <= one.start

    return [one for one in found if is_free(one)]


def last_before(ordered: Sequence[S], at: int) -> S | None:
    """Return the last one that starts before `at`, or None; they are ordered by start."""
    index = bisect_left([one.start for one in ordered], at) - 1
    return ordered[index] if index >= 0 else None


def has_sentence_break(between: str) -> bool:
    """Return whether a sentence or a paragraph ends in this text."""
    return bool(_HARD_BREAK.search(between))


_CONTEXT_LENGTH = 48
_MAX_FOUND_LENGTH = 160


def excerpt(text: str, start: int, end: int) -> Excerpt:
    """Return the text from `start` to `end` with up to 48 characters on each side, on one line."""
    before = text[max(0, start - _CONTEXT_LENGTH) : start]
    if start > _CONTEXT_LENGTH:
        before = f"… {before.partition(' ')[2]}"
    after = text[end : end + _CONTEXT_LENGTH]
    if end + _CONTEXT_LENGTH < len(text):
        after = f"{after.rpartition(' ')[0]} …"
    found = _one_line(text[start:end])
    if len(found) > _MAX_FOUND_LENGTH:
        found = f"{found[:_MAX_FOUND_LENGTH]} …"
    return Excerpt(before=_one_line(before), found=found, after=_one_line(after))


def _one_line(text: str) -> str:
    """Turn each run of whitespace into one space, at both ends too."""
    left = " " if text[:1].isspace() else ""
    right = " " if text[-1:].isspace() else ""
    return f"{left}{' '.join(text.split())}{right}" if text.strip() else left


# Months, weekdays, and words for days in English, German, French, and Spanish, with typos.
#
# Ambiguous words are not listed: French "mar." and "hier" (German for "here"), German "morgen"
# and Spanish "mañana" (tomorrow or morning).

_MONTHS = (
    "january jan januar jänner jaenner janvier janv enero ene",
    "february feb febr februar février fevrier févr fevr febrero",
    "march mar märz maerz mrz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août aout agosto ago",
    "september sept sep septembre septiembre setiembre",
    "october oct oktober okt octobre octubre",
    "november novmber nov novembre noviembre",
    "december dec dezember dez décembre decembre diciembre dic",
)
_WEEKDAYS = (
    "monday mondey montag lundi lunes",
    "tuesday teusday tuseday dienstag mardi martes",
    "wednesday wendesday wensday wednsday mittwoch mercredi miércoles miercoles",
    "thursday thurday thrusday donnerstag jeudi jueves",
    "friday freitag vendredi viernes",
    "saturday saterday samstag sonnabend samedi sábado sabado",
    "sunday sonntag dimanche domingo",
)
_SHORT_WEEKDAYS = (
    "mon mo",
    "tue tues di",
    "wed mi",
    "thu thur thurs do",
    "fri fr",
    "sat sa",
    "sun so",
)


def _numbered(rows: tuple[str, ...], first: int) -> dict[str, int]:
    return {word: number for number, row in enumerate(rows, first) for word in row.split()}


MONTHS = _numbered(_MONTHS, 1)
WEEKDAYS = _numbered(_WEEKDAYS, 0)
ANY_WEEKDAY = {**WEEKDAYS, **_numbered(_SHORT_WEEKDAYS, 0)}

# Months that are also other words: in lowercase they may not be a month.
DOUBTFUL_MONTHS = frozenset(("may", "march", "mar", "dec", "ago", "mars", "mai", "jan", "sep"))

DAYS_AGO = {
    "the day before yesterday": 2,
    "day before yesterday": 2,
    "yesterday": 1,
    "yesteday": 1,
    "yestrday": 1,
    "yesterady": 1,
    "today": 0,
    "vorgestern": 2,
    "gestern": 1,
    "heute": 0,
    "avant-hier": 2,
    "aujourd'hui": 0,
    "anteayer": 2,
    "antes de ayer": 2,
    "ayer": 1,
    "hoy": 0,
}

# A part of a certain day: how many days ago, and which part.
PARTS_OF_DAYS = {
    "this morning": (0, "morning"),
    "this afternoon": (0, "afternoon"),
    "this evening": (0, "evening"),
    "tonight": (0, "evening"),
    "last night": (1, "night"),
    "last evening": (1, "evening"),
    "heute morgen": (0, "morning"),
    "heute früh": (0, "morning"),
    "heute nacht": (0, "small hours"),
    "gestern morgen": (1, "morning"),
    "gestern früh": (1, "morning"),
    "letzte nacht": (1, "night"),
    "ce matin": (0, "morning"),
    "cet après-midi": (0, "afternoon"),
    "cet apres-midi": (0, "afternoon"),
    "ce soir": (0, "evening"),
    "hier matin": (1, "morning"),
    "hier après-midi": (1, "afternoon"),
    "hier apres-midi": (1, "afternoon"),
    "hier soir": (1, "evening"),
    "cette nuit": (0, "small hours"),
    "esta mañana": (0, "morning"),
    "esta tarde": (0, "afternoon"),
    "esta noche": (0, "evening"),
    "ayer por la mañana": (1, "morning"),
    "ayer por la tarde": (1, "afternoon"),
    "ayer por la noche": (1, "evening"),
    "anoche": (1, "evening"),
}

PARTS = {
    "morning": "morning",
    "forenoon": "morning",
    "lunchtime": "midday",
    "lunch time": "midday",
    "afternoon": "afternoon",
    "evening": "evening",
    "night": "night",
    "vormittag": "morning",
    "vormittags": "morning",
    "morgens": "morning",
    "mittags": "midday",
    "nachmittag": "afternoon",
    "nachmittags": "afternoon",
    "abend": "evening",
    "abends": "evening",
    "nachts": "night",
    "du matin": "morning",
    "de l'après-midi": "afternoon",
    "du soir": "evening",
    "de la mañana": "morning",
    "de la tarde": "afternoon",
    "de la noche": "evening",
}

NUMBERS = {
    word: number
    for number, row in enumerate(
        (
            "one eins ein une uno",
            "two zwei deux dos",
            "three drei trois tres",
            "four vier quatre cuatro",
            "five fünf cinq cinco",
            "six sechs seis",
            "seven sieben sept siete",
            "eight acht huit ocho",
            "nine neun neuf nueve",
            "ten zehn dix diez",
            "eleven elf onze once",
            "twelve zwölf douze doce",
        ),
        1,
    )
    for word in row.split()
}


_CASE_FOLDS = {0x2019: "'", 0x131: "i", 0x307: ""}


def alternation(words: Iterable[str]) -> str:
    """Return a pattern for any of these words, longest first; a space matches one to three."""
    patterns = (
        re.escape(word).replace(r"\ ", r"\s{1,3}").replace("'", "['\u2019]")
        for word in sorted(words, key=len, reverse=True)
    )
    return f"(?:{'|'.join(patterns)})"


def normalize(text: str) -> str:
    """Return the matched text as the tables spell it: lowercase, with single spaces.

    Patterns that ignore case also match the Turkish letters for an i.
    """
    return " ".join(text.casefold().translate(_CASE_FOLDS).split())
