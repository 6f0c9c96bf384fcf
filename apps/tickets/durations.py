"""Find how long ago something happened: "an hour and a half ago", "vor 1,5 Stunden".

The words next to "ago" or "vor" are read one by one: a count, a unit, perhaps a half, perhaps a
second count and unit. The longest run of words that makes sense is taken; a run that makes none is
returned as unread.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from apps.events.query import any_case
from apps.tickets.text import (
    NUMBERS,
    WORDS,
    Span,
    alternation,
    by_phrase,
    either,
    normalize,
    not_overlapping,
    word_set,
)


@dataclass(frozen=True, slots=True)
class DurationToken(Span):
    """How long before the ticket something happened.

    `days` is set if it counts whole days, so that any hour of that day is meant. `question` asks
    about words that leave it open.
    """

    text: str
    back: timedelta
    days: int | None = None
    question: str = ""
    has_clock: bool = True
    is_dated: bool = False


@dataclass(frozen=True, slots=True)
class _Word(Span):
    word: str


@dataclass(frozen=True, slots=True)
class _Amount:
    minutes: float
    is_days: bool
    is_vague: bool


_MAX_WORDS = 9
_WINDOW = 90

_AGO = any_case(rf"(?<!\w){either('ago')}(?!\w)|(?<=[分間日半])前")
_BACK, _NOW, _SPAN = (
    any_case(rf"(?<!\w){either(name)}(?!\w)") for name in ("back", "just_now", "span")
)
_WORD = re.compile(
    r"[0-9]{1,4}(?:[.,:][0-9]{1,2}|/[0-9])?|[½¼¾]|時間|[分日半前]|[^\W\d_]{1,24}|[~\u2248&]"
)
# What may stand between two words of one amount.
_GAP = re.compile(r"[\s'\u2019\u2013-]{0,3}|\.\s{0,2}|\s?,\s{1,2}|\s?\(\s?")

_MINUTES = {unit: int(seconds) / 60 for unit, seconds in by_phrase(WORDS["units"]).items()}
UNITS = word_set("longer_units").union(_MINUTES)
_NOT_ALONE = word_set("other_units")
_AMOUNTS = {
    kind: {word: float(value) for word, value in by_phrase(rows).items()}
    for kind, rows in WORDS["amounts"].items()
}
_NUMBERS = {**NUMBERS, **_AMOUNTS["number"]}
_TENS, _FRACTIONS, _QUARTERS = (_AMOUNTS[kind] for kind in ("tens", "fraction", "quarter"))
_ARTICLES, _JOINING = _AMOUNTS["article"].keys(), _AMOUNTS["joining"].keys()
_ROUGH, _ROUGH_PHRASES = word_set("rough_amounts"), word_set("rough_phrases")
_OPEN, _A_BIT, _OR = word_set("open"), word_set("a_bit"), word_set("or")
# What each word is in a count, and its value; of two meanings the one listed last.
_VOCABULARY: dict[str, tuple[str, float]] = {
    word: (kind, value)
    for kind, values in {**_AMOUNTS, "number": _NUMBERS}.items()
    for word, value in values.items()
}
_COMPOUND = re.compile(
    rf"(?P<ones>{alternation(NUMBERS)})und(?P<tens>{alternation(_TENS)})|"
    rf"(?P<whole>{alternation(NUMBERS)})(?:und)?einhalb|veinti(?P<veinti>{alternation(NUMBERS)})"
)


def find_durations(text: str) -> tuple[list[DurationToken], list[Span]]:
    """Return all durations before the ticket, and the words that may be one but can't be read."""
    nothing = _Amount(0, is_days=False, is_vague=False)
    found = [_token(text, one.start(), one.end(), nothing) for one in _NOW.finditer(text)]
    unread: list[Span] = []
    for trigger in _AGO.finditer(text):
        words = _adjacent(text, trigger.start(), before=True)
        token = _ending(text, words, trigger.end())
        if token:
            found.append(token)
        elif any(one.word in UNITS for one in words[-1 if trigger[0] == "back" else -4 :]):
            unread.append(Span(words[-4:][0].start, trigger.end()))
    for trigger in _BACK.finditer(text):
        words = _adjacent(text, trigger.end())
        token = _beginning(text, words, trigger.start())
        if token:
            found.append(token)
        else:
            unread += _with_unit(trigger.start(), words)
    for trigger in _SPAN.finditer(text):
        unread += _with_unit(trigger.start(), _adjacent(text, trigger.end()))
    tokens = sorted(found, key=lambda one: one.start)
    return tokens, not_overlapping(unread, tokens)


