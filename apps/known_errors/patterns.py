"""Patterns of known errors: RE2 expressions, text rules, and the variables of replies."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

import re2
from django.db.models import TextChoices

from apps.events.answer import CatalogEntry, FixState
from apps.events.releases import compare_releases

# Expressions use RE2, which matches in linear time: https://github.com/google/re2/wiki/Syntax

MAX_EXPRESSION_LENGTH = 500
# Instructions. At the limit, the longest text takes about 2 ms in the worst case.
_MAX_PROGRAM_SIZE = 1000
_MAX_MEMORY = 1 << 20

_EXPLANATIONS = tomllib.loads((Path(__file__).parent / "expressions.toml").read_text("utf-8"))
_BACKREFERENCE = re.compile(r"invalid escape sequence: \\[1-9]")

Rows = Sequence[tuple[str, ...]]
_MAX_ROWS = 16


class ExpressionRefused(ValueError):
    """An invalid expression. The message says why, and what to write instead."""


def compile_expression(expression: str) -> Any:
    """Compile an expression that ignores case. Raises `ExpressionRefused`."""
    if len(expression) > MAX_EXPRESSION_LENGTH:
        raise ExpressionRefused(f"It is longer than {MAX_EXPRESSION_LENGTH} characters.")
    try:
        compiled = _compile(expression)
    except re2.error as error:
        message = error.args[0] if error.args else ""
        message = message.decode(errors="replace") if isinstance(message, bytes) else str(message)
        if _BACKREFERENCE.match(message):
            sentence = "Referring back to a group, such as \\1, is not supported."
            raise ExpressionRefused(sentence) from None
        found = (text for start, text in _EXPLANATIONS.items() if message.startswith(start))
        sentence = next(found, f"The engine (RE2) refuses it: {message}.")
        raise ExpressionRefused(sentence) from None
    if compiled.programsize > _MAX_PROGRAM_SIZE:
        raise ExpressionRefused(_EXPLANATIONS["pattern too large"])
    return compiled


@lru_cache(maxsize=4096)
def _compile(expression: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MAX_MEMORY
    return re2.compile(expression, options)


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


def required_literals(expression: str) -> Rows:
    """Return the literals that every match contains: all those of at least one row.

    Literals are case-folded ASCII. The result is empty if they cannot be determined for certain.
    """
    flags = _FLAGS.match(expression)
    tokens, position = [], flags.end() if flags else 0
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None or "\\Q" in match[0]:
            return ()
        tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
        position = match.end()
    rows = _rows_of(iter([*tokens, ("close", ")")]))
    return tuple(rows) if all(rows) else ()


def _rows_of(tokens: Iterator[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return the rows of the alternatives, consuming the tokens up to the closing bracket."""
    alternatives: list[tuple[str, ...]] = []
    rows: list[tuple[str, ...]] = [()]
    # The last item, which a quantifier can still make optional: literal text or a group.
    run = ""
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
    """Combine each row with each of the others; drop the others if that would be too many."""
    if len(rows) * len(others) > _MAX_ROWS:
        return list(rows)
    return [(*row, *other) for row in rows for other in others]


MAX_TEXT_LENGTH = 500
_MAX_NAME_LENGTH = 200
_INVALID = re.compile("[\0\ud800-\udfff]")


class Field(TextChoices):
    """The text that a rule tests: a part of an event, a log's message, or a request's facts."""

    TYPE = "type", "exception type"
    MESSAGE = "message", "message"
    CULPRIT = "culprit", "culprit"
    LOG = "log", "log message"
    REQUEST = "request", "request"


class Comparison(TextChoices):
    """How a text rule compares, ignoring case."""

    EXACT = "exact", "is"
    CONTAINS = "contains", "contains"
    EXPRESSION = "expression", "matches the expression"


_ACTIVITY = frozenset((Field.LOG, Field.REQUEST))


class PartRefused(ValueError):
    """An invalid part of an entry. The message says why; `part` names the field or section."""

    def __init__(self, sentence: str, part: str) -> None:
        super().__init__(sentence)
        self.part = part


