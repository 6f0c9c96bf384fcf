"""Classifying values by their names.

Names are split into words: `X-Api-Key`, `x_api_key`, and `xApiKey` are equal, and `compass`,
`author`, and `secretary` are harmless.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from apps.redaction.shapes import WORDS, read_patterns, words

_SECRET_PART = re.compile("|".join(words("secret_parts")))
SECRET_WORDS = frozenset(words("secret_words"))
SECRET_ENDS = frozenset(words("secret_ends"))
SECRET_NAMES = frozenset(words("secret_names"))
CODE_QUALIFIERS = frozenset(words("code_qualifiers"))
KEY_QUALIFIERS = frozenset(words("key_qualifiers"))
HARMLESS_KEY_QUALIFIERS = frozenset(words("harmless_key_qualifiers"))
HARMLESS_CAPITALS = frozenset(words("harmless_capitals"))
NO_KEY = words("harmless_key_ends")
NO_PASS = words("harmless_pass_ends")
ABOUT_FIRST = frozenset(words("about_first"))
ABOUT_LAST = frozenset(words("about_last"))
ABOUT_PARTS = words("about_parts")
PERSONAL_NAMES: dict[str, str] = {
    name: kind for kind, names in WORDS["personal_names"].items() for name in names.split()
}
PERSONAL_LAST = {"email": "email", "emails": "email", "phone": "phone", "ip": "ip"}


_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_RUN = re.compile(r"[A-Za-z0-9]{12,500}+")
_CHARACTERS = re.compile(r"[\w+/=.~:|$%-]{12,500}")
_TO_OR_FROM_DIGIT = re.compile(r"[A-Za-z](?=\d)|\d(?=[A-Za-z])")
_TO_CAPITAL = re.compile(r"[a-z](?=[A-Z])")
_DIGIT = re.compile(r"\d")
_MIN_LENGTH_OF_PARTS = 20
_MAX_CHECKED = 80


def looks_generated(value: str) -> bool:
    """Return whether letters and digits alternate as in a random value, unlike words with numbers.

    This includes UUIDs.
    """
    value = value.strip("\"'` ")
    if not _CHARACTERS.fullmatch(value):
        return False
    if _UUID.fullmatch(value):
        return True
    start = value[:_MAX_CHECKED]
    in_parts = len(start) >= _MIN_LENGTH_OF_PARTS and "/" not in start
    if in_parts and len(_TO_OR_FROM_DIGIT.findall(start)) > 4:
        return True
    return any(map(_alternates, _RUN.findall(start)))


def _alternates(run: str) -> bool:
    """Return whether digits or capitals are spread over the run."""
    digits, changes = len(_DIGIT.findall(run)), len(_TO_OR_FROM_DIGIT.findall(run))
    if digits > 1 and changes > 1:
        return True
    changes += len(_TO_CAPITAL.findall(run))
    return changes > 3 if len(run) >= _MIN_LENGTH_OF_PARTS else changes > 3 and digits > 0


def has_generated_part(value: str) -> bool:
    """Return whether a part of the URL's path or query looks generated."""
    return any(map(looks_generated, _URL_PARTS.split(value[:2000])))


_URL_PARTS = re.compile(r"[/?&=#]")
_WITH_PASSWORD = re.compile(r".{0,2000}?:[^\s/@:]{1,300}@", re.DOTALL)
_DEVICE_ID = re.compile(r"[\"']?(?=[A-Za-z:_-]{0,64}\d)[0-9A-Za-z:_-]{8,64}[\"']?")
# Names that count only with a value of the expected form: `sin` with nine digits, not a sine.
_FORMS = {
    name: re.compile(form["pattern"].replace("\n", ""))
    for form in read_patterns("keys.toml").tables["forms"]
    for name in form["names"]
}
URL_NAME_ENDS = words("url_ends")
_SECRET_NAME_ENDS = ("token", "pwd", "sessid", "cookie", *URL_NAME_ENDS)


def has_expected_form(name: str, value: str) -> bool:
    """Return whether the value has the form that its name requires, if any."""
    is_expected = _form(name)
    return is_expected is None or bool(is_expected(value.strip()))


def requires_form(name: str) -> bool:
    """Return whether the name alone does not reveal a secret."""
    return _form(name) is not None


@lru_cache(maxsize=4096)
def _form(name: str) -> Callable[[str], object] | None:
    words = _words_of(name[-100:])
    joined = "".join(words)
    if joined.endswith(URL_NAME_ENDS):
        return _WITH_PASSWORD.match
    if joined in _FORMS:
        return _FORMS[joined].fullmatch
    if PERSONAL_NAMES.get(joined) == "device":
        return _DEVICE_ID.fullmatch
    if joined.endswith(("url", "uri")):
        return has_generated_part
    if not words or _personal(words, joined) or joined.startswith(_CARDS):
        return None
    return None if _is_secret(words, joined, name) else looks_generated


