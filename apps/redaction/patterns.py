"""The shapes of text that must be hidden, in the order in which they are searched.

Every pattern is bounded, so a search takes linear time.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from stdnum import luhn
from stdnum.iso7064 import mod_97_10

from apps.redaction.keys import is_id_name, kind_of_key

_CONTEXT = 64


@dataclass(frozen=True, slots=True)
class Candidate:
    """A match with its surroundings; `before` begins with the name of the value, if it is near."""

    value: str
    before: str
    after: str
    match: re.Match[str]


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of secret that is recognized by its text.

    The pattern's group `value`, or else the whole match, is hidden if `is_secret` confirms it.
    Lowercase `hints` speed up the search: without any of them in the text, there is no match.
    `starts` returns the only possible positions of a match from the text, the text in lowercase,
    and the hints, where that is faster than searching the whole text.
    """

    kind: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...] = ()
    is_secret: Callable[[Candidate], bool] = lambda _candidate: True
    starts: Callable[[str, str, tuple[str, ...]], Iterable[int]] | None = None

    def spans(self, text: str, lowered: str, name: str) -> list[tuple[int, int]]:
        """Return the positions in the text, in order; `lowered` is the text in lowercase."""
        if self.hints and not any(map(lowered.__contains__, self.hints)):
            return []
        if self.starts and len(lowered) == len(text):
            return self._spans_at(self.starts(text, lowered, self.hints), text, name)
        return self._all_spans(text, name)

    def _all_spans(self, text: str, name: str) -> list[tuple[int, int]]:
        """Search the whole text; after a rejected match, resume one character further."""
        spans, position = [], 0
        while match := self.pattern.search(text, position):
            span = self._span(match, name)
            position = match.start() + 1
            if span:
                spans.append(span)
                position = max(span[1], position)
        return spans

    def _spans_at(self, starts: Iterable[int], text: str, name: str) -> list[tuple[int, int]]:
        spans, done = [], 0
        for start in starts:
            match = self.pattern.match(text, start) if start >= done else None
            span = self._span(match, name) if match else None
            if span:
                spans.append(span)
                done = span[1]
        return spans

    def _span(self, match: re.Match[str], name: str) -> tuple[int, int] | None:
        start, end = match.span("value" if "value" in self.pattern.groupindex else 0)
        return (start, end) if self.is_secret(_candidate(match, start, end, name)) else None


def at_hints(_text: str, lowered: str, hints: tuple[str, ...]) -> list[int]:
    """Return the positions of the hints, for patterns that begin with one."""
    return sorted({position for hint in hints for position in find_all(lowered, hint)})


def find_all(text: str, part: str) -> Iterator[int]:
    """Yield the positions of the part in the text."""
    position = text.find(part)
    while position >= 0:
        yield position
        position = text.find(part, position + 1)


def _candidate(match: re.Match[str], start: int, end: int, name: str) -> Candidate:
    text = match.string
    before = text[max(0, start - _CONTEXT) : start]
    if name and start < _CONTEXT:
        before = f"{name}: {before}"
    return Candidate(text[start:end], before, text[end : end + _CONTEXT], match)


def bounded_start(first: str, *, unless_after: str = "A-Za-z0-9.-", ahead: str = "") -> str:
    r"""Return a pattern for `first`, unless it follows one of `unless_after`.

    It may follow an escape such as `\n` or `%3D`. The lookbehind comes after `first`, so that the
    search can skip from one `first` to the next. `ahead` is a cheap lookahead for what follows.
    """
    escaped = rf"(?<=\\[nrt]{first})|(?<=%[0-9A-Fa-f]{{2}}{first})|(?<=\\u[0-9a-f]{{4}}{first})"
    cheaper = f"(?={ahead})" if ahead else ""
    return rf"{first}{cheaper}(?:(?<![{unless_after}]{first})|{escaped})"


# Checksums, prefixes, and ranges of the standards

