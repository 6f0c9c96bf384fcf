"""Sentry's search: the query syntax, the tests it compiles to, and time windows.

The syntax is Sentry's event search, including its traps: AND binds tighter than OR, and terms
next to each other are joined by AND; an unquoted `[a,b]` is a list; a leading `=` is dropped
and a leading `!=` negates; the only escape inside quotes is `\\"`, so a value that ends in a
backslash swallows its closing quote.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import pairwise
from typing import TypeVar

from apps.demo.http import ApiError, ApiRequest, bad_request
from apps.demo.world import (
    ARRAY_COLUMNS,
    BOOLEAN_COLUMNS,
    NUMBER_COLUMNS,
    Project,
    Replay,
    Row,
    World,
    column,
)

T = TypeVar("T")
R = TypeVar("R", bound=Row)
Test = Callable[[T], bool]

# --- the tree of a query ------------------------------------------------------------------------


class SearchError(Exception):
    """An invalid query; the text is Sentry's `detail`."""


@dataclass(frozen=True)
class Clause:
    """A field that has one of the values, or none of them unless `is_positive`.

    Values are raw, with wildcards and `\\*`.
    """

    key: str
    values: tuple[str, ...]
    is_positive: bool


@dataclass(frozen=True)
class Group:
    """All parts must match, or at least one of them if `is_any`."""

    parts: "tuple[Node, ...]"
    is_any: bool = False


Node = Clause | Group

OPERATOR_WORD = re.compile(r"(OR|AND)(?=[\t\n )]|$)", re.IGNORECASE)
KEY = re.compile(
    r"(?P<not>!)?"
    r"(?P<key>tags\[[a-zA-Z0-9_.:-]+(?: *, *(?:string|number|boolean))?\]"
    r'|[a-zA-Z0-9_.-]+|"[a-zA-Z0-9_.:-]+")'
    r":"
)
SPACES = re.compile(" *")
OPENING = re.compile(r"\( *")
CLOSING = re.compile(r"\)")
NAME = re.compile(r"[a-zA-Z0-9_.-]+")
COMPARISON = re.compile(r"!?=")
QUOTED = re.compile(r'"((?:\\"|[^"])*+)"')
UNQUOTED = re.compile(r"[^()\t\n ]*")
LIST_ITEM = r'(?:"(?:\\"|[^"])*+"|[^(), ]+)'
LIST = re.compile(rf"\[({LIST_ITEM}(?: *, *(?:{LIST_ITEM})?)*)\](?=[\t\n )]|$)")
LIST_PART = re.compile(rf"{LIST_ITEM}|(?<=,) *(?=,|$)")


def parse(query: str, *, booleans: bool = True) -> Node:
    """Return the tree of a query; an empty query is `Group(())`.

    With `booleans` off, AND and OR are refused (Sentry API: the issue search allows neither).
    Raises SearchError.
    """
    reader = _Reader(query, booleans)
    node = reader.sequence()
    if reader.at < len(query):
        raise SearchError(
            f"Parse error at '{query[max(0, reader.at - 5) : reader.at + 5]}' "
            f"(column {reader.at + 1}). This is commonly caused by unmatched parentheses. "
            "Enclose any text in double quotes."
        )
    return node


