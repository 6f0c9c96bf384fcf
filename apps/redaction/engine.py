"""Redaction of personal data and secrets in results: by key names first, then by shapes of text.

Equal values get the same alias throughout a result, so that it stays readable. Event and trace
IDs, versions, line numbers, and times are not redacted.
"""

import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from time import thread_time
from typing import Any, TypeVar
from urllib.parse import unquote

from apps.events.answer import Answer, Deploy, Feedback, RelatedData, Replay, case_pattern
from apps.events.event import (
    Breadcrumb,
    Event,
    EventBody,
    ExceptionInfo,
    Frame,
    Issue,
    LogEntry,
    Request,
    Span,
)
from apps.events.query import any_case
from apps.redaction import addresses, credentials, keys, named_values, numbers, vendor_tokens
from apps.redaction.customer import (
    MIN_LENGTH_IN_TEXT,
    CustomerNames,
    code_words,
    identifiers_in,
)
from apps.redaction.keys import kind_of_key
from apps.redaction.shapes import Found, ShapeGroup, TooDense, check_density, is_dense, words

P = TypeVar("P")

RULES_VERSION = 8
CUSTOMER_ALIAS = "<customer>"

_NUMBERS = frozenset(("card", "iban", "phone", "ssn", "mac"))
_GAPS = re.compile(r"[\W_]+")
# `%2540`, an `@` that was encoded more than once
_ENCODED_AGAIN = re.compile("%(?:25)+(?=[0-9A-Fa-f]{2})")
_ALREADY_HIDDEN = re.compile(r"<[a-z-]{2,20}(?:-\d{1,6})?>|\[Filtered\]|\[REDACTED\]")


# Honest results take a tenth of it.
MAX_CPU_S = 5.0
_CHARACTERS_BETWEEN, _CHARACTERS_OF_ANY = 10_000, 200


class Ledger:
    """The aliases of the values in one result, and the counts of hidden values by kind.

    With the words of the program, a customer's name that is one of them is hidden only where it
    means the customer. After `seconds` of CPU time since it was made, every further text, object,
    and list is hidden as a whole. Use it in the thread that made it.
    """

    def __init__(
        self,
        customer_values: frozenset[str],
        *,
        words: frozenset[str] | None = None,
        first_number: int = 1,
        seconds: float = MAX_CPU_S,
    ) -> None:
        self._first_number = first_number
        self._ends = thread_time() + seconds
        self._is_over = False
        self._since_reading = _CHARACTERS_BETWEEN
        self.counts: Counter[str] = Counter()
        self._aliases: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()
        self.customer = CustomerNames(customer_values, words)

    def is_spent(self, length: int = 0) -> bool:
        """Return whether the time is used up, before a text of this length is checked.

        Reading the clock takes as long as checking a short text, so it is not read for each.
        """
        self._since_reading += length + _CHARACTERS_OF_ANY
        if self._since_reading > _CHARACTERS_BETWEEN:
            self._since_reading = 0
            self._is_over = thread_time() > self._ends
        return self._is_over

    def alias(self, kind: str, value: str) -> str:
        """Return and count the alias of a value; an alias is returned unchanged."""
        if not value.strip() or _ALREADY_HIDDEN.fullmatch(value):
            return value
        if self.customer.is_exact(value):
            return self._customer_alias()
        self.counts[kind] += 1
        key = unquote(value) if "%" in value else value
        key = (_GAPS.sub("", key) if kind in _NUMBERS else key).casefold()
        if key not in self._aliases:
            self._aliases[key] = f"<{kind}-{self._first_number + self._numbers[kind]}>"
            self._numbers[kind] += 1
        return self._aliases[key]

    def hide_customer(self, text: str, *, in_code: bool = False, is_version: bool = False) -> str:
        """Replace the customer's identifiers where they mean the customer.

        Parts of a version could equal an identifier that is a number.
        """

        def alias(value: str) -> str:
            return value if is_version and value.isdigit() else self._customer_alias()

        return self.customer.hide(text, alias, in_code=in_code or is_version)

    def _customer_alias(self) -> str:
        self.counts["customer"] += 1
        return CUSTOMER_ALIAS