# Lowest and highest prefix, its width, and the lengths, by the brands' published ranges (ISO/IEC
# 7812 issuer numbers). 17 and 18 digits are valid for some, but far more often other IDs.
_BRANDS: tuple[tuple[int, int, int, tuple[int, ...]], ...] = (
    (4, 4, 1, (13, 16, 19)),  # Visa
    (51, 55, 2, (16,)),  # Mastercard
    (2221, 2720, 4, (16,)),  # Mastercard
    (34, 34, 2, (15,)),  # American Express
    (37, 37, 2, (15,)),  # American Express
    (300, 305, 3, (14, 16)),  # Diners Club
    (309, 309, 3, (14, 16)),  # Diners Club
    (36, 36, 2, (14, 16, 19)),  # Diners Club
    (38, 39, 2, (14, 16)),  # Diners Club
    (3528, 3589, 4, (16, 19)),  # JCB
    (1800, 1800, 4, (15,)),  # JCB
    (2131, 2131, 4, (15,)),  # JCB
    (60, 60, 2, (16, 19)),  # Discover, RuPay
    (644, 659, 3, (16, 19)),  # Discover, RuPay, Verve, Troy
    (62, 62, 2, (14, 15, 16, 19)),  # UnionPay
    (81, 82, 2, (16, 19)),  # UnionPay, RuPay
    (2200, 2204, 4, (16, 19)),  # Mir
    (9792, 9792, 4, (16,)),  # Troy
    (8600, 8600, 4, (16,)),  # Uzcard
    (9860, 9860, 4, (16,)),  # Humo
    (50, 50, 2, (13, 14, 15, 16, 19)),  # Maestro
    (56, 69, 2, (13, 14, 15, 16, 19)),  # Maestro
)

# The countries by IBAN length (SWIFT's registry of ISO 13616).
IBAN_LENGTHS = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ DZ ES MD PK RO SA SE SK TN VG",
    25: "AO LY PT ST",
    26: "IR IS TR",
    27: "BI BF CM DJ FR GR IT MC MR SM MG CI ML",
    28: "AL AZ BJ BY CY DO GT HN HU LB NI PL SN SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}


def is_card_number(digits: str) -> bool:
    """Return whether they are a card number: prefix and length of a brand, and the Luhn check."""
    if not 13 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    is_of_brand = any(
        low <= int(digits[:width]) <= high and len(digits) in lengths
        for low, high, width, lengths in _BRANDS
    )
    return is_of_brand and luhn.is_valid(digits)


def is_iban(text: str) -> bool:
    """Return whether it passes ISO 13616: country, length, and remainder 1 when divided by 97."""
    iban = "".join(filter(str.isalnum, text)).upper()
    if not iban.isascii() or iban[:2] not in IBAN_LENGTHS.get(len(iban), "").split():
        return False
    return mod_97_10.is_valid(iban[4:] + iban[:4])


def is_social_security_number(digits: str) -> bool:
    """Return whether the digits are in the ranges of SSNs and of the IRS's ITINs."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return len(digits) == 9 and area not in ("000", "666") and group != "00" and serial != "0000"


def is_ip_address(text: str) -> bool:
    """Return whether it is an IPv4 or IPv6 address that can identify someone."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or text == "255.255.255.255")


def is_mac_address(text: str) -> bool:
    """Return whether it is the address of a device, not null or broadcast (IEEE 802)."""
    digits = {character.lower() for character in text if character.isalnum()}
    return digits not in ({"0"}, {"f"})


# Email, IP, and MAC addresses

# Local parts of RFC 5322 in common use, with the letters of RFC 6531, and domains of RFC 5890; the
# `@` also as it is escaped in URLs, JSON, and HTML.
_AT = r"(?:@|%40|%2540|\\u0040|&#64;|&#x40;|\uff20)"
_EMAIL = re.compile(
    r"(?:"
    r"[\w+](?:(?<![\w.+%\\-].)|(?<=[^\w.+%\\][.-].)|(?<=%[0-9A-Fa-f]{2}.)|(?<=\\[nrtbf].)"
    r"|(?<=\\u[0-9A-Fa-f]{4}.)|(?<=\\x[0-9A-Fa-f]{2}.)|(?<=[^\\]\\.)(?<![nrtbfux]))"
    r"(?:[\w.+'-]|&(?!#)|%2[Bb]|%27){0,128}+"
    r"|\\?\"[^\"\\\n@]{1,64}\\?\")" + _AT + r"(?!v?\d{1,5}\.\d{1,9}(?:\.|-|\b))(?!\dx\.)"
    r"(?:(?:[^\W_][\w-]{0,62}+\.){1,8}(?:xn--[\w-]{2,59}|[^\W\d_]{2,24})|\[[0-9a-fA-F.:IPv]{3,45}\])"
)
_FILES = frozenset((
    "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "js", "jsx", "mjs", "cjs",
    "ts", "tsx", "css", "scss", "less", "json", "html", "htm", "map", "vue", "woff", "woff2",
    "ttf", "md", "txt", "yml", "yaml", "lock", "log",
))  # fmt: skip


