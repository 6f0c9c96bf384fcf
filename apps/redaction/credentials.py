"""Secrets in sentences, command lines, markup, addresses, and calls, other than `name=value`."""

import base64
import binascii
import re

from apps.redaction.keys import has_expected_form, kind_of_key, looks_generated
from apps.redaction.named_values import PASSWORD_SYMBOLS, looks_chosen
from apps.redaction.shapes import Candidate, Check, read_patterns, read_shapes, words

_FILE = read_patterns("patterns.toml")
_WORDS = (*words("password_words"), "mot de passe")


def _names_secret(name: str, value: str) -> bool:
    return kind_of_key(name) == "secret" and has_expected_form(name, value)


def _has_secret_name(found: Candidate) -> bool:
    """Return whether it has a secret's name and is no caption, as that of a form field is."""
    name, value = found.match["name"], found.value.strip()
    if not _names_secret(name, value) or value.startswith(("$", "{", "-", "%")):
        return False
    is_caption = " " in value and not any(map(str.isdigit, value))
    return bool(value) and not is_caption and value.lower() != name.lower()


def _mixes_characters(value: str) -> bool:
    """Return whether it has at least three of capitals, lowercase letters, digits, and symbols."""
    kinds = (str.isupper, str.islower, str.isdigit, PASSWORD_SYMBOLS.__contains__)
    return sum(any(map(kind, value)) for kind in kinds) > 2


def _is_in_digest(found: Candidate) -> bool:
    start = found.match.start()
    line = found.match.string[max(0, start - 1500) : start].rpartition("\n")[2]
    return "digest " in line.lower()


_LOOKS_GENERATED = _FILE.compile("looks_generated")


def _is_credential(found: Candidate) -> bool:
    """Rule out words of sentences, as in "bearer token expired" and "basic authentication"."""
    # Code such as `SocialToken` or `key.AccessToken`.
    is_name = found.value.replace(".", "").isalpha() and kind_of_key(found.value) is not None
    if found.after.startswith(("(", "::")) or is_name:
        return False
    return bool(_LOOKS_GENERATED.match(found.value)) or len(found.value.rstrip(".")) >= 24


def _is_basic(found: Candidate) -> bool:
    """Return whether it is `user:password` in base64 (RFC 7617)."""
    try:
        return b":" in base64.b64decode(found.value + "=" * (-len(found.value) % 4))
    except (ValueError, binascii.Error):
        return False


def _is_secret_option(found: Candidate) -> bool:
    is_literal = not found.value.startswith(("-", "<", "$", "{"))
    return is_literal and _names_secret(found.match["name"], found.value)


def _is_mentioned_secret(found: Candidate) -> bool:
    word = found.match["word"].lower()
    if word.endswith(("pin", "code", "otp", "cvv", "cvc")):
        return found.value.isdigit() and 3 <= len(found.value) <= 8
    has_digit, has_letter = any(map(str.isdigit, found.value)), any(map(str.isalpha, found.value))
    return has_digit and has_letter and len(found.value) >= 6


_BEFORE_ONE_TIME = _FILE.compile("before_one_time", re.IGNORECASE)
_BEFORE_SECRET = _FILE.compile("before_secret", re.IGNORECASE)
_STATIC_FILE = _FILE.compile("static_file", re.IGNORECASE)


def _is_secret_segment(found: Candidate) -> bool:
    """Return whether it follows the name of a secret in a path, and looks generated."""
    name = found.match["name"]
    if _STATIC_FILE.search(found.value):
        return False
    if _BEFORE_ONE_TIME.fullmatch(name):
        return True
    named = _BEFORE_SECRET.fullmatch(name) is not None or kind_of_key(name) == "secret"
    return named and looks_generated(found.value)


_CHECKS: dict[str | None, Check] = {
    None: lambda _: True,
    "aws": lambda found: bool(_LOOKS_GENERATED.match(found.value)) and not found.value.islower(),
    "basic": _is_basic,
    "chosen": lambda found: looks_chosen(found.value),
    "credential": _is_credential,
    "in digest": _is_in_digest,
    "literal": lambda found: not found.value.startswith(("$", "{", "<", "%(")),
    "mentioned": _is_mentioned_secret,
    "named": _has_secret_name,
    "no number": lambda found: not found.value.isdigit(),
    "option": _is_secret_option,
    "random": lambda found: looks_generated(found.value) or _mixes_characters(found.value),
    "segment": _is_secret_segment,
}
_PASSWORD_WORD = rf"(?<![^\W_])(?:{'|'.join(_WORDS)})[\"'`]?[ ]{{1,2}}"


PRIVATE_KEYS, KEYS, TEXTUAL = (
    read_shapes(
        _FILE, name, _CHECKS, hints={"password_words": _WORDS}, password_word=_PASSWORD_WORD
    )
    for name in ("private_keys", "keys", "credentials")
)
