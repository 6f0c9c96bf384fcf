"""JSON values of any depth without personal data and secrets: key names first, then text."""

import json
import re
from collections.abc import Mapping

from apps.events.key_names import is_plural, is_version_name, kind_of_key
from apps.events.ledger import SHORTEST_IN_TEXT, Ledger
from apps.events.named_values import says_nothing
from apps.events.running_text import alias_of, redact_named, redact_text
from apps.events.value_forms import fits

_DEEPEST = 12
_LONGEST_JSON = 100_000
_PERSONAL_WHOLE = ("address", "name", "birthdate")
_NAME_PARTS = frozenset(("first", "last", "given", "family", "middle", "firstName", "lastName"))
_CARD_FIELDS = frozenset((
    "cvc", "cvv", "cvv2", "csc", "card_number", "cardNumber", "card", "pan", "last4", "brand",
    "cardholder", "cardHolder", "card_holder",
))  # fmt: skip
_EXPIRY = re.compile(r"exp(?:iry|iration|ires)?(?:[_-]?(?:date|month|year))?", re.IGNORECASE)
_FEWEST_DIGITS_OF_A_PHONE = 5
# The tag `user` holds its value with the kind before it.
_USER_TAG = re.compile(r"(?P<kind>id|email|username|ip):(?P<value>.+)", re.DOTALL)
_IDENTITY_NAME = re.compile(r"(?:id|user|username|customer|account|login)$", re.IGNORECASE)


def redact_value(value: object, ledger: Ledger, *, key: str = "", depth: int = 0) -> object:
    """A JSON value of any depth, redacted by key names and text; too deep is replaced whole."""
    kind = kind_of_key(key) if key else None
    if kind and isinstance(value, str | int | float) and not isinstance(value, bool):
        return _named(value, kind, ledger, key)
    whole = _kind_of_whole(value, kind, key)
    if whole:
        return ledger.alias(whole, repr(value))
    if depth > _DEEPEST:
        return "<too deep>"
    if isinstance(value, Mapping):
        return _fields(value, ledger, depth)
    if isinstance(value, list | tuple):
        return _sequence(value, ledger, key, depth)
    return _scalar(value, ledger, key, depth)


def _kind_of_whole(value: object, kind: str | None, key: str) -> str | None:
    """What an object is that is hidden with all it holds: a secret, an address, a full name."""
    if kind == "secret" and value and isinstance(value, Mapping | list | tuple):
        return kind
    if not isinstance(value, Mapping) or not value or "port" in value:
        return None
    if kind in _PERSONAL_WHOLE:
        return kind
    return "name" if key.lower() == "name" and not _NAME_PARTS.isdisjoint(value) else None


def _named(value: str | float, kind: str, ledger: Ledger, key: str) -> object:
    """A value whose name says what it is."""
    text = str(value)
    if not fits(key, text):
        return _scalar(value, ledger, key, _DEEPEST)
    if says_nothing(text) or (is_plural(key) and not isinstance(value, str)):
        return value
    if kind == "phone" and sum(letter.isdigit() for letter in text) < _FEWEST_DIGITS_OF_A_PHONE:
        return _scalar(value, ledger, key, _DEEPEST)
    return alias_of(text, kind, ledger)


def _fields(value: Mapping[object, object], ledger: Ledger, depth: int) -> dict[str, object]:
    """Also `{"name": "password", "value": "x"}`, as forms and lists of headers have it, and until
    when a card is valid, which is said beside its number or its brand.
    """
    names = [value[name] for name in ("name", "key", "header") if isinstance(value.get(name), str)]
    told = str(names[0]) if names and "value" in value and kind_of_key(str(names[0])) else None
    of_card = not _CARD_FIELDS.isdisjoint(value)
    shown: dict[str, object] = {}
    for name, inner in value.items():
        key = told if told and name == "value" else str(name)
        if of_card and _EXPIRY.fullmatch(key):
            key = f"card_{key}"
        shown[redact_text(str(name), ledger)] = redact_value(
            inner, ledger, key=key, depth=depth + 1
        )
    return shown


def _sequence(
    value: list[object] | tuple[object, ...], ledger: Ledger, key: str, depth: int
) -> object:
    if len(value) == 2 and isinstance(value[0], str) and kind_of_key(value[0]):
        return [value[0], redact_value(value[1], ledger, key=value[0], depth=depth + 1)]
    return [redact_value(inner, ledger, key=key, depth=depth + 1) for inner in value]


def _scalar(value: object, ledger: Ledger, key: str, depth: int) -> object:
    if isinstance(value, str):
        return _string(_json(value, ledger, depth), ledger, key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = _string(str(value), ledger, key)
        return value if text == str(value) else text
    return value


def _json(value: str, ledger: Ledger, depth: int) -> str:
    """A text that is a JSON document with what its names tell hidden, else as it is."""
    ends = value[:1] + value[-1:]
    if ends not in ("{}", "[]") or '"' not in value or len(value) > _LONGEST_JSON:
        return value
    try:
        document = json.loads(value)
        shown = redact_value(document, ledger, depth=depth + 1)
        if shown == document:
            return value
        separators = (", ", ": ") if '": ' in value else (",", ":")
        return json.dumps(shown, ensure_ascii=False, separators=separators)
    except (ValueError, RecursionError):
        return value


def _string(value: str, ledger: Ledger, key: str) -> str:
    """Short identifiers such as 7 are the customer's only where the key says so."""
    typed = _USER_TAG.fullmatch(value) if key == "user" else None
    if typed:
        return f"{typed['kind']}:{ledger.alias('user', typed['value'])}"
    named = len(value) >= SHORTEST_IN_TEXT or bool(_IDENTITY_NAME.search(key))
    if named and ledger.is_customer(value) and not is_version_name(key):
        return ledger.alias("user", value)
    return redact_named(value, ledger, name=key, is_version=is_version_name(key))
