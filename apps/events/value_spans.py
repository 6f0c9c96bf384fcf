"""Where the value ends that begins behind a name, told by how it begins, within `_LONGEST`."""

import re
from dataclasses import dataclass

from apps.events.bracketed import end_of_object

_LONGEST = 4000
# Also in what a program keeps it in: `SecretStr('x')`.
_QUOTE = re.compile(
    r"\[?(?:(?:pydantic\.)?(?:Secret|Password|Sensitive|Token)\w{0,12}\(\s?)?"
    r"(?:[bBuUrRfF]{1,2}(?=\\{0,8}[\"']))?(\\{0,8}[\"'`]|%22|%27|&quot;)"
)
_INSIDE = {
    '"': re.compile(r'(?:[^"\\]|\\.){0,4000}+', re.DOTALL),
    "'": re.compile(r"(?:[^'\\]|\\.){0,4000}+", re.DOTALL),
}
_BARE = re.compile(
    r"(?:[^\s&;,\"'`<>)\]}\\|]|\\(?![nrt\"'\\])|\|(?=[^\s|=:&;,\"']{4,100}(?:[\s&;,\"']|\Z))){1,4000}+"
)
_OF_ENVIRONMENT = re.compile(r"[^\s\"'`&;<>\\]{1,4000}+")
_ENCODED = re.compile(
    r"(?:[^\s&;,\"'<>)\]}%]|%(?!26|22|27|2C|7D|5D|3B|0A|0D)[0-9A-F]{2}){1,4000}+", re.IGNORECASE
)
_PARAMETER = re.compile(r"[\w.~%/+|-]{1,500}+")
IN_MARKUP = re.compile(r"(?:[^<&\n]|&(?!lt;)){1,4000}+")
SCHEME = re.compile(
    r"(?:basic|bearer|token|digest|apikey|api-key|ssws|jwt|negotiate|ntlm|hawk)\s{1,4}", re.I
)
_CREDENTIALS = re.compile(
    r"(?:[A-Za-z0-9-]{1,30}\s{1,3})?"
    r"(?:[\w-]{1,30}=(?:\"[^\"\n]{0,500}\"|[^\s,\"']{1,1000}),?[ ]?){1,20}"
)
_HIDDEN_CREDENTIALS = re.compile(r"(?:[A-Za-z][\w-]{0,30}\s)?<[a-z-]{2,20}-\d")
_COOKIES = re.compile(r"[^\s=;\"'\\]{1,200}=(?:[^\n\r\"'\\]|\\(?![nrt\"'])){0,4000}+")
# Secret only as a parameter of an address, and only when it looks like one.
OF_ADDRESS = frozenset(("code", "state", "key", "t", "k", "ticket", "nonce", "hash", "oobcode"))


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands, and whether it is sure to be one."""

    start: int
    end: int
    quoted: bool
    is_object: bool = False


def value_span(text: str, match: re.Match[str]) -> Span | None:
    """Where the value stands whose name and mark matched."""
    start, name = match.end(), match["name"].lower()
    end = end_of_object(text, start) if match["mark"].strip() != "," else None
    if end:
        return Span(start, end, quoted=True, is_object=True)
    quote = _QUOTE.match(text, start)
    if quote:
        return Span(quote.end(), _closing(text, quote), quoted=True)
    if name.endswith("authorization"):
        return _authorization(text, start)
    if name.endswith("cookie"):
        cookies = _COOKIES.match(text, start)
        if cookies:
            return Span(start, cookies.end(), quoted=True)
    found = _bare_pattern(match).match(text, start)
    return Span(start, found.end(), quoted=False) if found else None


def _bare_pattern(match: re.Match[str]) -> re.Pattern[str]:
    mark = match["mark"].strip()
    if mark in (">", "&gt;"):
        return IN_MARKUP
    if mark.startswith("%"):
        return _ENCODED
    if match["name"].lower() in OF_ADDRESS:
        return _PARAMETER
    return _OF_ENVIRONMENT if mark == "=" and match["name"].isupper() else _BARE


def _closing(text: str, quote: re.Match[str]) -> int:
    """Where the quoted value ends: at its own quote, else at the end of the line."""
    mark, start = quote[1], quote.end()
    inside = _INSIDE.get(mark)
    if inside:
        found = inside.match(text, start)
        end = found.end() if found else start
    else:
        end = text.find(mark, start, start + _LONGEST)
    if end >= 0 and text.startswith(mark, end):
        return end
    line_end = text.find("\n", start, start + _LONGEST)
    return min(len(text), start + _LONGEST) if line_end < 0 else line_end


def _authorization(text: str, start: int) -> Span | None:
    if _HIDDEN_CREDENTIALS.match(text, start):
        return None
    credentials = _CREDENTIALS.match(text, start)
    scheme = SCHEME.match(text, start)
    if scheme and not credentials:
        start = scheme.end()
    else:
        word = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,30} (?=[\w.~+/=-]{6})").match(text, start)
        start = word.end() if word else start
    found = credentials or _BARE.match(text, start)
    return Span(start, found.end(), quoted=False) if found else None
