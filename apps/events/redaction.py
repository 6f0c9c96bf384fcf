"""Taking personal data and secrets out of an answer: key names first, shapes of text second.

The same value gets the same alias all through one answer, so that the story stays readable.
Event and trace ids, versions, line numbers and times are left as they are.
"""

import re
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from apps.events.answer import Answer
from apps.events.beside import Beside, Feedback
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Issue, Request
from apps.events.ledger import CUSTOMER_ALIAS, SHORTEST_IN_TEXT, Ledger
from apps.events.question import CustomerKind
from apps.events.secrets import SHAPES, Shape, kind_of_key

RULES_VERSION = 1

_DEEPEST = 12
_LATER_NUMBERS = 1001
_ALIAS_NUMBER = re.compile(r"<[a-z][a-z-]{0,20}-(\d{1,6})>")
# The tag `user` holds its value with the kind before it.
_USER_TAG = re.compile(r"(?P<kind>id|email|username|ip):(?P<value>.+)", re.DOTALL)
_USER_KINDS = {"email": "email", "ip_address": "ip", "name": "name", "display_name": "name"}
_IDENTITY_NAME = re.compile(r"(?:id|user|username|customer|account|login)$", re.IGNORECASE)
_VERSION_NAMES = ("version", "build", "release", "dist")


def redact(answer: Answer) -> Answer:
    """The answer without personal data and secrets, with the count of what was hidden by kind."""
    ledger = Ledger(_customer_values(answer))
    events = tuple(_event(event, ledger) for event in answer.events)
    issues = tuple(_issue(issue, ledger) for issue in answer.issues)
    beside = _beside(answer.beside, ledger)
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
        redaction=dict(sorted(ledger.counts.items())),
        redaction_version=RULES_VERSION,
    )


def redact_text(text: str, ledger: Ledger) -> str:
    """Running text with the customer and every known shape of secret replaced by aliases."""
    text = ledger.hide_customer(text)
    lowered = text.lower()
    for shape in SHAPES:
        if shape.may_be_in(lowered):
            text = shape.pattern.sub(partial(_hide, shape, ledger), text)
    return text


def _hide(shape: Shape, ledger: Ledger, match: re.Match[str]) -> str:
    whole = match.group(0)
    start, end = match.span("value" if "value" in match.groupdict() else 0)
    value = match.string[start:end].strip("\"'")
    if not shape.holds(value):
        return whole
    before = match.string[match.start() : start]
    after = match.string[end : match.end()]
    return f"{before}{ledger.alias(shape.kind, value)}{after}"


