"""The search over replays: the language of the events' search, joined in a way of its own."""

from __future__ import annotations

import re
from collections.abc import Callable

from apps.demo.exchange import bad
from apps.demo.model import Replay
from apps.demo.search import check_sides, parse
from apps.demo.syntax import Both, Clause, Either, FreeText, Node, SearchError
from apps.demo.wildcards import is_wildcard, pattern_of, unescaped

Test = Callable[[Replay], bool]
Values = Callable[[Replay], tuple[str | None, ...]]

HEX_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
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


def searched(query: str) -> Test:
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


def _compiled(node: Node) -> Test:
    if isinstance(node, Both):
        tests = [_compiled(part) for part in node.parts]
        return lambda replay: all(test(replay) for test in tests)
    if isinstance(node, Either):
        tests = [_compiled(part) for part in node.parts]
        return lambda replay: any(test(replay) for test in tests)
    return _clause(node)


def _clause(node: Clause | FreeText) -> Test:
    """The test for one `key:value`.

    Sentry takes an unknown key for a tag and finds nothing. The demo has no tags on replays and
    refuses, so that a misspelt key gets noticed.
    """
    key = "message" if isinstance(node, FreeText) else node.key
    if isinstance(node, FreeText) or key not in KEYS:
        raise SearchError(f"Unsupported search field: {key}")
    positive = node.operator in ("=", "IN")
    singles = [_single(key, value) for value in node.values]
    return lambda replay: any(test(replay) for test in singles) == positive


def _single(key: str, value: str) -> Test:
    """The positive test of one text; absent and empty are the same."""
    values = KEYS[key]
    if key in ID_KEYS and value:
        value = _hex(key, value)
    if is_wildcard(value):
        pattern = pattern_of(value)
        return lambda replay: any(pattern.match(text) for text in _texts(values(replay)))
    wanted = unescaped(value)
    return lambda replay: wanted in _texts(values(replay))


def _texts(values: tuple[str | None, ...]) -> list[str]:
    return [value or "" for value in values] or [""]


def _hex(key: str, value: str) -> str:
    if is_wildcard(value):
        raise SearchError(f"Invalid operator specified for `{key}`")
    if not HEX_ID.fullmatch(value.replace("-", "")):
        raise SearchError(f"Could not parse value for `{key}`")
    return value.replace("-", "").lower()
