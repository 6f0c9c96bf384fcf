"""Reading single JSON values of any type. Nothing here raises: what does not fit is left out."""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_TRUE = frozenset(("true", "yes", "1"))
_FALSE = frozenset(("false", "no", "0"))


def text(value: object) -> str | None:
    """Text that says something; numbers are written out, lists give their last text."""
    if isinstance(value, list):
        value = next((item for item in reversed(value) if item not in (None, "")), None)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return value.replace("\x00", "") if value.strip() else None
    return None


def integer(value: object) -> int | None:
    """A whole number, also when it came as text (Sentry's issue counts do)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    return None


def flag(value: object) -> bool | None:
    """Three states: true, false, not known. Takes 1/0, "yes"/"no" and lists as Sentry sends them.

    Of a list, one false makes it false: one exception that was not caught is enough.
    """
    if isinstance(value, list):
        known = {flag(item) for item in value} - {None}
        return None if not known else known == {True}
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def moment(value: object) -> datetime | None:
    """An ISO 8601 time or epoch seconds, as aware UTC; a time without a zone is UTC."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value.strip())
            return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """A JSON array, or an empty one."""
    return value if isinstance(value, list) else []


def mappings(value: object) -> list[Mapping[str, object]]:
    """The objects of a JSON array; anything else in it is left out."""
    return [item for item in items(value) if isinstance(item, dict)]


def pairs(value: object) -> Iterator[tuple[str, str]]:
    """Name and value from a list of pairs, a list of {key, value}, or an object."""
    if isinstance(value, dict):
        value = [[name, inner] for name, inner in value.items()]
    for item in items(value):
        raw: object = [item.get("key"), item.get("value")] if isinstance(item, dict) else item
        if isinstance(raw, list) and len(raw) == 2:
            name = text(raw[0])
            if name:
                yield name, _shown(raw[1])


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value) or ""