def redact_value(value: object, ledger: Ledger, *, key: str = "", depth: int = 0) -> object:
    """A JSON value of any depth, redacted by key names and text; too deep is replaced whole."""
    kind = kind_of_key(key) if key else None
    if kind and not isinstance(value, bool | Mapping | list | tuple | None):
        return ledger.alias(kind, str(value)) if str(value).strip() else value
    if kind == "secret" and isinstance(value, Mapping | list | tuple) and value:
        return ledger.alias(kind, repr(value))
    if depth > _DEEPEST:
        return "<too deep>"
    if isinstance(value, Mapping):
        return {
            redact_text(str(name), ledger): redact_value(
                inner, ledger, key=str(name), depth=depth + 1
            )
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return _sequence(value, ledger, depth)
    return _scalar(value, ledger, key)


def _sequence(value: list[object] | tuple[object, ...], ledger: Ledger, depth: int) -> object:
    if len(value) == 2 and isinstance(value[0], str) and kind_of_key(value[0]):
        return [value[0], redact_value(value[1], ledger, key=value[0], depth=depth + 1)]
    return [redact_value(inner, ledger, depth=depth + 1) for inner in value]


def _scalar(value: object, ledger: Ledger, key: str) -> object:
    if isinstance(value, str):
        return _string(value, ledger, key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = _string(str(value), ledger, key)
        return value if text == str(value) else text
    return value


def _string(value: str, ledger: Ledger, key: str) -> str:
    """Short identifiers such as 7 are the customer's only where the key says so."""
    if key.lower().endswith(_VERSION_NAMES):
        return value
    typed = _USER_TAG.fullmatch(value) if key == "user" else None
    if typed:
        return f"{typed['kind']}:{ledger.alias('user', typed['value'])}"
    named = len(value) >= SHORTEST_IN_TEXT or bool(_IDENTITY_NAME.search(key))
    if named and ledger.is_customer(value):
        return ledger.alias("user", value)
    return redact_text(value, ledger)


def _customer_values(answer: Answer) -> frozenset[str]:
    customer = answer.question.customer
    values = {value for event in answer.events for value in _names_of(event)}
    values |= _names_beside(answer.beside)
    if customer.kind in (CustomerKind.IDENTIFIER, CustomerKind.IDENTIFIER_OR_HEX):
        values.add(customer.identifier)
        if customer.hex_id:
            values |= {customer.hex_id, str(uuid.UUID(customer.hex_id))}
    return frozenset(values - {event.id for event in answer.events})


def _names_of(event: Event) -> set[str]:
    """All that the row and the body know the customer by."""
    user = event.body.user if event.body else {}
    own = {str(user[name]) for name in ("id", "email", "username") if user.get(name)}
    return own | {value for _name, value in event.identities}


def _optional(text: str | None, ledger: Ledger) -> str | None:
    return None if text is None else redact_text(text, ledger)


def _event(event: Event, ledger: Ledger) -> Event:
    return replace(
        event,
        title=_optional(event.title, ledger),
        message=_optional(event.message, ledger),
        culprit=_optional(event.culprit, ledger),
        transaction=_optional(event.transaction, ledger),
        environment=_optional(event.environment, ledger),
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
        query=_pairs(request.query, ledger),
        headers=_pairs(request.headers, ledger),
        cookies=tuple((name, ledger.alias("cookie", value)) for name, value in request.cookies),
        data=redact_value(request.data, ledger),
    )


def _pairs(pairs: tuple[tuple[str, str], ...], ledger: Ledger) -> tuple[tuple[str, str], ...]:
    return tuple(
        (redact_text(name, ledger), str(redact_value(value, ledger, key=name)))
        for name, value in pairs
    )


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
    used = (int(number) for number in _ALIAS_NUMBER.findall(repr((answer.events, answer.beside))))
    names = _names_beside(later) | {customer}
    ledger = Ledger(frozenset(names), first_number=max(used, default=0) + 1)
    beside = answer.beside.with_later(_beside(later, ledger))
    counts = Counter(answer.redaction) + ledger.counts
    return replace(answer, beside=beside, redaction=dict(sorted(counts.items())))


def _names_beside(beside: Beside) -> set[str]:
    """All that replays and feedback name the customer by."""
    identities = [replay.identities for replay in beside.replays]
    identities += [feedback.identities for feedback in beside.feedback]
    return {value for own in identities for _name, value in own}


def _beside(beside: Beside, ledger: Ledger) -> Beside:
    return replace(
        beside,
        replays=tuple(
            replace(
                replay, urls=tuple(redact_text(url, ledger) for url in replay.urls), identities=()
            )
            for replay in beside.replays
        ),
        feedback=tuple(_feedback(feedback, ledger) for feedback in beside.feedback),
        trace_errors=tuple(_event(event, ledger) for event in beside.trace_errors),
    )


def _feedback(feedback: Feedback, ledger: Ledger) -> Feedback:
    """The name that was given is hidden in the message too, where people sign with it."""
    name = feedback.name and ledger.alias("name", feedback.name)
    message = redact_text(feedback.message, ledger)
    return replace(
        feedback,
        message=_without_name(message, feedback.name or "", name or ""),
        name=name,
        email=feedback.email and ledger.alias("email", feedback.email),
        url=_optional(feedback.url, ledger),
        identities=(),
    )


def _without_name(text: str, name: str, alias: str) -> str:
    """The text without the name and each longer part of it, where it stands as a word."""
    parts = sorted({name, *name.split()}, key=len, reverse=True)
    words = "|".join(re.escape(part) for part in parts if len(part) >= SHORTEST_IN_TEXT)
    if not words:
        return text
    return re.sub(rf"(?<![\w<-])(?:{words})(?![\w>])", lambda _: alias, text, flags=re.IGNORECASE)


def _issue(issue: Issue, ledger: Ledger) -> Issue:
    return replace(issue, title=_optional(issue.title, ledger))
