"""Taking secrets out of running text: sure shapes first, then named values, then other shapes."""

import re
from collections.abc import Iterator

from apps.events.addresses import DEVICES, IPV4
from apps.events.ledger import Ledger
from apps.events.named_values import named_values, without_scheme
from apps.events.numbers import CHECKED_NUMBERS, PHONES
from apps.events.secrets import KEYS, PRIVATE_KEYS, TEXTUAL
from apps.events.shape import Shape
from apps.events.vendor_tokens import VENDOR_TOKENS

# Cheap questions first, because nearly all text holds nothing: a sign that stands between a name
# and its value or in an address, enough digits for a number, a run long enough for a token.
_SIGNS = re.compile(r"[@=:%>&,\uff20\uff1d\uff1a]|--|\\u")
_LONG = 500
_MOST_REMEMBERED = 100_000
_harmless: set[int] = set()
_FEWEST_OF_CHECKED = 9
_FEWEST_OF_ADDRESS = 4
_PHONES_AND_IPV4 = (*PHONES, *IPV4)
_LONG_RUN = re.compile(r"[\w.~+/=:$-]{14,}")
_OF_TOKENS = re.compile(r"[\d_.-]")


_HINTS_OF_TEXTUAL = tuple({hint for shape in TEXTUAL for hint in shape.hints})
_BEGINNINGS = tuple({beginning for beginning, _pattern in VENDOR_TOKENS})


def redact_text(text: str, ledger: Ledger) -> str:
    """Running text with the customer and every known shape of secret replaced by aliases."""
    return redact_named(text, ledger, name="")


def redact_named(text: str, ledger: Ledger, *, name: str, is_version: bool = False) -> str:
    """Text that stands under a name, which may tell what its numbers are."""
    if len(text) > _LONG and "\n" in text:
        return _by_lines(text, ledger, name, is_version=is_version)
    return _remembered(text, ledger, name, is_version=is_version)


def _remembered(text: str, ledger: Ledger, name: str, *, is_version: bool) -> str:
    """Events repeat most of their texts (modules, code, tags): what held nothing once is known by
    its hash, which is salted for each process; the text itself is kept nowhere.
    """
    text = ledger.hide_customer(text, but_numbers=is_version)
    known = hash((text, name, is_version))
    if known in _harmless:
        return text
    shown = _shown(text, ledger, name, is_version=is_version)
    if shown == text:
        if len(_harmless) >= _MOST_REMEMBERED:
            _harmless.clear()
        _harmless.add(known)
    return shown


def _shown(text: str, ledger: Ledger, name: str, *, is_version: bool) -> str:
    digits = sum(map(text.count, "0123456789"))
    signed = _SIGNS.search(text) is not None
    if "-----" in text or "eyJ" in text or digits:
        text = _without_shapes(text, ledger, KEYS, name)
    text = _without_tokens(text, ledger)
    if digits >= _FEWEST_OF_CHECKED:
        text = _without_shapes(text, ledger, CHECKED_NUMBERS, name)
    if signed:
        text = _without_named_values(text, ledger)
    if (signed or digits) and _may_hold(text.lower(), _HINTS_OF_TEXTUAL):
        text = _without_shapes(text, ledger, TEXTUAL, name)
    if not is_version and (text.count(":") > 1 or text.count("-") > 4 or text.count(".") > 1):
        text = _without_shapes(text, ledger, DEVICES, name)
    if not is_version and digits >= _FEWEST_OF_ADDRESS:
        text = _without_shapes(text, ledger, _PHONES_AND_IPV4, name)
    return text


def _by_lines(text: str, ledger: Ledger, name: str, *, is_version: bool) -> str:
    """Long texts repeat their lines, so that most of them are known to be harmless."""
    lines = list(_lines(_without_shapes(text, ledger, PRIVATE_KEYS, name)))
    if len(lines) == 1:
        return _remembered(lines[0], ledger, name, is_version=is_version)
    return "".join(redact_named(line, ledger, name=name, is_version=is_version) for line in lines)


def _lines(text: str) -> Iterator[str]:
    """The lines, joined where they belong together: a name with its value, a text in quotes."""
    whole = ""
    for line in text.splitlines(keepends=True):
        whole += line
        is_open = whole.count('"') % 2 or whole.rstrip().endswith((":", "=", "=>"))
        if len(whole) > _LONG or not is_open:
            yield whole
            whole = ""
    if whole:
        yield whole


def _without_tokens(text: str, ledger: Ledger) -> str:
    """Only long runs of letters can hold one, so that only these are asked for the beginnings."""
    runs = " ".join(run for run in _LONG_RUN.findall(text) if _OF_TOKENS.search(run))
    if not runs or not _may_hold(runs, _BEGINNINGS):
        return text
    for beginning, pattern in VENDOR_TOKENS:
        if beginning in runs and pattern.search(runs):
            text = pattern.sub(lambda match: ledger.alias("token", match.group()), text)
    return text


def _may_hold(text: str, hints: tuple[str, ...]) -> bool:
    return any(map(text.__contains__, hints))


def _without_named_values(text: str, ledger: Ledger) -> str:
    found = [(one.start, one.end, one.kind) for one in named_values(text, text.lower())]
    return _replaced(text, found, ledger) if found else text


def _without_shapes(text: str, ledger: Ledger, shapes: tuple[Shape, ...], name: str) -> str:
    lowered = text.lower()
    for shape in shapes:
        found = [(start, end, shape.kind) for start, end in shape.spans(text, lowered, name)]
        if found:
            text = _replaced(text, found, ledger)
            lowered = text.lower()
    return text


def _replaced(text: str, found: list[tuple[int, int, str]], ledger: Ledger) -> str:
    """The text with an alias in place of each part that was found."""
    pieces, position = [], 0
    for start, end, kind in found:
        pieces += [text[position:start], alias_of(text[start:end], kind, ledger)]
        position = end
    return "".join([*pieces, text[position:]])


def alias_of(value: str, kind: str, ledger: Ledger) -> str:
    """The alias of a value; its scheme (`Bearer`) and its quotes stay."""
    scheme = without_scheme(value) if kind in ("secret", "token") else 0
    bare = value[scheme:]
    quote = bare[:1] if len(bare) > 2 and bare[:1] in "\"'`" and bare[-1:] == bare[:1] else ""
    inner = bare[1:-1] if quote else bare
    return f"{value[:scheme]}{quote}{ledger.alias(kind, inner)}{quote}"