_LOCAL_BEFORE = re.compile(r"(?:[\w.+'&-]|%2[Bb]|%27){1,128}\Z")


def _email_starts(text: str, lowered: str, hints: tuple[str, ...]) -> Iterator[int]:
    """Yield the possible starts of the local part before each `@`."""
    last = 0
    for at in at_hints(text, lowered, hints):
        before = max(last, at - 130)
        local = _LOCAL_BEFORE.search(text, before, at)
        if local:
            yield from range(local.start(), at)
        elif text[at - 1 : at] == '"':
            quote = text.rfind('"', before, at - 1)
            yield from () if quote < 0 else (max(quote - 1, 0), quote)
        last = at


def _is_email(found: Candidate) -> bool:
    local, _, ending = found.value.partition("@")
    if ending.rpartition(".")[2].lower() in _FILES or found.after[:1] == "(":
        return False
    return not (local == "git" and found.after[:1] in (":", "/"))


_VERSION_WORDS = frozenset((
    "version", "ver", "vers", "rev", "revision", "build", "release", "released", "firmware",
    "fw", "driver", "sdk", "jdk", "jre", "java", "chrome", "chromium", "headlesschrome", "crios",
    "firefox", "fxios", "safari", "edge", "edg", "edga", "opr", "opera", "brave", "webview",
    "android", "ios", "ipados", "macos", "windows", "nt", "kernel", "net", "core", "framework",
    "clr", "runtime", "oid", "section", "chapter", "semver", "nuget", "assembly", "gem", "dist",
    "patch", "library", "plugin", "package", "bundle", "product", "agent", "ssl", "tls",
    "openssl", "fileversion", "productversion", "appversion", "assemblyversion",
))  # fmt: skip
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
_HOST_BEFORE = re.compile(r"(?:\.[a-z]{2,24}|localhost|[\s\"'(=,\[]|\A)/\Z")
_LOGIN_BEFORE = re.compile(r"(?:://[^\s/]{0,60}|\b(?:root|admin|ubuntu|ec2-user|user|deploy))@\Z")
# `rails (7.0.8.1)`, `gem 'rails', '5.2.4.3'`, `upgrade from 1.2.3.4 to 1.2.3.5`
_LIBRARY_BEFORE = re.compile(
    r"(?:(?<![\w./:-])(?!(?:client|host|server|peer|ip|addr|address|user|from|node|remote)\b)"
    r"[a-z][a-z0-9_-]{1,40} \(|\bgem [\"'][\w-]{1,40}[\"'], [\"']|\bapp "
    r"|(?:upgrad|updat|bump|migrat|downgrad)\w{0,6} .{0,40}(?:from|to|->|=>|→) )\Z",
    re.IGNORECASE,
)
_IPV4 = re.compile(
    bounded_start(r"\d", unless_after=r"A-Za-z0-9.", ahead=r"\d{0,2}\.\d{1,3}\.")
    + r"\d{0,2}+(?:\.\d{1,3}+){3}(?!\w|\.\d|-[A-Za-z])"
)


def _is_ipv4(found: Candidate) -> bool:
    """Rule out versions: after words for them, and small ones after `name/` or `name@`."""
    if _names_a_version(found.before) or not is_ip_address(found.value):
        return False
    if re.match(r":\d{2,5}(?!\d)", found.after) or _LOGIN_BEFORE.search(found.before[-64:]):
        return True
    parts = [int(part) for part in found.value.split(".")]
    after_name = found.before.endswith("@") and _PRODUCT_BEFORE.search(found.before) is not None
    if (
        (after_name and parts[0] < 30 and parts[0] != 10)
        or parts[0] == 255
        or parts[1:] == [0, 0, 0]
        or (parts[3] == 0 and parts[0] < 30 and parts[0] != 10)
    ):
        return False
    if _HOST_BEFORE.search(found.before) or max(parts) >= 100:
        return not re.search(r"(?<![\w/.])[A-Z][A-Za-z]{2,40}/\Z", found.before)
    if _LIBRARY_BEFORE.search(found.before) and parts[0] != 10:
        return False
    return not _PRODUCT_BEFORE.search(found.before) or found.before.endswith("ip-")


