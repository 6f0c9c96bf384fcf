"""Taking personal data and secrets out of an answer: key names first, shapes of text second.

The same value gets the same alias all through one answer, so that the story stays readable.
Event and trace ids, versions, line numbers and times are left as they are.
"""

import re
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from apps.events.answer import Answer, Beside
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Issue, Request
from apps.events.ledger import CUSTOMER_ALIAS, Ledger
from apps.events.named_values import is_secret_parameter
from apps.events.query import CustomerKind
from apps.events.redacted_beside import names_beside, redact_customers_own
from apps.events.redacted_values import redact_value
from apps.events.running_text import redact_named, redact_text

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
