"""Numbers that stand for a person or their money: cards, IBANs, social security, phones."""

import re

from apps.events.checks import (
    IBAN_LENGTHS,
    is_card_number,
    is_iban,
    is_social_security_number,
)
from apps.events.key_names import is_id_name
from apps.events.shape import Found, Shape, at_hints, begins

_NOT_DIGIT = re.compile(r"\D")
_NAME_BEFORE = re.compile(r"([A-Za-z_-]{1,40})[\"'\])]{0,2}\s{0,2}[:=#]?\s{0,2}[\"'#]?\Z")
_ARTICLE = re.compile(r"(?:isbn|ean|gtin|upc|imei|barcode|iccid|tracking)\W{0,4}\Z", re.IGNORECASE)

_GAP = r"(?:[ .+_/\u00a0\u2009\u202f-]|%20|  )"
_START = r"\d(?:(?<!\d\d)(?<!\d\.\d)(?<!%\d)|(?<=%[0-9A-Fa-f]{2}\d))"
_CARD = re.compile(
    rf"{_START}(?:\d{{12,18}}+"
    rf"|\d{{3}}(?P<gap>{_GAP})(?:\d{{4}}(?P=gap)\d{{4}}(?P=gap)\d{{1,4}}+|\d{{6}}(?P=gap)\d{{4,5}}+)"
    rf"|\d{{7}}{_GAP}\d{{8}}|\d{{5}}{_GAP}\d{{8,13}}+|(?:[ -]\d){{13,15}}(?![ -]\d))(?!\d|\.\d)"
)
_LONG_CARD = re.compile(
    rf"{_START}\d{{3}}(?P<gap>{_GAP})(?:\d{{4}}(?P=gap)){{3}}\d{{2,3}}(?!\d|\.\d)"
)
_LETTERS_BEFORE = re.compile(r"(?:\A|[^A-Za-z0-9])[A-Za-z_]{0,40}\Z")
_LETTERS_AFTER = re.compile(r"[A-Za-z_]{0,40}(?![A-Za-z0-9])")


def _is_card(found: Found) -> bool:
    """Also between letters, but not inside a longer id of letters and digits."""
    digits = _NOT_DIGIT.sub("", found.value.replace("%20", " "))
    if not is_card_number(digits) or _ARTICLE.search(found.before):
        return False
    before = re.sub(r"(?:\\[nrt]|%[0-9A-Fa-f]{2})\Z", " ", found.before)
    if not (_LETTERS_BEFORE.search(before) and _LETTERS_AFTER.match(found.after)):
        return False
    name = _NAME_BEFORE.search(before)
    numbered = name is not None and is_id_name(name[1]) and "card" not in before.lower()
    return not (numbered and found.value.isdigit() and len(digits) in (13, 17, 18, 19))


def _iban_pattern(length: int, countries: str) -> str:
    either_case = "|".join(
        f"(?<=[{country[0]}{country[0].lower()}])[{country[1]}{country[1].lower()}]"
        for country in countries.split()
    )
    return rf"(?:{either_case}){_IBAN_GAP}\d{_IBAN_GAP}\d(?:{_IBAN_GAP}[A-Za-z0-9]){{{length - 4}}}"


_IBAN_GAP = r"(?:[ .\u00a0\u202f+-]|%20)?"
_IBAN = re.compile(
    r"[A-Za-z](?=[A-Za-z][ -]?\d[ -]?\d)"
    r"(?:(?<![A-Za-z0-9].)|(?<=\\[nrt].)|(?<=%[0-9A-Fa-f]{2}.))(?:"
    + "|".join(_iban_pattern(*row) for row in IBAN_LENGTHS.items())
    + r")(?![A-Za-z0-9])"
)

_SSN = re.compile(
    begins(r"\d", ahead=r"\d\d[ -]\d\d[ -]") + r"\d{2}(?P<gap>[ -])\d{2}(?P=gap)\d{4}(?![\w-]|\.\d)"
)
_NAMED_SSN = re.compile(
    r"(?<![A-Za-z])(?:ssn|itin|tin|social[ _-]?security|tax(?:payer)?[ _-]?id)"
    r"(?:[ _-]?(?:number|num|no|nr|#))?[\"'\s.:=#(]{0,6}(?:(?:is|was|of)\s)?[\"']?"
    r"(?P<value>\d{3}[ .-]?\d{2}[ .-]?\d{4})(?!\d|\.\d)",
    re.IGNORECASE,
)
_ORDER_BEFORE = re.compile(
    r"(?<![A-Za-z])(?:orders?|invoice|ticket|case|ref|reference|sku|article|item|batch|serial|job"
    r"|bestellung|bestellnummer|rechnung|build|version|part|isbn|id|uuid|no|nr)"
    r"(?:[ _-]?(?:no|nr|number|id|code))?[\"'\])]{0,2}[\s.:=#]{0,3}[\"'#]?\Z",
    re.IGNORECASE,
)


def _is_ssn(found: Found) -> bool:
    return is_social_security_number(_NOT_DIGIT.sub("", found.value))


