"""Which shapes of text hold something that must not be shown, in the order they are looked for.

Each pattern is bounded, so that no text takes more than linear time to search.
"""

import base64
import binascii
import re

from apps.events.addresses import ADDRESSES
from apps.events.key_names import kind_of_key
from apps.events.shape import Found, Shape, at_hints, begins
from apps.events.told_secrets import TOLD

_LOOKS_MADE = re.compile(
    r"(?=.{0,300}?\d)(?=.{0,300}?[A-Za-z])|.{0,300}?[A-Z].{0,300}?[a-z].{0,300}?[A-Z]"
)


def _is_credential(found: Found) -> bool:
    """Not a word of a sentence, such as in "bearer token expired" and "basic authentication"."""
    return bool(_LOOKS_MADE.match(found.value)) or len(found.value.rstrip(".")) >= 24


def _is_basic(found: Found) -> bool:
    """RFC 7617: `user:password` in base64."""
    try:
        return b":" in base64.b64decode(found.value + "=" * (-len(found.value) % 4))
    except (ValueError, binascii.Error):
        return False


def _is_login(found: Found) -> bool:
    return not found.value.isdigit()


def _is_secret_option(found: Found) -> bool:
    return kind_of_key(found.match["name"]) == "secret" and not found.value.startswith(
        ("-", "<", "$", "{")
    )


def _is_told(found: Found) -> bool:
    word = found.match["word"].lower()
    if word.endswith(("pin", "code", "otp", "cvv", "cvc")):
        return found.value.isdigit() and 3 <= len(found.value) <= 8
    with_digit = any(letter.isdigit() for letter in found.value)
    with_letter = any(letter.isalpha() for letter in found.value)
    return with_digit and with_letter and len(found.value) >= 6


# RFC 7468, RFC 4880 and PuTTY's own; cut short, the key ends with the text.
PRIVATE_KEYS = (
    Shape(
        "private-key",
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?!-----BEGIN)[^<>\"'{}`]){0,12000}?(?:-----END [A-Z0-9 ]{0,30}KEY(?: BLOCK)?-----"
            r"|(?=[<>\"'{}`]|-----BEGIN)|\Z)"
        ),
        ("private key",),
    ),
    Shape(
        "private-key",
        re.compile(r"Private-Lines: \d{1,3}\s{1,2}(?:[A-Za-z0-9+/=]{1,80}\s{0,2}){1,60}"),
        ("private-lines",),
    ),
)

# RFC 7519, also cut short; and other JSON in base64.
_JWT = re.compile(
    begins("eyJ", unless_after=r"\w-")
    + r"[\w-]{6,8000}+(?:(?:\.[\w-]{0,8000}+){1,4}|(?<=[\w-]{20}))"
)

