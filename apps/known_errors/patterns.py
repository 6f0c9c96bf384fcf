"""What a known error looks like: rules about an issue's events, all of which must fit."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from string import Formatter
from typing import Any

import re2

from apps.events.answer import FixState, Known
from apps.events.releases import compared

# Expressions that people write: RE2, whose time is linear, within limits of our own.
#
# https://github.com/google/re2/wiki/Syntax

LONGEST = 500
# A program of so many instructions takes about 2 ms for the longest text, at its very worst.
_LARGEST_PROGRAM = 1000
_MEMORY = 1 << 20

_EXPLAINED = (
    ("invalid perl operator: (?=", "Looking ahead, (?=...), is not supported: {instead}"),
    ("invalid perl operator: (?!", "Looking ahead, (?!...), is not supported: {instead}"),
    ("invalid perl operator: (?<", "Looking back, (?<...), is not supported: {instead}"),
    ("invalid escape sequence: \\Z", "Write \\z for the end of the text, not \\Z."),
    ("missing )", "An opening ( has no closing )."),
    ("unexpected )", "A closing ) has no opening (. Write \\) for the character itself."),
    ("missing ]", "An opening [ has no closing ]. Write \\[ for the character itself."),
    ("trailing \\", "It ends with a single \\. Write \\\\ for the character itself."),
    ("no argument for repetition", "A repetition sign has nothing before it to repeat."),
    ("bad repetition operator", "There are two repetition signs in a row, such as **."),
    ("invalid repetition size", "A repetition can go up to 1000."),
    ("invalid character class range", "A range in [...] runs backwards, such as [z-a]."),
    ("pattern too large", "It is too large. Use fewer repetitions with counts."),
)
_INSTEAD = "write what must be there, and use a second rule for the rest."
_BACK_REFERENCE = re.compile(r"invalid escape sequence: \\[1-9]")


Rows = Sequence[tuple[str, ...]]
Token = tuple[str, str]
_MOST_ROWS = 16


class ExpressionRefused(ValueError):
    """An expression that cannot be used; the text says why, and what to do."""


def compiled(expression: str) -> Any:
    """The compiled expression, which ignores upper and lower case. Raises `ExpressionRefused`."""
    if len(expression) > LONGEST:
        raise ExpressionRefused(f"It is longer than {LONGEST} letters.")
    try:
        found = _compiled(expression)
    except re2.error as refused:
        raise ExpressionRefused(_explained(refused)) from None
    if found.programsize > _LARGEST_PROGRAM:
        raise ExpressionRefused(_EXPLAINED[-1][1])
    return found


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MEMORY
    return re2.compile(expression, options)


def _explained(refused: Exception) -> str:
    said = refused.args[0] if refused.args else ""
    said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    if _BACK_REFERENCE.match(said):
        return "Referring back to a group, such as \\1, is not supported."
    known = (told for sign, told in _EXPLAINED if said.startswith(sign))
    told = next(known, f"The engine (RE2) refuses it: {said}.")
    return told.format(instead=_INSTEAD) if "{instead}" in told else told


_FLAGS = re.compile(r"\(\?[ims]+\)")
_TOKEN = re.compile(
    r"(?P<sign>\\[dDwWsSbB]|[.^$])"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<class>\[\^?\]?(?:\\.|[^\[\]\\])*\])"
    r"|(?P<open>\((?:\?:|\?P<[A-Za-z0-9_]+>|(?!\?)))"
    r"|(?P<close>\))"
    r"|(?P<or>\|)"
    r"|(?P<repeat>(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??)"
    r"|(?P<letter>[^\\\[(){}])"
)


def required(expression: str) -> Rows:
    """What must stand, in folded letters, in whatever the expression fits: all texts of one row.

    Empty where that is not surely known. Only plain ASCII counts.
    """
    flags = _FLAGS.match(expression)
    tokens = _tokens(expression[flags.end() :] if flags else expression)
    rows = _rows_of(iter([*tokens, ("close", ")")]))
    return tuple(rows) if all(rows) else ()


def _tokens(expression: str) -> list[Token]:
    """Kind and text of each part; none at all where something is not surely understood."""
    tokens, at = [], 0
    while at < len(expression):
        found = _TOKEN.match(expression, at)
        if found is None or "\\Q" in found[0]:
            return []
        tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
        at = found.end()
    return tokens


def _rows_of(tokens: Iterator[Token]) -> list[tuple[str, ...]]:
    """The rows of the alternatives up to the bracket that closes them, which is taken too."""
    alternatives: list[tuple[str, ...]] = []
    rows: list[tuple[str, ...]] = [()]
    # What came last: a run of letters or the rows of a group, and not yet sure to be there.
    run: str = ""
    group: list[tuple[str, ...]] = [()]
    for kind, text in tokens:
        if kind in ("letter", "escaped") and text.isascii():
            rows, group = _joined(rows, group), [()]
            run += text.casefold()
            continue
        if kind == "repeat" and not text.startswith("+"):
            run, group = run[:-1], [()]
        rows = _joined(_joined(rows, group), [(run,)] if run else [()])
        run, group = "", _rows_of(tokens) if kind == "open" else [()]
        if kind in ("or", "close"):
            alternatives += rows
            rows = [()]
        if kind == "close":
            break
    return alternatives


def _joined(rows: Rows, others: Rows) -> list[tuple[str, ...]]:
    """Each row with each other one; of too many the others are left out."""
    if len(rows) * len(others) > _MOST_ROWS:
        return list(rows)
    return [(*row, *other) for row in rows for other in others]


LONGEST_TEXT = 500
_LONGEST_NAME = 200
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Field(StrEnum):
    """What a text rule looks at."""

    TYPE = "type"
    MESSAGE = "message"
    CULPRIT = "culprit"


class Way(StrEnum):
    """How a text rule compares; upper and lower case are one."""

    EXACT = "exact"
    CONTAINS = "contains"
    EXPRESSION = "expression"


FIELD_NAMES = {
    Field.TYPE: "exception type",
    Field.MESSAGE: "message",
    Field.CULPRIT: "culprit",
}
_WAY_NAMES = {
    Way.EXACT: "is",
    Way.CONTAINS: "contains",
    Way.EXPRESSION: "matches the expression",
}


class PatternRefused(ValueError):
    """A pattern that cannot be used: why, and the part of it that is meant."""

    def __init__(self, sentence: str, part: str) -> None:
        super().__init__(sentence)
        self.part = part


@dataclass(frozen=True, slots=True)
class TextRule:
    """One rule about a text of an event."""

    field: Field
    way: Way
    value: str

    @property
    def folded(self) -> str:
        """The value in folded letters."""
        return self.value.casefold()

    @property
    def needles(self) -> Rows:
        """Folded texts that stand in whatever fits, all of one row; empty where none is known."""
        return required(self.value) if self.way is Way.EXPRESSION else ((self.folded,),)

    def __str__(self) -> str:
        return f"the {FIELD_NAMES[self.field]} {_WAY_NAMES[self.way]} “{self.value}”"


@dataclass(frozen=True, slots=True)
class Pattern:
    """All that must fit. `issue` is an id or a short id; both ends of the releases belong to it."""

    issue: str = ""
    project: str = ""
    texts: tuple[TextRule, ...] = ()
    release_from: str = ""
    release_until: str = ""

    def covers(self, release: str | None) -> bool:
        """Whether the release surely lies in the range; without a range every one does."""
        if not (self.release_from or self.release_until):
            return True
        return (
            release is not None
            and _is_in_order(self.release_from, release)
            and _is_in_order(release, self.release_until)
        )

    @property
    def weight(self) -> tuple[int, int, int]:
        """How sure a match is: an issue before all texts, then many rules, then exact ones."""
        exact = sum(rule.way is Way.EXACT for rule in self.texts)
        rules = len(self.texts) + bool(self.project)
        rules += bool(self.release_from or self.release_until)
        return (bool(self.issue), rules + exact, sum(len(rule.value) for rule in self.texts))

    @property
    def reasons(self) -> tuple[str, ...]:
        """The rules in words."""
        told = [f"it is the issue {self.issue}"] if self.issue else []
        told += [str(rule) for rule in self.texts]
        if self.project:
            told.append(f"the project is {self.project}")
        if self.release_from and self.release_until:
            told.append(f"the release is between {self.release_from} and {self.release_until}")
        elif self.release_from:
            told.append(f"the release is {self.release_from} or newer")
        elif self.release_until:
            told.append(f"the release is {self.release_until} or older")
        return tuple(told)


def _is_in_order(older: str, newer: str) -> bool:
    if not older or not newer:
        return True
    one, other = (text.rpartition("@") for text in (older, newer))
    if not one[0] or not other[0]:  # a person leaves the package out
        older, newer = one[2], other[2]
    order = compared(older, newer)
    return order is not None and order <= 0


def pattern_from(values: Mapping[str, object]) -> Pattern:
    """The pattern out of plain values, as database and files hold them. Raises `PatternRefused`.

    `{"issue": "WEB-1", "project": "web", "type": {"exact": "KeyError"}, "message": {"contains":
    "..."}, "culprit": {"expression": "..."}, "release": {"from": "2.1", "until": "2.4"}}`
    """
    unknown = set(values) - {"issue", "project", "release", *Field}
    if unknown:
        name = sorted(unknown)[0]
        raise PatternRefused(f"A pattern has no field named “{name[:40]}”.", "pattern")
    release = _mapping(values.get("release"), "release", ("from", "until"))
    pattern = Pattern(
        issue=_text(values.get("issue"), "issue", _LONGEST_NAME),
        project=_text(values.get("project"), "project", _LONGEST_NAME),
        texts=tuple(rule for field in Field if (rule := _rule(field, values.get(field)))),
        release_from=_text(release.get("from"), "release", _LONGEST_NAME),
        release_until=_text(release.get("until"), "release", _LONGEST_NAME),
    )
    _check(pattern)
    return pattern


def values_of(pattern: Pattern) -> dict[str, object]:
    """The plain values of a pattern; what is empty is left out."""
    release = {"from": pattern.release_from, "until": pattern.release_until}
    values: dict[str, object] = {
        "issue": pattern.issue,
        "project": pattern.project,
        **{str(rule.field): {str(rule.way): rule.value} for rule in pattern.texts},
        "release": {end: value for end, value in release.items() if value},
    }
    return {name: value for name, value in values.items() if value}


def _rule(field: Field, value: object) -> TextRule | None:
    given = _mapping(value, field, tuple(Way))
    if len(given) > 1:
        ways = ", ".join(Way)
        raise PatternRefused(f"The {FIELD_NAMES[field]} takes one of {ways}, not several.", field)
    for way, text in given.items():
        rule = TextRule(field, Way(way), _text(text, field, LONGEST_TEXT))
        if rule.value:
            _check_rule(rule)
            return rule
    return None


def _check_rule(rule: TextRule) -> None:
    if rule.way is not Way.EXPRESSION:
        return
    name = FIELD_NAMES[rule.field]
    try:
        expression = compiled(rule.value)
    except ExpressionRefused as refused:
        said = f"The expression for the {name} cannot be used. {refused}"
        raise PatternRefused(said, rule.field) from None
    if expression.search(""):
        raise PatternRefused(
            f"The expression for the {name} matches any text, even empty text. Say more closely "
            "what must stand there.",
            rule.field,
        )


def _check(pattern: Pattern) -> None:
    if not (pattern.issue or pattern.texts):
        raise PatternRefused(
            "Say at least which issue it is, or what its type, message or culprit looks like.",
            "pattern",
        )
    if pattern.release_from and pattern.release_until:
        ends = (pattern.release_from, pattern.release_until)
        order = compared(*ends)
        if order is None:
            said = "We can't tell which of the two releases is older."
            raise PatternRefused(said, "release")
        if order > 0:
            raise PatternRefused("The “until” release is older than the “from” release.", "release")


def _mapping(value: object, part: str, names: tuple[str, ...]) -> Mapping[str, object]:
    if value is None or value == "":
        return {}
    if not isinstance(value, Mapping) or set(value) - set(names):
        raise PatternRefused(f"“{part}” needs one of {', '.join(names)} with its text.", part)
    return value


def _text(value: object, part: str, longest: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise PatternRefused(f"“{part}” isn't text.", part)
    text = str(value).strip()
    if len(text) > longest:
        raise PatternRefused(f"“{part}” is longer than {longest} letters.", part)
    if "\0" in text or _LONE_SURROGATE.search(text):
        raise PatternRefused(f"“{part}” contains a character that isn't allowed in text.", part)
    return text


# Texts with variables in braces, such as {greeting}: checked when saved, filled in when used.

# What a reply may hold, with what stands there then.
REPLY_VARIABLES: Mapping[str, str] = {
    "greeting": "“Hello Jane,” or just “Hello,” if no name was typed",
    "moment": "when it happened, on the customer's clock",
    "planned_for": "the day the fix is planned for",
    "fixed_in": "the release that has the fix",
}


class TextRefused(ValueError):
    """A text whose variables cannot be filled in; says which one, and what to do."""


def check_variables(text: str, allowed: Collection[str]) -> frozenset[str]:
    """The variables in the text. Raises `TextRefused` for one that is not there to be had."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise TextRefused(
            "A brace { or } is on its own. Write {{ or }} for the letter itself."
        ) from None
    found = set()
    for _before, name, style, conversion in parts:
        if name is None:
            continue
        if style or conversion or name not in allowed:
            offered = ", ".join(f"{{{one}}}" for one in allowed)
            raise TextRefused(f"There is no variable {{{name[:40]}}}. There are: {offered}.")
        found.add(name)
    return frozenset(found)


def check_reply(known: Known) -> None:
    """Refuse a reply with a variable that would be empty. Raises `TextRefused`."""
    used = check_variables(known.reply, REPLY_VARIABLES)
    if "planned_for" in used and (known.state is not FixState.PLANNED or not known.planned_for):
        raise TextRefused("The reply uses {planned_for}, but no date is planned.")
    if "fixed_in" in used and (known.state is not FixState.FIXED or not known.fixed_in):
        raise TextRefused("The reply uses {fixed_in}, but no release is given.")


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables filled in; values are taken as they are, braces too.

    The text must have been checked for these variables.
    """
    told = (
        (before, values[name] if name else "") for before, name, *_rest in Formatter().parse(text)
    )
    return "".join(before + value for before, value in told)
