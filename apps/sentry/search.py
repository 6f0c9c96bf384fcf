"""Build searches in Sentry's event search language, and match events with a customer.

Quoting follows Sentry's lexer: in quotes only `\\"` is an escape, `*` is a wildcard unless a
backslash precedes it, and a backslash can't be escaped. A value with a wildcard is a pattern.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import prod
from urllib.parse import quote_plus

from apps.events.event import Event
from apps.events.query import Customer, CustomerKind, Question

_UNSAFE_BACKSLASH = re.compile(r'\\(?:["*]|$)')
_ONE_OR_TWO = re.compile("[s\u017f\0]{2,}|\0", re.IGNORECASE)
_SPECIAL_IN_PATTERN = re.compile(r'\\+["*]?|[{}]')


def is_exact(value: str) -> bool:
    """Return whether the value, once quoted, matches nothing else."""
    return not _UNSAFE_BACKSLASH.search(value)


def quote(value: str) -> str:
    """Quote a value for a search.

    A backslash is literal, except at the end and before `"` or `*`: there, no exact form exists,
    and the caller must check the rows that the pattern finds.
    """
    return f'"{_escape(value)}"' if is_exact(value) else f'"{_pattern(value)}"'


def _pattern(value: str) -> str:
    """Return a pattern that matches the value and a bit more.

    Sentry makes a regular expression of it. Backslashes and what they would escape vanish there,
    and braces repeat what precedes them, so these become wildcards.
    """
    return "*".join(map(_escape, _SPECIAL_IN_PATTERN.split(value)))


def _escape(value: str) -> str:
    return value.replace('"', '\\"').replace("*", "\\*")


def has_case(value: str) -> bool:
    """Return whether the value has another spelling that differs only in capitalization."""
    return value.lower() != value or value.upper() != value


@dataclass(frozen=True, slots=True)
class Search:
    """A search in parentheses, and whether it finds nothing but the customer.

    If it finds too many others, `narrower` finds fewer, but if exact, only what was typed.
    """

    text: str
    exact: bool
    narrower: "Search | None" = None


def search_for(question: Question) -> Search:
    """Return the search for the customer in any of the lookup's fields, in any capitalization.

    Sentry compares values with their capitals, but patterns without (its newer datasets do so
    only on request, see `client`). So a `*` follows each value that has capitals, or replaces a
    letter of it, which finds fewer others but doesn't work for short ones.
    """
    customer, fields = question.customer, question.searched_fields
    if not customer.is_named:
        return _search([], customer, exact=True)
    clauses = identity_clauses(customer.identifier, fields)
    as_typed = _search(clauses, customer, exact=is_exact(customer.identifier))
    if not has_case(customer.identifier):
        return as_typed
    narrower = as_typed if as_typed.exact else None
    patterns = any_case_patterns(customer.identifier)
    inner = [_with_inner_wildcard(pattern) for pattern in patterns]
    if all(inner):
        clauses = [f'{field}:"{pattern}"' for field in fields for pattern in inner]
        narrower = _search(clauses, customer, exact=False, narrower=narrower)
    clauses = [f'{field}:"{pattern}*"' for field in fields for pattern in patterns]
    return _search(clauses, customer, exact=False, narrower=narrower)


def _search(
    clauses: list[str], customer: Customer, *, exact: bool, narrower: Search | None = None
) -> Search:
    """Return the search for any of the clauses, the trace ID, or the event ID."""
    clauses = [*clauses, *(f'{name}:"{customer.hex_id}"' for name in id_fields(customer))]
    return Search(f"({' OR '.join(clauses)})", exact, narrower)


def id_fields(customer: Customer) -> list[str]:
    """Return the fields of IDs that what was typed can be in: `trace`, `id`, both, or neither."""
    names = {"trace": CustomerKind.EVENT, "id": CustomerKind.TRACE}
    return [name for name, no in names.items() if customer.hex_id and customer.kind != no]


def any_case_patterns(identifier: str) -> list[str]:
    """Return the patterns that, between them, match an identifier in any capitalization.

    Sentry's patterns fold one character to one. Where one may be two, such as ß and ss, each
    spelling has a pattern; more such places become wildcards.
    """
    marked = "".join("\0" if len(char.casefold()) > 1 else char for char in identifier)
    parts = _ONE_OR_TWO.split(marked)
    is_one_place = len(parts) == 2 and marked.lower().count("ss") + marked.count("\0") == 1
    if any(parts) and len(parts) > 1 and not is_one_place:
        return ["*".join(map(_pattern, parts))]
    folded = identifier.casefold()
    distinct: dict[str, str] = {}
    for value in (identifier, folded, folded.replace("ss", "ß")):
        distinct.setdefault("".join(map(_folded_one_to_one, value)), value)
    return [_pattern(value) for value in distinct.values()]


def _with_inner_wildcard(pattern: str) -> str | None:
    """Return the pattern with a `*` for the letter nearest to its middle, not for its ends.

    One between letters is preferred: next to a number, more digits would fit as well.
    """
    middle = len(pattern) / 2
    letters = [place for place in range(1, len(pattern) - 1) if has_case(pattern[place])]
    if not letters:
        return None

    def rank(place: int) -> tuple[bool, float]:
        return not pattern[place - 1 : place + 2].isalpha(), abs(place - middle)

    place = min(letters, key=rank)
    return f"{pattern[:place]}*{pattern[place + 1 :]}"


def _folded_one_to_one(char: str) -> str:
    return folded if len(folded := char.casefold()) == 1 else char


# Many customers in one search: lists where a value can be compared, else a clause for each pattern.

_LISTABLE = re.compile(r"[\w.@+~:/-]+")
_MOST_LISTED = 9  # the spellings of two letters, or of three that are neither k nor s
_OTHER_CASES = {"k": "\u212a", "s": "\u017f"}
_CLAUSES_IN_GROUP = 12  # Sentry's parser goes one level deeper with each OR


@dataclass(frozen=True, slots=True)
class Part:
    """What a search for many customers says for one of them: values to list, and clauses."""

    listed: tuple[tuple[str, str], ...]
    clauses: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of bytes in an address that it takes at most."""
        values = (f',"{value}"' for _field, value in self.listed)
        return len(quote_plus("".join((*values, *(f" OR ({one}" for one in self.clauses)))))


