"""What a known error looks like: rules about an issue's events, all of which must fit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from apps.events.releases import compared
from apps.known_errors.expressions import ExpressionRefused, Rows, compiled, required

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