_HEX = r"[0-9A-Fa-f]{1,4}"
_IPV6 = re.compile(
    r"[0-9A-Fa-f:](?=[0-9A-Fa-f]{0,3}:[0-9A-Fa-f:])(?:(?<![A-Za-z0-9:.].)|(?<=[G-Zg-z_\"'\]]:.)|(?<=[A-Za-z]{3}:.)|(?<=\\[nrt].)|(?<=%[0-9A-Fa-f]{2}.))"
    r"(?:(?<=[0-9A-Fa-f])[0-9A-Fa-f]{0,3}(?::" + _HEX + r"){7}"
    r"|(?:(?<=[0-9A-Fa-f])[0-9A-Fa-f]{0,3}(?::" + _HEX + r"){0,6}::|(?<=:):)"
    r"(?:" + _HEX + r"(?::" + _HEX + r"){0,6})?)"
    r"(?:(?<=[:0-9])(?:\.\d{1,3}){3})?(?![\w]|:\w|\.\d)"
)


def _is_ipv6(found: Candidate) -> bool:
    return (
        len(found.value) > 5 and any(map(str.isdigit, found.value)) and is_ip_address(found.value)
    )


_PAIR = "[0-9A-Fa-f]{2}"
_MAC = re.compile(
    r"[0-9A-Fa-f](?=[0-9A-Fa-f][:-][0-9A-Fa-f]{2}[:-])(?:(?<![A-Za-z0-9.:-].)|(?<=[g-zG-Z_\"'\]][:-].)"
    r"|(?<=[A-Za-z]{3}[:-].)|(?<=\\[nrt].)|(?<=%[0-9A-Fa-f]{2}.))"
    rf"[0-9A-Fa-f](?P<separator>[:-]){_PAIR}(?:(?P=separator){_PAIR}){{4}}(?![A-Za-z0-9-]|:\w)"
)
_CISCO = re.compile(
    bounded_start("[0-9A-Fa-f]", ahead=r"[0-9A-Fa-f]{3}\.[0-9A-Fa-f]{4}\.")
    + r"(?=[0-9.]{0,13}[A-Fa-f])[0-9A-Fa-f]{3}(?:\.[0-9A-Fa-f]{4}){2}(?![\w-]|\.\w)"
)


def _is_mac(found: Candidate) -> bool:
    """Rule out dates with times, which are digits with dashes."""
    digits_only = "-" in found.value and not re.search("[A-Fa-f]", found.value)
    return is_mac_address(found.value) and not (digits_only and "mac" not in found.before.lower())


ADDRESSES = (
    Shape(
        "email",
        _EMAIL,
        ("@", "%40", "%2540", "\\u0040", "&#64;", "&#x40;", "\uff20"),
        _is_email,
        _email_starts,
    ),
)
DEVICES = (
    Shape("mac", _MAC, (":", "-"), _is_mac),
    Shape("mac", _CISCO, (".",), _is_mac),
    Shape("ip", _IPV6, ("::", ":"), _is_ipv6),
)
IPV4 = (Shape("ip", _IPV4, (".",), _is_ipv4),)


# Secrets in sentences, command lines, markup, and calls, other than `name=value`

_MIN_CHOSEN_LENGTH = 5
_PASSWORD_SYMBOLS = frozenset("!#$%&*+?@^~")
_WORDS = (
    *("password", "passwort", "kennwort", "passphrase", "passcode", "mot de passe", "mdp"),
    *("contraseña", "contrasena", "clave", "senha", "wachtwoord", "hasło", "haslo", "heslo"),
    *("parola", "пароль", "lösenord"),
)
_WORD = rf"(?<![^\W_])(?:{'|'.join(_WORDS)})[\"'`]?[ ]{{1,2}}"
_IS = "now|is|was|has|been|est|es|ist|lautet|jest|je|é|è|changed|set|updated|reset|from|to|new"
_VALUE = (
    r"(?P<value>(?<=[\"'`])[^\"'`\n]{3,200}(?=[\"'`])"
    r"|(?<![\"'`])[^\s\"'`,;<>(){}=]{3,200}(?<![.!?:]))"
)
_QUOTED = r"[\"'](?P<value>[^\"'<>\n]{1,500})[\"']"
_ARGUMENT = r"[\"']?(?P<value>[^\s\"'<>$-][^\s\"'<>]{0,200})"
_FIELD = r"[\"'](?P<name>[\w.\[\]-]{1,60})[\"']"