def _with_unit(start: int, words: Sequence[_Word]) -> Iterator[Span]:
    for number, one in enumerate(words):
        if one.word in UNITS and (number or one.word not in _NOT_ALONE):
            yield Span(start, one.end)
            return


def _adjacent(text: str, at: int, *, before: bool = False) -> list[_Word]:
    words: list[_Word] = []
    start, end = (max(0, at - _WINDOW), at) if before else (at, at + _WINDOW)
    for one in list(_WORD.finditer(text, start, end))[:: -1 if before else 1]:
        gap = (one.end(), at) if before else (at, one.start())
        if len(words) == _MAX_WORDS or not _GAP.fullmatch(text, *gap):
            break
        words.append(_Word(*one.span(), normalize(one[0])))
        at = one.start() if before else one.end()
    return words[:: -1 if before else 1]


def _ending(text: str, words: list[_Word], end: int) -> DurationToken | None:
    """Read the longest amount at the end of the words before "ago"."""
    tail = ""
    is_tail = len(words) > 2 and words[-2].word in _OR
    if is_tail and (words[-1].word in ("so", "more", "less") or _value(words[-1].word)[0]):
        tail = "" if words[-1].word == "so" else text[words[-2].start : words[-1].end]
        words = words[:-2]
    for first in range(len(words)):
        amount = _read(words[first:])
        start = words[first].start
        last = text[start - 1 : start]
        is_cut = last.isalnum() or (last and last in "._:/,+#$€£½¼¾")  # "v1.5"
        if amount is None or is_cut:
            continue
        question = _question(f"The ticket says “{tail}” after it." if tail else "", amount)
        before = words[:first]
        if before and (before[-1].word in _OPEN or before[-1].word in _OR | _JOINING):
            before = before[-2:]
        elif not (before and _is_number(before[-1].word)):
            before = []
        if before and (before[-1].word in _OPEN or any(_is_number(one.word) for one in before)):
            said = " ".join(text[before[-2:][0].start : start].split())
            question = f"The ticket says “{said}” before it. Check how long ago it was."
        return _token(text, start, end, amount, question)
    return None


def _beginning(text: str, words: list[_Word], start: int) -> DurationToken | None:
    """Read the longest amount at the beginning of the words after "vor" or "hace"."""
    is_open = False
    while words and words[0].word in _OPEN | _ROUGH | _ROUGH_PHRASES:
        is_open = is_open or words[0].word in _OPEN
        words = words[1:]
    for last in range(len(words), 0, -1):
        amount = _read(words[:last])
        if amount is None:
            continue
        end = words[last - 1].end
        after = words[last : last + 2]
        is_more = len(after) == 2 and after[0].word in _OR | _JOINING
        is_range = is_more and (_is_number(after[1].word) or after[1].word in _A_BIT)
        said = text[start:end] if is_open else text[end : after[-1].end] if is_range else ""
        said = f"The ticket says “{' '.join(said.split())}”." if said else ""
        return _token(text, start, end, amount, _question(said, amount))
    return None


def _question(said: str, amount: _Amount) -> str:
    if said:
        return f"{said} Check how long ago it was."
    if amount.is_vague and amount.minutes > 60:
        return "The ticket doesn't say exactly how long ago. Check it."
    return ""


def _token(text: str, start: int, end: int, amount: _Amount, question: str = "") -> DurationToken:
    days = round(amount.minutes / 1440) if amount.is_days else None
    if days is not None and (days > 365 or amount.is_vague):
        question = question or "The ticket doesn't say exactly how long ago. Check it."
    back = timedelta(minutes=amount.minutes)
    return DurationToken(start, end, text[start:end], back, days, question)


def _is_number(word: str) -> bool:
    return word in UNITS or _value(word)[0] in ("number", "tens", "fraction")