def part_for(customer: Customer, fields: Sequence[str], *, with_ids: bool = True) -> Part:
    """Return the part for a customer; `with_ids`, it also finds the ID of a trace or an event."""
    listed: list[tuple[str, str]] = []
    clauses: list[str] = []
    if customer.is_named:
        values, patterns = _values_and_patterns(customer.identifier)
        for field in customer.fields or fields:
            listed += ((field, value) for value in values)
            clauses += (f'{field}:"{pattern}"' for pattern in patterns)
    if with_ids:
        listed += ((name, customer.hex_id or "") for name in id_fields(customer))
    return Part(tuple(listed), tuple(clauses))


def search_for_all(parts: Iterable[Part]) -> str:
    """Return the search in parentheses for all customers with these parts."""
    lists: dict[str, dict[str, None]] = {}
    clauses: dict[str, None] = {}
    for part in parts:
        for field, value in part.listed:
            lists.setdefault(field, {})[value] = None
        clauses |= dict.fromkeys(part.clauses)
    texts = []
    for field, values in lists.items():
        quoted = [quote(value) for value in values]
        texts.append(f"{field}:[{','.join(quoted)}]" if quoted[1:] else f"{field}:{quoted[0]}")
    texts += clauses
    starts = range(0, len(texts), _CLAUSES_IN_GROUP)
    groups = [" OR ".join(texts[start : start + _CLAUSES_IN_GROUP]) for start in starts]
    return f"({' OR '.join(f'({one})' for one in groups) if groups[1:] else groups[0]})"


