"""Numbers, lists and odd values as the pages print them. Unknown is left out, never "None"."""

import json
from collections.abc import Iterable, Mapping

_TURNS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SIGNS = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n\r"},
    **dict.fromkeys((*range(0x7F, 0xA0), *_TURNS), "\ufffd"),
}


def grouped(number: int) -> str:
    """Return a whole number with its thousands separated: 12,345."""
    return f"{number:,}"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 event, 14 events."""
    return f"{grouped(number)} {one if number == 1 else many or one + 's'}"


def listed(words: Iterable[str]) -> str:
    """Return words as a list in a sentence: a, a and b, or a, b, and c."""
    *first, last = tuple(words) or ("",)
    if first[1:]:
        return f"{', '.join(first)}, and {last}"
    return " and ".join((*first, last))


def visible(text: str) -> str:
    """The text with signs for what would command a terminal or turn the direction of writing."""
    return text.translate(_SIGNS)


def clipped(text: str, limit: int) -> str:
    """The visible text, cut at the limit with a word on how much is missing."""
    if len(text) <= limit:
        return visible(text)
    return f"{visible(text[:limit])} … ({grouped(len(text) - limit)} more characters)"


def plain_value(value: object) -> str:
    """A JSON value of any kind as one text."""
    if value is None or value == "":
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


def safe_link(address: str | None) -> str:
    """The address if a browser may be sent there, else nothing."""
    lowered = (address or "").lower()
    return address or "" if lowered.startswith(("https://", "http://")) else ""


_HIDDEN_KINDS = {
    "email": ("email", "emails"),
    "card": ("card number", "card numbers"),
    "ip": ("IP address", "IP addresses"),
    "mac": ("device address", "device addresses"),
    "iban": ("IBAN", "IBANs"),
    "ssn": ("social security number", "social security numbers"),
    "address": ("postal address", "postal addresses"),
    "jwt": ("sign-in token", "sign-in tokens"),
    "private-key": ("private key", "private keys"),
    "user": ("username", "usernames"),
    "phone": ("phone number", "phone numbers"),
}


def redaction_receipt(counts: Mapping[str, int]) -> str:
    """What was taken out before anybody saw it: "Hidden: 3 emails, 1 card number"."""
    parts = []
    for kind, count in counts.items():
        if kind == "customer" or not count:
            continue
        one, many = _HIDDEN_KINDS.get(kind, (kind, f"{kind}s"))
        parts.append(counted(count, one, many))
    if counts.get("customer"):
        times = counts["customer"]
        parts.append(f"the customer{f' ({grouped(times)} times)' if times > 1 else ''}")
    return f"Hidden: {', '.join(parts)}" if parts else "Nothing had to be hidden"


_FIELD_NAMES = {
    "user.id": "user ID",
    "user.email": "email",
    "user.username": "username",
    "id": "event ID",
    "trace": "trace ID",
}


def field_name(field: str) -> str:
    """A searched field as an agent calls it."""
    if field.startswith("tags[") and field.endswith("]"):
        return f"tag {field[5:-1]}"
    return _FIELD_NAMES.get(field, field)
