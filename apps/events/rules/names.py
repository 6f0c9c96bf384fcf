"""Text about a failure without what it only names: the program's code, files, and conditions.

`AttributeError: 'Order' object has no attribute 'payment_declined'` says nothing about payments.
All patterns are bounded, so that they take linear time.
"""

import re

from apps.events.patterns import PatternFile

# Errors in the program's code: nothing that they name happened.

_FILE = PatternFile.read("rules/names.toml")
_QUOTED = _FILE.compile("quoted")
_NAME = _FILE.compile("name")
_SUGGESTION = re.compile(r"\bdid you mean.{0,500}", re.IGNORECASE)


def without_names(text: str) -> str:
    """Return the text without quoted parts, identifiers, paths, addresses, and file names."""
    unquoted = _QUOTED.sub("_", _SUGGESTION.sub("", text))
    return " ".join(word for word in unquoted.split(" ") if not _NAME.search(word))


# Any error: what it doesn't say happened.

_NOT_SAID = tuple(
    (re.compile(_FILE.expand(row["text"])), row["kept"]) for row in _FILE.tables["not_said"]
)
_NOT_LOADED = tuple(
    (re.compile(_FILE.expand(row["text"])), row["kept"]) for row in _FILE.tables["not_loaded"]
)
_IDENTIFIER = _FILE.compile("identifier")
_IS_CODE_AFTER = _FILE.compile("is_code_after")
_IS_UNKNOWN = _FILE.compile("is_unknown")


def statement_of(text: str) -> str:
    """Return the text without what it doesn't say happened: names, conditions, denials.

    A name that is the code of what happened is kept: `failed: insufficient_funds`.
    """
    for pattern, kept in _NOT_SAID:
        text = pattern.sub(kept, text)
    return _IDENTIFIER.sub(lambda match: match[0] if _is_code(match) else " _ ", text)


def without_what_failed_to_load(text: str) -> str:
    """Return the text without what could not be loaded or shown, or whose settings failed."""
    for pattern, kept in _NOT_LOADED:
        text = pattern.sub(kept, text)
    return text


def _is_code(match: re.Match[str]) -> bool:
    """Return whether the name is the code of what happened, by the words around it."""
    name, text = match[0].strip("'\"`"), match.string
    before, after = text[max(0, match.start() - 40) : match.start()], text[match.end() :]
    is_first = not before.strip(" [({")
    if is_first and not after[:9].strip(" .])}"):
        return "." not in name
    if _IS_UNKNOWN.search(before):
        return False
    if _IS_CODE_AFTER.search(before):
        return True
    if name != match[0] or name[0].isdigit() or name not in (name.lower(), name.upper()):
        return False
    is_alone = before.endswith((": ", "[", "(")) or is_first
    return is_alone and after[:1] in (")" if before.endswith("(") else ":.,;]")