_WORD_BREAKS = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_ID_ENDS = frozenset(words("id_ends"))
_VERSION_NAMES = ("version", "build", "release", "dist", "revision")
_PLURALS = ("tokens", "sessions", "cookies", "secrets", "credentials")
_CARDS = ("cardexp", "ccexp", "creditcardexp")
PARTS = frozenset(words("name_parts"))
_OF_DESKTOPS = frozenset(words("desktop_variables"))


def _words_of(name: str) -> list[str]:
    return [word.lower() for word in _WORD_BREAKS.split(name) if word]


@lru_cache(maxsize=4096)
def kind_of_key(key: str) -> str | None:
    """Return the kind of the values with this name ("secret", "email", ...), or None.

    Some names count only with a value of the expected form (`has_expected_form`).
    """
    key = key[-100:]
    words = _words_of(key)
    if not words:
        return None
    joined = "".join(words)
    personal = _personal(words, joined)
    if personal:
        return personal
    if joined.startswith(_CARDS):
        return "secret"
    is_about = words[0] in ABOUT_FIRST or (len(words) > 1 and words[-1] in ABOUT_LAST)
    if is_about or any(part in joined for part in ABOUT_PARTS) or key in _OF_DESKTOPS:
        return None
    return "secret" if _is_secret(words, joined, key) or _is_possible(words, joined, key) else None


def _is_possible(words: list[str], joined: str, key: str) -> bool:
    """Return whether a generated value with this name is a secret: `mapbox_key`, `MAPBOX`."""
    if joined.endswith("key") and joined not in NO_KEY:
        qualifier = "".join(words[-2:-1]) if words[-1] == "key" else words[-1][:-3]
        return qualifier != "" and qualifier not in HARMLESS_KEY_QUALIFIERS
    is_variable = key.isupper() and key.isascii() and len(key) > 2
    return is_variable and HARMLESS_CAPITALS.isdisjoint(words)


def _is_access_key(words: list[str], key: str) -> bool:
    """Return whether it is like `sms_code`, `stripe_key`, or `MAPS_KEY`, but not `PRIMARY_KEY`."""
    qualifiers, last = words[:-1], words[-1]
    if last == "code":
        return bool(qualifiers) and qualifiers[-1] in CODE_QUALIFIERS
    if last != "key" or not qualifiers:
        return False
    named = not KEY_QUALIFIERS.isdisjoint(qualifiers) or (key.isupper() and "_" in key)
    return named and HARMLESS_KEY_QUALIFIERS.isdisjoint(qualifiers)


def _personal(words: list[str], joined: str) -> str | None:
    """Classify by the name or its last word: `billing_email`, `contactPhone`, but not `iPhone`."""
    if joined in PERSONAL_NAMES:
        return PERSONAL_NAMES[joined]
    if words[-1] == "phone" and words[-2:-1] == ["i"]:
        return None
    if "".join(words[-2:]) in ("phonenumber", "emailaddress", "ipaddress", "macaddress"):
        return words[-2]
    ending = PERSONAL_LAST.get(words[-1])
    return ending if ending and words[0] not in ABOUT_FIRST else None


def _is_secret(words: list[str], joined: str, key: str) -> bool:
    """Return whether the name reveals a secret, whatever the value is."""
    if _SECRET_PART.search(joined) or joined.endswith(_SECRET_NAME_ENDS):
        return True
    if joined in SECRET_NAMES or words[-1] in SECRET_ENDS:
        return True
    if joined.endswith("pass") and not joined.endswith(NO_PASS):
        return True
    return not SECRET_WORDS.isdisjoint(words) or _is_access_key(words, key)


def is_id_name(key: str) -> bool:
    """Return whether a long number with this name is an identifier, such as `order_id`."""
    words = _words_of(key)
    return bool(words) and words[-1] in _ID_ENDS


def is_version_name(key: str) -> bool:
    """Return whether the values with this name are versions."""
    return key.lower().endswith(_VERSION_NAMES)


def is_plural(key: str) -> bool:
    """Return whether a number with this name is a count: `tokens: 512`."""
    return key.lower().endswith(_PLURALS)


# Words that can appear in place of a secret

EMPTY_VALUES = frozenset(words("empty_values"))
COMMON_WORDS = EMPTY_VALUES.union(words("common_words"))
