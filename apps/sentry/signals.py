"""The readers of what stands beside the errors. Each raises a `SentryError` when it fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from apps.events.answer import Feedback, Replay
from apps.events.event import Event, Issue
from apps.events.query import Customer, Question, as_hex_id
from apps.sentry.client import Scope, SentryClient, is_last, list_of, next_cursor, segment
from apps.sentry.config import SentryConfig
from apps.sentry.errors import SentryBadResponse, SentryNotFound, SentryRejectedQuery
from apps.sentry.lenient import integer, items, mapping, mappings, moment, text
from apps.sentry.links import web_root, with_link
from apps.sentry.listing import newest_first
from apps.sentry.parsing import parse_full_event, parse_issue
from apps.sentry.replies import Reply
from apps.sentry.search import fields_naming, identity_clauses

T = TypeVar("T")

MOST_REPLAYS = 20
MOST_FEEDBACK = 3
MOST_TRACES = 50
MOST_TRACE_ERRORS = 100

_MOST_URLS = 30
_LONGEST_URL = 500
_USER = ("user.id", "user.email", "user.username")
_REPLAY_FIELDS = (
    "id", "started_at", "finished_at", "urls", "error_ids", "user", "count_errors",
    "count_dead_clicks", "count_rage_clicks", "is_archived",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What was read. `is_whole`: there surely is no more; `has_more`: there surely is."""

    rows: tuple[T, ...]
    is_whole: bool = True
    has_more: bool = False


# https://docs.sentry.io/api/replays/list-an-organizations-replays/
def read_replays(client: SentryClient, question: Question, scope: Scope) -> Found[Replay]:
    """The customer's screen recordings that run in the window, oldest first.

    Replays know the user's own fields, and no tags as the events table has them.
    """
    fields = [name for name in question.fields if name in _USER]
    if not fields:
        return Found((), is_whole=False)
    clauses = identity_clauses(question.customer.identifier, fields)
    params = [
        ("query", f"({' OR '.join(clauses)})"),
        *scope.params(),
        *scope.project_params(),
        *(("field", name) for name in _REPLAY_FIELDS),
        ("sort", "-started_at"),
        ("per_page", str(MOST_REPLAYS)),
    ]
    reply = client.get(f"{client.organization_path}/replays/", params)
    rows = mapping(reply.body).get("data")
    if not isinstance(rows, list):
        raise SentryBadResponse("The list of replays came without rows.")
    present = [row for row in rows if mapping(row).get("is_archived") is not True]
    theirs = [row for row in present if _names_somebody_else(row, question.customer)]
    own = [_replay(row, client.config) for row in mappings(present) if row not in theirs]
    known = [replay for replay in own if replay]
    found = sorted(
        (replay for replay in known if replay.runs_in(question.window)),
        key=lambda replay: (replay.started_at, replay.id),
    )
    is_read = len(known) + len(theirs) == len(present)
    has_more, is_last_page = _goes_on(reply, len(rows), MOST_REPLAYS)
    is_whole = is_read and is_last_page and len(fields) == len(question.fields)
    return Found(tuple(found), is_whole=is_whole, has_more=has_more)


def _goes_on(reply: Reply, rows: int, full_page: int) -> tuple[bool, bool]:
    """Whether the list surely goes on, and whether it surely does not."""
    link = reply.headers.get("link", "")
    return next_cursor(link) is not None, is_last(link, rows, full_page)


def _names_somebody_else(row: object, customer: Customer) -> bool:
    """Whether a row names people, and the customer is none of them."""
    identities = _user_of(mapping(row))
    return bool(identities) and not fields_naming(customer, identities)


def _user_of(row: Mapping[str, object]) -> list[tuple[str, str]]:
    user = mapping(row.get("user"))
    known = ((field, text(user.get(field.removeprefix("user.")))) for field in _USER)
    return [(field, value) for field, value in known if value]


def _replay(row: Mapping[str, object], config: SentryConfig) -> Replay | None:
    replay_id = as_hex_id(text(row.get("id")) or "")
    started = moment(row.get("started_at"))
    identities = tuple(_user_of(row))
    if replay_id is None or started is None or not identities:
        return None
    error_ids = (as_hex_id(text(value) or "") for value in items(row.get("error_ids")))
    urls = (text(value) for value in items(row.get("urls"))[: 10 * _MOST_URLS])
    return Replay(
        id=replay_id,
        started_at=started,
        finished_at=moment(row.get("finished_at")),
        urls=tuple(dict.fromkeys(url[:_LONGEST_URL] for url in urls if url))[:_MOST_URLS],
        event_ids=tuple(event_id for event_id in error_ids if event_id)[:MOST_TRACE_ERRORS],
        errors=integer(row.get("count_errors")),
        dead_clicks=integer(row.get("count_dead_clicks")),
        rage_clicks=integer(row.get("count_rage_clicks")),
        permalink=f"{web_root(config)}/replays/{replay_id}/",
        identities=identities,
    )