class _Reader:
    def __init__(self, query: str, booleans: bool) -> None:
        self.query = query
        self.booleans = booleans
        self.at = 0

    def sequence(self) -> Node:
        """Return the terms up to the end or a closing parenthesis, joined by their operators."""
        terms: list[Node | str] = []
        self._take(SPACES)
        while (term := self._term()) is not None:
            terms.append(term)
            self._take(SPACES)
        return joined(terms)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return the match at the current place, and continue after it."""
        match = pattern.match(self.query, self.at)
        if match:
            self.at = match.end()
        return match

    def _term(self) -> Node | str | None:
        word = self._take(OPERATOR_WORD)
        if word and not self.booleans:
            raise SearchError(
                'Boolean statements containing "OR" or "AND" are not supported in this search'
            )
        return word[1].upper() if word else self._group() or self._clause()

    def _group(self) -> Node | None:
        start = self.at
        if not self.booleans or not self._take(OPENING):
            return None
        inside = self.at
        node = self.sequence()
        if self.at > inside and self._take(CLOSING):
            return node
        self.at = start
        return None

    def _clause(self) -> Clause | None:
        head = self._take(KEY)
        if head is None:
            return None
        key = head["key"].strip('"').replace(" ", "").replace(",string", "")
        is_negated = bool(head["not"])
        if listed := self._take(LIST):
            return Clause(key, list_values(listed[1]), not is_negated)
        sign = self._take(COMPARISON)
        start = self.at
        # The rest is no part of it: older servers read `has:tags[x]` so.
        name = self._take(NAME) if key == "has" else None
        value = name[0] if name else self._value()
        if not value and self.at == start:
            raise SearchError(f"Empty string after '{key}:'")
        if key == "has":
            return Clause(value, ("",), is_negated)
        is_different = sign is not None and sign[0] == "!="
        return Clause(key, (value,), not is_negated and not is_different)

    def _value(self) -> str:
        quoted = self._take(QUOTED)
        if quoted:
            return quoted[1].replace('\\"', '"')
        plain = self._take(UNQUOTED)
        text = plain[0] if plain else ""
        if re.search(r'(?<!\\)"', text):
            raise SearchError(f"Invalid quote at '{text}': quotes must enclose text or be escaped.")
        return text.replace('\\"', '"')


def list_values(inner: str) -> tuple[str, ...]:
    """Return the texts of `a, "b c",d`. Raises SearchError for an empty value, as Sentry does."""
    parts = [part.strip(" ") for part in LIST_PART.findall(inner)]
    if not all(parts) or inner.rstrip(" ").endswith(","):
        raise SearchError("Lists should not have empty values")
    whole = [QUOTED.fullmatch(part) for part in parts]
    texts = [quoted.group(1) if quoted else part for quoted, part in zip(whole, parts, strict=True)]
    return tuple(text.replace('\\"', '"') for text in texts)


def joined(terms: list[Node | str]) -> Node:
    """Return terms and operators as a tree. Raises SearchError if an operator lacks a side."""
    if terms and isinstance(terms[0], str):
        raise SearchError(f"Condition is missing on the left side of '{terms[0]}' operator")
    if terms and isinstance(terms[-1], str):
        raise SearchError(f"Condition is missing on the right side of '{terms[-1]}' operator")
    for left, right in pairwise(terms):
        if isinstance(left, str) and isinstance(right, str):
            raise SearchError(
                f"Missing condition in between two boolean operators: '{left} {right}'"
            )
    alternatives: list[list[Node]] = [[]]
    for term in terms:
        if term == "OR":
            alternatives.append([])
        elif not isinstance(term, str):
            alternatives[-1].append(term)
    parts = [part[0] if len(part) == 1 else Group(tuple(part)) for part in alternatives]
    return parts[0] if len(parts) == 1 else Group(tuple(parts), is_any=True)


# --- wildcards ----------------------------------------------------------------------------------
#
# `*` after an even number of backslashes is a wildcard, `\*` is a star, and a lone backslash is
# literal. With a wildcard, the value becomes a regular expression in which every backslash is an
# escape and braces are not escaped.

WILDCARD = re.compile(r"(?<!\\)(?:\\\\)*\*")


def is_wildcard(value: str) -> bool:
    """Return whether the value has at least one wildcard."""
    return bool(WILDCARD.search(value))


def unescaped(value: str) -> str:
    """Return the exact text of a value without wildcards: `\\*` is `*`, all else is literal."""
    return value.replace("\\*", "*")


def pattern_of(value: str, case: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    """Return the anchored pattern of a value with wildcards. Raises ApiError 500, as Sentry does.

    Braces repeat what precedes them.
    """
    parts = re.findall(r"\\.|.", value, re.DOTALL)
    literal = (part if part in "{}" else re.escape(part[-1]) for part in parts)
    text = "".join(".*" if part == "*" else one for part, one in zip(parts, literal, strict=True))
    try:
        return re.compile(rf"{text}\Z", re.DOTALL | case)
    except re.error as error:
        raise ApiError(500, "Internal Error") from error


# --- tests of rows ------------------------------------------------------------------------------
#
# Rules of Sentry's events table: equality of text is case-sensitive, wildcards are anchored and
# ignore case, the message is searched for a substring, an empty value means that the field is
# absent, and a negation also matches events that lack the field.

HEX_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
SPAN_ID = re.compile(r"[0-9a-f]{16}", re.IGNORECASE)


def compiled(node: Node, leaf_test: Callable[[Clause], Test[T]]) -> Test[T]:
    """Return the test of a tree, given the test of a leaf."""
    if isinstance(node, Group):
        combine = any if node.is_any else all
        tests = [compiled(part, leaf_test) for part in node.parts]
        return lambda item: combine(test(item) for test in tests)
    return leaf_test(node)


@dataclass(frozen=True)
class Rules:
    """How a dataset compares texts.

    The world is needed because an unknown project or issue is an error. `any_case`: capitals of
    ASCII letters don't matter. `case` is about patterns. `is_newer`: logs and spans, whose messages
    are compared like any text.
    """

    world: World
    any_case: bool = False
    case: re.RegexFlag = re.IGNORECASE
    is_newer: bool = False


def row_test(node: Clause, rules: Rules) -> Test[Row]:
    """Return the test of a clause. Raises SearchError."""
    _check_names(node, rules)
    if node.key in NUMBER_COLUMNS or node.key.endswith(",number]"):
        return _numeric(node)
    if node.key in BOOLEAN_COLUMNS and node.values != ("",):
        return _boolean(node)
    singles = [_text_test(node.key, value, rules) for value in node.values]
    key, is_positive = node.key, node.is_positive

    @cache
    def fits(texts: tuple[str, ...]) -> bool:
        return any(test(text) for test in singles for text in texts) == is_positive

    return lambda event: fits(_texts(event, key))


def _check_names(node: Clause, rules: Rules) -> None:
    values, world = [value for value in node.values if value], rules.world
    if node.key in ("id", "trace"):
        _check_hex(node.key, values, rules)
    if node.key == "issue" and not rules.is_newer:
        known = {issue.short_id for issue in world.all_issues}
        unknown = [one for one in values if one.upper() not in known and one != "unknown"]
        if unknown:
            raise SearchError(f"Invalid value '{unknown}' for 'issue:' filter")
    if node.key in ("project", "project.name"):
        unknown = [value for value in values if world.find_project(value) is None]
        if unknown and not any(is_wildcard(value) for value in unknown):
            raise SearchError(
                f"Invalid query. Project(s) {', '.join(unknown)} do not exist "
                "or are not actively selected."
            )


def _check_hex(key: str, values: list[str], rules: Rules) -> None:
    for value in values:
        if is_wildcard(value):
            raise SearchError(f"Wildcard conditions are not permitted on `{key}` field.")
        plain = value.replace("-", "")
        is_span = rules.is_newer and key == "id" and SPAN_ID.fullmatch(plain)
        if not HEX_ID.fullmatch(plain) and not is_span:
            raise SearchError(
                f"`{key}` must be a valid UUID hex (32 characters long, containing only digits "
                "0-9 and a-f characters)"
            )


def _numeric(node: Clause) -> Test[Row]:
    try:
        wanted = [float(value) if value else None for value in node.values]
    except ValueError as error:
        raise SearchError(
            f"{node.key}: Invalid number: {node.values[0]}. Expected number then optional k, m, "
            "or b suffix (e.g. 500k)."
        ) from error
    return lambda event: (column(event, node.key) in wanted) == node.is_positive


def _boolean(node: Clause) -> Test[Row]:
    words = {"true": True, "1": True, "false": False, "0": False}
    word = node.values[0].lower()
    if word not in words:
        raise SearchError(
            f"{node.key}: Invalid boolean: {node.values[0]}. Expected true, 1, false, or 0."
        )
    wanted = words[word] == node.is_positive
    return lambda event: column(event, node.key) is wanted


def _text_test(key: str, value: str, rules: Rules) -> Test[str]:
    """Return the positive test of one text; absent and empty are the same in Sentry."""
    if is_wildcard(value):
        matches = pattern_of(value, rules.case).match
        return lambda text: matches(text) is not None
    wanted = unescaped(value)
    if rules.any_case:
        equals = re.compile(re.escape(wanted), rules.case).fullmatch
        return lambda text: equals(text) is not None
    if key == "message" and value and not rules.is_newer:
        return lambda text: wanted.lower() in text.lower()
    if key in ("id", "trace"):
        wanted = wanted.replace("-", "").lower()
    if key == "issue" and wanted != "unknown":
        wanted = wanted.upper()
    return lambda text: text == wanted


def _texts(event: Row, key: str) -> tuple[str, ...]:
    """Return all texts of a field; a missing field is the empty text."""
    value = column(event, key)
    if key in ARRAY_COLUMNS and isinstance(value, list):
        return tuple(str(item) for item in value) or ("",)
    return ("",) if value is None else (str(value),)


# --- time windows -------------------------------------------------------------------------------

DEFAULT_SPAN = timedelta(days=90)


@dataclass(frozen=True)
class Window:
    """A half-open window: `start <= timestamp < end` (Sentry API: the end is exclusive)."""

    start: datetime
    end: datetime

    def contains(self, event: Row) -> bool:
        """Compare whole seconds, as in the events table."""
        return self.start <= event.second < self.end


def parse_time(value: str) -> datetime:
    """Return a time in UTC. Raises ApiError 400.

    Real servers read more, and ignore a `+HH:MM` silently, so no one should send it.
    """
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise bad_request(f"{value} is not a valid ISO8601 date query") from error


def requested_window(request: ApiRequest) -> Window | None:
    """Return the window of `start` and `end`, if any."""
    start, end = request.one("start"), request.one("end")
    if not start and not end:
        return None
    if not start or not end:
        raise bad_request("start and end are both required")
    window = Window(parse_time(start), parse_time(end))
    if window.start >= window.end:
        raise bad_request("start must be before end")
    return window


def window_of(request: ApiRequest) -> Window:
    """Return the window, or the last 90 days. Raises ApiError 400 if it is before the retention."""
    window = requested_window(request) or Window(request.now - DEFAULT_SPAN, request.now)
    if request.settings.retention_days is None:
        return window
    edge = request.now - timedelta(days=request.settings.retention_days)
    if window.end <= edge:
        raise bad_request("Invalid date range. Please try a more recent date range.")
    return Window(max(window.start, edge), window.end)


# --- searches of events and replays -------------------------------------------------------------


def found_rows(
    request: ApiRequest,
    projects: Sequence[Project],
    query: str,
    rows: Sequence[R],
    *,
    is_newer: bool = False,
) -> list[R]:
    """Return the rows in the projects, the window, and the environments that match the query.

    Logs and spans, and errors of newer servers, heed capitals unless asked not to. Raises ApiError
    400 for an invalid window or query.
    """
    heeds_case = is_newer or request.settings.newer_dataset
    any_case = request.one("caseInsensitive") == "1"
    case = re.IGNORECASE if any_case or not heeds_case else re.NOFLAG
    case |= re.ASCII if is_newer else re.NOFLAG
    rules = Rules(request.world, is_newer and any_case, case, is_newer)
    try:
        test = compiled(parse(query), partial(row_test, rules=rules))
    except SearchError as error:
        raise bad_request(str(error)) from error
    window = window_of(request)
    environments = request.many("environment")
    slugs = {project.slug for project in projects}
    return [
        row
        for row in rows
        if row.project.slug in slugs
        and window.contains(row)
        and in_environments(row, environments)
        and test(row)
    ]


def in_environments(event: Row, names: Sequence[str]) -> bool:
    """Return whether the row is in one of these environments, if any; "" stands for none."""
    return not names or (event.columns["environment"] or "") in names


REPLAY_FIELDS = ("user.id", "user.email", "user.username")


def replay_search(world: World, query: str) -> Test[Replay]:
    """Return the test of a query; only people can be searched for. Raises ApiError 400."""

    def test(node: Clause) -> Test[Row]:
        if node.key not in REPLAY_FIELDS:
            raise SearchError(f"Unsupported search field: {node.key}")
        return row_test(node, Rules(world))

    try:
        of_row = compiled(parse(query), test)
        return lambda replay: of_row(replay.row)
    except SearchError as error:
        raise bad_request(str(error)) from error
