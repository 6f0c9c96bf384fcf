"""A question in Sentry's event search language.

The quoting rules are those of Sentry's lexer: inside quotes only `\\"` is an escape, `*` is a
wildcard unless a backslash stands before it, and a backslash cannot be escaped itself.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.events.event import Event
from apps.events.query import Customer, CustomerKind, Question

EMAIL_FIELDS = frozenset(("user.email",))
_UNSAFE_BACKSLASH = re.compile(r'\\(?:["*]|$)')
_BACKSLASHES = re.compile(r'\\+["*]?')


@dataclass(frozen=True, slots=True)
class Quoted:
    """A value as it may stand in a search. `exact` is false when it also finds other values."""

    text: str
    exact: bool


def quoted(value: str) -> Quoted:
    """Quote a value for the search.

    A backslash is literal, except at the end and before `"` or `*`: there no exact form exists.
    Then each backslash becomes a wildcard, together with the character it would escape (a value
    with a wildcard is matched as a pattern, in which the other backslashes would vanish), and the
    rows that come back must be checked.
    """
    if not _UNSAFE_BACKSLASH.search(value):
        return Quoted(f'"{_escape(value)}"', exact=True)
    return Quoted('"' + "*".join(map(_escape, _BACKSLASHES.split(value))) + '"', exact=False)


def _escape(value: str) -> str:
    return value.replace('"', '\\"').replace("*", "\\*")


@dataclass(frozen=True, slots=True)
class Search:
    """The search text, always in parentheses, and whether it finds only what was meant."""

    text: str
    exact: bool


def search_for(question: Question) -> Search:
    """All that may name the customer, joined by OR, in parentheses.

    E-mails are asked as typed and in lower case, because Sentry compares them letter by letter.
    """
    customer = question.customer
    clauses: list[str] = []
    exact = True
    if customer.is_named:
        clauses = identity_clauses(customer.identifier, question.fields)
        exact = quoted(customer.identifier).exact
    if customer.hex_id and customer.kind != CustomerKind.EVENT:
        clauses.append(f'trace:"{customer.hex_id}"')
    if customer.hex_id and customer.kind != CustomerKind.TRACE:
        clauses.append(f'id:"{customer.hex_id}"')
    return Search(f"({' OR '.join(clauses)})", exact)


def identity_clauses(identifier: str, fields: Sequence[str]) -> list[str]:
    """One clause for each field and spelling in which the customer may be named."""
    return [
        f"{field}:{quoted(value).text}"
        for field in fields
        for value in spellings(field, identifier)
    ]


def spellings(field: str, identifier: str) -> tuple[str, ...]:
    """As what a field is asked for: e-mails also in lower case."""
    if field not in EMAIL_FIELDS:
        return (identifier,)
    return tuple(dict.fromkeys((identifier, identifier.lower())))


def matched_fields(event: Event, customer: Customer) -> tuple[str, ...]:
    """The fields in which this event names the customer; empty means it is somebody else's.

    User fields and tags must be equal to the letter; e-mails are compared case-folded.
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
    """Those of the fields whose value is the customer's identifier."""
    return tuple(name for name, value in identities if _same(name, value, customer.identifier))


def names_anybody(event: Event, customer: Customer) -> bool:
    """Whether a row that does not match names somebody else, or nobody at all.

    An exact search only finds rows that name the customer; one without a name cannot be judged.
    """
    return bool(event.identities or (customer.hex_id and event.trace_id))


def _same(field: str, value: str, identifier: str) -> bool:
    if field in EMAIL_FIELDS:
        return value.casefold() == identifier.casefold()
    return value == identifier