def _values_and_patterns(identifier: str) -> tuple[Sequence[str], Sequence[str]]:
    """Return all spellings of an identifier, or else patterns that match them, and few others."""
    spellings = _spellings(identifier)
    if spellings and _LISTABLE.fullmatch(identifier):
        return spellings, ()
    if not has_case(identifier):
        return (), [_escape(identifier) if is_exact(identifier) else _pattern(identifier)]
    patterns = any_case_patterns(identifier)
    inner = [one for one in map(_with_inner_wildcard, patterns) if one]
    return (), inner if len(inner) == len(patterns) else [f"{one}*" for one in patterns]


def _spellings(identifier: str) -> list[str]:
    """Return the identifier with any capitals, or nothing if that's many or not just letters."""
    folded = identifier.casefold()
    if not has_case(identifier):
        return [identifier]
    if not identifier.isascii() or "ss" in folded:
        return []
    choices = [sorted({one, one.upper(), _OTHER_CASES.get(one, one)}) for one in folded]
    return list(map("".join, product(*choices))) if prod(map(len, choices)) <= _MOST_LISTED else []


def may_find(part: Part, identities: Iterable[tuple[str, str]]) -> bool:
    """Return whether the part's clauses find a row with these identities."""
    values = dict(identities)
    found = map(_compiled, part.clauses)
    return any(pattern.fullmatch(values.get(field, "")) for field, pattern in found)


@lru_cache(maxsize=4096)
def _compiled(clause: str) -> tuple[str, re.Pattern[str]]:
    """Return the field of a clause, and its pattern as Sentry reads it."""
    field, _colon, quoted = clause.partition(":")
    pieces = re.split(r"(?<!\\)\*", quoted[1:-1])
    texts = (re.escape(re.sub(r"\\(.)", r"\1", piece)) for piece in pieces)
    return field, re.compile(".*".join(texts), re.IGNORECASE | re.DOTALL)


# Logs and spans are in newer datasets: their attributes have other names, and their patterns and
# comparisons ignore only the case of ASCII letters (`caseInsensitive`, see `client`).

NUMERIC_ID = "tags[user.id,number]"
_ATTRIBUTES = {
    "user.id": ("user.id", NUMERIC_ID),  # SDKs for JavaScript send a number as a number
    "user.username": ("user.username", "user.name"),  # SDKs call it `user.name` in logs
}
_TAG = re.compile(r"tags\[([\w.-]+)\]", re.ASCII)
_OWN_NAMES = frozenset((
    *("id", "message", "trace", "timestamp", "project", "environment", "release", "severity"),
    *("transaction", "description", "user", "platform", "origin"),
))  # fmt: skip
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")
_FEWEST_LITERALS = 3
_MOST_SPELLINGS = 16


def attributes_of(field: str) -> tuple[str, ...]:
    """Return the attributes of logs and spans in which a field of an event can be."""
    tag = _TAG.fullmatch(field)
    if tag and tag[1] not in _OWN_NAMES:
        return field, tag[1]
    return _ATTRIBUTES.get(field, (field,))


def person_clauses(question: Question, attributes: Collection[str]) -> list[str]:
    """Return a clause for each of the attributes and each spelling of the customer."""
    identifier = question.customer.identifier
    names = dict.fromkeys(
        name for field in question.searched_fields for name in attributes_of(field)
    )
    values = _values_with_any_case(identifier)
    clauses = []
    for name in names:
        if name in attributes and name != NUMERIC_ID:
            clauses += [f'{name}:"{value}"' for value in values]
        elif name in attributes and _NUMBER.fullmatch(identifier):
            clauses.append(f"{name}:{identifier}")
    return clauses


def covers_any_case(identifier: str) -> bool:
    """Return whether the clauses find the customer in any capitalization."""
    return _loose_patterns(identifier) is not None or _all_spellings(identifier) is not None


