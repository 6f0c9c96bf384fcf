"""Decide whether the words around a time connect it with the problem, or with something else.

"Order placed on 3 Nov" is a record, "the page crashed on 3 Nov" is the problem. The last known
word before the time decides, else those after it in its clause.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from apps.tickets.dates import UNITS, DurationToken
from apps.tickets.moments import NOT_PROBLEM, Mention
from apps.tickets.text import WORDS, TextSpan, normalize, one_line, read_patterns, word_set
from apps.tickets.written import ABOVE, ASKED_ABOVE, is_of_problem


class Kind(Enum):
    """What a word says about a time near it.

    `RECORD` is what happens without a failure: something was closed, a meeting, a birthday.
    `OBJECT` is what a program shows or does, which can fail: an invoice, a payment. `OVER` says
    that a failure ended, or was reported.
    """

    FAILURE = "failure"
    OVER = "over"
    RECORD = "record"
    OBJECT = "object"


_KINDS = {
    word.replace("_", " ").casefold(): Kind(kind)
    for kind, words in WORDS["kinds"].items()
    for word in words.split()
}
_STEMS = {word[:-1]: kind for word, kind in _KINDS.items() if word.endswith("*")}
_SHORTEST_STEM, _LONGEST_STEM = min(map(len, _STEMS)), max(map(len, _STEMS))

_FILE = read_patterns("belonging.toml")
_ELIDED = re.compile(r"\A[dl]'")
_WORD = re.compile(r"[^\W_](?:[\w'\u2019-]{0,40}\w)?")
_NAMING = re.compile(r"[^\W\d_]{3,40}")
_FEW = 2
_AROUND = 160
_NEAR = 12  # times
_WRAPPED = 60
_SENTENCE_END = re.compile(r"[!?;]\s|\w\.\s{1,3}(?=[A-ZÀ-ÞА-Я])|。")
_CLAUSE = _FILE.compile("clause")
_LISTING = word_set("listing")
_LATER = _FILE.compile("later", re.IGNORECASE)
_PRESENT = _FILE.compile("present", re.IGNORECASE)
_ONSET = _FILE.compile("onset", re.IGNORECASE)
_NOW = _FILE.compile("now", re.IGNORECASE)
_WHEN = _FILE.compile("when", re.IGNORECASE)
_OF = _FILE.compile("of", re.IGNORECASE)
_AFTER = word_set("time_prepositions")
_TROUBLE = _FILE.compile("trouble")
_NO, _GONE = word_set("none"), word_set("gone")
_SHIFT = _FILE.compile("shift", re.IGNORECASE)
_FUTURE, _DURING = word_set("future"), word_set("during")
_NOT = _FILE.compile("not")
_THAT = _FILE.compile("that", re.IGNORECASE)
_LABEL = _FILE.compile("label")
_SMALL, _WHO = word_set("small"), word_set("who")
_SUBJECTS = _WHO | word_set("subjects")
_OTHER_PHRASE = _FILE.compile("other_phrase", re.IGNORECASE)
_CLOSED = re.compile(r"\s{0,2}\)")
_NEWLINE = re.compile(r"\n")
_SEPARATOR = re.compile(r"[,;:|(\[\u2013\u2014]")


class _Word(NamedTuple):
    start: int
    end: int
    kind: Kind | None
    word: str


class _Clause(NamedTuple):
    """The words before and after a time; `is_dated` marks a calendar date, as records have."""

    before: str
    after: str
    words: list[_Word]
    following: list[_Word]
    has_clock: bool
    is_dated: bool

    def fails_after(self) -> bool:
        """Return whether a failure follows that is of that time.

        In "gala on 12 Nov, the page is blank" it is not: the words before a date are not a
        sentence.
        """
        failing = any(one.kind is Kind.FAILURE for one in self.following)
        return failing and not (self.is_dated and self._is_other())

    def _is_other(self) -> bool:
        label = _LABEL.search(self.before)
        if label:
            return not is_of_problem(label["label"])
        before = _words(_SEPARATOR.split(self.before)[-1])
        named = [one for one in before if one.word not in _SMALL]
        is_sentence = any(
            one.kind is Kind.OBJECT or one.word in _SUBJECTS | _DURING for one in named
        )
        return bool(named) and not (self.has_clock and is_sentence)


UNCONNECTED = "Nothing near it says that the problem happened then. Check it."


def has_more(text: str, times: Sequence[TextSpan]) -> bool:
    """Return whether the text says more than the times and a few words, or mentions a failure."""
    inside = [one for at in times for one in _NAMING.findall(text, at.start, at.end)]
    is_long = len(_NAMING.findall(text)) - len(inside) > _FEW
    return is_long or any(one.kind is Kind.FAILURE for one in _words(text))


def belonging(text: str, at: Mention | DurationToken, times: Sequence[TextSpan]) -> str | None:
    """Return a question if the words around a time connect it with something else.

    Return "" if they connect it with nothing, and None if with the problem. `times` are those of
    the text, ordered by start.
    """
    start, end = _clause(text, at, times)
    before, after = text[start : at.start], text[at.end : end]
    is_dated = at.is_dated
    following = _words(_of_that_time(before, after, is_dated=is_dated))
    clause = _Clause(before, after, _words(before), following, at.has_clock, is_dated)
    last = max((number for number, one in enumerate(clause.words) if one.kind), default=None)
    if over := _over(clause):
        return _other(over)
    planned = next((one.start for one in clause.words if one.word in _FUTURE), None)
    if is_dated and planned is not None:
        return _other(before[planned:])
    if last is not None and not _is_failing(clause, last):
        return _other(before[clause.words[max(0, last - 1)].start :])
    is_other = last is None and is_dated and _OTHER_PHRASE.search(before)
    if not is_other and (last is not None or clause.fails_after()):
        return None
    first = times[bisect_left(times, start, key=lambda one: one.start)]  # "Hours: Mon 9-5, Thu 9-3"
    label = _LABEL.search(text[start : first.start])
    is_asked = ASKED_ABOVE.search(text, max(0, at.start - ABOVE), at.start)
    if is_asked or (label and not is_other and is_of_problem(label["label"])):
        return None
    named = label["label"] if label else _record_in(after, following)
    shift = _shift(after)
    return (
        _other(before if is_other else named)
        or _other(shift[0] if shift else "")
        or (UNCONNECTED if _NOW.match(text, end) or _NOW.match(text, at.end) else "")
    )


def _of_that_time(before: str, after: str, *, is_dated: bool) -> str:
    cuts = [_LATER.search(after), _shift(after)]
    if is_dated and not _ONSET.fullmatch(before):
        cuts += [_PRESENT.search(after), _CLOSED.match(after)]
    return after[: min((cut.start() for cut in cuts if cut), default=len(after))]


def _shift(after: str) -> re.Match[str] | None:
    """Return words that lead to a later time: "20 minutes later"."""
    found = _SHIFT.finditer(after)
    return next((one for one in found if normalize(one["unit"]) in UNITS), None)


def _over(clause: _Clause) -> str:
    """Return the words next to a time that say that a problem ended then, or was reported."""
    start = max((one.end() for one in _SEPARATOR.finditer(clause.before)), default=0)
    end = _SEPARATOR.search(clause.after)
    over = [one for one in clause.words if one.kind is Kind.OVER and one.start >= start]
    if over:
        return clause.before[over[0].start :]
    last = end.start() if end else len(clause.after)
    over = [one for one in clause.following if one.kind is Kind.OVER and one.start < last]
    return clause.after[over[0].start : over[-1].end] if over else ""


def _other(words: str) -> str:
    said = one_line(words)[:60].rstrip(" ,:(-")
    return NOT_PROBLEM.format(said) if said else ""


def _is_failing(clause: _Clause, last: int) -> bool:
    """Return whether the last known word before a time is a failure, or what failed then."""
    one, words = clause.words[last], clause.words
    fails_after = clause.fails_after()
    between = clause.before[one.end :]
    if one.kind is Kind.FAILURE or (fails_after and _WHEN.match(clause.after)):
        return True
    if one.kind is Kind.RECORD:
        is_during = any(word.word in _DURING for word in words[max(0, last - 3) : last])
        return fails_after and (is_during or bool(re.search(r",\s\w", between)))
    failed = any(word.kind is Kind.FAILURE for word in words[:last])
    if failed and _ONSET.fullmatch(between):
        return True
    if _is_later(words[:last]) or _OF.search(between):
        return False
    is_told = any(word.word in _SUBJECTS for word in words[:last])
    extra = [word for word in words[last + 1 :] if not (word.word in _SMALL or word.word.isdigit())]
    return failed or (fails_after and clause.has_clock and (is_told or not extra or "," in between))


def _is_later(words: Sequence[_Word]) -> bool:
    """Return whether the words lead to what came before or after: "since the update"."""
    for one in reversed(words[-4:]):
        if one.word in _AFTER or one.kind is Kind.FAILURE:
            return one.word in _AFTER
    return False


def _words(text: str) -> list[_Word]:
    """Return the words, each with its kind; "not delivered" is a failure."""
    found = list(_WORD.finditer(text))
    plain = [_ELIDED.sub("", one[0].casefold().replace("\u2019", "'")) for one in found]
    words: list[_Word] = []
    for number, (one, word) in enumerate(zip(found, plain, strict=True)):
        before = plain[max(0, number - 3) : number]
        if before[-1:] == ["es"]:  # "geht es wieder"
            before.pop()
        pairs = (" ".join([*before[-1:], word]), " ".join(plain[number : number + 2]))
        kind = next(filter(None, map(_KINDS.get, pairs)), None) or _kind(word)
        if kind in (Kind.RECORD, Kind.OVER) and _THAT.match(text, one.end()):
            kind = None
        is_trouble = _TROUBLE.match(word)
        is_denied = _NOT.fullmatch(" ".join(before[-2:])) or _NOT.fullmatch("".join(before[-1:]))
        is_none = is_denied or (_NO.intersection(before[-2:]) and before[-1].isalpha())
        if (is_trouble and is_none) or (word in _GONE and any(map(_TROUBLE.match, before))):
            is_failing = any(one.kind is Kind.FAILURE for one in words[:-2])
            kind = None if is_trouble and is_failing else Kind.OVER  # "crashed without an error"
        elif kind and is_denied:
            kind = Kind.FAILURE
        words.append(_Word(*one.span(), kind, word))
    return words


def _kind(word: str) -> Kind | None:
    lengths = range(min(len(word), _LONGEST_STEM), _SHORTEST_STEM - 1, -1)
    stems = (_STEMS.get(word[:length]) for length in lengths)
    return _KINDS.get(word) or next(filter(None, stems), None)


def _record_in(text: str, words: Sequence[_Word]) -> str:
    """Return the word after a time that says what happened then, if it was no failure, or ""."""
    for number, one in enumerate(words):
        by_someone = any(before.word in _WHO for before in words[max(0, number - 2) : number])
        if one.kind is Kind.RECORD or (one.kind is Kind.OBJECT and by_someone):
            return text[one.start : one.end]
    return ""


def _clause(text: str, at: TextSpan, times: Sequence[TextSpan]) -> tuple[int, int]:
    start, end = max(0, at.start - _AROUND), min(len(text), at.end + _AROUND)
    place = bisect_left(times, at.start, key=lambda one: one.start)
    near = times[max(0, place - _NEAR) : place + _NEAR]
    for one in reversed(near):
        if start < one.end <= at.start and not _is_listing(text[one.end : at.start]):
            cut = _CLAUSE.search(text, one.end, at.start)
            start = cut.end() if cut else one.end
            break
    for one in near:
        if at.end <= one.start < end and not _is_listing(text[at.end : one.start]):
            cut = _CLAUSE.search(text, at.end, one.start)
            end = cut.start() if cut else one.start
            break
    ends = (one.end() for one in _SENTENCE_END.finditer(text, start, end))
    breaks = [one for one in ends if not _is_answer(text, one, at)]
    lines = (one.start() for one in _NEWLINE.finditer(text, start, end))
    breaks += [one for one in lines if _is_line_end(text, one)]
    start = max([start, *(place for place in breaks if place <= at.start)])
    return start, min([end, *(place for place in breaks if place >= at.end)])


def _is_answer(text: str, end: int, at: TextSpan) -> bool:
    return (
        text[:end].rstrip().endswith("?") and end <= at.start and not text[end : at.start].strip()
    )


def _is_listing(between: str) -> bool:
    return len(between) < 24 and all(one.casefold() in _LISTING for one in _WORD.findall(between))


def _is_line_end(text: str, at: int) -> bool:
    length = at - text.rfind("\n", max(0, at - _WRAPPED - 1), at) - 1
    return length < _WRAPPED or text[at + 1 : at + 2] in "\n-*\u2022#>|"
