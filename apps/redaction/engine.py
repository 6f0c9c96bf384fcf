"""Taking personal data and secrets out of an answer: key names first, shapes of text second.

The same value gets the same alias all through one answer, so that the story stays readable.
Event and trace ids, versions, line numbers and times are left as they are.
"""

import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote

from apps.events.answer import Answer, Beside, Deploy, Feedback, Replay
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Issue, Request
from apps.events.query import CustomerKind
from apps.redaction.keys import (
    fits,
    is_plural,
    is_secret_parameter,
    is_version_name,
    kind_of_key,
    named_values,
    says_nothing,
    without_scheme,
)
from apps.redaction.patterns import (
    CHECKED_NUMBERS,
    DEVICES,
    IPV4,
    KEYS,
    PHONES,
    PRIVATE_KEYS,
    TEXTUAL,
    VENDOR_TOKENS,
    Shape,
)

# Which alias stands for which value, so that a redacted story stays readable.

CUSTOMER_ALIAS = "<customer>"
SHORTEST_IN_TEXT = 3

_NUMBERS = frozenset(("card", "iban", "phone", "ssn", "mac"))
_GAPS = re.compile(r"[\W_]+")
_ALREADY_HIDDEN = re.compile(r"<[a-z-]{2,20}(?:-\d{1,6})?>|\[Filtered\]|\[REDACTED\]")


class Ledger:
    """Which alias stands for which value in one answer, and how often each kind was hidden."""

    def __init__(self, customer_values: frozenset[str], *, first_number: int = 1) -> None:
        self._first_number = first_number
        self.counts: Counter[str] = Counter()
        self._aliases: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()
        self._customer = frozenset(value.casefold() for value in customer_values if value)
        self._long_enough = sorted(
            (value for value in self._customer if len(value) >= SHORTEST_IN_TEXT),
            key=len,
            reverse=True,
        )
        joined = "|".join(re.escape(value) for value in self._long_enough)
        self._customer_in_text = (
            re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE) if joined else None
        )

    def alias(self, kind: str, value: str) -> str:
        """The stand-in for a value of this kind; counts it."""
        if not value.strip() or _ALREADY_HIDDEN.fullmatch(value):
            return value
        if self.is_customer(value):
            self.counts["customer"] += 1
            return CUSTOMER_ALIAS
        self.counts[kind] += 1
        key = _same_for_all_spellings(kind, value)
        if key not in self._aliases:
            self._aliases[key] = f"<{kind}-{self._first_number + self._numbers[kind]}>"
            self._numbers[kind] += 1
        return self._aliases[key]

    def is_customer(self, value: str) -> bool:
        """Whether the whole value is one of the customer's own identifiers."""
        plain = value.strip().casefold()
        return plain in self._customer or ("%" in plain and unquote(plain) in self._customer)

    def hide_customer(self, text: str, *, but_numbers: bool = False) -> str:
        """Put the alias in place of each of the customer's identifiers in running text.

        `but_numbers` spares what could as well be a part of a version.
        """
        if self._customer_in_text is None or not self._may_name_the_customer(text):
            return text
        pieces, position = [], 0
        for match in self._customer_in_text.finditer(text):
            if but_numbers and match.group().isdigit():
                continue
            pieces += [text[position : match.start()], CUSTOMER_ALIAS]
            position = match.end()
            self.counts["customer"] += 1
        return "".join([*pieces, text[position:]])

    def _may_name_the_customer(self, text: str) -> bool:
        """A search for plain words first: it is many times faster than the pattern."""
        folded = text.casefold()
        return any(value in folded for value in self._long_enough)


def _same_for_all_spellings(kind: str, value: str) -> str:
    """One value under two names, or written in two ways, is one value with one alias."""
    if kind in _NUMBERS:
        return _GAPS.sub("", unquote(value)).casefold()
    return (unquote(value) if "%" in value else value).casefold()