def _looks_chosen(found: Candidate) -> bool:
    """Return whether it has letters and a digit or symbol, unlike a word of a sentence."""
    value = found.value
    odd = any(character.isdigit() or character in _PASSWORD_SYMBOLS for character in value)
    return len(value) >= _MIN_CHOSEN_LENGTH and odd and any(map(str.isalpha, value))


def _has_secret_name(found: Candidate) -> bool:
    """Return whether it has a secret's name and is no caption, as that of a form field is."""
    name, value = found.match["name"], found.value.strip()
    if kind_of_key(name) != "secret" or value.startswith(("$", "{", "-", "%")):
        return False
    is_caption = " " in value and not any(map(str.isdigit, value))
    return bool(value) and not is_caption and value.lower() != name.lower()


def _shape(
    pattern: str, hints: tuple[str, ...], *, named: bool = False, prose: bool = False
) -> Shape:
    check = _looks_chosen if prose else _has_secret_name if named else _is_literal
    return Shape("secret", re.compile(pattern, re.IGNORECASE), hints, check, starts=at_hints)


def _is_literal(found: Candidate) -> bool:
    return not found.value.startswith(("$", "{", "<", "%("))


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
    _shape(
        r"digest[ ][^\n]{0,1500}?\bresponse=[\"']?(?P<value>[0-9a-f]{16,128})",
        ("digest",),
    ),
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
CONTEXTUAL = (*_IN_PROSE, *_IN_COMMANDS, *_IN_MARKUP, *_IN_ADDRESSES)


_LOOKS_GENERATED = re.compile(
    r"(?=.{0,300}?\d)(?=.{0,300}?[A-Za-z])|.{0,300}?[A-Z].{0,300}?[a-z].{0,300}?[A-Z]"
)


def _is_credential(found: Candidate) -> bool:
    """Rule out words of sentences, as in "bearer token expired" and "basic authentication"."""
    return bool(_LOOKS_GENERATED.match(found.value)) or len(found.value.rstrip(".")) >= 24


def _is_basic(found: Candidate) -> bool:
    """Return whether it is `user:password` in base64 (RFC 7617)."""
    try:
        return b":" in base64.b64decode(found.value + "=" * (-len(found.value) % 4))
    except (ValueError, binascii.Error):
        return False


def _is_secret_option(found: Candidate) -> bool:
    return kind_of_key(found.match["name"]) == "secret" and not found.value.startswith(
        ("-", "<", "$", "{")
    )


def _is_mentioned_secret(found: Candidate) -> bool:
    word = found.match["word"].lower()
    if word.endswith(("pin", "code", "otp", "cvv", "cvc")):
        return found.value.isdigit() and 3 <= len(found.value) <= 8
    has_digit, has_letter = any(map(str.isdigit, found.value)), any(map(str.isalpha, found.value))
    return has_digit and has_letter and len(found.value) >= 6


# RFC 7468, RFC 4880, and PuTTY. A truncated key ends with the text.
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