def _values_with_any_case(identifier: str) -> tuple[str, ...]:
    """Return values that match the identifier in any capitalization, and perhaps a bit more.

    Wildcards stand for letters outside of ASCII that have a case. Where hardly anything else is
    left, all spellings are listed, or the usual ones if there are too many.
    """
    usual = (identifier, identifier.lower(), identifier.upper(), identifier.title())
    spellings = [identifier, identifier.lower()]
    loose = _loose_patterns(identifier)
    if loose is None:
        spellings += _all_spellings(identifier) or usual
    exact = [_escape(one) if is_exact(one) else _pattern(one) for one in spellings]
    return tuple(dict.fromkeys((*exact, *(loose or ()))))


def _loose_patterns(identifier: str) -> list[str] | None:
    """Return patterns without the letters whose case a server may heed; None if too little is left.

    There are none if all letters are those of ASCII.
    """
    patterns = []
    for pattern in any_case_patterns(identifier):
        loose = "".join("*" if _heeds_case(one) else one for one in pattern)
        if loose == pattern:
            continue
        if len(loose) - loose.count("*") < _FEWEST_LITERALS:
            return None
        patterns.append(loose)
    return patterns


def _heeds_case(letter: str) -> bool:
    return not letter.isascii() and has_case(letter)


def _all_spellings(identifier: str) -> list[str] | None:
    """Return the identifier with any capitals outside of ASCII, or None if there are too many."""
    folded = identifier.casefold()
    spellings: list[str] = []
    for base in (folded, folded.replace("ss", "ß")):
        choices = [
            sorted({one, one.lower(), one.upper()}) if _heeds_case(one) else [one] for one in base
        ]
        if prod(map(len, choices)) > _MOST_SPELLINGS:
            return None
        spellings += map("".join, product(*choices))
    return spellings


def identity_clauses(identifier: str, fields: Sequence[str]) -> list[str]:
    """Return one clause for each field, and for email addresses also one in lowercase."""
    clauses: dict[str, None] = {}
    for field in fields:
        clauses[f"{field}:{quote(identifier)}"] = None
        if field == "user.email":
            clauses[f"{field}:{quote(identifier.lower())}"] = None
    return list(clauses)


def with_match(event: Event, customer: Customer) -> Event:
    """Return the event with the fields that match, and with the customer's spelling in them."""
    matched = matched_fields(event, customer)
    spellings = [value for name, value in event.identities if name in matched]
    is_as_typed = not spellings or customer.identifier in spellings
    return replace(event, matched_on=matched, spelling=None if is_as_typed else spellings[0])


def judged(row: Event | None, customer: Customer) -> Event | None:
    """Return the row with the fields that match, none of them if it is certainly someone else's.

    Return None if that can't be judged: the row is unreadable, or has no identity. As a search
    found it, it may be the customer's.
    """
    if row is None:
        return None
    event = with_match(row, customer)
    return event if event.matched_on or has_identity(row, customer) else None


def matched_fields(event: Event, customer: Customer) -> tuple[str, ...]:
    """Return the fields that match the customer; an empty tuple means someone else's event."""
    named = fields_naming(customer, event.identities) if customer.is_named else ()
    ids = {"trace": event.trace_id, "id": event.id}
    return (*named, *(name for name in id_fields(customer) if ids[name] == customer.hex_id))


def fields_naming(customer: Customer, identities: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the searched fields with the customer's identifier, in any capitalization."""
    folded = customer.identifier.casefold()
    return tuple(
        name
        for name, value in identities
        if name in (customer.fields or (name,)) and value.casefold() == folded
    )


def has_identity(event: Event, customer: Customer) -> bool:
    """Return whether a row that doesn't match can be judged to be someone else's."""
    return bool(event.identities or (customer.hex_id and event.trace_id))