# Text: certain shapes first, then named values, then other shapes
#
# Cheap checks come first, because nearly all texts are harmless: a separator of names and values
# or a character of addresses, enough digits for a number, a run long enough for a token.

_SEPARATORS = re.compile(r"[@=:%>&,\"'\uff20\uff1d\uff1a]|--|\\u")
_MAX_UNSPLIT_LENGTH = 500
_MIN_SPLIT_LENGTH = 80
_ENDS_OF_NAMES = (":", "=", "=>")
_MAX_REMEMBERED = 100_000
_harmless: set[int] = set()
_MIN_DIGITS_OF_CHECKED = 9
_MIN_DIGITS_OF_ADDRESS = 4
_KEYS = ShapeGroup(*credentials.PRIVATE_KEYS, *credentials.KEYS)
_PRIVATE_KEYS = ShapeGroup(*credentials.PRIVATE_KEYS)
_CHECKED_NUMBERS = ShapeGroup(*numbers.CHECKED_NUMBERS)
_PERSONS = ShapeGroup(*addresses.ACCOUNTS, *addresses.OWNED_DEVICES)
# Rows come last, so that the addresses in them have the same aliases as elsewhere.
_TEXTUAL = ShapeGroup(*credentials.TEXTUAL, *addresses.EMAILS, *named_values.ROWS)
_DEVICES = ShapeGroup(*addresses.DEVICES)
_PHONES_AND_IPV4 = ShapeGroup(*numbers.PHONES, *addresses.IPV4)


def redact_text(
    text: str, ledger: Ledger, *, name: str = "", is_version: bool = False, in_code: bool = False
) -> str:
    """Replace the customer's identifiers and every known shape of secret by aliases.

    The `name` of a value can reveal what its numbers are.
    """
    plain = _ENCODED_AGAIN.sub("%", text) if "%25" in text else text
    redacted = ledger.hide_customer(plain, in_code=in_code, is_version=is_version)
    redacted = _redact_lines(redacted, ledger, name, is_version=is_version)
    return text if redacted == plain else redacted


def _redact_unless_known(text: str, ledger: Ledger, name: str, *, is_version: bool) -> str:
    """Skip texts that were harmless before, because events repeat modules, code, and tags.

    Only hashes are stored, which are salted per process.
    """
    key = hash((text, name, is_version))
    if key in _harmless:
        return text
    if ledger.is_spent(len(text)):
        return ledger.alias("unchecked", text)
    try:
        redacted = _redact_shapes(text, ledger, name, is_version=is_version)
    except TooDense:
        redacted = ledger.alias("unchecked", text)
    if redacted == text:
        if len(_harmless) >= _MAX_REMEMBERED:
            _harmless.clear()
        _harmless.add(key)
    return redacted


def _redact_shapes(text: str, ledger: Ledger, name: str, *, is_version: bool) -> str:
    digits = sum(map(text.count, "0123456789"))
    has_separator = _SEPARATORS.search(text) is not None
    if "-----" in text or "eyJ" in text or digits:
        text = _without_shapes(text, ledger, _KEYS, name)
    text = _without_tokens(text, ledger)
    if digits >= _MIN_DIGITS_OF_CHECKED:
        text = _without_shapes(text, ledger, _CHECKED_NUMBERS, name)
    text = _without_shapes(text, ledger, _PERSONS, name)
    if has_separator:
        for find in (named_values.inserted_values, named_values.named_values):
            text = _replaced(text, list(find(text, text.lower())), ledger)
    if has_separator or digits:
        text = _without_shapes(text, ledger, _TEXTUAL, name)
    if not is_version and (text.count(":") > 1 or text.count("-") > 4 or text.count(".") > 1):
        text = _without_shapes(text, ledger, _DEVICES, name)
    if not is_version and digits >= _MIN_DIGITS_OF_ADDRESS:
        text = _without_shapes(text, ledger, _PHONES_AND_IPV4, name)
    return text


