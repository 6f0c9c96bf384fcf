"""Build searches in Sentry's event search language, and match events with a customer.

Quoting follows Sentry's lexer: in quotes only `\\"` is an escape, `*` is a wildcard unless a
backslash precedes it, and a backslash can't be escaped.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.events.event import Event
from apps.events.query import Customer, CustomerKind, Question

EMAIL_FIELDS = frozenset(("user.email",))
_UNSAFE_BACKSLASH = re.compile(r'\\(?:["*]|$)')
_BACKSLASHES = re.compile(r'\\+["*]?')


def is_exact(value: str) -> bool:
    """Return whether the value, once quoted, matches nothing else."""
    return not _UNSAFE_BACKSLASH.search(value)


def quote(value: str) -> str:
    """Quote a value for a search.

    A backslash is literal, except at the end and before `"` or `*`: there, no exact form exists.
    Then each backslash, with the character it would escape, becomes a wildcard (in a pattern the
    other backslashes would vanish as well), and the caller must check the rows found.
    """
    if is_exact(value):
        return f'"{_escape(value)}"'
    return '"' + "*".join(map(_escape, _BACKSLASHES.split(value))) + '"'


def _escape(value: str) -> str:
    return value.replace('"', '\\"').replace("*", "\\*")


@dataclass(frozen=True, slots=True)
class Search:
    """A search in parentheses, and whether it matches nothing but the customer."""

    text: str
    exact: bool


def search_for(question: Question) -> Search:
    """Return the search for the customer in any of the lookup's fields.

    Email addresses are searched as typed and in lowercase, because Sentry's search is
    case-sensitive.
    """
    customer = question.customer
    clauses: list[str] = []
    exact = True
    if customer.is_named:
        clauses = identity_clauses(customer.identifier, question.searched_fields)
        exact = is_exact(customer.identifier)
    if customer.hex_id and customer.kind != CustomerKind.EVENT:
        clauses.append(f'trace:"{customer.hex_id}"')
    if customer.hex_id and customer.kind != CustomerKind.TRACE:
        clauses.append(f'id:"{customer.hex_id}"')
    return Search(f"({' OR '.join(clauses)})", exact)


def identity_clauses(identifier: str, fields: Sequence[str]) -> list[str]:
    """Return one clause for each field and spelling."""
    return [
        f"{field}:{quote(value)}" for field in fields for value in spellings_of(field, identifier)
    ]


def spellings_of(field: str, identifier: str) -> tuple[str, ...]:
    """Return the values to search in a field: email addresses also in lowercase."""
    if field not in EMAIL_FIELDS:
        return (identifier,)
    return tuple(dict.fromkeys((identifier, identifier.lower())))


def matched_fields(event: Event, customer: Customer) -> tuple[str, ...]:
    """Return the fields that match the customer; an empty tuple means someone else's event.

    Email addresses are compared case-insensitively, other fields and tags exactly.
    """
    matched = []
    if customer.is_named:
        matched = [*fields_naming(customer, event.identities)]
    if customer.hex_id and customer.kind != CustomerKind.EVENT:
        matched += ["trace"] if event.trace_id == customer.hex_id else []
    if customer.hex_id and customer.kind != CustomerKind.TRACE:
        matched += ["id"] if event.id == customer.hex_id else []
    return tuple(matched)


def fields_naming(customer: Customer, identities: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the searched fields with the customer's identifier."""
    return tuple(
        name
        for name, value in identities
        if name in (customer.fields or (name,)) and _is_same(name, value, customer.identifier)
    )


def has_identity(event: Event, customer: Customer) -> bool:
    """Return whether a row that doesn't match can be judged to be someone else's.

    A row without any identity can't: an exact search found it, so it may be the customer's.
    """
    return bool(event.identities or (customer.hex_id and event.trace_id))


def _is_same(field: str, value: str, identifier: str) -> bool:
    if field in EMAIL_FIELDS:
        return value.casefold() == identifier.casefold()
    return value == identifier
