"""People and devices: email, IP, and MAC addresses, and names in paths and of devices."""

import ipaddress
import re
from collections.abc import Iterator

from apps.redaction.shapes import Candidate, Check, read_patterns, read_shapes, words

_FILE = read_patterns("addresses.toml")
_FOUR_NUMBERS = _FILE.compile("four_numbers", re.ASCII)


def is_ip_address(text: str) -> bool:
    """Return whether it is an IPv4 or IPv6 address that can identify someone."""
    if _FOUR_NUMBERS.fullmatch(text):
        return text not in ("0.0.0.0", "255.255.255.255") and not text.startswith("127.")  # noqa: S104
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    if address.is_loopback or address.is_unspecified:
        return False
    # `fe80::1` is the same on every network.
    return not (address.is_link_local and int(address) % 2**64 < 2**16)


_LOCAL_AND_AT = _FILE.compile("local_and_at")
_AT_AND_DOMAIN = _FILE.compile("at_and_domain")
_MAX_LOCAL, _MAX_AT = 130, 8
_FILES = frozenset(words("file_endings"))


def _email_starts(text: str, hints: list[int]) -> Iterator[int]:
    """Yield the possible starts of the local part before each `@` with a domain."""
    last = 0
    for at in hints:
        if _AT_AND_DOMAIN.match(text, at):
            local_parts = _LOCAL_AND_AT.finditer(text, max(last, at - _MAX_LOCAL), at + _MAX_AT)
            yield from (local.start() for local in local_parts)
            last = at


def _is_email(found: Candidate) -> bool:
    local, _, ending = found.value.partition("@")
    if ending.rpartition(".")[2].lower() in _FILES or found.after[:1] == "(":
        return False
    return not (local == "git" and found.after[:1] in (":", "/"))


_VERSION_WORDS = frozenset(words("version_words"))
_VERSION_SIGNS = ("==", ">=", "<=", "~=", "!=", "~>", "^", "§")
_BETWEEN = " \"'([:=/@#-]),"
_V_BEFORE = re.compile(r"(?<![A-Za-z])[vV]\.?\Z")
_LAST_LETTERS = re.compile(r"[A-Za-z]{1,20}\Z")


def _names_a_version(before: str) -> bool:
    """Return whether it ends with a word for a version, or a product with four-part versions."""
    near = before[-40:]
    if near.rstrip(" vV\"'").endswith(_VERSION_SIGNS):
        return True
    if _V_BEFORE.search(near):
        return True
    word = _LAST_LETTERS.search(near.rstrip(_BETWEEN)[-20:])
    gap = len(near) - len(near.rstrip(_BETWEEN))
    if word is None or gap > 6 or "," in near[len(near) - gap :]:
        return False
    return word[0].lower() in _VERSION_WORDS or word[0].lower().endswith("version")


_PRODUCT_BEFORE = re.compile(r"(?:(?<![\w.:/@-])|(?<=[/]))@?[A-Za-z][\w.+-]{0,40}[/@-]\Z")
_CLASS_BEFORE = re.compile(r"(?<![\w/.])[A-Z][A-Za-z]{2,40}/\Z")
_PORT = re.compile(r":\d{2,5}(?!\d)")
# The last characters that the patterns above and below can match.
_AFTER_PRODUCTS, _AFTER_LIBRARIES = ("/", "@", "-"), ("(", '"', "'", " ")
_HOST_BEFORE = re.compile(r"(?:\.[a-z]{2,24}|localhost|[\s\"'(=,\[]|\A)/\Z")
_LOGIN_BEFORE = re.compile(r"(?:://[^\s/]{0,60}|\b(?:root|admin|ubuntu|ec2-user|user|deploy))@\Z")
_LIBRARY_BEFORE = _FILE.compile("library_before", re.IGNORECASE)


def _is_ipv4(found: Candidate) -> bool:
    """Rule out versions: after words for them, and small ones after `name/` or `name@`."""
    if not is_ip_address(found.value) or _names_a_version(found.before):
        return False
    last = found.before[-1:]
    if _PORT.match(found.after) or (last == "@" and _LOGIN_BEFORE.search(found.before)):
        return True
    parts = [int(part) for part in found.value.split(".")]
    after_product = last in _AFTER_PRODUCTS and _PRODUCT_BEFORE.search(found.before) is not None
    after_name = last == "@" and after_product
    is_low = (
        parts[0] < 30 and parts[0] != 10 and (after_name or (parts[3] == 0 and max(parts) < 60))
    )
    if is_low or parts[0] == 255 or parts[1:] == [0, 0, 0]:
        return False
    if max(parts) >= 100 or (last == "/" and _HOST_BEFORE.search(found.before)):
        return last != "/" or not _CLASS_BEFORE.search(found.before)
    if last in _AFTER_LIBRARIES and parts[0] != 10 and _LIBRARY_BEFORE.search(found.before):
        return False
    return not after_product or found.before.endswith("ip-")


_HOST_AFTER = re.compile(r"\.(?!tar\.)(?:[A-Za-z][\w-]{0,60}\.){1,4}[A-Za-z]")


def _is_dashed_ipv4(found: Candidate) -> bool:
    """Accept a public address in the name of a host."""
    address = found.value.replace("-", ".")
    if not _FOUR_NUMBERS.fullmatch(address) or not ipaddress.ip_address(address).is_global:
        return False
    return found.before.endswith("ip-") or _HOST_AFTER.match(found.after) is not None


def _is_ipv6(found: Candidate) -> bool:
    return (
        len(found.value) > 5 and any(map(str.isdigit, found.value)) and is_ip_address(found.value)
    )


def _is_mac(found: Candidate) -> bool:
    """Rule out null and broadcast (IEEE 802), and dates with times: digits with dashes."""
    digits = set(filter(str.isalnum, found.value.lower()))
    digits_only = "-" in found.value and digits.isdisjoint("abcdef")
    is_named = "mac" in found.before.lower()
    return digits not in ({"0"}, {"f"}) and (is_named or not digits_only)


# Names of people in the paths of their files

_SHARED = frozenset((*words("shared_accounts"), "all users", "default user"))
_PAGES = frozenset(words("pages"))


def _is_account(found: Candidate) -> bool:
    name = found.value.lower()
    is_file = "." in re.split(r"[\s\"'?]", found.after, maxsplit=1)[0]
    if name in _SHARED or name.isdigit() or not any(map(str.isalnum, name)):
        return False
    return is_file or name not in _PAGES


_MAX_BEFORE_DEVICE = 40
_NOT_OWNERS = _FILE.compile("not_owners", re.IGNORECASE)


def _starts_before(_text: str, hints: list[int]) -> Iterator[int]:
    """Yield the positions of a device and of what can be before it."""
    last = 0
    for hint in hints:
        yield from range(max(last, hint - _MAX_BEFORE_DEVICE), hint + 1)
        last = hint + 1


_CHECKS: dict[str | None, Check] = {
    "account": _is_account,
    "dashed ipv4": _is_dashed_ipv4,
    "email": _is_email,
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "mac": _is_mac,
    "owned device": lambda found: not _NOT_OWNERS.match(found.value),
}
_STARTS = {"device": _starts_before, "email": _email_starts}
EMAILS, DEVICES, IPV4, ACCOUNTS, OWNED_DEVICES = (
    read_shapes(_FILE, name, _CHECKS, starts=_STARTS)
    for name in ("emails", "devices", "ipv4", "accounts", "owned_devices")
)