def _redact_lines(text: str, ledger: Ledger, name: str, *, is_version: bool) -> str:
    """Redact a long text by line, because most of its lines are known to be harmless."""
    if len(text) <= _MAX_UNSPLIT_LENGTH or "\n" not in text:
        return _redact_unless_known(text, ledger, name, is_version=is_version)
    try:
        text = _without_shapes(text, ledger, _PRIVATE_KEYS, name)
    except TooDense:
        return ledger.alias("unchecked", text)
    lines = list(_lines(text))
    if len(lines) == 1:
        return _redact_unless_known(lines[0], ledger, name, is_version=is_version)
    redacted: list[str] = []
    length = 0
    before = ledger.counts.total()
    for line in lines:
        if is_dense(text, ledger.counts.total() - before):
            return "".join([*redacted, ledger.alias("unchecked", text[length:])])
        redacted.append(_redact_lines(line, ledger, name, is_version=is_version))
        length += len(line)
    return "".join(redacted)


def _lines(text: str) -> Iterator[str]:
    """Yield the lines; a name stays with its value, a line with those indented below it.

    Short lines stay together, because checking each text has a fixed cost.
    """
    joined: list[str] = []
    length = indent = 0
    is_open = is_quoted = False
    for line in text.splitlines(keepends=True):
        own = len(line) - len(line.lstrip())
        is_inside = is_open or is_quoted or own > indent
        if length > (_MAX_UNSPLIT_LENGTH if is_inside else _MIN_SPLIT_LENGTH):
            yield "".join(joined)
            joined, length, is_quoted = [], 0, False
        indent = indent if joined else own
        joined.append(line)
        length += len(line)
        is_quoted ^= line.count('"') % 2 > 0
        is_open = line.rstrip().endswith(_ENDS_OF_NAMES) or (is_open and line.isspace())
    if joined:
        yield "".join(joined)


def _without_tokens(text: str, ledger: Ledger) -> str:
    runs = vendor_tokens.long_runs(text)
    if not runs:
        return text
    searched = " ".join(text[max(run.start() - 1, 0) : run.end()] for run in runs)
    found = list(vendor_tokens.tokens_with_prefix(text, runs))
    check_density(text, len(found))
    text = _replaced(text, found, ledger)
    for hint, pattern in vendor_tokens.WITHOUT_PREFIX:
        if hint in searched and pattern.search(searched):
            text = pattern.sub(lambda match: ledger.alias("token", match.group()), text)
    return text


def _without_shapes(text: str, ledger: Ledger, shapes: ShapeGroup, name: str) -> str:
    lowered = text.lower()
    for shape in shapes.relevant(lowered):
        found = shape.find(text, lowered, name)
        if found:
            text = _replaced(text, found, ledger)
            lowered = text.lower()
    return text


def _replaced(text: str, found: list[Found], ledger: Ledger) -> str:
    pieces, position = [], 0
    for start, end, kind in found:
        pieces += [text[position:start], alias_of(text[start:end], kind, ledger)]
        position = end
    return "".join([*pieces, text[position:]])


def alias_of(value: str, kind: str, ledger: Ledger) -> str:
    """Return the alias of a value, with its scheme (`Bearer`) and its quotes preserved."""
    found = named_values.SCHEME.match(value) if kind in ("secret", "token") else None
    scheme = found.group() if found else ""
    bare = value[len(scheme) :]
    quote = bare[:1] if len(bare) > 2 and bare[:1] in "\"'`" and bare[-1:] == bare[:1] else ""
    inner = bare[1:-1] if quote else bare
    return f"{scheme}{quote}{ledger.alias(kind, inner)}{quote}"


# JSON values: key names first, then text

_MAX_DEPTH = 12
_MAX_JSON_LENGTH = 100_000
_PERSONAL_OBJECTS = ("address", "name", "birthdate")
_NAME_PARTS = frozenset(words("person_fields"))
_CARD_FIELDS = frozenset(words("card_fields"))
_EXPIRY = any_case(r"exp(?:iry|iration|ires)?(?:[_-]?(?:date|month|year))?")
_MIN_PHONE_DIGITS = 4
# The value of the tag `user`, such as `id:4711`.
_USER_TAG = re.compile(r"(?P<kind>id|email|username|ip):(?P<value>.+)", re.DOTALL)
_IDENTITY_NAME = any_case(r"(?:id|user|username|customer|account|login)$")


