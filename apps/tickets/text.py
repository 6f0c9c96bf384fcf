"""What was read in a ticket. Suggestions only: a person confirms before anything is asked."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

MAX_TICKET_LENGTH = 20_000


class TicketRefused(ValueError):
    """The text cannot be read as a ticket; the message says why in a plain sentence."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Where something was read: what stands before it, itself, what stands after it."""

    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True)
class CustomerFound:
    """Somebody who may be the customer. `kind` is in plain words, `times` how often it stood."""

    identifier: str
    kind: str
    excerpt: Excerpt
    times: int = 1
    likely_ours: bool = False


@dataclass(frozen=True, slots=True)
class MomentReading:
    """One moment that the words can mean. `moment` is aware, UTC.

    `minutes` is how far around it to look (1 to 1440), None where the text is exact.
    `understood` says in words how it was counted.
    """

    moment: datetime
    minutes: int | None
    understood: str


@dataclass(frozen=True, slots=True)
class MomentFound:
    """Words that name a moment, with everything they can mean.

    `questions` are plain sentences: what is ambiguous, what was left out. `is_sure` only when
    there is one reading and no question. `lacks_date` when the ticket's own date is missing.
    """

    excerpt: Excerpt
    readings: tuple[MomentReading, ...] = ()
    questions: tuple[str, ...] = ()
    lacks_date: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether it can only mean this."""
        return len(self.readings) == 1 and not self.questions


@dataclass(frozen=True, slots=True)
class Base:
    """When the text was written, which "yesterday" is counted from.

    `day` where only that is known, else the aware `moment`; `said` names where that is from.
    `is_doubtful`: it may be no such date.
    """

    said: str
    moment: datetime | None = None
    day: date | None = None
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was found. `lacks_date` when something waits for the ticket's own date.

    `notes` are plain sentences on what was seen and left out.
    """

    customers: tuple[CustomerFound, ...]
    moments: tuple[MomentFound, ...]
    written: tuple[Excerpt, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lacks_date(self) -> bool:
        """Whether some words count from a day that nobody has named."""
        return any(found.lacks_date for found in self.moments)


# Places in a text: which overlap, and what stands between two of them.

_HARD_BREAK = re.compile(r"\n[ \t\r>]{0,8}\n|[!?;]\s|[^\W\d]{2}\.\s{1,3}(?=[A-ZÄÖÜÉ¿¡])")


class Spanned(Protocol):
    """Anything read from `start` up to, not including, `end`."""

    @property
    def start(self) -> int:
        """Where it begins."""

    @property
    def end(self) -> int:
        """The place behind its last character."""


S = TypeVar("S", bound=Spanned)


def outside(seen: Iterable[S], taken: Iterable[Spanned]) -> list[S]:
    """Those that overlap none of `taken`, which may overlap each other."""
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

    return [one for one in seen if is_free(one)]


def nearest_before(ordered: Sequence[S], at: int) -> S | None:
    """The last one that begins before `at`; `ordered` by their starts."""
    index = bisect_right([one.start for one in ordered], at) - 1
    return ordered[index] if index >= 0 else None


def is_broken(between: str) -> bool:
    """Whether a sentence or a paragraph ends in the text between two places."""
    return bool(_HARD_BREAK.search(between))


# A few words around what was found, so that a person sees where it was read.

_AROUND = 48
_LONGEST_FOUND = 160


def excerpt(text: str, start: int, end: int) -> Excerpt:
    """The place from `start` to `end` with up to 48 characters on each side, on one line."""
    before = text[max(0, start - _AROUND) : start]
    if start > _AROUND:
        before = f"… {before.partition(' ')[2]}"
    after = text[end : end + _AROUND]
    if end + _AROUND < len(text):
        after = f"{after.rpartition(' ')[0]} …"
    found = _one_line(text[start:end])
    if len(found) > _LONGEST_FOUND:
        found = f"{found[:_LONGEST_FOUND]} …"
    return Excerpt(before=_one_line(before), found=found, after=_one_line(after))


def _one_line(text: str) -> str:
    """Line breaks and long gaps as one blank; blanks at the ends stay, as one."""
    left = " " if text[:1].isspace() else ""
    right = " " if text[-1:].isspace() else ""
    return f"{left}{' '.join(text.split())}{right}" if text.strip() else left


# Months, days of the week and words for days, as people write them in four languages.
#
# Left out is what means something else as easily: French "mar." and "hier" (German: here) without
# what makes it French, German "morgen" (tomorrow or morning) alone, Spanish "mañana" alone.

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

# Words that are also something else: written small, they are a month only perhaps.
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

# A part of a named day: how many days ago, and the part.
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


_AS_PATTERNS_SEE_THEM = {0x2019: "'", 0x131: "i", 0x307: ""}


def one_of(words: object) -> str:
    """A pattern for any of these words, the longest first; blanks may be one to three."""
    assert isinstance(words, dict | frozenset)  # noqa: S101 - for the type checker
    ordered = sorted(words, key=len, reverse=True)
    return (
        "(?:"
        + "|".join(
            re.escape(word).replace(r"\ ", r"\s{1,3}").replace("'", "['\u2019]") for word in ordered
        )
        + ")"
    )


def folded(text: str) -> str:
    """The found text as it stands in the tables: small, with single blanks.

    A pattern that ignores case takes the Turkish letters for an i as well.
    """
    return " ".join(text.casefold().translate(_AS_PATTERNS_SEE_THEM).split())