_TEXTUAL = (
    Shape(
        "token",
        re.compile(
            r"(?<![A-Za-z])(?:bearer|token|ssws|apikey)[ :=]{1,3}[\"']?"
            r"(?P<value>[\w.~+/=-]{8,4000}+)",
            re.I,
        ),
        ("bearer", "token", "ssws", "apikey"),
        _is_credential,
        starts=at_hints,
    ),
    Shape(
        "token",
        re.compile(r"(?<![A-Za-z])basic[ :=]{1,3}(?P<value>[A-Za-z0-9+/]{4,4000}+={0,2})", re.I),
        ("basic",),
        _is_basic,
        starts=at_hints,
    ),
    Shape(
        "secret", re.compile(r"://[^\s/:@\"'<>]{0,100}:(?P<value>[^\s/?#\"'<>]{1,300})@"), ("://",)
    ),
    Shape(
        "token",
        re.compile(r"://(?P<value>(?=[a-zA-Z_-]{0,200}\d)[\w-]{16,250})(?::x-oauth-basic)?@"),
        ("://",),
    ),
    Shape(
        "secret",
        re.compile(
            r"(?<![\w-])(?:-u|--user|-U|--proxy-user)[ =]?[\"']?[^\s:\"'/=]{1,100}:"
            r"(?P<value>[^\s\"']{1,300})"
        ),
        ("-u", "--user", "--proxy-user"),
        _is_login,
        starts=at_hints,
    ),
    Shape(
        "secret",
        re.compile(
            r"(?<![\w-])--(?P<name>[A-Za-z][\w-]{1,40})[ ]{1,2}"
            r"(?P<value>\"[^\"\n]{1,500}\"|'[^'\n]{1,500}'|[^\s\"']{1,500})"
        ),
        ("--",),
        _is_secret_option,
        starts=at_hints,
    ),
    Shape(
        "secret",
        re.compile(
            r"(?<![A-Za-z])(?P<word>password|passwd|passwort|kennwort|passphrase|passcode|token|secret"
            r"|(?:api|access|secret|auth|license)[ _-]?key|session[ _-]?id|pin|otp|cvv|cvc"
            r"|(?:verification|security|login|one[- ]time|auth\w{0,12}|2fa|sms)[ -]code)"
            r"[\"'`]?[ ]{1,2}(?:(?:is|was|ist|lautet|of|to|with|value|code)[ ]{1,2}){0,2}:?[ ]?"
            r"(?P<value>\"[^\"\n]{3,200}\"|'[^'\n]{3,200}'|`[^`\n]{3,200}`|[^\s\"'`,;<>(){}=]{3,200}(?<![.!?:]))",
            re.I,
        ),
        (
            *("password", "passwd", "passwort", "kennwort", "passphrase", "passcode", "token"),
            *("secret", "api", "access", "auth", "license", "session", "pin", "otp", "cvv", "cvc"),
            *("verification", "security", "login", "one", "2fa", "sms"),
        ),
        _is_told,
        starts=at_hints,
    ),
    Shape(
        "secret",
        re.compile(
            r"/(?:reset|reset[_-]?password|password[_-]?reset|reset[_-]password[_-]confirm|magic|magic[_-]?links?"
            r"|login[_-]?link|verify|verify[_-]?email|verification|confirm|confirm[_-]?email|confirmation"
            r"|activate|activation|invite|invitations?|invites|unsubscribe|recover|one[_-]?time|sso|set[_-]password)"
            r"(?:/[\w=-]{1,12})?/(?P<value>(?=[A-Za-z_.~=-]{0,100}\d)(?=[\d_.~=-]{0,100}[A-Za-z])[\w.~=-]{10,500})",
            re.I,
        ),
        (
            *(
                "/reset",
                "/password",
                "/magic",
                "/login",
                "/verif",
                "/confirm",
                "/activat",
                "/invit",
            ),
            *("/unsubscribe", "/recover", "/one", "/sso", "/set"),
        ),
        starts=at_hints,
    ),
    Shape(
        "secret",
        re.compile(
            r"(?<![A-Za-z])(?:name|key|header|field)\\{0,4}[\"']?\s?[:=]\s?\\{0,4}[\"']"
            r"(?P<name>[\w.-]{1,60})\\{0,4}[\"'],?\s{0,8}\\{0,4}[\"']?value\\{0,4}[\"']?\s?[:=]\s?"
            r"\\{0,4}[\"'](?P<value>[^\"'\\\n]{1,2000})",
            re.I,
        ),
        ("name", "key", "header", "field"),
        _is_secret_option,
        starts=at_hints,
    ),
    Shape(
        "secret",
        re.compile(
            r"auth\"?\s?[=:]\s?[\[(]\s?[\"'][^\"'\n]{1,100}[\"'],\s?[\"'](?P<value>[^\"'\n]{1,300})[\"']"
        ),
        ("auth",),
        starts=at_hints,
    ),
    Shape(
        "token",
        re.compile(
            r"(?:hooks\.slack\.com/(?:services|workflows|triggers)"
            r"|discord(?:app)?\.com/api/webhooks|webhook\.office\.com/webhookb2)/(?P<value>[\w/@.-]{8,300})"
        ),
        ("hooks.slack.com", "/api/webhooks", "webhook.office.com"),
    ),
)

# The secret key of AWS has no form of its own: 40 letters of base64 beside a word for it.
_AWS_SECRET = Shape(
    "secret",
    re.compile(
        r"(?<![A-Za-z0-9/+=_-])(?P<value>(?=[\w/+]{0,39}[/+])[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=_-])"
    ),
    ("akia", "asia", "aws_", "aws-"),
    lambda found: bool(_LOOKS_MADE.match(found.value)) and not found.value.islower(),
)

# Looked for before the names of values are, being sure by their own text.
KEYS = (*PRIVATE_KEYS, _AWS_SECRET, Shape("jwt", _JWT, ("eyj",)))
TEXTUAL = (*_TEXTUAL, *TOLD, *ADDRESSES)