def redact_value(value: object, ledger: Ledger, *, key: str = "", depth: int = 0) -> object:
    """Redact a JSON value by key names and text; replace what is nested too deeply."""
    kind = kind_of_key(key) if key else None
    if kind and isinstance(value, str | int | float) and not isinstance(value, bool):
        return _named(value, kind, ledger, key)
    object_kind = _kind_of_object(value, kind, key)
    if object_kind:
        return ledger.alias(object_kind, repr(value))
    if depth > _MAX_DEPTH:
        return "<too deep>"
    if not isinstance(value, Mapping | list | tuple):
        return _scalar(value, ledger, key, depth)
    if value and ledger.is_spent():
        return ledger.alias("unchecked", f"{len(value)} values")
    return (
        _fields(value, ledger, depth, parent=key)
        if isinstance(value, Mapping)
        else _sequence(value, ledger, key, depth)
    )


def _kind_of_object(value: object, kind: str | None, key: str) -> str | None:
    """Return the kind of an object to hide as a whole: a secret, an address, or a full name."""
    if kind == "secret" and value and isinstance(value, Mapping | list | tuple):
        return None if keys.requires_form(key) else kind
    if not isinstance(value, Mapping) or not value or "port" in value:
        return None
    if kind in _PERSONAL_OBJECTS:
        return kind
    return "name" if key.lower() == "name" and not _NAME_PARTS.isdisjoint(value) else None


def _named(value: str | float, kind: str, ledger: Ledger, key: str) -> object:
    text = str(value)
    is_short = kind == "phone" and sum(map(str.isdigit, text)) < _MIN_PHONE_DIGITS
    if is_short or not keys.has_expected_form(key, text):
        return _scalar(value, ledger, key, _MAX_DEPTH)
    if named_values.is_placeholder(text) or (keys.is_plural(key) and not isinstance(value, str)):
        return value
    return alias_of(text, kind, ledger)


def _fields(
    value: Mapping[Any, object], ledger: Ledger, depth: int, *, parent: str = ""
) -> dict[str, object]:
    """Redact the fields of an object.

    This includes `{"name": "password", "value": "x"}`, the notation of forms and headers, and the
    expiry date next to a card's number or brand. `key` and `id` can count with the parent's name.
    """
    names = [value[name] for name in ("name", "key", "header") if isinstance(value.get(name), str)]
    named = str(names[0]) if names and "value" in value and kind_of_key(str(names[0])) else None
    is_card = not _CARD_FIELDS.isdisjoint(value)
    redacted: dict[str, object] = {}
    for name, inner in value.items():
        key = named if named and name == "value" else str(name)
        if is_card and _EXPIRY.fullmatch(key):
            key = f"card_{key}"
        if parent and key.lower() in keys.PARTS and kind_of_key(f"{parent}_{key}"):
            key = f"{parent}_{key}"
        redacted[redact_text(str(name), ledger)] = redact_value(
            inner, ledger, key=key, depth=depth + 1
        )
    return redacted


def _sequence(
    value: list[object] | tuple[object, ...], ledger: Ledger, key: str, depth: int
) -> object:
    if len(value) == 2 and isinstance(value[0], str) and kind_of_key(value[0]):
        return [value[0], redact_value(value[1], ledger, key=value[0], depth=depth + 1)]
    redacted: list[object] = []
    for before, inner in zip((None, *value), value, strict=False):
        if isinstance(before, str) and isinstance(inner, str) and before.startswith("-"):
            redacted.append(_argument(before, inner, ledger))
        else:
            redacted.append(redact_value(inner, ledger, key=key, depth=depth + 1))
    return redacted


def _argument(option: str, value: str, ledger: Ledger) -> str:
    """Redact what follows an option in a list of arguments, as on a command line."""
    if value.startswith("-") or "=" in option:
        return str(_scalar(value, ledger, "", _MAX_DEPTH))
    name = option.lstrip("-")
    if kind_of_key(name) and len(name) > 1:
        return str(redact_value(value, ledger, key=name, depth=_MAX_DEPTH))
    redacted = redact_text(f"{option} {value}", ledger)
    return redacted.removeprefix(f"{option} ")


