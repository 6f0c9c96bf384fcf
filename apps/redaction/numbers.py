"""Cards, IBANs, social security numbers, and phone numbers."""

import re
from collections.abc import Iterator

from stdnum.iso7064 import mod_97_10

from apps.events.query import any_case
from apps.redaction.keys import is_id_name
from apps.redaction.shapes import Candidate, Check, Shape, read_patterns, read_shapes

_FILE = read_patterns("numbers.toml")
_TABLES = read_patterns("patterns.toml").tables

# Checksums, prefixes, and ranges of the standards

_CARD_RANGES = tuple(
    (len(low), int(low), int(high or low), lengths)
    for prefixes, lengths in _TABLES["card_lengths"].items()
    for low, _, high in [prefixes.partition("-")]
)
_COUNTRIES = {
    int(length): countries.split()
    for length, countries in _TABLES["countries_by_iban_length"].items()
}


def _is_of_brand(digits: str) -> bool:
    """Return whether they have the prefix and the length of a brand of cards."""
    return any(
        low <= int(digits[:width]) <= high and len(digits) in lengths
        for width, low, high, lengths in _CARD_RANGES
    )


_DOUBLED = str.maketrans("0123456789", "0246813579")  # the sums of the digits of the doubles


def _passes_luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit (ISO/IEC 7812-1)."""
    doubled = digits[-2::-2].translate(_DOUBLED)
    return (sum(map(int, digits[::-2])) + sum(map(int, doubled))) % 10 == 0


def is_iban(text: str) -> bool:
    """Return whether it passes ISO 13616: country, length, and remainder 1 when divided by 97."""
    iban = "".join(filter(str.isalnum, text.replace("%20", ""))).upper()
    if not iban.isascii() or iban[:2] not in _COUNTRIES.get(len(iban), ()):
        return False
    return mod_97_10.is_valid(iban[4:] + iban[:4])


def is_social_security_number(digits: str) -> bool:
    """Return whether the digits are in the ranges of SSNs and of the IRS's ITINs."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return len(digits) == 9 and area not in ("000", "666") and group != "00" and serial != "0000"


_NOT_DIGIT, _ENCODED = re.compile(r"\D"), re.compile("%[0-9A-F]{2}")
_NAME_BEFORE = re.compile(r"([A-Za-z_-]{1,40})[\"'\])]{0,2}\s{0,2}[:=#]?\s{0,2}[\"'#]?\Z")
_ARTICLE = _FILE.compile("article", re.IGNORECASE)
_LETTERS_BEFORE = re.compile(r"(?:\A|[^A-Za-z0-9])[A-Za-z_]{0,40}\Z")
_LETTERS_AFTER = re.compile(r"[A-Za-z_]{0,40}(?![A-Za-z0-9])")
_CARD_BEFORE = _FILE.compile("card_before", re.IGNORECASE)
_RARE_LENGTHS = (12, 13, 17, 18, 19)


def _is_card(found: Candidate) -> bool:
    """Accept a number between letters, but not inside a longer ID of letters and digits."""
    digits = _NOT_DIGIT.sub("", _ENCODED.sub(" ", found.value))
    if not 12 <= len(digits) <= 19 or not _passes_luhn(digits) or len(set(digits)) < 2:
        return False
    named = _CARD_BEFORE.search(found.before[-48:]) is not None
    if not (named or _is_of_brand(digits)) or _ARTICLE.search(found.before):
        return False
    before = re.sub(r"(?:\\[nrt]|%[0-9A-Fa-f]{2})\Z", " ", found.before)
    if not (_LETTERS_BEFORE.search(before) and _LETTERS_AFTER.match(found.after)):
        return False
    if named or not found.value.isdigit() or len(digits) not in _RARE_LENGTHS:
        return True
    name = _NAME_BEFORE.search(before)
    return not (name and is_id_name(name[1])) and not re.search(r"\w-?\Z", before)


