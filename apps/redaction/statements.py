"""Rows of databases in SQL statements and in the errors about them."""

import re
from collections.abc import Iterator

from apps.redaction.keys import has_expected_form, kind_of_key
from apps.redaction.named_values import NamedValue
from apps.redaction.shapes import Candidate, Shape, at_hints

# `INSERT INTO users (login, password) VALUES ('jane', 'x')`

_INSERT = re.compile(
    r"(?:insert|replace)\s{1,4}(?:\w{1,10}\s{1,4}){0,2}?into\s{1,4}(?P<table>[^\s(]{1,120})\s{0,4}"
    r"\((?P<columns>[^()]{1,2000})\)[^()]{0,60}?values?\s{0,4}(?=\()",
    re.IGNORECASE,
)
_PART = re.compile(
    r"(?P<text>[NEne]?'(?:[^'\\]|''|\\.){0,4000}+'?|\\?\"(?:[^\"\\]){0,4000}+\\?\"?)"
    r"|(?P<next>,)|(?P<open>\()|(?P<close>\))|(?P<bare>[^\s,()'\"\\][^,()'\"\\\n]{0,300}+)|\s{1,50}+|\\",
    re.DOTALL,
)
_OPENING = re.compile(r"[NEne]?(?:'|\\?\")")
_CLOSING = re.compile(r"(?:'|\\?\")\Z")
_OF_PEOPLE = re.compile(
    r"user|customer|client|account|people|person|member|contact|profile|patient|guest|employee",
    re.IGNORECASE,
)
_MAX_LENGTH = 20_000


def inserted_values(text: str, lowered: str) -> Iterator[NamedValue]:
    """Yield the literals in the columns of secrets and persons, in order."""
    if "values" not in lowered or "into" not in lowered:
        return
    done = 0
    while match := _INSERT.search(text, done):
        values, done = _literals(text, match.end(), _kinds_of_columns(match))
        yield from values


def _kinds_of_columns(match: re.Match[str]) -> list[tuple[str, str | None]]:
    names = [re.sub(r"\W", "", column.rpartition(".")[2]) for column in match["columns"].split(",")]
    if _OF_PEOPLE.search(match["table"]):
        names = ["full_name" if name == "name" else name for name in names]
    return [(name, kind_of_key(name)) for name in names]


def _literals(
    text: str, start: int, columns: list[tuple[str, str | None]]
) -> tuple[list[NamedValue], int]:
    """Return the literals in these columns, and the end of the rows."""
    values: list[NamedValue] = []
    depth = column = 0
    end = start
    for part in _PART.finditer(text, start, min(len(text), start + _MAX_LENGTH)):
        if depth == 0 and part["bare"]:
            break
        end = part.end()
        if part["open"]:
            depth, column = depth + 1, column if depth else 0
        elif part["close"]:
            depth -= 1
        elif part["next"]:
            column += depth == 1
        elif depth == 1 and column < len(columns):
            name, kind = columns[column]
            begin, last = _inside(part)
            if kind and begin < last and has_expected_form(name, text[begin:last]):
                values.append(NamedValue(kind, begin, last))
    return values, end


# A parameter, a word of the language, or a function's name.
_NO_LITERAL = re.compile(r"[?:@$%][\w()?]{0,60}|null|default|true|false", re.I)


def _inside(part: re.Match[str]) -> tuple[int, int]:
    """Return the position of a literal without its quotes; an empty one for parameters."""
    start, end = part.span()
    if part["text"]:
        opening = _OPENING.match(part.string, start)
        closing = _CLOSING.search(part.string, start, end)
        return opening.end() if opening else start, closing.start() if closing else end
    bare = (part["bare"] or "").rstrip()
    is_call = part.string.startswith("(", end)
    return (start, start) if is_call or _NO_LITERAL.fullmatch(bare) else (start, start + len(bare))


# Errors that quote a row

# Numbers, UUIDs, times, and words of the database, which name no person.
_HARMLESS = re.compile(
    r"(?:(?>\d{4}-\d\d-\d\d[\d:. TZ+]{0,30}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|-?[\d.]{1,30}|null|true|false|[tf])(?:[,-] ?|\Z)){1,30}+",
    re.IGNORECASE,
)


def _quotes_person(found: Candidate) -> bool:
    return not _HARMLESS.fullmatch(found.value)


def _row(before: str, last: str, hints: tuple[str, ...]) -> Shape:
    """Return a shape for what follows `before` up to a bracket or quote with `last` after it."""
    end = before[-1]
    closing = {"(": r"\)", "'": "'"}[end]
    pattern = rf"{before}(?P<value>(?:[^\n{closing}]|{closing}(?!{last}|\Z|[\"'\\\n])){{1,4000}}+)"
    return Shape("row", re.compile(pattern, re.IGNORECASE), hints, _quotes_person, starts=at_hints)


ROWS = (
    _row(r"failing row contains \(", r"\.(?!\d)", ("failing row contains",)),
    _row(r"key \([^\n=]{1,300}?\)=\(", r"\.| (?:already|is |conflicts)", ("key (",)),
    _row(r"duplicate key value is \(", r"\.", ("duplicate key value is",)),
    _row(r"duplicate entry '", " for ", ("duplicate entry",)),
)