def _scalar(value: object, ledger: Ledger, key: str, depth: int) -> object:
    if isinstance(value, str):
        return _string(_json(value, ledger, depth), ledger, key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = _string(str(value), ledger, key)
        return value if text == str(value) else text
    return value


def _json(value: str, ledger: Ledger, depth: int) -> str:
    """Redact a text that is a JSON document by its keys; return any other text unchanged."""
    ends = value[:1] + value[-1:]
    if ends not in ("{}", "[]") or '"' not in value or len(value) > _MAX_JSON_LENGTH:
        return value
    try:
        document = json.loads(value)
        redacted = redact_value(document, ledger, depth=depth + 1)
        if redacted == document:
            return value
        separators = (", ", ": ") if '": ' in value else (",", ":")
        return json.dumps(redacted, ensure_ascii=False, separators=separators)
    except (ValueError, RecursionError):
        return value


def _string(value: str, ledger: Ledger, key: str) -> str:
    """Redact a text; an identifier such as 7 or `admin` counts only with a key that fits."""
    typed = _USER_TAG.fullmatch(value) if key == "user" else None
    if typed:
        return f"{typed['kind']}:{ledger.alias('user', typed['value'])}"
    customer = ledger.customer
    is_sure = len(value) >= MIN_LENGTH_IN_TEXT and not customer.is_common(value)
    is_named = is_sure or bool(_IDENTITY_NAME.search(key))
    if is_named and customer.is_exact(value) and not keys.is_version_name(key):
        return ledger.alias("user", value)
    return redact_text(value, ledger, name=key, is_version=keys.is_version_name(key))


# Related entries: feedback, session replays, and releases


def _identifiers_in_related(related: RelatedData) -> set[str]:
    identities = [replay.identities for replay in related.replays]
    identities += [feedback.identities for feedback in related.feedback]
    identities += [row.identities for row in related.activity]
    return {value for pairs in identities for _name, value in pairs}


def _feedback(feedback: Feedback, ledger: Ledger) -> Feedback:
    """Redact feedback; the name is hidden in the message too, because people sign with it."""
    name = feedback.name and ledger.alias("name", feedback.name)
    message = redact_text(feedback.message, ledger)
    return replace(
        feedback,
        message=_without_name(message, feedback.name or "", name or ""),
        name=name,
        email=feedback.email and ledger.alias("email", feedback.email),
        url=feedback.url and redact_text(feedback.url, ledger),
        identities=(),
    )


def _without_name(text: str, name: str, alias: str) -> str:
    """Replace the name, and each longer part of it, where it is a word of the text."""
    parts = sorted({name, *name.split()}, key=len, reverse=True)
    words = "|".join(re.escape(part) for part in parts if len(part) >= MIN_LENGTH_IN_TEXT)
    if not words:
        return text
    return re.sub(rf"(?<![\w<-])(?:{words})(?![\w>])", lambda _: alias, text, flags=re.IGNORECASE)


# Results and events

_FIRST_LATER_NUMBER = 1001
_ALIAS_NUMBER = re.compile(r"<[a-z][a-z-]{0,20}-(\d{1,6})>")
_USER_KINDS = {"email": "email", "ip_address": "ip", "name": "name", "display_name": "name"}


def redact(
    answer: Answer, *, names: frozenset[str] = frozenset(), seconds: float = MAX_CPU_S
) -> Answer:
    """Redact a result, and add the counts of hidden values by kind.

    `names` are identifiers of other customers to hide as well. It takes at most these `seconds` of
    CPU time.
    """
    values, words = _customer_values(answer) | names, code_words(_all_events(answer))
    ledger = Ledger(values, words=words, seconds=seconds)
    events, issues = _each(answer.events, ledger), _each(answer.issues, ledger)
    beside = _redacted(answer.beside, ledger)
    nearby = answer.nearby and answer.nearby.map_events(lambda event: _redacted(event, ledger))
    hex_id = answer.question.customer.hex_id
    customer = replace(answer.question.customer, identifier=CUSTOMER_ALIAS, hex_id=None)
    return replace(
        answer,
        question=replace(answer.question, customer=customer),
        events=events,
        issues=issues,
        call_log=tuple(
            replace(call, path=call.path.replace(hex_id, CUSTOMER_ALIAS) if hex_id else call.path)
            for call in answer.call_log
        ),
        beside=beside,
        nearby=nearby,
        redaction=dict(sorted(ledger.counts.items())),
        redaction_version=RULES_VERSION,
    )


def _customer_values(answer: Answer) -> frozenset[str]:
    customer, events = answer.question.customer, _all_events(answer)
    values = {value for event in events for value in identifiers_in(event)}
    values |= _identifiers_in_related(answer.beside)
    if customer.is_named:
        values.add(customer.identifier)
        if customer.hex_id:
            values |= {customer.hex_id, str(uuid.UUID(customer.hex_id))}
    return frozenset(values - {event.id for event in events})


def _all_events(answer: Answer) -> tuple[Event, ...]:
    return (*answer.events, *(answer.nearby.events if answer.nearby else ()))


def _optional(
    text: str | None, ledger: Ledger, *, is_version: bool = False, in_code: bool = False
) -> str | None:
    return text and redact_text(text, ledger, is_version=is_version, in_code=in_code)


_code = partial(_optional, in_code=True)
# In releases and permalinks, numbers are not IP addresses or phone numbers.
_release = partial(_optional, is_version=True)


def _redacted(part: P, ledger: Ledger) -> P:
    fields = _FIELDS[type(part)].items()
    redacted = {name: redact(getattr(part, name), ledger) for name, redact in fields}
    return replace(part, **redacted)  # type: ignore[type-var]  # all parts are dataclasses


def _each(parts: tuple[P, ...], ledger: Ledger) -> tuple[P, ...]:
    return tuple(_redacted(part, ledger) for part in parts)


def redact_event(event: Event, *, customer: str) -> Event:
    """Redact an event that was read later than its result.

    Its aliases have separate numbers, because the values of the result's aliases are unknown.
    """
    values = frozenset((identifiers_in(event) | {customer}) - {event.id})
    words = code_words((event,))
    return _redacted(event, Ledger(values, words=words, first_number=_FIRST_LATER_NUMBER))


_LISTS_OF_CODE = ("template", "stack trace", "debug images")


def _lists(lists: Mapping[str, str], ledger: Ledger) -> dict[str, str]:
    return {
        name: redact_text(
            lines, ledger, is_version=name == "packages", in_code=name in _LISTS_OF_CODE
        )
        for name, lines in lists.items()
    }


def _pairs(pairs: tuple[tuple[str, str], ...], ledger: Ledger) -> tuple[tuple[str, str], ...]:
    return tuple(
        (redact_text(name, ledger), str(redact_value(value, ledger, key=name)))
        for name, value in pairs
    )


def _query(pairs: tuple[tuple[str, str], ...], ledger: Ledger) -> tuple[tuple[str, str], ...]:
    redacted: list[tuple[str, str]] = []
    for name, value in pairs:
        if named_values.is_secret_parameter(name, value):
            redacted.append((name, ledger.alias("secret", value)))
        else:
            redacted += _pairs(((name, value),), ledger)
    return tuple(redacted)


def _mapping(values: Mapping[str, object], ledger: Ledger) -> dict[str, object]:
    redacted = redact_value(values, ledger)
    return redacted if isinstance(redacted, dict) else {}


def _mapping_of_mappings(
    values: Mapping[str, Mapping[str, object]], ledger: Ledger
) -> dict[str, dict[str, object]]:
    return {
        redact_text(name, ledger): _fields(inner, ledger, 0, parent=name)
        for name, inner in values.items()
    }


def _personal(name: str, value: object, ledger: Ledger, depth: int = 0) -> object:
    """Redact what is known about the user, except for their location."""
    if name == "geo":
        return redact_value(value, ledger)
    if depth > _MAX_DEPTH:
        return "<too deep>"
    if isinstance(value, Mapping):
        return {str(k): _personal(str(k), inner, ledger, depth + 1) for k, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_personal(name, inner, ledger, depth + 1) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    return ledger.alias(_USER_KINDS.get(name, "user"), str(value))


def add_related(answer: Answer, later: RelatedData, *, customer: str) -> Answer:
    """Redact related entries that were read later, and add them to a redacted result.

    The customer's identifiers are those in the entries and `customer`, because the result has
    none left. The numbers of aliases continue those of the result.
    """
    text = repr((answer.events, answer.issues, answer.beside, answer.nearby))
    used = (int(number) for number in _ALIAS_NUMBER.findall(text))
    names = _identifiers_in_related(later) | {customer}
    words = code_words(_all_events(answer))
    ledger = Ledger(frozenset(names), words=words, first_number=max(used, default=0) + 1)
    beside = answer.beside.merged_with(_redacted(later, ledger))
    counts = Counter(answer.redaction) + ledger.counts
    return replace(answer, beside=beside, redaction=dict(sorted(counts.items())))


# What goes with a log entry and a span.
_OF_ROW: dict[str, Callable[[Any, Ledger], object]] = {
    "environment": _code,
    "release": _release,
    "attributes": _pairs,
    "identities": lambda *_: (),
}
# How each field of a part is redacted, in the order in which aliases are numbered. All others
# stay: IDs, times, numbers, and project slugs.
_FIELDS: dict[type, dict[str, Callable[[Any, Ledger], object]]] = {
    Event: {
        **dict.fromkeys(("title", "message", "culprit", "transaction"), _optional),
        **dict.fromkeys(("level", "platform"), _code),
        "release": _release,
        "environment": _code,
        "permalink": _release,
        "spelling": lambda text, _: text and case_pattern(text),
        "identities": lambda pairs, ledger: tuple(
            (name, ledger.alias(name.removeprefix("user."), value)) for name, value in pairs
        ),
        "body": lambda body, ledger: body and _redacted(body, ledger),
    },
    EventBody: {
        **dict.fromkeys(("message", "culprit"), _optional),
        "release": _release,
        "environment": _code,
        **dict.fromkeys(("exceptions", "breadcrumbs"), _each),
        "request": lambda request, ledger: request and _redacted(request, ledger),
        "tags": _pairs,
        "contexts": _mapping_of_mappings,
        "extra": _mapping,
        "lists": _lists,
        "unread": lambda counts, ledger: {
            redact_text(name, ledger): count for name, count in counts.items()
        },
        "user": lambda user, ledger: {
            name: _personal(name, value, ledger) for name, value in user.items()
        },
    },
    ExceptionInfo: {
        "type": lambda kind, ledger: (_optional if " " in (kind or "") else _code)(kind, ledger),
        **dict.fromkeys(("module", "mechanism"), _code),
        "value": _optional,
        "frames": _each,
    },
    Frame: {
        **dict.fromkeys(("module", "file", "function"), _code),
        "code": lambda lines, ledger: tuple((n, _code(text, ledger) or "") for n, text in lines),
        "variables": _mapping,
    },
    Breadcrumb: {
        **dict.fromkeys(("type", "level", "category"), _code),
        "message": _optional,
        "data": _mapping,
    },
    Request: {
        "method": _code,
        "url": _optional,
        "query": _query,
        "headers": _pairs,
        "cookies": lambda pairs, ledger: tuple(
            (name, ledger.alias("cookie", value)) for name, value in pairs
        ),
        "data": redact_value,
    },
    Issue: {
        **dict.fromkeys(("title", "status", "substatus"), _optional),
        "fixed_in": _release,
        "assignee": _optional,
        "permalink": _release,
    },
    RelatedData: {
        "replays": _each,
        "feedback": lambda messages, ledger: tuple(_feedback(one, ledger) for one in messages),
        **dict.fromkeys(("deploys", "trace_errors", "logs", "spans"), _each),
    },
    Replay: {
        "urls": lambda urls, ledger: tuple(redact_text(url, ledger) for url in urls),
        "identities": lambda *_: (),
    },
    Deploy: {"version": _release, "environment": _optional},
    LogEntry: {"severity": _code, "message": _optional, **_OF_ROW},
    Span: {
        "op": _code,
        "description": _optional,
        "status": _code,
        "transaction": _optional,
        **_OF_ROW,
    },
}