# Taking secrets out of running text: sure shapes first, then named values, then other shapes.

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


# JSON values of any depth without personal data and secrets: key names first, then text.

_DEEPEST = 12
_LONGEST_JSON = 100_000
_PERSONAL_WHOLE = ("address", "name", "birthdate")
_NAME_PARTS = frozenset(("first", "last", "given", "family", "middle", "firstName", "lastName"))
_CARD_FIELDS = frozenset((
    "cvc", "cvv", "cvv2", "csc", "card_number", "cardNumber", "card", "pan", "last4", "brand",
    "cardholder", "cardHolder", "card_holder",
))  # fmt: skip
_EXPIRY = re.compile(r"exp(?:iry|iration|ires)?(?:[_-]?(?:date|month|year))?", re.IGNORECASE)
_FEWEST_DIGITS_OF_A_PHONE = 5
# The tag `user` holds its value with the kind before it.
_USER_TAG = re.compile(r"(?P<kind>id|email|username|ip):(?P<value>.+)", re.DOTALL)
_IDENTITY_NAME = re.compile(r"(?:id|user|username|customer|account|login)$", re.IGNORECASE)


def redact_value(value: object, ledger: Ledger, *, key: str = "", depth: int = 0) -> object:
    """A JSON value of any depth, redacted by key names and text; too deep is replaced whole."""
    kind = kind_of_key(key) if key else None
    if kind and isinstance(value, str | int | float) and not isinstance(value, bool):
        return _named(value, kind, ledger, key)
    whole = _kind_of_whole(value, kind, key)
    if whole:
        return ledger.alias(whole, repr(value))
    if depth > _DEEPEST:
        return "<too deep>"
    if isinstance(value, Mapping):
        return _fields(value, ledger, depth)
    if isinstance(value, list | tuple):
        return _sequence(value, ledger, key, depth)
    return _scalar(value, ledger, key, depth)


def _kind_of_whole(value: object, kind: str | None, key: str) -> str | None:
    """What an object is that is hidden with all it holds: a secret, an address, a full name."""
    if kind == "secret" and value and isinstance(value, Mapping | list | tuple):
        return kind
    if not isinstance(value, Mapping) or not value or "port" in value:
        return None
    if kind in _PERSONAL_WHOLE:
        return kind
    return "name" if key.lower() == "name" and not _NAME_PARTS.isdisjoint(value) else None


def _named(value: str | float, kind: str, ledger: Ledger, key: str) -> object:
    """A value whose name says what it is."""
    text = str(value)
    if not fits(key, text):
        return _scalar(value, ledger, key, _DEEPEST)
    if says_nothing(text) or (is_plural(key) and not isinstance(value, str)):
        return value
    if kind == "phone" and sum(letter.isdigit() for letter in text) < _FEWEST_DIGITS_OF_A_PHONE:
        return _scalar(value, ledger, key, _DEEPEST)
    return alias_of(text, kind, ledger)


def _fields(value: Mapping[object, object], ledger: Ledger, depth: int) -> dict[str, object]:
    """Also `{"name": "password", "value": "x"}`, as forms and lists of headers have it, and until
    when a card is valid, which is said beside its number or its brand.
    """
    names = [value[name] for name in ("name", "key", "header") if isinstance(value.get(name), str)]
    told = str(names[0]) if names and "value" in value and kind_of_key(str(names[0])) else None
    of_card = not _CARD_FIELDS.isdisjoint(value)
    shown: dict[str, object] = {}
    for name, inner in value.items():
        key = told if told and name == "value" else str(name)
        if of_card and _EXPIRY.fullmatch(key):
            key = f"card_{key}"
        shown[redact_text(str(name), ledger)] = redact_value(
            inner, ledger, key=key, depth=depth + 1
        )
    return shown


