"""Reads Sentry's event search syntax into a tree.

Follows the grammar of Sentry's event search, its traps included: AND binds tighter than OR and
standing side by side means AND; an unquoted `[a,b]` is a list, a leading `=` is dropped and a
leading `!=` negates; the only escape inside quotes is `\\"`, so a value that ends in a backslash
swallows its closing quote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from apps.demo.http import Ask, bad
from apps.demo.world import (
    ARRAY_COLUMNS,
    BOOLEAN_COLUMNS,
    INTEGER_COLUMNS,
    Event,
    Project,
    Replay,
    World,
    column,
)

# The tree a search query is read into, and the one error reading it can end in.


class SearchError(Exception):
    """The query cannot be read; the text is what Sentry puts into `detail`."""


@dataclass(frozen=True)
class Clause:
    """`key operator value`. `values` holds one text, or several for the IN operators.

    Operators are `=`, `!=`, `IN`, `NOT IN`, and for numbers and dates also `<`, `<=`, `>`, `>=`.
    Texts are raw: wildcards and `\\*` are still in them.
    """

    key: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class FreeText:
    """Words outside any `key:value`; they are looked for in message and title."""

    text: str


@dataclass(frozen=True)
class Both:
    """Every part must hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Either:
    """At least one part must hold."""

    parts: tuple[Node, ...]


Node = Clause | FreeText | Both | Either

EVERYTHING = Both(())


OPERATOR_WORD = re.compile(r"(OR|AND)(?=[\t\n )]|$)", re.IGNORECASE)
KEY = re.compile(
    r"(?P<not>!)?"
    r'(?P<key>tags\[[a-zA-Z0-9_.:-]+(?: *, *string)?\]|[a-zA-Z0-9_.-]+|"[a-zA-Z0-9_.:-]+")'
    r":"
)
COMPARISON = re.compile(r">=|<=|>|<|=|!=")
QUOTED = re.compile(r'"((?:\\"|[^"])*+)"')
UNQUOTED = re.compile(r"[^()\t\n ]*")
LIST_ITEM = r'(?:"(?:\\"|[^"])*+"|[^(), ]+)'
LIST = re.compile(rf"\[({LIST_ITEM}(?: *, *(?:{LIST_ITEM})?)*)\](?=[\t\n )]|$)")
LIST_PART = re.compile(rf"{LIST_ITEM}|(?<=,) *(?=,|$)")
WORD = re.compile(r"[^()\n ]+")

