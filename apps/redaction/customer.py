"""The customer's names and IDs, and where in a text they mean the person.

An email address, a full name, or an unusual ID is hidden wherever it is written. One that is also
a common word, a common number, or a word of the program, such as `checkout` or 404, is hidden only
where it means someone: `user 404`, `username=checkout`. Code is never about the customer, except
for the name of a home directory.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Set
from urllib.parse import unquote

from apps.events.event import Event
from apps.redaction.shapes import read_patterns, words

_FILE = read_patterns("customer.toml")
MIN_LENGTH_IN_TEXT = 3

_WORDS, _FIRST_NAMES, _NUMBERS = (
    frozenset(words(name)) for name in ("ordinary_words", "first_names", "common_numbers")
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_MAX_SHORT_NUMBER = 3
_MAX_COMMON_NUMBER = 5
_PARTS = re.compile(r"[^\W_]+")
_CODE_WORD = re.compile(r"[a-z]+")
# Scripts without spaces between words, in which a name has no boundaries.
_UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class CustomerNames:
    """The values that identify the customer.

    Without `code_words`, every value is hidden in every text.
    """

    def __init__(self, values: frozenset[str], code_words: frozenset[str] | None = None) -> None:
        self._values = frozenset(value.casefold() for value in values if value)
        common = {
            value
            for value in self._values
            if code_words is not None and _is_common(value, code_words)
        }
        searched = {
            value
            for value in self._values
            if len(value) >= MIN_LENGTH_IN_TEXT or (len(value) == 2 and _UNSPACED.search(value))
        }
        sure = searched - common
        plain = {v for v in sure if _CODE_WORD.fullmatch(v) or (v.isdecimal() and len(v) < 5)}
        in_code = sure if code_words is None else sure - plain
        lenient = set() if code_words is None else self._values - sure
        self._common = common
        # Plain words are many times faster to search for than patterns.
        self._hints = [max(value.split() or [value], key=len) for value in sure | lenient]
        self._in_text = (_pattern("anywhere", sure), _pattern("of_person", lenient))
        at_home = sure - in_code | common
        self._in_code = (_pattern("anywhere", in_code), _pattern("at_home", at_home))

    def is_exact(self, value: str) -> bool:
        """Return whether the whole value is one of the customer's."""
        plain = value.strip().casefold()
        return plain in self._values or ("%" in plain and unquote(plain) in self._values)

    def is_common(self, value: str) -> bool:
        """Return whether the value, one of the customer's, is also a common word or number."""
        return value.strip().casefold() in self._common

    def hide(self, text: str, alias: Callable[[str], str], *, in_code: bool) -> str:
        """Replace the values where they mean the customer; `alias` is called for each."""
        if not any(map(text.casefold().__contains__, self._hints)):
            return text
        for pattern in self._in_code if in_code else self._in_text:
            if pattern:
                text = pattern.sub(lambda found: f"{found['before']}{alias(found['value'])}", text)
        return text


def _pattern(name: str, values: Set[str]) -> re.Pattern[str] | None:
    """Return the pattern of that name for these values, the longest first."""
    if not values:
        return None
    ordered = sorted(values, key=len, reverse=True)
    return _FILE.compile(
        name,
        re.IGNORECASE,
        values="|".join(map(_spelled, ordered)),
        plain="|".join(map(re.escape, ordered)),
        words="|".join(_spelled(one) for one in ordered if not one.isdecimal()) or "(?!)",
        numbers="|".join(filter(str.isdecimal, ordered)) or "(?!)",
    )


def _is_common(value: str, code_words: frozenset[str]) -> bool:
    if value.isdecimal():
        return _is_common_number(value)
    parts = _PARTS.findall(value)
    if "@" in value or not value.isascii() or not parts:
        return False
    return all(
        part in _WORDS or (part in code_words and part not in _FIRST_NAMES) for part in parts
    )


def _is_common_number(digits: str) -> bool:
    """Return whether it is short, a year, round, a power of two, or a well-known number."""
    number = int(digits) if len(digits) <= _MAX_COMMON_NUMBER else 0
    is_round = number % 100 == 0 or number & (number - 1) == 0 or len(set(digits)) == 1
    return (
        len(digits) <= _MAX_SHORT_NUMBER
        or digits in _NUMBERS
        or _YEAR.fullmatch(digits) is not None
        or (number > 0 and is_round)
    )


def _spelled(value: str) -> str:
    """Return a pattern for the value; a full name can have other separators, or be reversed."""
    parts = [re.escape(part) for part in value.split()]
    body = r"(?:\s{1,3}|%20|[+._-])".join(parts)
    if len(parts) == 2:
        body = rf"(?:{body}|{parts[1]},\s?{parts[0]})"
    if _UNSPACED.match(value):
        return body
    return rf"(?:(?<![^\W_])|{_AFTER_ESCAPE}){body}(?![^\W_])"


_AFTER_ESCAPE = r"(?<=%[0-9a-f]{2})|(?<=\\[nrt])|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4})"

# Words of the program

_CAMEL = re.compile(r"[A-Z]?[a-z]{1,40}(?!\d)|[A-Z]{2,40}(?![a-z\d])")
_PEOPLE_PLACE = _FILE.compile("people_place", re.IGNORECASE)


def code_words(events: Iterable[Event]) -> frozenset[str]:
    """Return the words in the files, modules, and names of the program in these events."""
    texts = {text for event in events for text in _code_of(event) if text}
    return frozenset(
        word.casefold()
        for text in texts
        for word in _CAMEL.findall(_PEOPLE_PLACE.sub(" ", f"/{text[:300]}"))
    )


def _code_of(event: Event) -> Iterator[str | None]:
    yield (event.release or "").partition("@")[0]
    yield event.platform
    if event.body is None:
        return
    for exception in event.body.exceptions:
        yield from (exception.module, exception.mechanism)
        yield exception.type if " " not in (exception.type or "") else None
        for frame in exception.frames:
            yield from (frame.file, frame.module, frame.function)
    for crumb in event.body.breadcrumbs:
        yield crumb.category


def identifiers_in(event: Event) -> set[str]:
    """Return the customer's identifiers in the event and its body."""
    user = event.body.user if event.body else {}
    names = ("id", "email", "username", "name", "display_name")
    own = {str(user[name]) for name in names if user.get(name)}
    return own | {value for _name, value in event.identities}