@dataclass(frozen=True, slots=True)
class TextRule:
    """A rule about a text of an event, a log, or a request."""

    field: Field
    comparison: Comparison
    value: str

    @property
    def folded(self) -> str:
        """Return the case-folded value."""
        return self.value.casefold()

    @property
    def literals(self) -> Rows:
        """Return case-folded literals as `required_literals` does."""
        if self.comparison is Comparison.EXPRESSION:
            return required_literals(self.value)
        return ((self.folded,),)

    def __str__(self) -> str:
        return f"the {self.field.label} {self.comparison.label} “{self.value}”"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Rules that must all match. `issue` is an ID or short ID; the release range is inclusive."""

    issue: str = ""
    project: str = ""
    texts: tuple[TextRule, ...] = ()
    release_from: str = ""
    release_until: str = ""

    def covers(self, release: str) -> bool:
        """Return whether the release is certain to be in the range; an unknown one is empty."""
        return (
            release != ""
            and _is_in_order(self.release_from, release)
            and _is_in_order(release, self.release_until)
        )

    @property
    def weight(self) -> tuple[int, int, int]:
        """Return the sort key for specificity: an issue, then more and exact rules, then length."""
        exact = sum(rule.comparison is Comparison.EXACT for rule in self.texts)
        rules = len(self.texts) + bool(self.project)
        rules += bool(self.release_from or self.release_until)
        return (bool(self.issue), rules + exact, sum(len(rule.value) for rule in self.texts))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return the rules in words."""
        reasons = [f"it is the issue {self.issue}"] if self.issue else []
        reasons += [str(rule) for rule in self.texts]
        if self.project:
            reasons.append(f"the project is {self.project}")
        if self.release_from and self.release_until:
            reasons.append(f"the release is between {self.release_from} and {self.release_until}")
        elif self.release_from:
            reasons.append(f"the release is {self.release_from} or newer")
        elif self.release_until:
            reasons.append(f"the release is {self.release_until} or older")
        return tuple(reasons)


def _is_in_order(older: str, newer: str) -> bool:
    if not older or not newer:
        return True
    (package, _, version), (other_package, _, other_version) = (
        text.rpartition("@") for text in (older, newer)
    )
    if not package or not other_package:  # people leave the package out
        older, newer = version, other_version
    order = compare_releases(older, newer)
    return order is not None and order <= 0


def parse_pattern(values: Mapping[str, object]) -> Pattern:
    """Parse a pattern from JSON values as the database and files hold it.

    `{"issue": "WEB-1", "project": "web", "type": {"exact": "KeyError"}, "message": {"contains":
    "..."}, "culprit": {"expression": "..."}, "release": {"from": "2.1", "until": "2.4"}}`; for a
    failure without an error, `log` or `request` instead of an issue and texts of an event.

    Raises `PartRefused`.
    """
    unknown = set(values) - {"issue", "project", "release", *Field}
    if unknown:
        name = sorted(unknown)[0]
        raise PartRefused(f"A pattern has no field named “{name[:40]}”.", "pattern")
    release = _mapping(values.get("release"), "release", ("from", "until"))
    pattern = Pattern(
        issue=_text(values.get("issue"), "issue", _MAX_NAME_LENGTH),
        project=_text(values.get("project"), "project", _MAX_NAME_LENGTH),
        texts=tuple(rule for field in Field if (rule := _rule(field, values.get(field)))),
        release_from=_text(release.get("from"), "release", _MAX_NAME_LENGTH),
        release_until=_text(release.get("until"), "release", _MAX_NAME_LENGTH),
    )
    if not (pattern.issue or pattern.texts):
        raise PartRefused(
            "Enter at least an issue, a type, a message, a culprit, a log message, or a request.",
            "pattern",
        )
    activity = [rule.field for rule in pattern.texts if rule.field in _ACTIVITY]
    if activity and (pattern.issue or len(pattern.texts) > 1):
        raise PartRefused(
            f"A pattern with a {activity[0].label} is for failures without an error. It can "
            "have a project and releases, but no issue and no other text.",
            activity[0],
        )
    if pattern.release_from and pattern.release_until:
        order = compare_releases(pattern.release_from, pattern.release_until)
        if order is None:
            raise PartRefused("We can't tell which of the two releases is older.", "release")
        if order > 0:
            raise PartRefused(
                "The last affected release is older than the first affected release.", "release"
            )
    return pattern


