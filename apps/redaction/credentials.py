"""Secrets in sentences, command lines, markup, addresses, and calls, other than `name=value`."""

import base64
import binascii
import re
from functools import partial

from apps.events.query import any_case
from apps.redaction.keys import has_expected_form, kind_of_key, looks_generated
from apps.redaction.named_values import PASSWORD_SYMBOLS, looks_chosen
from apps.redaction.shapes import Candidate, Shape, at_hints, bounded_start, words

_WORDS = (*words("password_words"), "mot de passe")
_WORD = rf"(?<![^\W_])(?:{'|'.join(_WORDS)})[\"'`]?[ ]{{1,2}}"
_IS = "now|is|was|has|been|est|es|ist|lautet|jest|je|é|è|changed|set|updated|reset|from|to|new"
_VALUE = (
    r"(?P<value>(?<=[\"'`])[^\"'`\n]{3,200}(?=[\"'`])"
    r"|(?<![\"'`])[^\s\"'`,;<>(){}=]{3,200}(?<![.!?:]))"
)
_QUOTED = r"[\"'](?P<value>[^\"'<>\n]{1,500})[\"']"
_ARGUMENT = r"[\"']?(?P<value>[^\s\"'<>$-][^\s\"'<>]{0,200})"
_FIELD = r"[\"'](?P<name>[\w.\[\]-]{1,60})[\"']"


def _names_secret(name: str, value: str) -> bool:
    return kind_of_key(name) == "secret" and has_expected_form(name, value)


def _has_secret_name(found: Candidate) -> bool:
    """Return whether it has a secret's name and is no caption, as that of a form field is."""
    name, value = found.match["name"], found.value.strip()
    if not _names_secret(name, value) or value.startswith(("$", "{", "-", "%")):
        return False
    is_caption = " " in value and not any(map(str.isdigit, value))
    return bool(value) and not is_caption and value.lower() != name.lower()


# They begin with a hint.
_secret = partial(Shape, "secret", starts=at_hints)
_token = partial(Shape, "token", starts=at_hints)


def _shape(
    pattern: str, hints: tuple[str, ...], *, named: bool = False, prose: bool = False
) -> Shape:
    check = _is_chosen if prose else _has_secret_name if named else _is_literal
    return _secret(any_case(pattern), hints, check)


def _is_chosen(found: Candidate) -> bool:
    return looks_chosen(found.value)


def _mixes_characters(value: str) -> bool:
    """Return whether it has at least three of capitals, lowercase letters, digits, and symbols."""
    kinds = (str.isupper, str.islower, str.isdigit, PASSWORD_SYMBOLS.__contains__)
    return sum(any(map(kind, value)) for kind in kinds) > 2


def _is_literal(found: Candidate) -> bool:
    return not found.value.startswith(("$", "{", "<", "%("))


def _is_in_digest(found: Candidate) -> bool:
    """Return whether the scheme `Digest` is before it in its line."""
    start = found.match.start()
    line = found.match.string[max(0, start - 1500) : start].rpartition("\n")[2]
    return "digest " in line.lower()


