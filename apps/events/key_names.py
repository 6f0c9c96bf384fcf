"""What the name of a value says about it: a password, an e-mail, an id, a version.

Names are read as words, so that `X-Api-Key`, `x_api_key` and `xApiKey` are one, and `compass`,
`author` and `secretary` are none of those they contain.
"""

import re
from functools import lru_cache

from apps.events.key_words import (
    ABOUT_FIRST,
    ABOUT_LAST,
    ABOUT_PARTS,
    CODE_OF,
    KEY_OF,
    NO_KEY_OF,
    NO_PASS,
    PERSONAL_LAST,
    PERSONAL_NAMES,
    SECRET_ENDS,
    SECRET_NAMES,
    SECRET_PARTS,
    SECRET_WORDS,
)
from apps.events.value_forms import ADDRESS_ENDS

_WORD_BREAKS = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_ID_ENDS = frozenset((
    "id", "ids", "order", "snowflake", "nr", "number", "no", "ref", "reference", "key", "index",
))  # fmt: skip
_VERSION_NAMES = ("version", "build", "release", "dist", "revision")
_PLURALS = ("tokens", "sessions", "cookies", "secrets", "credentials")
_CARDS = ("cardexp", "ccexp", "creditcardexp")
# Where a shell is, and not a password.
_WORKING_DIRECTORY = ("PWD", "OLDPWD")


def _words_of(name: str) -> list[str]:
    return [word.lower() for word in _WORD_BREAKS.split(name) if word]


@lru_cache(maxsize=4096)
def kind_of_key(key: str) -> str | None:
    """What a value under this key name is ("secret", "email", ...), None when anything goes."""
    if len(key) > 100:
        key = key[-100:]
    words = _words_of(key)
    if not words:
        return None
    joined = "".join(words)
    personal = PERSONAL_NAMES.get(joined) or _personal_by_end(words)
    if personal:
        return personal
    if joined.startswith(_CARDS):
        return "secret"
    if _only_speaks_of_it(words, joined) or key in _WORKING_DIRECTORY:
        return None
    opens = _opens_something(words, key) or joined.endswith(ADDRESS_ENDS)
    return "secret" if opens or _is_secret(words, joined) else None


def _only_speaks_of_it(words: list[str], joined: str) -> bool:
    if words[0] in ABOUT_FIRST or (len(words) > 1 and words[-1] in ABOUT_LAST):
        return True
    return any(part in joined for part in ABOUT_PARTS)


def _opens_something(words: list[str], key: str) -> bool:
    """`sms_code`, `stripe_key`, and `MAPS_KEY` as the environment has it, but not `PRIMARY_KEY`."""
    of, last = words[:-1], words[-1]
    if last == "code":
        return bool(of) and of[-1] in CODE_OF
    if last != "key" or not of:
        return False
    named = not KEY_OF.isdisjoint(of) or (key.isupper() and "_" in key)
    return named and NO_KEY_OF.isdisjoint(of)


def _personal_by_end(words: list[str]) -> str | None:
    """`billing_email` and `contactPhone` are personal, `iPhone` is a device."""
    if words[-1] == "phone" and words[-2:-1] == ["i"]:
        return None
    if "".join(words[-2:]) in ("phonenumber", "emailaddress", "ipaddress", "macaddress"):
        return words[-2]
    ending = PERSONAL_LAST.get(words[-1])
    return ending if ending and words[0] not in ABOUT_FIRST else None


def _is_secret(words: list[str], joined: str) -> bool:
    if "secret" in joined or any(part in joined for part in SECRET_PARTS):
        return True
    if joined in SECRET_NAMES or words[-1] in SECRET_ENDS:
        return True
    if joined.endswith(("token", "pwd", "sessid", "cookie")):
        return True
    if joined.endswith("pass") and not joined.endswith(NO_PASS):
        return True
    return not SECRET_WORDS.isdisjoint(words)


def is_id_name(key: str) -> bool:
    """Whether a long number under this name is somebody's numbering, such as `order_id`."""
    words = _words_of(key)
    return bool(words) and words[-1] in _ID_ENDS


def is_version_name(key: str) -> bool:
    """Whether the value under this name is a version."""
    return key.lower().endswith(_VERSION_NAMES)


def is_plural(key: str) -> bool:
    """Whether a number under this name counts things: `tokens: 512`."""
    return key.lower().endswith(_PLURALS)
