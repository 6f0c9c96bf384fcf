"""The tree a search query is read into, and the one error reading it can end in."""

from __future__ import annotations

from dataclasses import dataclass


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
