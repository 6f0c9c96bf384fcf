"""Which key names and which shapes of text hold something that must not be shown.

Each pattern is bounded, so that no text takes more than linear time to search.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

# Key names are compared lower-case and without separators: `X-Api-Key` is `xapikey`.
_SECRET_PARTS = (
    "password", "passwd", "passphrase", "passcode", "secret", "apikey", "accesskey", "privatekey",
    "authorization", "credential", "cookie", "session", "csrf", "xsrf", "jwt", "bearer",
    "creditcard", "cardnumber", "cardno", "cvv", "cvc", "iban", "accountnumber", "socialsecurity",
    "taxid", "passport", "signature", "otp", "onetime",
)  # fmt: skip
_SECRET_NAMES = frozenset(
    ("pwd", "pw", "pass", "auth", "pin", "ssn", "sid", "sessid", "card", "pan", "token", "tokens")
)
_HARMLESS_NAMES = frozenset(("sessionduration", "sessioncount", "hassession", "tokencount"))
_PERSONAL_NAMES = {
    "email": "email",
    "emailaddress": "email",
    "mail": "email",
    "phone": "phone",
    "phonenumber": "phone",
    "mobile": "phone",
    "ip": "ip",
    "ipaddress": "ip",
    "remoteaddr": "ip",
    "xforwardedfor": "ip",
    "xrealip": "ip",
    "firstname": "name",
    "lastname": "name",
    "surname": "name",
    "fullname": "name",
    "birthdate": "birthdate",
    "dateofbirth": "birthdate",
}
_SEPARATORS = re.compile(r"[^a-z0-9]")


def kind_of_key(key: str) -> str | None:
    """What a value under this key name is ("secret", "email", ...), None when anything goes."""
    name = _SEPARATORS.sub("", key.lower())
    if name in _HARMLESS_NAMES:
        return None
    if name in _PERSONAL_NAMES:
        return _PERSONAL_NAMES[name]
    if name in _SECRET_NAMES or name.endswith("token") or any(p in name for p in _SECRET_PARTS):
        return "secret"
    return None


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of secret told by its text. `hints`: it can only be there when one of them is.

    The pattern's group `value`, or else all it matched, is hidden when `holds` says so.
    """

    kind: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...] = ()
    holds: Callable[[str], bool] = lambda _value: True

    def may_be_in(self, lowered: str) -> bool:
        """Whether a search is worth while; `lowered` is the text in lower case."""
        return not self.hints or any(hint in lowered for hint in self.hints)


def is_card_number(text: str) -> bool:
    """Whether the digits are a payment card's: its first digit, its length, Luhn's check."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    if not 13 <= len(digits) <= 19 or digits[0] not in (2, 3, 4, 5, 6) or len(set(digits)) == 1:
        return False
    doubled = [sum(divmod(digit * 2, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_ip_address(text: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address that can point at somebody."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    anybodys = address.is_loopback or address.is_unspecified
    return not anybodys and any(letter.isdigit() for letter in text) and len(text) > 5


SHAPES = (
    Shape(
        "private-key",
        re.compile(
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,10000}"
            r"(?:-----END [A-Z ]{0,30}-----)?"
        ),
        ("private key",),
    ),
    Shape(
        "jwt",
        re.compile(r"(?<![\w-])eyJ[\w-]{6,4000}\.[\w-]{4,8000}(?:\.[\w-]{0,4000})?"),
        ("eyj",),
    ),
    Shape(
        "token",
        re.compile(
            r"authorization\\?[\"']?\s{0,3}[=:]\s{0,3}\\?[\"']?(?:[a-z]{1,20}\s{1,3})?"
            r"(?P<value>[\w.~+/=-]{6,4000})",
            re.IGNORECASE,
        ),
        ("authorization",),
    ),
    Shape(
        "token",
        re.compile(r"\b(?:bearer|basic)[ :=]{1,3}(?P<value>[\w.~+/=-]{8,4000})", re.IGNORECASE),
        ("bearer", "basic"),
    ),
    Shape(
        "token",
        re.compile(
            r"(?<![A-Za-z0-9])(?:sntry[us]_[\w=+/-]{20,200}|gh[pousr]_\w{30,100}|github_pat_\w{30,100}"
            r"|(?:sk|pk|rk)_(?:live|test)_\w{10,200}|sk-[\w-]{20,200}|xox[abeprs]-[\w-]{10,200}"
            r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35})"
        ),
        ("sntry", "gh", "k_", "sk-", "xox", "akia", "asia", "aiza"),
    ),
    Shape(
        "secret",
        re.compile(
            r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,100}:(?P<value>[^\s/@]{1,200})@", re.IGNORECASE
        ),
        ("://",),
    ),
    Shape(
        "secret",
        re.compile(
            r"(?<![a-z])(?:[a-z0-9]{1,20}[_-]){0,3}"
            r"(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|session[_-]?id|cvv|cvc)"
            r"\\?[\"']?\s{0,3}(?:=>|=|:)\s{0,3}\\?(?P<value>\"[^\"\n]{1,500}\"|'[^'\n]{1,500}'|[^\s,;&\"'<>)\]}]{1,500})",
            re.IGNORECASE,
        ),
        ("passw", "pwd", "secret", "token", "key", "session", "cvv", "cvc"),
    ),
    Shape(
        "secret",
        re.compile(r"(?<![a-z])cv[vc]2?[ :=#]{1,3}(?P<value>\d{3,4})(?!\d)", re.IGNORECASE),
        ("cv",),
    ),
    Shape(
        "email",
        re.compile(
            r"(?<![\w.+-])[\w.+-]{1,64}(?:@|%40)(?:[^\W_](?:[\w-]{0,62})\.){1,8}[A-Za-z]{2,24}\b"
        ),
        ("@", "%40"),
    ),
    Shape(
        "card",
        re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)"),
        holds=is_card_number,
    ),
    Shape(
        "ip",
        re.compile(
            r"(?<![\w.])(?<![A-Za-z]/)(?<!ersion[ =:])(?<!ersion: )"
            r"(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)"
        ),
        (".",),
        is_ip_address,
    ),
    Shape(
        "ip",
        re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{2,39}(?:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})?(?![\w:]|\.\d)"),
        ("::", ":"),
        lambda value: value.count(":") >= 2 and is_ip_address(value),
    ),
)  # fmt: skip
