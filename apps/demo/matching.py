"""Decides whether an event satisfies a search tree.

Rules of Sentry's events table: equality on text is case-sensitive, wildcards turn the value into
an anchored match that ignores case, the message is searched by substring, an empty value means
"the field is absent", a negation also matches events that lack the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from apps.demo.columns import ARRAY_COLUMNS, BOOLEAN_COLUMNS, INTEGER_COLUMNS, column
from apps.demo.model import Event
from apps.demo.syntax import Both, Clause, Either, FreeText, Node, SearchError
from apps.demo.wildcards import is_wildcard, pattern_of, unescaped
from apps.demo.world import World

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