# RFC 7519, also truncated, and other JSON in base64.
_JWT = re.compile(
    bounded_start("eyJ", unless_after=r"\w-")
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
        lambda found: not found.value.isdigit(),
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
        _is_mentioned_secret,
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
TEXTUAL = (*_TEXTUAL, *CONTEXTUAL, *ADDRESSES)


# Vendor tokens, by the vendors' documentation
#
# A pattern is searched only in a text that contains its prefix or hint.

_HEX32 = r"[0-9a-fA-F]{32}"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

# The prefix of a token, and the pattern of its rest.
_TOKENS: tuple[tuple[str, str], ...] = (
    # Clouds
    ("AKIA", r"[A-Z0-9]{16}"),
    ("ASIA", r"[A-Z0-9]{16}"),
    ("ABIA", r"[A-Z0-9]{16}"),
    ("ACCA", r"[A-Z0-9]{16}"),
    ("amzn.mws", rf"\.{_UUID}"),
    ("ABSK", r"[A-Za-z0-9+/]{100,200}={0,2}"),
    ("AIza", r"[\w-]{30,40}"),
    ("ya29.", r"[\w./-]{16,2000}"),
    ("GOCSPX-", r"[\w-]{20,40}"),
    ("1//0", r"[\w-]{20,200}"),
    ("LTAI", r"[A-Za-z0-9]{12,30}"),
    ("AKID", r"[A-Za-z0-9]{32}"),
    ("do", r"[opr]_v1_[a-f0-9]{32,64}"),
    ("HRKU-", r"[\w-]{30,80}"),
    ("dapi", r"[a-f0-9]{32}(?:-\d)?"),
    ("pscale_", r"\w{2,5}_[\w.-]{20,80}"),
    ("tskey-", r"[\w-]{16,100}"),
    ("sbp_", r"[a-f0-9]{40}"),
    ("sb_secret_", r"[\w-]{16,80}"),
    ("nfp_", r"\w{36,46}"),
    ("rnd_", r"\w{24,40}"),
    ("fm", r"[12][ar]?_[\w+/=-]{40,2000}"),
    ("fo1_", r"[\w-]{30,60}"),
    ("hvs.", r"[\w-]{20,200}"),
    ("hvb.", r"[\w-]{20,400}"),
    ("dp.", r"(?:pt|st|ct|sa|scim|audit)\.[\w.-]{30,100}"),
    ("pul-", r"[a-f0-9]{40}"),
    # Code and packages
    ("gh", r"[pousr]_\w{20,255}"),
    ("github_pat_", r"\w{20,255}"),
    ("gl", r"(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct|oas)-[\w.-]{16,100}"),
    ("GR1348941", r"[\w-]{20}"),
    ("npm_", r"[A-Za-z0-9]{30,64}"),
    ("pypi-", r"[\w-]{16,1000}"),
    ("rubygems_", r"[a-f0-9]{32,64}"),
    ("oy2", r"[a-z0-9]{43}"),
    ("CLOJARS_", r"[a-z0-9]{60}"),
    ("dckr_", r"(?:pat|oat)_[\w-]{20,80}"),
    ("ATATT3", r"[\w=-]{30,300}"),
    ("ATCTT3", r"[\w=-]{30,300}"),
    ("ATBB", r"[A-Za-z0-9]{28,40}"),
    ("AKCp", r"[A-Za-z0-9]{60,80}"),
    ("sq", r"[apu]_[a-f0-9]{40}"),
    ("bkua_", r"[a-z0-9]{40}"),
    ("CCIPAT_", r"\w{20,80}"),
    ("lin_api_", r"\w{30,60}"),
    ("PMAK-", r"[a-f0-9]{24}-[a-f0-9]{34}"),
    ("figd_", r"[\w-]{30,60}"),
    ("figo_", r"[\w-]{30,60}"),
    ("secret_", r"[A-Za-z0-9]{32,60}"),
    ("ntn_", r"[A-Za-z0-9]{32,60}"),
    ("pat", r"[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("AGE-SECRET-KEY-1", r"[A-Z0-9]{58}"),
    ("triage_", r"[\w-]{24,100}"),
    # Monitoring
    ("sntry", r"[aius]_[\w=+/.-]{20,400}"),
    ("glc_", r"[A-Za-z0-9+/]{32,400}={0,2}"),
    ("glsa_", r"[A-Za-z0-9]{32}_[a-f0-9]{8}"),
    ("NRAK-", r"[A-Z0-9]{27}"),
    ("NRJS-", r"[a-f0-9]{19}"),
    ("NRII-", r"[\w-]{32}"),
    ("dt0", r"[a-zA-Z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("ph", r"[cx]_[A-Za-z0-9]{32,60}"),
    ("phx_", r"[A-Za-z0-9]{32,60}"),
    # Machine learning
    ("sk-", r"[\w-]{16,300}"),
    ("hf_", r"[A-Za-z0-9]{30,40}"),
    ("api_org_", r"[A-Za-z0-9]{30,40}"),
    ("gsk_", r"[A-Za-z0-9]{40,60}"),
    ("r8_", r"[A-Za-z0-9]{30,40}"),
    ("pplx-", r"[A-Za-z0-9]{40,60}"),
    ("xai-", r"[A-Za-z0-9]{60,100}"),
    ("pcsk_", r"\w{40,100}"),
    ("lsv2_", r"(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
    # Payments
    ("sk_", r"(?:live|test)_\w{10,250}"),
    ("pk_", r"(?:live|test)_\w{10,250}"),
    ("rk_", r"(?:live|test)_\w{10,250}"),
    ("rzp_", r"(?:live|test)_\w{10,250}"),
    ("shippo_", r"(?:live|test)_\w{10,250}"),
    ("whsec_", r"[\w+/=-]{16,100}"),
    ("sq0", r"[a-z]{3}-[\w-]{20,60}"),
    ("EAAA", r"[\w-]{56,64}"),
    ("FLW", r"(?:SECK|PUBK)(?:_TEST)?-[a-zA-Z0-9]{12,40}(?:-X)?"),
    ("access_token$", r"(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}"),
    ("access-", rf"(?:sandbox|development|production)-{_UUID}"),
    ("shp", r"(?:at|ca|pa|ss|ua|rt)_[a-fA-F0-9]{32}"),
    ("EZ", r"[AT]K[A-Za-z0-9]{54}"),
    # Messaging and identity
    ("bot", r"\d{8,10}:A[\w-]{32,36}"),
    ("xox", r"[a-z](?:\.xox[a-z])?-[\w.-]{10,250}"),
    ("xapp-", r"\d-[\w-]{20,250}"),
    ("SG.", r"[\w-]{16,32}\.[\w-]{16,64}"),
    ("SK", rf"{_HEX32}"),
    ("AC", rf"{_HEX32}(?::{_HEX32})?"),
    ("key-", r"[0-9a-zA-Z]{32}"),
    ("xkeysib-", r"[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    ("mfa.", r"[\w-]{60,100}"),
    ("EAA", r"[A-Za-z0-9]{50,300}"),
    ("IGQV", r"[\w-]{50,300}"),
    ("AAAA", r"[A-Za-z0-9_-]{7}:[\w-]{100,200}"),
    ("ops_eyJ", r"[\w-]{40,2000}"),
    ("pnu_", r"[A-Za-z0-9]{36}"),
    ("rdme_", r"[a-z0-9]{60,80}"),
    ("tfp_", r"[\w.=-]{40,70}"),
    ("CFPAT-", r"[\w-]{40,50}"),
    ("sl.", r"[\w-]{60,2000}"),
    ("AQVN", r"[\w-]{30,50}"),
)
# A hint in the text, the first character of the token, and the pattern of its rest.
_WITHOUT_PREFIX: tuple[tuple[str, str, str], ...] = (
    ("Q~", r"[\w.~-]", r"[\w.~-]{2}[78]Q~[\w.~-]{31,34}"),  # Azure: an application's secret
    ("==", r"[A-Za-z0-9+/]", r"[A-Za-z0-9+/]{85}=="),  # Azure: a storage account's key
    (".atlasv1.", r"[A-Za-z0-9]", r"[A-Za-z0-9]{13}\.atlasv1\.[\w=-]{60,70}"),  # Terraform
    ("-us", r"[0-9a-f]", r"[0-9a-f]{31}-us\d{1,2}"),  # Mailchimp
    ("-", r"[0-9a-f]", r"[0-9a-f]{31}-[0-9a-f]{8}-[0-9a-f]{8}(?![\w-])"),  # Mailgun
    (":A", r"\d", r"\d{7,9}:A[\w-]{32,36}"),  # Telegram, also after `bot`
    (".", r"[MNO]", r"[\w-]{22,28}\.[\w-]{6}\.[\w-]{27,40}"),  # Discord
    ("AAAAAAAAAAAAAAAAAAA", r"A", r"A{18,21}[A-Za-z0-9%]{40,200}"),  # X
    # A token of any vendor, by a word such as "live" or "secret" in its prefix.
    (
        "_",
        r"[A-Za-z]",
        r"[A-Za-z]{1,11}_(?:(?:live|test|prod|secret|token|key|pat|api|sk|sess|access)_){1,3}"
        r"(?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{16,200}(?![\w-])",
    ),
)


VENDOR_TOKENS = (
    *(
        (prefix, re.compile(bounded_start(re.escape(prefix), unless_after="A-Za-z0-9_-") + rest))
        for prefix, rest in _TOKENS
    ),
    *(
        (hint, re.compile(bounded_start(first, unless_after="A-Za-z0-9_-", ahead=rest) + rest))
        for hint, first, rest in _WITHOUT_PREFIX
    ),
)


# Cards, IBANs, social security numbers, and phone numbers

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


def _is_card(found: Candidate) -> bool:
    """Accept a number between letters, but not inside a longer ID of letters and digits."""
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
    bounded_start(r"\d", ahead=r"\d\d[ -]\d\d[ -]")
    + r"\d{2}(?P<gap>[ -])\d{2}(?P=gap)\d{4}(?![\w-]|\.\d)"
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


# E.164: up to 15 digits after the plus, with common separators.
_PLUS_PHONE = re.compile(
    r"(?:\+|%2[Bb]|(?<![A-Za-z0-9.+/-])00)(?:(?<![A-Za-z0-9.+]\+)|(?<=\\[nrt]\+))(?=[1-9])"
    r"(?!\d{4}-\d\d-\d\d)"
    r"(?:[\s./()-]{0,3}\d){7,15}+(?![\w@]|\.\d)"
)
_NANP_PHONE = re.compile(
    bounded_start(r"[2-9(1]", unless_after=r"A-Za-z0-9.+-", ahead=r"[ .-]?\(?\d{2,3}[ .)-]")
    + r"(?:(?<=1)[ .-]?\(?[2-9]\d{2}\)?|(?<=\()[2-9]\d{2}\)|(?<=[2-9])\d{2})"
    r"(?:(?<=\)) ?\d{3}[ .-]\d{4}|(?P<gap>[ .-])\d{3}(?P=gap)\d{4})(?![\w-]|\.\d)"
)
# National numbers with a leading zero, in the notation of DIN 5008 and similar ones.
_NATIONAL_PHONE = re.compile(
    bounded_start(r"[(0]", unless_after=r"A-Za-z0-9.+/-", ahead=r"0?[1-9]\d?[\d ./)-]")
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


def _digits(found: Candidate) -> str:
    return _NOT_DIGIT.sub("", found.value.removeprefix("%2B").removeprefix("%2b"))


def _is_plus_phone(found: Candidate) -> bool:
    """Accept a number after 00 only if it is grouped or long enough for a country code."""
    digits = _digits(found)
    if found.value.startswith("00"):
        grouped = not found.value.isdigit()
        return (
            10 <= len(digits) <= 17
            and (grouped or len(digits) >= 13)
            and _is_not_order_number(found)
        )
    return 8 <= len(digits) <= 15


def _is_not_order_number(found: Candidate) -> bool:
    phone = re.search(
        r"(?:phone|tel|fax|mobile?|call)\W?(?:number|no|nr)?\W{0,3}\Z", found.before, re.I
    )
    return phone is not None or not _ORDER_BEFORE.search(found.before)


def _is_national_phone(found: Candidate) -> bool:
    digits = _digits(found)
    return 6 <= len(digits) <= 13 and len(set(digits)) > 2 and _is_not_order_number(found)


def _is_named_phone(found: Candidate) -> bool:
    return 5 <= len(_digits(found)) <= 15


CHECKED_NUMBERS = (
    Shape("iban", _IBAN, (), lambda found: is_iban(found.value.replace("%20", ""))),
    Shape("card", _LONG_CARD, (), _is_card),
    Shape("card", _CARD, (), _is_card),
    Shape("ssn", _SSN, ("-", " "), lambda found: is_social_security_number(_digits(found))),
    Shape("ssn", _NAMED_SSN, ("ssn", "itin", "tin", "social", "tax"), starts=at_hints),
)
PHONES = (
    Shape("phone", _PLUS_PHONE, ("+", "00", "%2b"), _is_plus_phone, starts=at_hints),
    Shape("phone", _NANP_PHONE, ("-", ".", " "), _is_not_order_number),
    Shape("phone", _NATIONAL_PHONE, ("0",), _is_national_phone),
    Shape("phone", _NAMED_PHONE, _STRONG_HINTS, _is_named_phone, starts=at_hints),
    Shape("phone", _WEAKLY_NAMED_PHONE, _WEAK_HINTS, _is_named_phone, starts=at_hints),
)