def pattern_values(pattern: Pattern) -> dict[str, object]:
    """Return the JSON values of a pattern, without empty ones."""
    release = {"from": pattern.release_from, "until": pattern.release_until}
    values: dict[str, object] = {
        "issue": pattern.issue,
        "project": pattern.project,
        **{str(rule.field): {str(rule.comparison): rule.value} for rule in pattern.texts},
        "release": {end: value for end, value in release.items() if value},
    }
    return {name: value for name, value in values.items() if value}


def _rule(field: Field, value: object) -> TextRule | None:
    given, name = _mapping(value, field, tuple(Comparison)), field.label
    if len(given) > 1:
        choices = ", ".join(Comparison)
        raise PartRefused(f"The {name} takes one of {choices}, not several.", field)
    if not given:
        return None
    [(comparison, text)] = given.items()
    rule = TextRule(field, Comparison(comparison), _text(text, field, MAX_TEXT_LENGTH))
    if rule.value and rule.comparison is Comparison.EXPRESSION:
        try:
            expression = compile_expression(rule.value)
        except ExpressionRefused as refused:
            sentence = f"The expression for the {name} can't be used. {refused}"
            raise PartRefused(sentence, field) from None
        if expression.search(""):
            sentence = f"The expression for the {name} matches any text, even empty text."
            raise PartRefused(f"{sentence} Make it more specific.", field)
    return rule if rule.value else None


def _mapping(value: object, part: str, names: tuple[str, ...]) -> Mapping[str, object]:
    if value is None or value == "":
        return {}
    if not isinstance(value, Mapping) or set(value) - set(names):
        raise PartRefused(f"“{part}” needs one of {', '.join(names)} with its text.", part)
    return value


def _text(value: object, part: str, limit: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise PartRefused(f"“{part}” isn't text.", part)
    text = str(value).strip()
    if len(text) > limit:
        raise PartRefused(f"“{part}” is longer than {limit} characters.", part)
    if has_invalid_characters(text):
        raise PartRefused(f"“{part}” contains a character that isn't allowed in text.", part)
    return text


def has_invalid_characters(text: str) -> bool:
    """Return whether it contains NUL or a lone surrogate, which PostgreSQL cannot store."""
    return _INVALID.search(text) is not None


# Texts with variables such as {greeting}, which are checked when saved and filled in when used.

# The variables of a reply, with their meanings as the form shows them.
REPLY_VARIABLES: Mapping[str, str] = {
    "greeting": "“Hello Jane,” or just “Hello,” if no name was typed",
    "moment": "when it happened, on the customer's clock",
    "planned_for": "the day the fix is planned for",
    "fixed_in": "the release that has the fix",
}


class TextRefused(ValueError):
    """A text with an invalid variable. The message says which one, and what to do."""


def check_variables(text: str, allowed: Collection[str]) -> frozenset[str]:
    """Return the variables in the text. Raises `TextRefused` for one that is not allowed."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise TextRefused(
            "A brace { or } is on its own. Write {{ or }} for the character itself."
        ) from None
    found = set()
    for _before, name, style, conversion in parts:
        if name is None:
            continue
        if style or conversion or name not in allowed:
            variables = ", ".join(f"{{{variable}}}" for variable in allowed)
            raise TextRefused(f"There is no variable {{{name[:40]}}}. You can use: {variables}.")
        found.add(name)
    return frozenset(found)


def check_reply(known: CatalogEntry) -> None:
    """Raise `TextRefused` for a reply with an unknown variable or one that would be empty."""
    used = check_variables(known.reply, REPLY_VARIABLES)
    if "planned_for" in used and (known.state is not FixState.PLANNED or not known.planned_for):
        raise TextRefused("The reply uses {planned_for}, but no date is planned.")
    if "fixed_in" in used and (known.state is not FixState.FIXED or not known.fixed_in):
        raise TextRefused("The reply uses {fixed_in}, but no release is given.")


def fill_variables(text: str, values: Mapping[str, str]) -> str:
    """Fill in the variables of a text that `check_variables` accepted; values are not expanded."""
    return "".join(
        before + (values[name] if name else "") for before, name, *_rest in Formatter().parse(text)
    )
