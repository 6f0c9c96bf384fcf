"""Secrets that running text gives away by name: `password=x`, `{"token": "x"}`, `Cookie: a=b`.

Names and separators are found by one pattern; where the value ends is decided by how it begins,
within a bounded length, so that the whole takes linear time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from apps.events.harmless_words import NOTHING, WORDS
from apps.events.key_names import is_plural, kind_of_key
from apps.events.value_forms import fits
from apps.events.value_spans import IN_MARKUP, OF_ADDRESS, SCHEME, Span, value_span

_NAME_AND_MARK = (
    r"(?P<name>\w(?<!\w[.-]\w)[\w.$-]{0,80}+)"
    r"(?P<close>\\{0,8}[\"'`]|%22|%27|&quot;|\*\*)?(?:[\])]|%(?:25)?5[Dd])?"
    r"(?P<mark>\s{0,4}+(?:=>|:=|={1,3}|:(?!:)|%3[Dd]|%3[Aa]|[\uff1d\uff1a]"
    r"|(?<=\s)->(?=\s))|>|&gt;|,)\s{0,4}+"
)
_NAMED = re.compile(rf"\b{_NAME_AND_MARK}")
# Also after an escape of an address: `%22password%22`, `%5Bpassword%5D`, `%255Bpassword%255D`.
_NAMED_IN_ADDRESS = re.compile(
    r"(?:\b(?<!%)(?<!%25)|(?<=%[0-9A-Fa-f]{2})(?!(?<=%25)[0-9A-Fa-f]{2})|(?<=%25[0-9A-Fa-f]{2}))"
    + _NAME_AND_MARK
)
_WORD_BEFORE = re.compile(r"([A-Za-z-]{2,20})[ _]\Z")
_ALREADY = re.compile(
    r"<[a-z-]{2,20}(?:-\d{1,6})?>|\[(?:filtered|redacted)\]|[*•xX.]{3,200}|<redacted>", re.I
)
_PLACEHOLDER = re.compile(
    r"%\(?\w{0,60}\)?[sdr]|\$?\{\{?[^{}]{0,100}\}?\}|\$\w{1,60}-?|:[a-z_]{1,60}|\?|<[\w -]{1,40}>"
)
_CODE = re.compile(
    r"(?:(?:self|this|request|req|res|settings|config|os|process|env|user|form|data|props|state"
    r"|ctx|options|params|args|kwargs|cls|session|response|event|app|input|body|credentials)"
    r"(?:\??\.[A-Za-z_]\w{0,60}){1,9}|[A-Za-z_.]{1,80}[(\[].{0,4000}"
    r"|(?:Optional|Maybe)\b.{0,80}|[A-Za-z_.]{1,80}\(?)"
)
_HOLDS_TEXT = re.compile(r"[:>]\s{0,4}(?:\\{0,8}[\"']|[\[{])")
# Too common as words to hide what follows a colon: `auth: failed`, `pass: 12`.
_WEAK = frozenset((
    "pin", "pass", "card", "auth", "session", "pan", "sid", "tan", "sig", "signature", "salt",
    "login", "bic", "swift", "nom", "nombre", "clave", "address", "zip", "passe", "adresse",
))  # fmt: skip
_SECOND_WORDS = frozenset(("id", "key", "token", "number", "no", "nr", "code", "phrase", "word"))
_OPENINGS = ("{", "[", "(", "${", "$(", "#{", "%(", "<%")
_SENTENCE = re.compile(r"[ ]{1,4}[A-Za-z']{1,20}(?![\w'=:-])")
_LETTER_AND_DIGIT = re.compile(r"(?=.{0,200}?\d)(?=.{0,200}?[A-Za-z])")
_HINTS = (
    *("pass", "pwd", "secret", "token", "auth", "key", "sess", "sid", "cookie", "sig", "cv", "otp"),
    *("pin", "card", "jwt", "csrf", "xsrf", "bearer", "cred", "iban", "kennwort", "contrase"),
    *("mot", "account", "routing", "social", "ssn", "tax", "code", "name", "birth", "dob", "pan"),
    *("state=", "license", "senha", "mdp", "pw", "street", "address", "zip", "post", "holder"),
    *("2fa", "salt", "verif", "remember", "answer", "bic", "swift", "konto", "kredit", "steuer"),
    *("vat", "sin", "clave", "dsn", "connection", "url", "uri", "nom", "apellido", "hasło"),
    *("haslo", "heslo", "parol", "пароль", "密", "パス", "비밀", "senord", "salasana", "jelsz"),
    *("ifre", "adres", "login", "adgang", "ustid", "exp", "direccion", "anschrift", "cogn"),
    *("magic", "saml", "hmac", "ticket", "nonce", "hash=", "t=", "k=", "phone", "mac", "psk"),
)


@dataclass(frozen=True, slots=True)
class NamedValue:
    """Where in a text a value stands, and what its name says it is."""

    kind: str
    start: int
    end: int


def named_values(text: str, lowered: str) -> Iterator[NamedValue]:
    """The values in the text that must go because of their names, in order."""
    if not any(map(lowered.__contains__, _HINTS)):
        return
    done = 0
    for match in (_NAMED_IN_ADDRESS if "%" in text else _NAMED).finditer(text):
        if match.start() < done:
            continue
        if not _may_be_secret(match["name"]):
            continue
        kind = _kind(text, match)
        span = value_span(text, match) if kind else None
        if kind and span and _is_worth_hiding(text, match, kind, span):
            done = span.end
            shown_as = "secret" if kind == "parameter" else kind
            if match["name"].lower().endswith("authorization"):
                shown_as = "token"
            yield NamedValue(shown_as, span.start, span.end)


@lru_cache(maxsize=4096)
def _may_be_secret(name: str) -> bool:
    """Most names cannot, and the rest is looked at more closely."""
    lowered = name.lower()
    swallowed = name[0] in "nrt" and kind_of_key(name[1:]) is not None
    listed = lowered in _SECOND_WORDS or lowered in OF_ADDRESS
    return kind_of_key(name) is not None or swallowed or listed


def _kind(text: str, match: re.Match[str]) -> str | None:
    name, start = match["name"], match.start()
    if match["mark"] in (">", "&gt;") and not _is_element(text, match):
        return None
    if match["mark"].strip() == "," and not _is_pair(text, match):
        return None
    kind = kind_of_key(name)
    if not kind and text[start - 1 : start] == "\\" and name[0] in "nrt":
        kind = kind_of_key(name[1:])
    if not kind and name.lower() in _SECOND_WORDS:
        before = _WORD_BEFORE.search(text[max(0, start - 22) : start])
        kind = kind_of_key(f"{before[1]} {name}") if before else None
    if not kind and name.lower() in OF_ADDRESS and _is_parameter(text, match):
        kind = "parameter"
    return None if kind in ("email", "ip", "phone") else kind


def _is_element(text: str, match: re.Match[str]) -> bool:
    """Whether it is `<password>x</password>`, and not an alias."""
    inside = IN_MARKUP.match(text, match.end())
    opened = text[max(0, match.start() - 4) : match.start()].endswith(("<", "&lt;", ":"))
    return opened and inside is not None and text.startswith(("</", "&lt;/"), inside.end())


def _is_pair(text: str, match: re.Match[str]) -> bool:
    """Whether it is `["password", "x"]` or `("password", "x")`, and no longer list of words."""
    start = match.start() - len(match["close"] or "")
    opening = text[max(0, start - 1) : start]
    value = value_span(text, match)
    return bool(
        match["close"] and opening in ("[", "(") and value and value.quoted
        and text[value.end + len(match["close"]) :][:1] in ("]", ")")
    )  # fmt: skip


def _is_parameter(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 3) : match.start()]
    return match["mark"] in ("=", "%3D", "%3d") and before.endswith(("?", "&", "#", "%26", "%3F"))


def is_secret_parameter(name: str, value: str) -> bool:
    """Whether a parameter of an address such as `code` opens something, and is not a mere word."""
    if name.lower() not in OF_ADDRESS:
        return False
    enough = 16 if name.lower() in ("key", "t", "k", "hash") else 10
    return len(value) >= enough and bool(_LETTER_AND_DIGIT.match(value))


def says_nothing(value: str) -> bool:
    """Whether it only stands for a value: none, a placeholder, or one hidden by somebody else."""
    plain = value.strip().lower()
    return not plain or plain in NOTHING or bool(_ALREADY.fullmatch(plain))


def without_scheme(value: str) -> int:
    """How many letters at the start only name the scheme: 7 of `Bearer abc`."""
    scheme = SCHEME.match(value)
    return scheme.end() if scheme else 0


def _is_worth_hiding(text: str, match: re.Match[str], kind: str, span: Span) -> bool:
    value, name = text[span.start : span.end], match["name"]
    lowered = value.strip().lower()
    if span.is_object:
        return kind != "parameter" and not _is_harmless_object(text, match, value)
    if (
        not lowered
        or not fits(name, value)
        or _PLACEHOLDER.fullmatch(lowered)
        or _is_hidden(text, span)
    ):
        return False
    if lowered in NOTHING or (is_plural(name) and lowered.isdigit()):
        return False
    if kind == "parameter":
        return is_secret_parameter(name, value)
    if span.quoted:
        return not (match["mark"].strip() in (",", "==", "===") and kind_of_key(value))
    return _is_bare_secret(text, match, span, lowered)


def _is_harmless_object(text: str, match: re.Match[str], value: str) -> bool:
    """Counts, the address of a server, or what a parser stumbled over: `Unexpected token: {"a"`."""
    counts = is_plural(match["name"]) and value[0] == "{" and not _HOLDS_TEXT.search(value)
    unexpected = text[max(0, match.start() - 11) : match.start()].lower() == "unexpected "
    of_server = kind_of_key(match["name"]) == "address" and '"port"' in value
    return counts or unexpected or of_server


def _is_hidden(text: str, span: Span) -> bool:
    """Whether nothing but an alias stands there, with its scheme perhaps."""
    scheme = SCHEME.match(text, span.start, span.end)
    hidden = _ALREADY.match(text, scheme.end() if scheme else span.start)
    return hidden is not None and hidden.end() >= span.end


def _is_bare_secret(text: str, match: re.Match[str], span: Span, lowered: str) -> bool:
    """Without quotes it may be a word of a sentence, a placeholder or a program's own name."""
    name, value = match["name"], text[span.start : span.end]
    if lowered.startswith(_OPENINGS) or lowered.rstrip(".!") in WORDS or lowered == name.lower():
        return False
    spaced = text[match.end() - 1] == " "
    if _is_code(text, span, value, spaced=spaced) or (name == "PWD" and value[0] == "/"):
        return False
    has_digit = any(letter.isdigit() for letter in value)
    weak = name.lower() in _WEAK
    if weak and lowered.isdigit() and len(lowered) < 3:
        return False
    mark = match["mark"].strip()
    if mark not in (":", "\uff1a", "->"):
        return True
    if mark == "->" and not has_digit:
        return False
    unexpected = text[max(0, match.start() - 11) : match.start()].lower() == "unexpected "
    in_sentence = not has_digit and (weak or bool(_SENTENCE.match(text, span.end)))
    return not unexpected and not in_sentence


def _is_code(text: str, span: Span, value: str, *, spaced: bool) -> bool:
    """Whether the value is looked up by a program: `request.POST["x"]`, `get_token(user)`."""
    if not _CODE.fullmatch(value):
        return False
    after = text[span.end : span.end + 1]
    called = "(" in value or "[" in value or (after in ("[", "(") and spaced)
    return called or ("." in value and not any(letter.isdigit() for letter in value))
