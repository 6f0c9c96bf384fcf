"""Reads Sentry's event search syntax into a tree.

Follows the grammar of Sentry's event search, its traps included: AND binds tighter than OR and
standing side by side means AND; an unquoted `[a,b]` is a list, a leading `=` is dropped and a
leading `!=` negates; the only escape inside quotes is `\\"`, so a value that ends in a backslash
swallows its closing quote.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from apps.demo.syntax import EVERYTHING, Both, Clause, Either, FreeText, Node, SearchError

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