# https://docs.sentry.io/api/events/list-an-organizations-issues/ (`issue.category:feedback`)
def read_feedback(client: SentryClient, question: Question, scope: Scope) -> Found[Feedback]:
    """What the customer wrote into the application's feedback form, oldest first.

    The list of issues takes no OR, so that one field is asked: the e-mail for what looks like
    one, else the first field. Whose feedback it is, is read from the feedback itself. As other
    fields were not asked, nothing found is no proof unless there is but one.
    """
    fields = [field for field in question.fields if field in _USER]
    if not fields:
        return Found((), is_whole=False)
    params = [
        ("query", f"issue.category:feedback {_feedback_clause(question.customer, fields)}"),
        *scope.params(),
        *scope.project_params(),
        ("limit", str(MOST_FEEDBACK)),
    ]
    try:
        reply = client.get(f"{client.organization_path}/issues/", params)
    except SentryRejectedQuery as error:
        if "category" in error.detail:
            raise SentryNotFound("This server knows no feedback.") from error
        raise
    rows = list_of(reply)
    read = [_read_one(client, question, row) for row in rows[:MOST_FEEDBACK]]
    found = sorted(
        (feedback for feedback, _is_judged in read if feedback),
        key=lambda feedback: (feedback.sent_at, feedback.id),
    )
    has_more, is_last_page = _goes_on(reply, len(rows), MOST_FEEDBACK)
    is_judged = all(is_judged for _feedback, is_judged in read) and len(rows) == len(read)
    is_whole = is_judged and is_last_page and len(question.fields) == 1
    return Found(tuple(found), is_whole=is_whole, has_more=has_more)


def _feedback_clause(customer: Customer, fields: Sequence[str]) -> str:
    by_email = "@" in customer.identifier and "user.email" in fields
    field = "user.email" if by_email else fields[0]
    clauses = identity_clauses(customer.identifier, (field,))
    if len(clauses) == 1:
        return clauses[0]
    return f"{field}:[{','.join(clause.removeprefix(f'{field}:') for clause in clauses)}]"


def _read_one(
    client: SentryClient, question: Question, row: object
) -> tuple[Feedback | None, bool]:
    """The customer's feedback in the window, and whether it could be told that it is or is not.

    Where the issue says it all itself, its event need not be asked for.
    """
    issue = parse_issue(row)
    if issue is None:
        return None, False
    told = mapping(mapping(row).get("metadata"))
    email = text(told.get("contact_email"))
    identities = [("user.email", email)] if email else []
    sent_at = issue.first_seen
    if not fields_naming(question.customer, identities) or not text(told.get("message")):
        path = f"{client.organization_path}/issues/{segment(issue.id)}/events/latest/"
        try:
            event = parse_full_event(client.get(path, []).body, _USER)
        except SentryNotFound:
            return None, True  # removed since it was listed
        if event is None or event.body is None:
            return None, False
        told = mapping(event.body.contexts.get("feedback"))
        email = text(told.get("contact_email"))
        identities = [*event.identities, *([("user.email", email)] if email else [])]
        sent_at = event.timestamp
    message = text(told.get("message"))
    if sent_at is None or not message or not identities:
        return None, False
    own = fields_naming(question.customer, identities) and question.window.contains(sent_at)
    return (_feedback(issue, told, identities, sent_at) if own else None), True


def _feedback(
    issue: Issue,
    told: Mapping[str, object],
    identities: Sequence[tuple[str, str]],
    sent_at: datetime,
) -> Feedback:
    return Feedback(
        id=issue.id,
        sent_at=sent_at,
        message=text(told.get("message")) or "",
        name=text(told.get("name")),
        email=text(told.get("contact_email")),
        url=text(told.get("url")),
        project=issue.project,
        permalink=issue.permalink,
        identities=tuple(identities),
    )


def read_trace_errors(
    client: SentryClient, question: Question, scope: Scope, events: Sequence[Event]
) -> Found[Event]:
    """Errors in the traces of these events that name nobody: mostly the server's half of them.

    `events` come nearest to the moment first, as many traces as fit are asked. An error that
    names somebody else is somebody else's, also in the same trace; an IP address names nobody.
    """
    traces = tuple(dict.fromkeys(event.trace_id for event in events if event.trace_id))
    asked = traces[:MOST_TRACES]
    fields = tuple(dict.fromkeys((*question.fields, *_USER)))
    nobody = " ".join(f"!has:{field}" for field in fields)
    listed = {event.id for event in events}
    page = next(client.event_rows(f"trace:[{','.join(asked)}] {nobody}", scope, fields), [])
    own = [
        replace(row, matched_on=("trace",))
        for row in page
        if row
        and row.trace_id in asked
        and not row.identities
        and row.id not in listed
        and question.window.contains(row.timestamp)
    ]
    has_more = len(asked) < len(traces) or len(page) >= MOST_TRACE_ERRORS
    linked = (with_link(error, {}, client.config) for error in newest_first(own))
    return Found(tuple(linked), is_whole=not has_more and None not in page, has_more=has_more)