def _read(words: Sequence[_Word]) -> _Amount | None:
    """Return the minutes of words such as "one hour and 20 min" if all of them are used."""
    left = [one.word for one in words]
    while left and left[0] in _ROUGH:
        left = left[1:]
    units: list[float] = []
    minutes, value, is_vague = 0.0, 0.0, False
    while left and len(units) < 2:
        at = next((at for at in range(len(left)) if _is_unit(left, at)), None)
        if at is None:  # the minutes of "1h20"
            if units != [60] or len(left) > 1 or not left[0].isdecimal() or int(left[0]) > 59:
                return None
            return _Amount(minutes + int(left[0]), is_days=False, is_vague=False)
        unit = _MINUTES[left[at]]
        count = _count(left[:at])
        extra, rest = _half_after(left[at + 1 :])
        if count is None or (at == 0 and not extra and unit not in (15, 30, 45)):
            return None
        value = count[0] + extra
        minutes += value * unit
        is_vague = is_vague or count[1]
        units.append(unit)
        left = rest[1:] if len(rest) > 1 and rest[0] in _JOINING else rest
    if left or not units:
        return None
    is_days = units == [1440] and value == int(value)
    is_vague = is_vague or (1440 in units and not is_days)
    return _Amount(minutes, is_days=is_days, is_vague=is_vague)


def _is_unit(words: Sequence[str], at: int) -> bool:
    """Return whether the word is a unit; a single letter only after a number: "2 h"."""
    word, before = words[at], words[at - 1] if at else ""
    return word in _MINUTES and (len(word) > 1 or word > "z" or before[-1:].isdigit())


def _half_after(words: list[str]) -> tuple[float, list[str]]:
    """Return the fraction that words after a unit add ("and a half"), and the words after it."""
    at = 0
    while at < len(words) - 1 and words[at] in _JOINING | _ARTICLES:
        at += 1
    if not words or (at == 0 and words[0] != "半"):
        return 0, words
    fraction = 0.25 if words[at] in _QUARTERS else _FRACTIONS.get(words[at], 0)
    return (fraction, words[at + 1 :]) if fraction else (0, words)


def _count(words: Sequence[str]) -> tuple[float, bool] | None:
    """Return the number that the words before a unit mean, and whether it is vague; else None."""
    total: float | None = None
    last, is_joined, is_vague = "", False, False
    for word in words:
        kind, value = _value(word)
        is_article = kind == "article" and not last
        if word in _JOINING and total is None and not is_article:  # "en och en halv"
            if last != "article":
                return None
            total, last, is_joined = 1, "number", True
        elif kind in ("article", "joining") and not (last == "tens" and word in _NUMBERS):
            is_joined = is_joined or kind == "joining"
            last = last or kind
        elif word not in _ROUGH or total is not None or kind == "few":
            total = _added(total, last, kind, value, is_joined=is_joined)
            if total is None or (word == "to" and words[1:2] and words[1] not in _JOINING):
                return None  # "to" is two in Danish
            is_vague = is_vague or (kind == "few" and value > 2)
            last = kind
    return (1 if total is None else total), is_vague


def _added(
    total: float | None, last: str, kind: str, value: float, *, is_joined: bool
) -> float | None:
    if total is None:
        return value if kind else None
    if last == "tens" and value < 10 and kind in ("number", "article", "joining"):
        return total + value
    if last == "number" and kind == "quarter":
        return total + value if is_joined else total * value
    return total + value if last == "number" and kind == "fraction" else None


def _value(word: str) -> tuple[str, float]:
    """Return the kind and value of a word in a count; the kind is "" if it can't be in one."""
    if word in _VOCABULARY:
        return _VOCABULARY[word]
    if word[0].isdigit():
        whole, _, minutes = word.partition(":")  # the hours of "1:30 h"
        if "/" in word or int(minutes or 0) > 59:
            return "", 0
        return "number", float(whole.replace(",", ".")) + int(minutes or 0) / 60
    compound = _COMPOUND.fullmatch(word)
    if not compound:
        return "", 0
    if compound["whole"]:
        return "number", NUMBERS[compound["whole"]] + 0.5
    ones = NUMBERS[compound["ones"] or compound["veinti"]]
    return "number", ones + (_TENS[compound["tens"]] if compound["tens"] else 20)