NEGATED = {"=": "!=", "IN": "NOT IN", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
COMPARABLE = frozenset({"issue.id", "project.id", "project_id", "timestamp"})


Join = Callable[[list[Node | str]], Node]


def parse(query: str, *, booleans: bool = True, join: Join | None = None) -> Node:
    """The tree of a query; an empty query is `EVERYTHING`. `join` is `joined` unless told.

    With `booleans` off, AND and OR are refused (Sentry API: the issue search allows neither).
    Raises SearchError with Sentry's text.
    """
    reader = _Reader(query, booleans, join or joined)
    node = reader.sequence()
    if reader.at < len(query):
        raise SearchError(
            f"Parse error at '{query[max(0, reader.at - 5) : reader.at + 5]}' "
            f"(column {reader.at + 1}). This is commonly caused by unmatched parentheses. "
            "Enclose any text in double quotes."
        )
    return node


class _Reader:
    """Walks the query once, from left to right."""

    def __init__(self, query: str, booleans: bool, join: Join) -> None:
        self.query = query
        self.join = join
        self.booleans = booleans
        self.at = 0

    def sequence(self) -> Node:
        """Terms up to the end or a closing parenthesis, joined by their operators."""
        terms: list[Node | str] = []
        self._spaces()
        while True:
            term = self._term()
            if term is None:
                return self.join(terms)
            terms.append(term)
            self._spaces()

    def _spaces(self) -> None:
        while self.query.startswith(" ", self.at):
            self.at += 1

    def _term(self) -> Node | str | None:
        word = OPERATOR_WORD.match(self.query, self.at)
        if word:
            if not self.booleans:
                raise SearchError(
                    'Boolean statements containing "OR" or "AND" are not supported in this search'
                )
            self.at = word.end()
            return word.group(1).upper()
        return self._group() or self._clause() or self._free_text()

    def _group(self) -> Node | None:
        start = self.at
        if not self.query.startswith("(", start):
            return None
        self.at += 1
        self._spaces()
        inside = self.at
        node = self.sequence()
        if self.at > inside and self.query.startswith(")", self.at):
            self.at += 1
            return node if self.booleans else FreeText(self.query[start : self.at])
        self.at = start
        return None

    def _clause(self) -> Clause | None:
        head = KEY.match(self.query, self.at)
        if head is None:
            return None
        key = head.group("key").strip('"').replace(" ", "").replace(",string", "")
        negated = bool(head.group("not"))
        self.at = head.end()
        listed = LIST.match(self.query, self.at)
        if listed:
            self.at = listed.end()
            values = list_values(listed.group(1))
            return Clause(key, "NOT IN" if negated else "IN", values)
        return self._single(key, negated)

    def _single(self, key: str, negated: bool) -> Clause:
        sign = COMPARISON.match(self.query, self.at)
        operator = sign.group() if sign else "="
        self.at = sign.end() if sign else self.at
        start = self.at
        value = self._value()
        if not value and self.at == start:
            raise SearchError(f"Empty string after '{key}:'")
        if key == "has":
            return Clause(value, "=" if negated else "!=", ("",))
        if operator not in ("=", "!=") and key not in COMPARABLE:
            value, operator = operator + value, "="
        if negated:
            operator = NEGATED.get(operator, "!=")
        return Clause(key, operator, (value,))

    def _value(self) -> str:
        quoted = QUOTED.match(self.query, self.at)
        if quoted:
            self.at = quoted.end()
            return quoted.group(1).replace('\\"', '"')
        plain = UNQUOTED.match(self.query, self.at)
        text = plain.group() if plain else ""
        if re.search(r'(?<!\\)"', text):
            raise SearchError(f"Invalid quote at '{text}': quotes must enclose text or be escaped.")
        self.at += len(text)
        return text.replace('\\"', '"')

    def _free_text(self) -> FreeText | None:
        quoted = QUOTED.match(self.query, self.at)
        if quoted:
            self.at = quoted.end()
            return FreeText(quoted.group(1).replace('\\"', '"'))
        start = self.at
        while self._free_word():
            self._spaces()
        text = self.query[start : self.at].strip(" ")
        return FreeText(text) if text else None

    def _free_word(self) -> bool:
        """Step over one word, or one pair of parentheses around words, that starts no term."""
        if KEY.match(self.query, self.at) or OPERATOR_WORD.match(self.query, self.at):
            return False
        word = WORD.match(self.query, self.at)
        if word:
            self.at = word.end()
            return True
        return self._free_parentheses()

    def _free_parentheses(self) -> bool:
        start = self.at
        if not self.query.startswith("(", start):
            return False
        self.at += 1
        self._free_text()
        if self.query.startswith(")", self.at):
            self.at += 1
            return True
        self.at = start
        return False


def list_values(inner: str) -> tuple[str, ...]:
    """The texts of `a, "b c",d`. A hole between commas is refused, as Sentry does."""
    parts = [part.strip(" ") for part in LIST_PART.findall(inner)]
    if not all(parts) or inner.rstrip(" ").endswith(","):
        raise SearchError("Lists should not have empty values")
    return tuple(unquoted(part).replace('\\"', '"') for part in parts)


def unquoted(part: str) -> str:
    """A list item without the quotes around it, if it has any."""
    whole = QUOTED.fullmatch(part)
    return whole.group(1) if whole else part


def joined(terms: list[Node | str]) -> Node:
    """Terms and operator words as one tree. Raises SearchError when an operator lacks a side."""
    if not terms:
        return EVERYTHING
    check_sides(terms)
    alternatives: list[Node] = []
    current: list[Node] = []
    for term in terms:
        if term == "OR":
            alternatives.append(_all_of(current))
            current = []
        elif not isinstance(term, str):
            current.append(term)
    alternatives.append(_all_of(current))
    return alternatives[0] if len(alternatives) == 1 else Either(tuple(alternatives))


def _all_of(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Both(tuple(nodes))


def check_sides(terms: list[Node | str]) -> None:
    """Raises SearchError when AND or OR stands first, last or beside another."""
    if isinstance(terms[0], str):
        raise SearchError(f"Condition is missing on the left side of '{terms[0]}' operator")
    if isinstance(terms[-1], str):
        raise SearchError(f"Condition is missing on the right side of '{terms[-1]}' operator")
    for left, right in pairwise(terms):
        if isinstance(left, str) and isinstance(right, str):
            raise SearchError(
                f"Missing condition in between two boolean operators: '{left} {right}'"
            )


# Wildcards in search values, as Sentry reads them.
#
# `*` after an even number of backslashes is a wildcard, `\*` is a star. A value with wildcards at
# its ends only is compared as prefix, suffix or infix, where a lone backslash stays itself. With
# a wildcard in the middle it becomes a regular expression, and there every backslash is an escape
# and disappears.

WILDCARD = re.compile(r"(?<!\\)(?:\\\\)*\*")


def is_wildcard(value: str) -> bool:
    """True when the value holds at least one live `*`."""
    return bool(WILDCARD.search(value))


def unescaped(value: str) -> str:
    """The exact text a value without wildcards stands for: `\\*` is `*`, all else is literal."""
    return value.replace("\\*", "*")


def pattern_of(value: str) -> re.Pattern[str]:
    """The anchored, case-insensitive pattern of a value with wildcards."""
    found = list(WILDCARD.finditer(value))
    leads = bool(found) and found[0].span() == (0, 1)
    trails = bool(found) and found[-1].end() == len(value) and (len(found) > 1 or not leads)
    if len(found) == leads + trails:
        inner = value[1 if leads else 0 : -1 if trails else None]
        text = ".*" * leads + re.escape(unescaped(inner)) + ".*" * trails
    else:
        text = _regex(value)
    return re.compile(text + r"\Z", re.IGNORECASE | re.DOTALL)


def _regex(value: str) -> str:
    made = []
    at = 0
    while at < len(value):
        if value[at] == "\\" and at + 1 < len(value):
            made.append(re.escape(value[at + 1]))
            at += 2
            continue
        made.append(".*" if value[at] == "*" else re.escape(value[at]))
        at += 1
    return "".join(made)


# Decides whether an event satisfies a search tree.
#
# Rules of Sentry's events table: equality on text is case-sensitive, wildcards turn the value
# into an anchored match that ignores case, the message is searched by substring, an empty value
# means "the field is absent", a negation also matches events that lack the field.

Test = Callable[[Event], bool]

HEX_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def compiled(node: Node, world: World) -> Test:
    """A test of one event against the tree. Raises SearchError where Sentry answers 400.

    The world is asked for the names of projects and issues only: an unknown one is an error.
    """
    if isinstance(node, Both):
        tests = [compiled(part, world) for part in node.parts]
        return lambda event: all(test(event) for test in tests)
    if isinstance(node, Either):
        tests = [compiled(part, world) for part in node.parts]
        return lambda event: any(test(event) for test in tests)
    if isinstance(node, FreeText):
        return free_text(node.text)
    return clause(node, world)


def free_text(text: str) -> Test:
    """Events whose message or title contains the text, whatever its case."""
    if is_wildcard(text):
        pattern = pattern_of(f"*{text}*")
        return lambda event: any(pattern.match(words) for words in _words_of(event))
    wanted = unescaped(text).lower()
    return lambda event: any(wanted in words.lower() for words in _words_of(event))


def _words_of(event: Event) -> tuple[str, str]:
    return str(event.columns["message"] or ""), str(event.columns["title"] or "")


def clause(node: Clause, world: World) -> Test:
    """The test for one `key:value`."""
    if node.key == "is":
        raise SearchError('"is:" queries are not supported in this search.')
    _check_names(node, world)
    if node.key in INTEGER_COLUMNS:
        return _numeric(node)
    if node.key == "timestamp":
        return _moment(node)
    if node.key in BOOLEAN_COLUMNS and node.values != ("",):
        return _boolean(node)
    return _textual(node)


def _check_names(node: Clause, world: World) -> None:
    values = [value for value in node.values if value]
    if node.key in ("id", "trace"):
        _check_hex(node.key, values)
    if node.key == "issue":
        known = {issue.short_id for issue in world.all_issues} | {"unknown"}
        bad = [value for value in values if value.upper() not in known and value != "unknown"]
        if bad:
            raise SearchError(f"Invalid value '{bad}' for 'issue:' filter")
    if node.key in ("project", "project.name"):
        unknown = [value for value in values if world.find_project(value) is None]
        if unknown and not any(is_wildcard(value) for value in unknown):
            raise SearchError(
                f"Invalid query. Project(s) {', '.join(unknown)} do not exist "
                "or are not actively selected."
            )


def _check_hex(key: str, values: list[str]) -> None:
    for value in values:
        if is_wildcard(value):
            raise SearchError(f"Wildcard conditions are not permitted on `{key}` field.")
        if not HEX_ID.fullmatch(value.replace("-", "")):
            raise SearchError(
                f"`{key}` must be a valid UUID hex (32 characters long, containing only digits "
                "0-9 and a-f characters)"
            )


def _numeric(node: Clause) -> Test:
    try:
        wanted = [int(value) if value else None for value in node.values]
    except ValueError as error:
        raise SearchError(
            f"{node.key}: Invalid number: {node.values[0]}. Expected number then optional k, m, "
            "or b suffix (e.g. 500k)."
        ) from error
    if node.operator in ("IN", "NOT IN"):
        return lambda event: (column(event, node.key) in wanted) == (node.operator == "IN")
    compare = COMPARE[node.operator]
    return lambda event: compare(column(event, node.key), wanted[0])


def _moment(node: Clause) -> Test:
    try:
        read = datetime.fromisoformat(node.values[0])
    except ValueError as error:
        raise SearchError(
            f"timestamp: Invalid date: {node.values[0]}. Expected +/-duration (e.g. +1h) "
            "or ISO 8601-like."
        ) from error
    wanted = read.replace(tzinfo=UTC) if read.tzinfo is None else read
    compare = COMPARE.get(node.operator, COMPARE["="])
    return lambda event: compare(event.second, wanted)


def _boolean(node: Clause) -> Test:
    words = {"true": True, "1": True, "false": False, "0": False}
    word = node.values[0].lower()
    if word not in words:
        raise SearchError(
            f"{node.key}: Invalid boolean: {node.values[0]}. Expected true, 1, false, or 0."
        )
    wanted = words[word] == (node.operator == "=")
    return lambda event: column(event, node.key) is wanted


def _textual(node: Clause) -> Test:
    positive = node.operator in ("=", "IN")
    singles = [_single(node.key, value) for value in node.values]
    return lambda event: any(test(event) for test in singles) == positive


def _single(key: str, value: str) -> Test:
    """The positive test of one text; absent and empty are the same to Sentry."""
    if key == "message" and value:
        wanted = unescaped(value)
        return _wild(key, value) if is_wildcard(value) else _contains(wanted.lower())
    if is_wildcard(value):
        return _wild(key, value)
    wanted = unescaped(value)
    if key in ("id", "trace"):
        wanted = wanted.replace("-", "").lower()
    if key == "issue":
        wanted = wanted if wanted == "unknown" else wanted.upper()
    return lambda event: wanted in _texts(event, key)


def _contains(wanted: str) -> Test:
    return lambda event: any(wanted in text.lower() for text in _texts(event, "message"))


def _wild(key: str, value: str) -> Test:
    pattern = pattern_of(value)
    return lambda event: any(pattern.match(text) for text in _texts(event, key))


def _texts(event: Event, key: str) -> list[str]:
    """All texts of a field; a missing one reads as the empty text."""
    value = column(event, key)
    if key in ARRAY_COLUMNS and isinstance(value, list):
        return [str(item) for item in value] or [""]
    return ["" if value is None else str(value)]


# Time windows as Sentry reads them from a request.

FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d")
PLUS_OFFSET = re.compile(r"[+ ]\d{2}:?\d{2}$")
UNIX = re.compile(r"\d+(\.\d+)?")
PERIOD = re.compile(r"(\d+)([smhdw])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DEFAULT_SPAN = timedelta(days=90)


@dataclass(frozen=True)
class Window:
    """Half-open: `start <= timestamp < end` (Sentry API: end is exclusive)."""

    start: datetime
    end: datetime

    def holds(self, event: Event) -> bool:
        """Compares whole seconds, as the events table stores nothing finer."""
        return self.start <= event.second < self.end


def parse_moment(value: str) -> datetime:
    """A moment in UTC from ISO text, a date or unix seconds.

    A trailing `Z` or `+HH:MM` is stripped and ignored; a `-HH:MM` is not understood. Raises
    ApiError 400 with Sentry's text.
    """
    if UNIX.fullmatch(value):
        return datetime.fromtimestamp(float(value), tz=UTC)
    naive = PLUS_OFFSET.sub("", value.removesuffix("Z"))
    for shape in FORMATS:
        try:
            return datetime.strptime(naive, shape).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise bad(f"{value} is not a valid ISO8601 date query")


def asked_window(ask: Ask) -> Window | None:
    """The window of `statsPeriod`, which wins, or of `start` and `end`; None without any."""
    period, start, end = ask.one("statsPeriod"), ask.one("start"), ask.one("end")
    if period:
        match = PERIOD.fullmatch(period)
        if match is None:
            raise bad(f"Invalid statsPeriod: '{period}'")
        length = timedelta(**{UNITS[match.group(2)]: int(match.group(1))})
        return Window(ask.now - length, ask.now)
    if not start and not end:
        return None
    if not start or not end:
        raise bad("start and end are both required")
    window = Window(parse_moment(start), parse_moment(end))
    if window.start >= window.end:
        raise bad("start must be before end")
    return window


def window_of(ask: Ask) -> Window:
    """The window of a request, the last 90 days by default, cut to what is still kept.

    Raises ApiError 400 when nothing of it is kept any more.
    """
    window = asked_window(ask) or Window(ask.now - DEFAULT_SPAN, ask.now)
    if ask.settings.retention_days is None:
        return window
    edge = ask.now - timedelta(days=ask.settings.retention_days)
    if window.end <= edge:
        raise bad("Invalid date range. Please try a more recent date range.")
    return Window(max(window.start, edge), window.end)


# Finds the events a request is about: projects, window, environments and search together.


def found_events(
    ask: Ask, projects: Sequence[Project], query: str, among: Sequence[Event] | None = None
) -> list[Event]:
    """The events of the projects that lie in the window and satisfy the query, unordered.

    `among` names the events to look at; without it, all but feedback.

    Raises ApiError 400 for a window or a query Sentry refuses.
    """
    test = searched(ask, query)
    window = window_of(ask)
    environments = ask.many("environment")
    slugs = {project.slug for project in projects}
    return [
        event
        for event in (ask.world.events if among is None else among)
        if event.project.slug in slugs
        and window.holds(event)
        and in_environments(event, environments)
        and test(event)
    ]


def searched(ask: Ask, query: str) -> Test:
    """The query as a test. Raises ApiError 400 with Sentry's words."""
    try:
        return compiled(parse(query), ask.world)
    except SearchError as error:
        raise bad(str(error)) from error


def in_environments(event: Event, names: Sequence[str]) -> bool:
    """No names means every environment; the empty name means events without one."""
    return not names or (event.columns["environment"] or "") in names


# The search over replays: the language of the events' search, joined in a way of its own.

ReplayTest = Callable[[Replay], bool]
Values = Callable[[Replay], tuple[str | None, ...]]

REPLAY_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
ID_KEYS: dict[str, Values] = {
    "id": lambda one: (one.id,),
    "replay_id": lambda one: (one.id,),
    "error_id": lambda one: one.error_ids,
    "error_ids": lambda one: one.error_ids,
    "trace": lambda one: one.trace_ids,
    "trace_id": lambda one: one.trace_ids,
    "trace_ids": lambda one: one.trace_ids,
}
TEXT_KEYS: dict[str, Values] = {
    "user.id": lambda one: (one.user["id"],),
    "user.email": lambda one: (one.user["email"],),
    "user.username": lambda one: (one.user["username"],),
    "user.ip": lambda one: (one.user["ip_address"],),
    "user.ip_address": lambda one: (one.user["ip_address"],),
    "url": lambda one: one.urls,
    "urls": lambda one: one.urls,
    "environment": lambda one: (one.environment,),
    "release": lambda one: (one.release,),
    "releases": lambda one: (one.release,),
}
KEYS = ID_KEYS | TEXT_KEYS


def searched_replays(query: str) -> ReplayTest:
    """The query as a test. Raises ApiError 400 with Sentry's words."""
    try:
        return _compiled(parse(query, join=left_to_right))
    except SearchError as error:
        raise bad(str(error)) from error


def left_to_right(terms: list[Node | str]) -> Node:
    """Terms and operator words as Sentry's replay search reads them: no operator binds tighter.

    Each operator joins the clause after it with the one before. One that stands before a
    parenthesis is kept for the next clause, or is lost: `(a) OR (b)` means both. Whoever wants
    an OR puts parentheses around the whole of it.
    """
    if terms:
        check_sides(terms)
    made: list[Node] = []
    operator = ""
    for term in terms:
        if isinstance(term, str):
            operator = term
        elif operator and made and not isinstance(term, Both):
            pair = (made.pop(), term)
            made.append(Either(pair) if operator == "OR" else Both(pair))
            operator = ""
        else:
            made.append(term)
    return Both(tuple(made))


def _compiled(node: Node) -> ReplayTest:
    if isinstance(node, Both):
        tests = [_compiled(part) for part in node.parts]
        return lambda replay: all(test(replay) for test in tests)
    if isinstance(node, Either):
        tests = [_compiled(part) for part in node.parts]
        return lambda replay: any(test(replay) for test in tests)
    return _clause(node)


def _clause(node: Clause | FreeText) -> ReplayTest:
    """The test for one `key:value`.

    Sentry takes an unknown key for a tag and finds nothing. The demo has no tags on replays and
    refuses, so that a misspelt key gets noticed.
    """
    key = "message" if isinstance(node, FreeText) else node.key
    if isinstance(node, FreeText) or key not in KEYS:
        raise SearchError(f"Unsupported search field: {key}")
    positive = node.operator in ("=", "IN")
    singles = [_single_replay(key, value) for value in node.values]
    return lambda replay: any(test(replay) for test in singles) == positive


def _single_replay(key: str, value: str) -> ReplayTest:
    """The positive test of one text; absent and empty are the same."""
    values = KEYS[key]
    if key in ID_KEYS and value:
        value = _hex(key, value)
    if is_wildcard(value):
        pattern = pattern_of(value)
        return lambda replay: any(pattern.match(text) for text in _replay_texts(values(replay)))
    wanted = unescaped(value)
    return lambda replay: wanted in _replay_texts(values(replay))


def _replay_texts(values: tuple[str | None, ...]) -> list[str]:
    return [value or "" for value in values] or [""]


def _hex(key: str, value: str) -> str:
    if is_wildcard(value):
        raise SearchError(f"Invalid operator specified for `{key}`")
    if not REPLAY_ID.fullmatch(value.replace("-", "")):
        raise SearchError(f"Could not parse value for `{key}`")
    return value.replace("-", "").lower()