def _sequence(
    value: list[object] | tuple[object, ...], ledger: Ledger, key: str, depth: int
) -> object:
    if len(value) == 2 and isinstance(value[0], str) and kind_of_key(value[0]):
        return [value[0], redact_value(value[1], ledger, key=value[0], depth=depth + 1)]
    return [redact_value(inner, ledger, key=key, depth=depth + 1) for inner in value]


def _scalar(value: object, ledger: Ledger, key: str, depth: int) -> object:
    if isinstance(value, str):
        return _string(_json(value, ledger, depth), ledger, key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = _string(str(value), ledger, key)
        return value if text == str(value) else text
    return value


def _json(value: str, ledger: Ledger, depth: int) -> str:
    """A text that is a JSON document with what its names tell hidden, else as it is."""
    ends = value[:1] + value[-1:]
    if ends not in ("{}", "[]") or '"' not in value or len(value) > _LONGEST_JSON:
        return value
    try:
        document = json.loads(value)
        shown = redact_value(document, ledger, depth=depth + 1)
        if shown == document:
            return value
        separators = (", ", ": ") if '": ' in value else (",", ":")
        return json.dumps(shown, ensure_ascii=False, separators=separators)
    except (ValueError, RecursionError):
        return value


def _string(value: str, ledger: Ledger, key: str) -> str:
    """Short identifiers such as 7 are the customer's only where the key says so."""
    typed = _USER_TAG.fullmatch(value) if key == "user" else None
    if typed:
        return f"{typed['kind']}:{ledger.alias('user', typed['value'])}"
    named = len(value) >= SHORTEST_IN_TEXT or bool(_IDENTITY_NAME.search(key))
    if named and ledger.is_customer(value) and not is_version_name(key):
        return ledger.alias("user", value)
    return redact_named(value, ledger, name=key, is_version=is_version_name(key))


# What stands beside the errors without personal data: the customer's words, where they were, and
# the names that people give to releases.


def names_beside(beside: Beside) -> set[str]:
    """All that recordings and feedback name the customer by."""
    identities = [replay.identities for replay in beside.replays]
    identities += [feedback.identities for feedback in beside.feedback]
    return {value for own in identities for _name, value in own}


def redact_customers_own(beside: Beside, ledger: Ledger) -> Beside:
    """The same with recordings and feedback redacted, and without the names they came with.

    Releases are redacted as those of events are; slugs of projects stay, as they do everywhere.
    """
    return replace(
        beside,
        replays=tuple(_replay(replay, ledger) for replay in beside.replays),
        feedback=tuple(_feedback(feedback, ledger) for feedback in beside.feedback),
        deploys=tuple(_deploy(deploy, ledger) for deploy in beside.deploys),
    )


def _deploy(deploy: Deploy, ledger: Ledger) -> Deploy:
    return replace(
        deploy,
        version=redact_named(deploy.version, ledger, name="", is_version=True),
        environment=deploy.environment and redact_text(deploy.environment, ledger),
    )


def _replay(replay: Replay, ledger: Ledger) -> Replay:
    urls = tuple(redact_text(url, ledger) for url in replay.urls)
    return replace(replay, urls=urls, identities=())


def _feedback(feedback: Feedback, ledger: Ledger) -> Feedback:
    """The name that was given is hidden in the message too, where people sign with it."""
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
    """The text without the name and each longer part of it, where it stands as a word."""
    parts = sorted({name, *name.split()}, key=len, reverse=True)
    words = "|".join(re.escape(part) for part in parts if len(part) >= SHORTEST_IN_TEXT)
    if not words:
        return text
    return re.sub(rf"(?<![\w<-])(?:{words})(?![\w>])", lambda _: alias, text, flags=re.IGNORECASE)


__all__ = [
    "RULES_VERSION",
    "redact",
    "redact_event",
    "redact_text",
    "redact_value",
    "with_later",
]

RULES_VERSION = 3

_LATER_NUMBERS = 1001
_ALIAS_NUMBER = re.compile(r"<[a-z][a-z-]{0,20}-(\d{1,6})>")
_USER_KINDS = {"email": "email", "ip_address": "ip", "name": "name", "display_name": "name"}


def redact(answer: Answer) -> Answer:
    """The answer without personal data and secrets, with the count of what was hidden by kind."""
    ledger = Ledger(_customer_values(answer))
    events = tuple(_event(event, ledger) for event in answer.events)
    issues = tuple(_issue(issue, ledger) for issue in answer.issues)
    beside = _beside(answer.beside, ledger)
    nearby = answer.nearby and answer.nearby.with_each(lambda event: _event(event, ledger))
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
    customer = answer.question.customer
    events = (*answer.events, *(answer.nearby.events if answer.nearby else ()))
    values = {value for event in events for value in _names_of(event)}
    values |= names_beside(answer.beside)
    if customer.kind in (CustomerKind.IDENTIFIER, CustomerKind.IDENTIFIER_OR_HEX):
        values.add(customer.identifier)
        if customer.hex_id:
            values |= {customer.hex_id, str(uuid.UUID(customer.hex_id))}
    return frozenset(values - {event.id for event in events})


def _names_of(event: Event) -> set[str]:
    """All that the row and the body know the customer by."""
    user = event.body.user if event.body else {}
    own = {str(user[name]) for name in ("id", "email", "username") if user.get(name)}
    return own | {value for _name, value in event.identities}


def _optional(text: str | None, ledger: Ledger) -> str | None:
    return None if text is None else redact_text(text, ledger)


def _release(text: str | None, ledger: Ledger) -> str | None:
    """A release, or a link made of ids: their numbers are no addresses and no phones."""
    return None if text is None else redact_named(text, ledger, name="", is_version=True)


def _event(event: Event, ledger: Ledger) -> Event:
    return replace(
        event,
        title=_optional(event.title, ledger),
        message=_optional(event.message, ledger),
        culprit=_optional(event.culprit, ledger),
        transaction=_optional(event.transaction, ledger),
        level=_optional(event.level, ledger),
        platform=_optional(event.platform, ledger),
        release=_release(event.release, ledger),
        environment=_optional(event.environment, ledger),
        permalink=_release(event.permalink, ledger),
        identities=tuple(
            (name, ledger.alias(name.removeprefix("user."), value))
            for name, value in event.identities
        ),
        body=None if event.body is None else _body(event.body, ledger),
    )


def redact_event(event: Event, *, customer: str) -> Event:
    """One event read later than its answer.

    Its aliases have numbers of their own, so that none stands for somebody else of the answer.
    """
    values = _names_of(event) | {customer}
    return _event(event, Ledger(frozenset(values - {event.id}), first_number=_LATER_NUMBERS))


def _body(body: EventBody, ledger: Ledger) -> EventBody:
    return replace(
        body,
        message=_optional(body.message, ledger),
        culprit=_optional(body.culprit, ledger),
        release=_release(body.release, ledger),
        environment=_optional(body.environment, ledger),
        exceptions=tuple(_exception(exception, ledger) for exception in body.exceptions),
        breadcrumbs=tuple(_breadcrumb(crumb, ledger) for crumb in body.breadcrumbs),
        request=None if body.request is None else _request(body.request, ledger),
        tags=_pairs(body.tags, ledger),
        contexts=_mapping_of_mappings(body.contexts, ledger),
        extra=_mapping(body.extra, ledger),
        user=_user(body.user, ledger),
    )


def _exception(exception: ExceptionInfo, ledger: Ledger) -> ExceptionInfo:
    return replace(
        exception,
        type=_optional(exception.type, ledger),
        module=_optional(exception.module, ledger),
        value=_optional(exception.value, ledger),
        frames=tuple(_frame(frame, ledger) for frame in exception.frames),
    )


def _frame(frame: Frame, ledger: Ledger) -> Frame:
    return replace(
        frame,
        module=_optional(frame.module, ledger),
        file=_optional(frame.file, ledger),
        function=_optional(frame.function, ledger),
        code=tuple((number, redact_text(text, ledger)) for number, text in frame.code),
        variables=_mapping(frame.variables, ledger),
    )


def _breadcrumb(crumb: Breadcrumb, ledger: Ledger) -> Breadcrumb:
    return replace(
        crumb,
        type=_optional(crumb.type, ledger),
        level=_optional(crumb.level, ledger),
        category=_optional(crumb.category, ledger),
        message=_optional(crumb.message, ledger),
        data=_mapping(crumb.data, ledger),
    )


def _request(request: Request, ledger: Ledger) -> Request:
    return replace(
        request,
        method=_optional(request.method, ledger),
        url=_optional(request.url, ledger),
        query=tuple(_parameter(name, value, ledger) for name, value in request.query),
        headers=_pairs(request.headers, ledger),
        cookies=tuple((name, ledger.alias("cookie", value)) for name, value in request.cookies),
        data=redact_value(request.data, ledger),
    )


def _pairs(pairs: tuple[tuple[str, str], ...], ledger: Ledger) -> tuple[tuple[str, str], ...]:
    return tuple(
        (redact_text(name, ledger), str(redact_value(value, ledger, key=name)))
        for name, value in pairs
    )


def _parameter(name: str, value: str, ledger: Ledger) -> tuple[str, str]:
    if is_secret_parameter(name, value):
        return name, ledger.alias("secret", value)
    return _pairs(((name, value),), ledger)[0]


def _mapping(values: Mapping[str, object], ledger: Ledger) -> dict[str, object]:
    redacted = redact_value(values, ledger)
    return redacted if isinstance(redacted, dict) else {}


def _mapping_of_mappings(
    values: Mapping[str, Mapping[str, object]], ledger: Ledger
) -> dict[str, dict[str, object]]:
    return {redact_text(name, ledger): _mapping(inner, ledger) for name, inner in values.items()}


def _user(user: Mapping[str, object], ledger: Ledger) -> dict[str, object]:
    """Everything below the user is personal, but for where in the world they are."""
    return {name: _personal(name, value, ledger) for name, value in user.items()}


def _personal(name: str, value: object, ledger: Ledger) -> object:
    if name == "geo":
        return redact_value(value, ledger)
    if isinstance(value, Mapping):
        return {str(key): _personal(str(key), inner, ledger) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_personal(name, inner, ledger) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    return ledger.alias(_USER_KINDS.get(name, "user"), str(value))


def with_later(answer: Answer, later: Beside, *, customer: str) -> Answer:
    """A redacted answer with what was read beside it later, redacted too.

    Who the customer is, is told by what was read and by `customer` alone: the answer's own events
    have no names any more. Numbers of aliases go on after those of the answer.
    """
    said = repr((answer.events, answer.issues, answer.beside, answer.nearby))
    used = (int(number) for number in _ALIAS_NUMBER.findall(said))
    names = names_beside(later) | {customer}
    ledger = Ledger(frozenset(names), first_number=max(used, default=0) + 1)
    beside = answer.beside.with_later(_beside(later, ledger))
    counts = Counter(answer.redaction) + ledger.counts
    return replace(answer, beside=beside, redaction=dict(sorted(counts.items())))


def _beside(beside: Beside, ledger: Ledger) -> Beside:
    return replace(
        redact_customers_own(beside, ledger),
        trace_errors=tuple(_event(event, ledger) for event in beside.trace_errors),
    )


def _issue(issue: Issue, ledger: Ledger) -> Issue:
    return replace(
        issue,
        title=_optional(issue.title, ledger),
        status=_optional(issue.status, ledger),
        substatus=_optional(issue.substatus, ledger),
        fixed_in=_release(issue.fixed_in, ledger),
        assignee=_optional(issue.assignee, ledger),
        permalink=_release(issue.permalink, ledger),
    )