_IN_PROSE = (
    _shape(
        rf"{_WORD}(?:(?:was|has been|is)[ ])?(?:changed|updated|reset|set)[ ]from[ ]"
        rf"[^\s]{{1,200}}[ ]to[ ][\"'`]?{_VALUE}",
        _WORDS,
        prose=True,
    ),
    _shape(
        rf"{_WORD}(?:(?:(?:{_IS})\b|(?:for|of|von|de|pour|para)[ ]{{1,2}}(?:user[ ]{{1,2}})?"
        rf"(?!user[ ])[\w.@<>-]{{1,60}})[ ]?[:=]?[ ]{{1,2}}){{1,4}}[\"'`]?{_VALUE}",
        _WORDS,
        prose=True,
    ),
    _shape(
        r"(?:(?:api|access|secret|auth|license)[ _-]?key|token|password)[ ]{1,2}"
        r"(?:provided|given|used|supplied|sent|received|passed|specified)[ ]?[:=][ ]?"
        rf"[\"'`]?{_VALUE}",
        ("api", "access", "secret", "auth", "license", "token", "password"),
        prose=True,
    ),
)
_IN_COMMANDS = (
    _shape(
        r"identified[ ](?:with[ ][\w\"'`]{1,60}[ ])?(?:by|as)[ ](?:password[ ])?" + _QUOTED,
        ("identified",),
    ),
    _shape(
        rf"(?:mysql|mariadb)[\w-]{{0,12}}[ ](?:[^|;\n]{{0,200}}?[ ])??-p{_ARGUMENT}",
        ("mysql", "mariadb"),
    ),
    _shape(rf"sshpass[ ]{{1,2}}-p[ ]{{0,2}}{_ARGUMENT}", ("sshpass",)),
    _shape(
        r"(?:docker|podman|helm|skopeo|buildah)[ ](?:[\w-]{1,20}[ ])?login[ ]"
        rf"(?:[^|;\n]{{0,200}}?[ ])??-p(?:[ ]{{1,2}}|=){_ARGUMENT}",
        ("docker", "podman", "helm", "skopeo", "buildah"),
    ),
    _shape(
        rf"(?<=[\"'])--(?P<name>[a-z][\w-]{{1,40}})[\"'],[ ]{{0,2}}[bru]?{_QUOTED}",
        ("--",),
        named=True,
    ),
    _shape(
        r"(?:http(?:basic|digest|proxy)auth|basicauth|basiccredentials|usernamepasswordcredentials"
        r"|passwordauthentication)\([ ]?(?:\w{1,20}=)?[\"'][^\"'\n]{0,100}[\"'],[ ]?(?:\w{1,20}=)?"
        + _QUOTED,
        ("http", "basic", "username", "passwordauth"),
    ),
    _secret(
        any_case(r"\bresponse=[\"']?(?P<value>[0-9a-f]{16,128})"),
        ("response=",),
        _is_in_digest,
    ),
)
_SHORT_OPTION = _secret(
    re.compile(r"(?<![\w-])-p[ ]{1,2}[\"']?(?P<value>[^\s\"'<>$:/=-][^\s\"'<>:/=]{7,200})"),
    ("-p ",),
    lambda found: looks_generated(found.value) or _mixes_characters(found.value),
)
_IN_MARKUP = (
    _shape(
        r"<(?:[\w-]{1,30}:)?(?P<name>[\w-]{1,60})[ ][^<>\n]{1,300}>(?P<value>[^<>\n]{1,1000})</",
        ("<",),
        named=True,
    ),
    _shape(
        rf"name={_FIELD}[^<>\n]{{0,200}}>(?P<value>[^<>\n]{{1,1000}})</", ("name=",), named=True
    ),
    _shape(rf"name={_FIELD}[^<>\n]{{1,200}}\svalue={_QUOTED}", ("name=",), named=True),
    _shape(rf"value={_QUOTED}[^<>\n]{{0,200}}\sname={_FIELD}", ("value=",), named=True),
    # Pydantic: the name of the field, a line below what is wrong with it, and the value.
    Shape(
        "secret",
        re.compile(
            r"(?<![\w.])(?P<name>\w[\w.]{1,60}+)\n[ ]{2}[^\n]{1,200}?input_value="
            r"(?P<value>'[^'\n]{1,500}'|[^\s,\]]{1,200})"
        ),
        ("input_value=",),
        _has_secret_name,
    ),
    _shape(
        rf"name={_FIELD}(?:\\r\\n|\\n|\r?\n){{2}}(?P<value>[^\r\n\\\"<>]{{1,1000}})",
        ("name=",),
        named=True,
    ),
)
_IN_ADDRESSES = (
    _shape(r"(?<![:\w])//[\w.+-]{1,100}:(?P<value>[^\s/?#\"'<>@]{1,300})@[\w\[]", ("//",)),
    _shape(r"rediss?://(?P<value>[^\s/:@\"'<>]{1,300})@", ("redis",)),
    _shape(r"jdbc:oracle:[a-z]{2,8}:[^\s/@:]{1,60}/(?P<value>[^\s@\"'<>]{1,200})@", ("jdbc:",)),
    _shape(
        r"%3a%2f%2f[^\s%&:]{0,100}%3a(?P<value>(?:[^\s%&\"'<>]|%(?!40|2f)[0-9a-f]{2}){1,300})%40",
        ("%3a%2f%2f",),
    ),
)
CONTEXTUAL = (*_IN_PROSE, _SHORT_OPTION, *_IN_COMMANDS, *_IN_MARKUP, *_IN_ADDRESSES)


_LOOKS_GENERATED = re.compile(
    r"(?=.{0,300}?\d)(?=.{0,300}?[A-Za-z])|.{0,300}?[A-Z].{0,300}?[a-z].{0,300}?[A-Z]"
)


def _is_name_of_secret(value: str) -> bool:
    """Return whether it is code such as `SocialToken` or `key.AccessToken`."""
    return value.replace(".", "").isalpha() and kind_of_key(value) is not None


def _is_credential(found: Candidate) -> bool:
    """Rule out words of sentences, as in "bearer token expired" and "basic authentication"."""
    if found.after.startswith(("(", "::")) or _is_name_of_secret(found.value):
        return False
    return bool(_LOOKS_GENERATED.match(found.value)) or len(found.value.rstrip(".")) >= 24


def _is_basic(found: Candidate) -> bool:
    """Return whether it is `user:password` in base64 (RFC 7617)."""
    try:
        return b":" in base64.b64decode(found.value + "=" * (-len(found.value) % 4))
    except (ValueError, binascii.Error):
        return False