def _iban_pattern(length: int, countries: list[str]) -> str:
    either_case = "|".join(
        f"(?<=[{country[0]}{country[0].lower()}])[{country[1]}{country[1].lower()}]"
        for country in countries
    )
    return rf"(?:{either_case}){_IBAN_GAP}\d{_IBAN_GAP}\d(?:{_IBAN_GAP}[A-Za-z0-9]){{{length - 4}}}"


_IBAN_GAP = r"(?:[ .\u00a0\u202f+-]|%20)?"
_IBAN = re.compile(
    r"[A-Za-z](?=[A-Za-z][ -]?\d[ -]?\d)"
    r"(?:(?<![A-Za-z0-9].)|(?<=\\[nrt].)|(?<=%[0-9A-Fa-f]{2}.)|(?<=[Ii][Bb][Aa][Nn].))"
    rf"(?=[A-Za-z]{_IBAN_GAP}\d{_IBAN_GAP}\d(?:{_IBAN_GAP}[A-Za-z0-9]){{{min(_COUNTRIES) - 4}}})(?:"
    + "|".join(_iban_pattern(*row) for row in _COUNTRIES.items())
    + r")(?![A-Za-z0-9])"
)
_COUNTRY_BEFORE = re.compile(r"\d(?:(?<=[A-Za-z]{2}.)|(?<=[A-Za-z]{2}[ -].))")


def _iban_starts(text: str, _hints: list[int]) -> Iterator[int]:
    for digit in _COUNTRY_BEFORE.finditer(text):
        yield digit.start() - (2 if text[digit.start() - 1].isalpha() else 3)


_ORDER_BEFORE = _FILE.compile("order_before", re.IGNORECASE)
_EXTENSION_START = re.compile("[A-Za-z;,]")


def _digits(found: Candidate) -> str:
    """Return the digits without those of an extension."""
    number = _ENCODED.sub(" ", found.value).removeprefix("%2b")
    return _NOT_DIGIT.sub("", _EXTENSION_START.split(number, maxsplit=1)[0])


def _is_plus_phone(found: Candidate) -> bool:
    """Accept a number after 00 only if it is grouped or long enough for a country code."""
    digits = _digits(found)
    if found.value.startswith("00"):
        least = 13 if found.value.isdigit() else 10
        return least <= len(digits) <= 17 and _is_not_order_number(found)
    grouped = any(map(str.isspace, found.value))
    return 8 - grouped <= len(digits) <= 15


_LENGTH_OF_ORDER = 30
_PHONE_BEFORE = any_case(r"(?:phone|tel|fax|mobile?|call)\W?(?:number|no|nr)?\W{0,3}\Z")


def _is_not_order_number(found: Candidate) -> bool:
    near = max(0, len(found.before) - _LENGTH_OF_ORDER)
    return not _ORDER_BEFORE.search(found.before, near) or bool(_PHONE_BEFORE.search(found.before))


def _is_national_phone(found: Candidate) -> bool:
    digits = _digits(found)
    if "/" in found.value and found.after[:1] == ":":  # a time, as in `[0701/114930:WARNING:x]`
        return False
    return 6 <= len(digits) <= 13 and len(set(digits)) > 2 and _is_not_order_number(found)


_CHECKS: dict[str | None, Check] = {
    None: lambda _: True,
    "card": _is_card,
    "named phone": lambda found: 5 <= len(_digits(found)) <= 15,
    "national phone": _is_national_phone,
    "no order number": _is_not_order_number,
    "plus phone": _is_plus_phone,
    "ssn": lambda found: is_social_security_number(_digits(found)),
}
_CARDS, _SOCIAL_SECURITY, PHONES = (
    read_shapes(_FILE, name, _CHECKS) for name in ("cards", "social_security", "phones")
)
CHECKED_NUMBERS = (
    Shape("iban", _IBAN, is_secret=lambda found: is_iban(found.value), starts=_iban_starts),
    *(*_CARDS, *_SOCIAL_SECURITY),
)