# E.164: up to 15 digits after the plus; separators as people write them.
_PLUS_PHONE = re.compile(
    r"(?:\+|%2[Bb]|(?<![A-Za-z0-9.+/-])00)(?:(?<![A-Za-z0-9.+]\+)|(?<=\\[nrt]\+))(?=[1-9])"
    r"(?!\d{4}-\d\d-\d\d)"
    r"(?:[\s./()-]{0,3}\d){7,15}+(?![\w@]|\.\d)"
)
_NANP_PHONE = re.compile(
    begins(r"[2-9(1]", unless_after=r"A-Za-z0-9.+-", ahead=r"[ .-]?\(?\d{2,3}[ .)-]")
    + r"(?:(?<=1)[ .-]?\(?[2-9]\d{2}\)?|(?<=\()[2-9]\d{2}\)|(?<=[2-9])\d{2})"
    r"(?:(?<=\)) ?\d{3}[ .-]\d{4}|(?P<gap>[ .-])\d{3}(?P=gap)\d{4})(?![\w-]|\.\d)"
)
# National numbers with their leading zero, as DIN 5008 and its neighbours lay them out.
_NATIONAL_PHONE = re.compile(
    begins(r"[(0]", unless_after=r"A-Za-z0-9.+/-", ahead=r"0?[1-9]\d?[\d ./)-]")
    + r"(?<!\d[ \u00a0][(0])(?:(?<=\()0[1-9]\d{0,4}\)[ /-]{0,3}\d{2,12}(?:[ -]\d{2,8}){0,4}"
    r"|(?<=0)[1-9](?:(?:[ .]\d{2}){4}"
    r"|\d{1,4}(?: ?[/] ?| - |[ -])\d{2,8}(?:[ -]\d{2,8}){0,4}"
    r"|(?:[ ]\d{4}|[-]\d{4})[ -]\d{4}|[ -]\d{7,8}"
    r"|(?<=1)[5-7]\d{8,9}|(?<=7)\d{9}|(?<=[67])\d{8}))(?![\w-]|\.\d|/\d)"
)
_STRONG = (
    r"tel|telefon(?:nummer)?|t[eé]l[eé]phone|phones?|mobile?|mobil(?:nummer|telefon)?|handy(?:nummer)?"
    r"|msisdn|fax|whatsapp|sms|rufnummer|r[uü]ckruf|telefax|cell ?phone|phonenumber|movil|portable"
)
_WEAK = r"calls?|called|calling|dial(?:l?ed)?|cell|text(?:ed)?|contact|hotline|ring|caller|viber"
_LINKS = (
    r"(?:[ _-]?(?:number|nummer|no|nr|num))?[\"'\\\])]{0,4}[\s.:=#]{0,4}"
    r"(?:(?:is|was|ist|to|at|on|from|us|me|him|her|them|under|unter)\s){0,2}[\"'\\(]{0,3}"
)
_NAMED_PHONE = re.compile(
    rf"(?<![A-Za-z])(?<!windows )(?<!i)(?:{_STRONG}){_LINKS}(?<![\d.])"
    r"(?P<value>(?!\d{4}-\d\d-\d\d)\(?\d(?:(?:[ ()/-]{1,2}|\.(?=\d{2}))?\d){4,14}+)"
    r"(?![\w@]|\.\d|:\d)",
    re.IGNORECASE,
)
_WEAKLY_NAMED_PHONE = re.compile(
    rf"(?<![A-Za-z])(?:{_WEAK}){_LINKS}"
    r"(?P<value>(?!\d{4}-\d\d-\d\d)(?:[2-9]\d{2}[ .-]?[2-9]\d{2}[ .-]?\d{4}|0\d(?:[ /-]?\d){5,12}+"
    r"|\d{2,4}(?:[ -]\d{2,4}){2,4}))(?![\w@-]|\.\d|:\d)",
    re.IGNORECASE,
)
_STRONG_HINTS = (
    *("tel", "tél", "phone", "mobil", "handy", "msisdn", "fax", "whatsapp", "sms", "rufnummer"),
    *("rückruf", "ruckruf", "cell", "movil", "portable"),
)
_WEAK_HINTS = ("call", "dial", "cell", "text", "contact", "hotline", "ring", "viber")


def _digits(found: Found) -> str:
    return _NOT_DIGIT.sub("", found.value.removeprefix("%2B").removeprefix("%2b"))


def _is_plus_phone(found: Found) -> bool:
    """After 00 only what is grouped or long enough for a country with its number."""
    digits = _digits(found)
    if found.value.startswith("00"):
        grouped = not found.value.isdigit()
        return 10 <= len(digits) <= 17 and (grouped or len(digits) >= 13) and _is_no_order(found)
    return 8 <= len(digits) <= 15


def _is_no_order(found: Found) -> bool:
    phone = re.search(
        r"(?:phone|tel|fax|mobile?|call)\W?(?:number|no|nr)?\W{0,3}\Z", found.before, re.I
    )
    return phone is not None or not _ORDER_BEFORE.search(found.before)


def _is_national_phone(found: Found) -> bool:
    digits = _digits(found)
    return 6 <= len(digits) <= 13 and len(set(digits)) > 2 and _is_no_order(found)


def _is_named_phone(found: Found) -> bool:
    return 5 <= len(_digits(found)) <= 15


CHECKED_NUMBERS = (
    Shape("iban", _IBAN, (), lambda found: is_iban(found.value.replace("%20", ""))),
    Shape("card", _LONG_CARD, (), _is_card),
    Shape("card", _CARD, (), _is_card),
    Shape("ssn", _SSN, ("-", " "), _is_ssn),
    Shape("ssn", _NAMED_SSN, ("ssn", "itin", "tin", "social", "tax"), starts=at_hints),
)
PHONES = (
    Shape("phone", _PLUS_PHONE, ("+", "00", "%2b"), _is_plus_phone, starts=at_hints),
    Shape("phone", _NANP_PHONE, ("-", ".", " "), _is_no_order),
    Shape("phone", _NATIONAL_PHONE, ("0",), _is_national_phone),
    Shape("phone", _NAMED_PHONE, _STRONG_HINTS, _is_named_phone, starts=at_hints),
    Shape("phone", _WEAKLY_NAMED_PHONE, _WEAK_HINTS, _is_named_phone, starts=at_hints),
)