def _is_secret_option(found: Candidate) -> bool:
    return _names_secret(found.match["name"], found.value) and not found.value.startswith(
        ("-", "<", "$", "{")
    )


def _is_mentioned_secret(found: Candidate) -> bool:
    word = found.match["word"].lower()
    if word.endswith(("pin", "code", "otp", "cvv", "cvc")):
        return found.value.isdigit() and 3 <= len(found.value) <= 8
    has_digit, has_letter = any(map(str.isdigit, found.value)), any(map(str.isalpha, found.value))
    return has_digit and has_letter and len(found.value) >= 6


# Parts of paths before a code that is sent to one person.
_BEFORE_ONE_TIME = any_case(
    r"(?:password[_-]?)?reset(?:[_-]?password)?(?:[_-]confirm)?|magic(?:[_-]?links?)?|login[_-]?link"
    r"|verif(?:y|ication)(?:[_-]?e?mail)?|confirm(?:[_-]?e?mail|ation)?|activat(?:e|ion)"
    r"|invit(?:e|es|ations?)|unsubscribe|recover(?:y)?|one[_-]?time|sso|set[_-]password"
)
# Other parts of paths before a secret, besides names such as `token`.
_BEFORE_SECRET = any_case(
    r"shared?|shares|(?:web)?hooks?|private|receipts?|keys?|downloads?|signed|access|callback|links?"
    r"|guest|preview|claim|tickets?|uploads?|codes?|nonce|oauth2?|authorize|confidential|hidden"
)
_STATIC_FILE = any_case(
    r"\.(?:m?[jt]sx?|css|map|png|jpe?g|gif|svg|webp|ico|woff2?|ttf|py|rb|php|go|java|html?|json)\Z"
)


def _is_secret_segment(found: Candidate) -> bool:
    """Return whether it follows the name of a secret in a path, and looks generated."""
    name = found.match["name"]
    if _STATIC_FILE.search(found.value):
        return False
    if _BEFORE_ONE_TIME.fullmatch(name):
        return True
    named = _BEFORE_SECRET.fullmatch(name) is not None or kind_of_key(name) == "secret"
    return named and looks_generated(found.value)


def _segment(slash: str, hints: tuple[str, ...]) -> Shape:
    return Shape(
        "secret",
        re.compile(
            rf"{slash}(?P<name>[A-Za-z][\w-]{{2,30}}+)(?:{slash}[\w=-]{{1,12}})?{slash}"
            r"(?P<value>(?=[A-Za-z_.~=-]{0,100}\d)(?=[\d_.~=-]{0,100}[A-Za-z])[\w.~=-]{10,500})"
        ),
        hints,
        _is_secret_segment,
    )


# Between the lines of a key that is written as several strings.
_NEXT_STRING = r"[\"'] ?[+.\\,]?\s{1,40}[\"'](?=[\w+/=-])"
_SPACE = r"(?: |%20|\+)"
# RFC 7468, RFC 4880, and PuTTY. A truncated key ends with the text.
PRIVATE_KEYS = (
    Shape(
        "private-key",
        re.compile(
            rf"-----BEGIN{_SPACE}(?:[A-Z0-9]{{1,20}}{_SPACE}){{0,3}}PRIVATE{_SPACE}KEY"
            rf"(?:{_SPACE}BLOCK)?-----"
            rf"(?:(?!-----BEGIN)[^<>\"'{{}}`]|{_NEXT_STRING}){{0,12000}}?"
            rf"(?:-----END{_SPACE}(?:[A-Z0-9]{{1,20}}{_SPACE}){{0,4}}(?:KEY|BLOCK)-----"
            rf"|(?!{_NEXT_STRING})(?=[<>\"'{{}}`]|-----BEGIN)|\Z)"
        ),
        ("private key", "private%20key", "private+key"),
    ),
    Shape(
        "private-key",
        re.compile(r"Private-Lines: \d{1,3}\s{1,2}(?:[A-Za-z0-9+/=]{1,80}\s{0,2}){1,60}"),
        ("private-lines",),
    ),
)

# RFC 7519, also truncated, and other JSON in base64.
_JWT = re.compile(
    bounded_start("eyJ", unless_after=r"\w-")
    + r"[\w-]{6,8000}+(?:(?:\.[\w-]{0,8000}+){1,4}|(?<=[\w-]{20}))"
)

