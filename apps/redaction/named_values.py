"""Finding named values in text: `password=x`, `{"token": "x"}`, `Cookie: a=b`, and in SQL."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from apps.events.query import any_case
from apps.redaction import keys
from apps.redaction.keys import kind_of_key
from apps.redaction.shapes import Found, check_density, read_patterns, read_shapes, words

_FILE = read_patterns("named_values.toml")

# Objects and lists in text, as JSON or in the notation of a program

_MAX_BRACKETED = 4000
_OBJECT_OR_LIST = _FILE.compile("object_or_list")
_ONE_TEXT = re.compile(r"\[\s?(?:[bBuU])?\\{0,8}[\"'][^\"'\\\n]{0,1000}\\{0,8}[\"']\s?\]")
_PART = _FILE.compile("part", re.DOTALL)


def end_of_object(text: str, start: int) -> int | None:
    """Return the end of the object or list that begins at `start`; None if there is none.

    A list of one text does not count. A truncated object ends with the text, and an overlong one
    at the limit.
    """
    if not _OBJECT_OR_LIST.match(text, start) or _ONE_TEXT.match(text, start):
        return None
    last, depth = min(len(text), start + _MAX_BRACKETED), 0
    for part in _PART.finditer(text, start, last):
        bracket = part.group()
        if bracket in "[{(":
            depth += 1
        elif bracket in "]})":
            depth -= 1
            if not depth:
                return part.end()
    return last


# The extent of a value, which depends on how it begins, up to `_MAX_SPAN`

_MAX_SPAN = 4000
_MAX_CHECKED = 200
_QUOTED = _FILE.compile("quoted")
_INSIDE = {
    '"': re.compile(r'(?:[^"\\]|\\.){0,4000}+', re.DOTALL),
    "'": re.compile(r"(?:[^'\\]|\\.){0,4000}+", re.DOTALL),
}
_BARE = _FILE.compile("bare")
_OF_ENVIRONMENT = _FILE.compile("of_environment")
_ENCODED = _FILE.compile("encoded", re.IGNORECASE)
_PARAMETER = re.compile(r"[\w.~%/+|-]{1,500}+")
IN_MARKUP = re.compile(r"(?:[^<&\n]{1,4000}+|&(?!lt;)){1,4000}+")
SCHEME = _FILE.compile("scheme", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,30} (?=[\w.~+/=-]{6})")
_CREDENTIALS = _FILE.compile("credentials")
_HIDDEN_CREDENTIALS = re.compile(r"(?:[A-Za-z][\w-]{0,30}\s)?<[a-z-]{2,20}-\d")
_COOKIES = re.compile(r"[^\s=;\"'\\]{1,200}=(?:[^\n\r\"'\\]|\\(?![nrt\"'])){0,4000}+")
URL_PARAMETERS = frozenset(words("url_parameters"))


@dataclass(frozen=True, slots=True)
class ValueSpan:
    """The position of a value. Quotes and brackets make it certain to be one."""

    start: int
    end: int
    quoted: bool
    is_object: bool = False


# The start and end of the last unquoted value that each pattern found, and how far it could read.
# A name inside that value has a value with the same end, so no part is read twice.
Runs = dict[re.Pattern[str], tuple[int, int, int]]


def value_span(text: str, match: re.Match[str], runs: Runs) -> ValueSpan:
    """Return the position of the value after the matched name and mark, which can be empty."""
    start, name = match.end(), match["name"].lower()
    if text.startswith(("{", "["), start) and _can_be_object(text, match):
        end = end_of_object(text, start)
        if end:
            return ValueSpan(start, end, quoted=True, is_object=True)
    quote = _QUOTED.match(text, start)
    if quote:
        return ValueSpan(quote.end(), _closing(text, quote), quoted=True)
    if name.endswith("authorization"):
        return _authorization(text, start)
    if name.endswith("cookie"):
        cookies = _COOKIES.match(text, start)
        if cookies:
            return ValueSpan(start, cookies.end(), quoted=True)
    return ValueSpan(start, _end_of_run(text, start, _bare_pattern(match), runs), quoted=False)


def _can_be_object(text: str, match: re.Match[str]) -> bool:
    """Return whether an object with this name would be secret as a whole.

    Counts would not, nor what follows a parser's `Unexpected token: `.
    """
    name, start = match["name"], match.end()
    if match["mark"].strip() == "," or keys.requires_form(name) or _is_unexpected(text, match):
        return False
    are_counts = keys.is_plural(name) and text.startswith("{", start)
    return not are_counts or bool(_HOLDS_TEXT.search(text, start, start + _MAX_CHECKED))


def _end_of_run(text: str, start: int, pattern: re.Pattern[str], runs: Runs) -> int:
    first, last, limit = runs.get(pattern, (0, 0, 0))
    if not first <= start < last:
        first = last = limit = start
    if last == limit:
        limit = min(len(text), start + _MAX_SPAN)
        found = pattern.match(text, last, limit)
        last = found.end() if found else last
    runs[pattern] = (first, last, limit)
    return last


def _bare_pattern(match: re.Match[str]) -> re.Pattern[str]:
    mark = match["mark"].strip()
    if mark in (">", "&gt;"):
        return IN_MARKUP
    if mark.startswith("%"):
        return _ENCODED
    if match["name"].lower() in URL_PARAMETERS:
        return _PARAMETER
    return _OF_ENVIRONMENT if mark == "=" and match["name"].isupper() else _BARE


def _closing(text: str, quote: re.Match[str]) -> int:
    """Return the end of a quoted value: its closing quote, or else the end of the line."""
    mark, start = quote[1], quote.end()
    inside = _INSIDE.get(mark)
    found = inside.match(text, start) if inside else None
    end = found.end() if found else text.find(mark, start, start + _MAX_SPAN)
    if end >= 0 and text.startswith(mark, end):
        return end
    line_end = text.find("\n", start, start + _MAX_SPAN)
    return min(len(text), start + _MAX_SPAN) if line_end < 0 else line_end


def _authorization(text: str, start: int) -> ValueSpan:
    if _HIDDEN_CREDENTIALS.match(text, start):
        return ValueSpan(start, start, quoted=False)
    credentials = _CREDENTIALS.match(text, start)
    scheme = None if credentials else SCHEME.match(text, start)
    scheme = scheme or _OTHER_SCHEME.match(text, start)
    start = scheme.end() if scheme else start
    found = credentials or _BARE.match(text, start)
    return ValueSpan(start, found.end() if found else start, quoted=False)


# Named values in text: `password=x`, `{"token": "x"}`, `Cookie: a=b`
#
# One pattern finds names and separators; the extent of the value is bounded, so the search takes
# linear time.

_NAMED = _FILE.compile("named")
_NAMED_IN_ADDRESS = _FILE.compile("named_in_address")
_WORD_BEFORE = re.compile(r"([A-Za-z-]{2,20})[ _]\Z")
_ALREADY = _FILE.compile("already", re.IGNORECASE)
_PLACEHOLDER = _FILE.compile("placeholder")
_STARTS_OF_PLACEHOLDERS = ("%", "$", "{", ":", "?", "<", "#", "http")
_INTERPOLATION = _FILE.compile("interpolation")
_MIN_LITERAL = 4
_DIGIT = re.compile(r"\d")
_MAX_LENGTH_OF_NAME = 20
_QUOTES = ('"', "'", "`")
_MIN_CHOSEN_LENGTH = 5
PASSWORD_SYMBOLS = frozenset("!#$%&*+?@^~")
_CODE = _FILE.compile("code")
_IDENTIFIER = _FILE.compile("identifier")
_FEW_DIGITS = re.compile(r"\d{1,2}|0x[0-9a-f]{1,4}")
_SHORT_CODE = any_case(r"pin|cv[cv]|csc|otp|code|exp")
_ADDRESS = _FILE.compile("address")
_CONCATENATION = re.compile(r"[\"'`]?\s?\+\s")
# In brackets with the thread's name, as Java's loggers write it.
_CLASS_AND_LINE = re.compile(r"[A-Z]\w{2,60}@\d{1,5}")
_HOLDS_TEXT = _FILE.compile("holds_text")
_WEAK = frozenset(words("weak_names"))
_SECOND_WORDS = frozenset(words("second_words"))
_OPENINGS = ("{", "[", "(", "${", "$(", "#{", "%(", "<%")
_SENTENCE = re.compile(r"[ ]{1,4}[A-Za-z']{1,20}(?![\w'=:-])")
_LETTER_AND_DIGIT = re.compile(r"(?=.{0,200}?\d)(?=.{0,200}?[A-Za-z])")
_HINTS = words("hints")

# A variable in capitals with a long value, which can be a secret whatever it is called.
_VARIABLE = re.compile(r"(?<![A-Za-z0-9_$])[A-Z][A-Z0-9_]{2,60}+=[\"']?[\w.=+/-]{12}")
_SECTION = _FILE.compile("section")
# In reverse, because the name is at the end.
_PARENT = re.compile(r"\s?(?:>=|[:=(])?\s?[\"']?\\{0,8}([\w-]{0,60}[A-Za-z])(?![\w-])")


def named_values(text: str, lowered: str) -> Iterator[Found]:
    """Yield the values that must be hidden because of their names, in order.

    Raise `TooDense` if there are more names than in any honest text.
    """
    if not any(map(lowered.__contains__, _HINTS)) and not _VARIABLE.search(text):
        return
    done, runs = 0, Runs()
    for match, read in _possible_names(text):
        if match.start() < done:
            continue
        if text.startswith(match.group(), match.end()):  # the last of equal names has the value
            continue
        kind, name = _kind_and_name(text, match, read)
        if kind is None:
            continue
        span = value_span(text, match, runs)
        if _must_be_hidden(text, match, kind, name, span):
            done = span.end
            alias_kind = "secret" if kind == "parameter" else kind
            if match["name"].lower().endswith("authorization"):
                alias_kind = "token"
            yield Found(span.start, span.end, alias_kind)


class _Name(NamedTuple):
    """What a name says on its own: its kind, and whether its surroundings can add to that."""

    lowered: str
    kind: str | None
    may_follow_escape: bool


def _possible_names(text: str) -> list[tuple[re.Match[str], _Name]]:
    found = []
    for match in (_NAMED_IN_ADDRESS if "%" in text else _NAMED).finditer(text):
        read = _read_name(match["name"])
        if read:
            found.append((match, read))
            check_density(text, len(found))
    return found


@lru_cache(maxsize=4096)
def _read_name(name: str) -> _Name | None:
    """Return what the name says; None rules it out, as most names."""
    lowered, kind = name.lower(), kind_of_key(name)
    after_escape = name[0] in "nrt" and kind_of_key(name[1:]) is not None
    is_part = lowered in _SECOND_WORDS or lowered in URL_PARAMETERS or lowered in keys.PARTS
    return _Name(lowered, kind, after_escape) if kind or after_escape or is_part else None


def _kind_and_name(text: str, match: re.Match[str], read: _Name) -> tuple[str | None, str]:
    """Return the kind of the value, and its name with the words before it that matter."""
    name, mark = match["name"], match["mark"]
    if mark in (">", "&gt;") and not _is_element(text, match):
        return None, name
    if "," in mark and not _is_pair(text, match):
        return None, name
    kind = read.kind
    if kind is None:
        kind, name = _kind_by_context(text, match, read)
    if not kind and read.lowered in URL_PARAMETERS and _is_parameter(text, match):
        kind = "parameter"
    return (None if kind in ("email", "ip", "phone") else kind), name


def _kind_by_context(text: str, match: re.Match[str], read: _Name) -> tuple[str | None, str]:
    name, start = match["name"], match.start()
    names = []
    if read.may_follow_escape and text[start - 1 : start] == "\\":
        names.append(name[1:])
    if read.lowered in _SECOND_WORDS and text[start - 1 : start] in (" ", "_"):
        before = _WORD_BEFORE.search(text[max(0, start - 22) : start])
        names += [f"{before[1]} {name}"] if before else []
    if read.lowered in keys.PARTS:
        parent = _parent(text, start)
        names += [f"{parent}_{name}"] if parent else []
    return next(((kind, one) for one in names if (kind := kind_of_key(one))), (None, name))


def _parent(text: str, start: int) -> str:
    """Return the name of the object or section that contains `start`, or "".

    In `{'mapbox': {'region': 'eu', 'key': `, it is `mapbox`, as in YAML and TOML.
    """
    from_here = max(0, start - 100)
    brace = text.rfind("{", from_here, start)
    if brace > text.rfind("}", from_here, start):
        found = _PARENT.match(text[max(0, brace - 80) : brace][::-1])
        return found[1][::-1] if found else ""
    if text.rfind("\n", from_here, start) >= 0:
        found = _SECTION.search(text, from_here, start)
        return (found[1] or found[2]) if found else ""
    return ""


def _is_element(text: str, match: re.Match[str]) -> bool:
    """Return whether it is like `<password>x</password>`, not an alias."""
    inside = IN_MARKUP.match(text, match.end())
    opened = text[max(0, match.start() - 4) : match.start()].endswith(("<", "&lt;", ":"))
    return opened and inside is not None and text.startswith(("</", "&lt;/"), inside.end())


def _is_pair(text: str, match: re.Match[str]) -> bool:
    """Return whether it is like `["password", "x"]` or `("password", "x")`, not a longer list."""
    start = match.start() - len(match["close"] or "")
    if not match["close"] or text[max(0, start - 1) : start] not in ("[", "("):
        return False
    value = value_span(text, match, {})
    return value.quoted and text.startswith(("]", ")"), value.end + len(match["close"]))


def _is_parameter(text: str, match: re.Match[str]) -> bool:
    """Return whether it is a parameter of a URL, or the first of a query without its URL."""
    before = text[max(0, match.start() - 3) : match.start()]
    if match["mark"] not in ("=", "%3D", "%3d"):
        return False
    is_first = before[-1:] in ("", "\n") and "&" in text[match.end() : match.end() + _MAX_CHECKED]
    return is_first or before.endswith(("?", "&", "#", "%26", "%3F"))


def is_secret_parameter(name: str, value: str) -> bool:
    """Return whether a URL parameter such as `code` has a value that looks generated."""
    if name.lower() not in URL_PARAMETERS:
        return False
    min_length = 16 if name.lower() in ("key", "t", "k", "hash") else 10
    return len(value) >= min_length and bool(_LETTER_AND_DIGIT.match(value))


def is_placeholder(value: str) -> bool:
    """Return whether the value is empty, a word like `null`, or redacted already."""
    plain = value.strip().lower()
    return not plain or plain in keys.EMPTY_VALUES or bool(_ALREADY.fullmatch(plain))


def _must_be_hidden(text: str, match: re.Match[str], kind: str, name: str, span: ValueSpan) -> bool:
    value = text[span.start : min(span.end, span.start + _MAX_CHECKED)]
    lowered = value.strip().lower()
    if span.is_object:
        is_server = kind_of_key(match["name"]) == "address" and '"port"' in value
        return kind != "parameter" and not is_server
    if not _can_be_secret(lowered) or _is_hidden(text, span):
        return False
    if kind == "parameter":
        return is_secret_parameter(name, value)
    if (keys.is_plural(name) and lowered.isdigit()) or not keys.has_expected_form(name, value):
        return False
    if span.quoted:
        return _is_quoted_secret(text, match, value)
    return _is_bare_secret(text, match, span, lowered)


def _can_be_secret(lowered: str) -> bool:
    """Return whether it is no word like `null`, and no placeholder of a template or format."""
    if lowered in keys.EMPTY_VALUES or not any(map(str.isalnum, lowered)):
        return False
    if lowered.startswith(_STARTS_OF_PLACEHOLDERS):
        if _PLACEHOLDER.fullmatch(lowered):
            return False
        if _ADDRESS.fullmatch(lowered):
            return keys.has_generated_part(lowered)
    return "{" not in lowered or len(_INTERPOLATION.sub("", lowered)) >= _MIN_LITERAL


def _is_quoted_secret(text: str, match: re.Match[str], value: str) -> bool:
    """Return whether a quoted value is no name or caption, and not quoted by chance."""
    name, mark = match["name"].lower(), match["mark"].strip()
    before = text[match.start() - 1 : match.start()]
    if before in _QUOTES and not match["close"] and text.startswith(before, match.end()):
        return False
    if _CONCATENATION.match(value) or (" " in value and value.lower().endswith(name)):
        return False
    if mark in ("", "(", ",", "==", "===") and kind_of_key(value):
        return False
    if mark in ("", "("):
        return name not in _WEAK and looks_chosen(value)
    if mark == ",":
        is_list = len(value) > 1 and value.isalpha() and len(name) > _MAX_LENGTH_OF_NAME
        return not is_list and (name not in _WEAK or keys.looks_generated(value))
    is_short = len(value) < 3 and value.isascii() and value.isalpha()
    return not (mark == "=" and is_short)


def looks_chosen(value: str) -> bool:
    """Return whether it has letters and a digit or symbol, unlike a word of a sentence."""
    odd = any(character.isdigit() or character in PASSWORD_SYMBOLS for character in value)
    is_long = len(value) >= _MIN_CHOSEN_LENGTH
    return is_long and odd and any(map(str.isalpha, value)) and not any(map(str.isspace, value))


def _is_unexpected(text: str, match: re.Match[str]) -> bool:
    return text[max(0, match.start() - 11) : match.start()].lower() == "unexpected "


def _is_hidden(text: str, span: ValueSpan) -> bool:
    """Return whether the span contains only an alias, possibly after a scheme."""
    if text[span.end - 1] not in ">]*•xX.":
        return False
    scheme = SCHEME.match(text, span.start, span.end)
    hidden = _ALREADY.match(text, scheme.end() if scheme else span.start)
    return hidden is not None and hidden.end() >= span.end


def _is_bare_secret(text: str, match: re.Match[str], span: ValueSpan, lowered: str) -> bool:
    """Return whether an unquoted value is not a word of a sentence, a placeholder, or code."""
    name, value = match["name"], text[span.start : span.start + len(lowered)]
    if _is_word(match, lowered) or _is_code(text, match, span, value):
        return False
    mark, weak = match["mark"].strip(), name.lower() in _WEAK
    if _is_number(name, lowered, mark):
        return False
    has_digit = _DIGIT.search(value) is not None
    if mark not in (":", "\uff1a", "->"):
        return True
    if mark == "->" and not has_digit:
        return False
    in_sentence = not has_digit and (weak or bool(_SENTENCE.match(text, span.end)))
    return not in_sentence and not _is_unexpected(text, match)


def _is_word(match: re.Match[str], lowered: str) -> bool:
    """Return whether it is a common word, the name itself, or the next name of a YAML document."""
    short = len(lowered) < 3 and lowered.isascii() and lowered.isalpha()
    gap = match.group()[-24:]
    return (
        lowered.startswith(_OPENINGS)
        or lowered.rstrip(".!") in keys.COMMON_WORDS
        or match["name"].lower().endswith(lowered)
        or (short and gap[-1] == " ")
        or (lowered[-1] == ":" and "\n" in gap)
    )


def _is_number(name: str, lowered: str, mark: str) -> bool:
    """Return whether it is a count, a flag, or the port of a host."""
    is_port = mark == ":" and "." in name and lowered.isdigit() and len(lowered) < 6
    return is_port or (_FEW_DIGITS.fullmatch(lowered) is not None and not _SHORT_CODE.search(name))


def _is_code(text: str, match: re.Match[str], span: ValueSpan, value: str) -> bool:
    """Return whether the value is code, such as `request.POST["x"]` or `get_token(user)`."""
    name, spaced = match["name"], text[match.end() - 1] == " "
    compared = match["mark"].strip() in ("==", "===", "!=", "!==")
    value = value.lstrip("*&") if spaced else value
    if (spaced or compared) and _IDENTIFIER.fullmatch(value.rstrip(":")):
        own = re.split(r"[_.]|(?<=[a-z])(?=[A-Z])", name)[-1].lower()
        if compared or value.isupper() or kind_of_key(value) or value.lower().endswith(own):
            return True
    if text.startswith("<", span.end) and value.isalpha() and spaced:
        return True
    if text[match.start() - 1 : match.start()] == "[" and _CLASS_AND_LINE.fullmatch(value):
        return True
    called = "(" in value or "[" in value or (spaced and text.startswith(("[", "("), span.end))
    if not called and ("." not in value or _DIGIT.search(value)):
        return False
    return _CODE.fullmatch(value) is not None


# `INSERT INTO users (login, password) VALUES ('jane', 'x')`

_INSERT = _FILE.compile("insert", re.IGNORECASE)
_VALUE = _FILE.compile("value", re.DOTALL)
_OPENING = re.compile(r"[NEne]?(?:'|\\?\")")
_CLOSING = re.compile(r"(?:'|\\?\")\Z")
_OF_PEOPLE = _FILE.compile("of_people", re.IGNORECASE)
_MAX_LENGTH = 20_000


def inserted_values(text: str, lowered: str) -> Iterator[Found]:
    """Yield the literals in the columns of secrets and persons, in order."""
    if "values" not in lowered or "into" not in lowered:
        return
    done = 0
    while match := _INSERT.search(text, done):
        values, done = _literals(text, match.end(), _kinds_of_columns(match))
        yield from values


def _kinds_of_columns(match: re.Match[str]) -> list[tuple[str, str | None]]:
    names = [re.sub(r"\W", "", column.rpartition(".")[2]) for column in match["columns"].split(",")]
    if _OF_PEOPLE.search(match["table"]):
        names = ["full_name" if name == "name" else name for name in names]
    return [(name, kind_of_key(name)) for name in names]


def _literals(
    text: str, start: int, columns: list[tuple[str, str | None]]
) -> tuple[list[Found], int]:
    values: list[Found] = []
    depth = column = 0
    end = start
    for part in _VALUE.finditer(text, start, min(len(text), start + _MAX_LENGTH)):
        if depth == 0 and part["bare"]:
            break
        end = part.end()
        if part["open"]:
            depth, column = depth + 1, column if depth else 0
        elif part["close"]:
            depth -= 1
        elif part["next"]:
            column += depth == 1
        elif depth == 1 and column < len(columns):
            name, kind = columns[column]
            begin, last = _inside(part)
            if kind and begin < last and keys.has_expected_form(name, text[begin:last]):
                values.append(Found(begin, last, kind))
    return values, end


# A parameter, a word of the language, or a function's name.
_NO_LITERAL = any_case(r"[?:@$%][\w()?]{0,60}|null|default|true|false")


def _inside(part: re.Match[str]) -> tuple[int, int]:
    """Return the position of a literal without its quotes; an empty one for parameters."""
    start, end = part.span()
    if part["text"]:
        opening = _OPENING.match(part.string, start)
        closing = _CLOSING.search(part.string, start, end)
        return opening.end() if opening else start, closing.start() if closing else end
    bare = (part["bare"] or "").rstrip()
    is_call = part.string.startswith("(", end)
    return (start, start) if is_call or _NO_LITERAL.fullmatch(bare) else (start, start + len(bare))


# Errors that quote a row

_HARMLESS = _FILE.compile("harmless", re.IGNORECASE)


ROWS = read_shapes(_FILE, "rows", {"row": lambda found: not _HARMLESS.fullmatch(found.value)})