_TEXTUAL = (
    _secret(
        re.compile(
            r"(?:(?<![\w-])--|[ ]-)(?P<name>[A-Za-z][\w-]{1,40})[ ]{1,2}"
            r"(?P<value>\"[^\"\n]{1,500}\"|'[^'\n]{1,500}'|[^\s\"']{1,500})"
        ),
        ("--", " -"),
        _is_secret_option,
    ),
    _token(
        any_case(
            r"(?<![A-Za-z])(?:bearer|token|ssws|apikey)[ :=]{1,3}[\"']?"
            r"(?P<value>[\w.~+/=-]{8,4000}+)"
        ),
        ("bearer", "token", "ssws", "apikey"),
        _is_credential,
    ),
    _token(
        any_case(r"(?<![A-Za-z])basic[ :=]{1,3}(?P<value>[A-Za-z0-9+/]{4,4000}+={0,2})"),
        ("basic",),
        _is_basic,
    ),
    Shape(
        "secret", re.compile(r"://[^\s/:@\"'<>]{0,100}:(?P<value>[^\s/?#\"'<>]{1,300})@"), ("://",)
    ),
    Shape(
        "token",
        re.compile(r"://(?P<value>(?=[a-zA-Z_-]{0,200}\d)[\w-]{16,250})(?::x-oauth-basic)?@"),
        ("://",),
    ),
    _secret(
        re.compile(
            r"(?<![\w-])(?:-u|--user|-U|--proxy-user)[ =]?[\"']?[^\s:\"'/=]{1,100}:"
            r"(?P<value>[^\s\"']{1,300})"
        ),
        ("-u", "--user", "--proxy-user"),
        lambda found: not found.value.isdigit(),
    ),
    _secret(
        any_case(
            r"(?<![A-Za-z])(?P<word>password|passwd|passwort|kennwort|passphrase|passcode|token|secret"
            r"|(?:api|access|secret|auth|license)[ _-]?key|session[ _-]?id|pin|otp|cvv|cvc"
            r"|(?:verification|security|login|one[- ]time|auth\w{0,12}|2fa|sms)[ -]code)"
            r"[\"'`]?[ ]{1,2}(?:(?:is|was|ist|lautet|of|to|with|value|code)[ ]{1,2}){0,2}:?[ ]?"
            r"(?P<value>\"[^\"\n]{3,200}\"|'[^'\n]{3,200}'|`[^`\n]{3,200}`|[^\s\"'`,;<>(){}=]{3,200}(?<![.!?:]))"
        ),
        (
            *("password", "passwd", "passwort", "kennwort", "passphrase", "passcode", "token"),
            *("secret", "api", "access", "auth", "license", "session", "pin", "otp", "cvv", "cvc"),
            *("verification", "security", "login", "one", "2fa", "sms"),
        ),
        _is_mentioned_secret,
    ),
    Shape(
        "token",
        re.compile(
            r"(?:hooks\.slack\.com(?:/|%2f)(?:services|workflows|triggers)|hooks\.zapier\.com(?:/|%2f)"
            r"hooks(?:/|%2f)catch|discord(?:app)?\.com(?:/|%2f)api(?:/|%2f)webhooks"
            r"|(?:outlook|webhook)\.office\.com(?:/|%2f)webhook(?:b2)?)(?:/|%2f)"
            r"(?P<value>[\w/@.%-]{8,300})",
            re.IGNORECASE,
        ),
        ("hooks.", "webhooks", "office.com"),
    ),
    _segment("/", ("/",)),
    _segment("%2[Ff]", ("%2f",)),
    _secret(
        any_case(
            r"(?<![A-Za-z])(?:name|key|header|field)\\{0,4}[\"']?\s?[:=]\s?\\{0,4}[\"']?"
            r"(?P<name>[\w.-]{1,60})\\{0,4}[\"']?,?\s{0,8}\\{0,4}[\"']?value\\{0,4}[\"']?\s?[:=]\s?"
            r"\\{0,4}[\"']?(?P<value>[^\"'\\\s][^\"'\\\n]{0,2000})"
        ),
        ("name", "key", "header", "field"),
        _is_secret_option,
    ),
    _secret(
        re.compile(
            r"auth\"?\s?[=:]\s?[\[(]\s?[\"'][^\"'\n]{1,100}[\"'],\s?[\"'](?P<value>[^\"'\n]{1,300})[\"']"
        ),
        ("auth",),
    ),
)

# AWS secret keys have no prefix: 40 characters of base64 in a text that mentions AWS.
_AWS_SECRET = Shape(
    "secret",
    re.compile(
        r"(?<![A-Za-z0-9/+=_-])(?P<value>(?=[\w/+]{0,39}[/+])[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=_-])"
    ),
    ("akia", "asia", "aws_", "aws-"),
    lambda found: bool(_LOOKS_GENERATED.match(found.value)) and not found.value.islower(),
)

# Searched before named values, because they are certain without a name.
KEYS = (*PRIVATE_KEYS, _AWS_SECRET, Shape("jwt", _JWT, ("eyj",)))
TEXTUAL = (*_TEXTUAL, *CONTEXTUAL)
