"""The readers of what stands beside the errors. Each raises a `SentryError` when it fails."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from apps.events.beside import Feedback, Replay
from apps.events.event import Event, Issue
from apps.events.question import Customer, Question, as_hex_id
from apps.sentry.client import Scope, SentryClient, list_of, next_cursor, segment
from apps.sentry.config import SentryConfig
from apps.sentry.errors import SentryBadResponse, SentryNotFound, SentryRejectedQuery
from apps.sentry.lenient import integer, items, mapping, mappings, moment, text
from apps.sentry.listing import newest_first
from apps.sentry.parsing import parse_full_event, parse_issue
from apps.sentry.search import fields_naming, identity_clauses

T = TypeVar("T")

MOST_REPLAYS = 20
MOST_FEEDBACK = 5
MOST_TRACES = 50
MOST_TRACE_ERRORS = 100

# Replays know the user's own fields, and no tags as the events table has them.
_REPLAY_USER = ("user.id", "user.email", "user.username")
_REPLAY_FIELDS = (
    "id", "started_at", "finished_at", "urls", "error_ids", "user", "count_errors",
    "count_dead_clicks", "count_rage_clicks",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What was read, and whether Sentry has more than that."""

    rows: tuple[T, ...]
    is_whole: bool = True


# https://docs.sentry.io/api/replays/list-an-organizations-replays/
def read_replays(client: SentryClient, question: Question, scope: Scope) -> Found[Replay]:
    """The customer's screen recordings that run in the window, oldest first."""
    fields = [name for name in question.fields if name in _REPLAY_USER]
    if not fields:
        return Found(())
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
    own = (
        _replay(row, client.config)
        for row in mappings(rows)
        if fields_naming(question.customer, _user_of(row, fields))
    )
    found = sorted(filter(None, own), key=lambda replay: (replay.started_at, replay.id))
    return Found(tuple(found), next_cursor(reply.headers.get("link", "")) is None)


def _user_of(row: Mapping[str, object], fields: Iterable[str]) -> list[tuple[str, str]]:
    user = mapping(row.get("user"))
    known = ((field, text(user.get(field.removeprefix("user.")))) for field in fields)
    return [(field, value) for field, value in known if value]


def _replay(row: Mapping[str, object], config: SentryConfig) -> Replay | None:
    replay_id = as_hex_id(text(row.get("id")) or "")
    started = moment(row.get("started_at"))
    if replay_id is None or started is None:
        return None
    error_ids = (as_hex_id(text(value) or "") for value in items(row.get("error_ids")))
    urls = (text(value) for value in items(row.get("urls")))
    return Replay(
        id=replay_id,
        started_at=started,
        finished_at=moment(row.get("finished_at")),
        urls=tuple(url for url in urls if url),
        event_ids=tuple(event_id for event_id in error_ids if event_id),
        errors=integer(row.get("count_errors")),
        dead_clicks=integer(row.get("count_dead_clicks")),
        rage_clicks=integer(row.get("count_rage_clicks")),
        permalink=f"{web_root(config)}/replays/{replay_id}/",
    )


def web_root(config: SentryConfig) -> str:
    """Where people open the organization in a browser; the cloud's regions only serve programs."""
    host = urlsplit(config.base_url).hostname or ""
    is_cloud = host == "sentry.io" or host.endswith(".sentry.io")
    root = "https://sentry.io" if is_cloud else config.base_url.rstrip("/")
    return f"{root}/organizations/{segment(config.organization)}"


# https://docs.sentry.io/api/events/list-an-organizations-issues/ (`issue.category:feedback`)
def read_feedback(client: SentryClient, question: Question, scope: Scope) -> Found[Feedback]:
    """What the customer wrote into the application's feedback form, oldest first.

    The list of issues takes no OR, so that one field is asked: the e-mail for what looks like
    one, else the first field. Whose feedback it is, is read from the feedback itself.
    """
    params = [
        ("query", f"issue.category:feedback {_feedback_clause(question)}"),
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
    issues = [issue for issue in map(parse_issue, list_of(reply)) if issue]
    found = []
    for issue in issues[:MOST_FEEDBACK]:
        path = f"{client.organization_path}/issues/{segment(issue.id)}/events/latest/"
        try:
            event = parse_full_event(client.get(path, []).body, question.fields)
        except SentryNotFound:
            continue  # removed since it was listed
        if event is not None and question.window.contains(event.timestamp):
            own = _feedback(issue, event, question.customer)
            found += [own] if own else []
    found.sort(key=lambda feedback: (feedback.sent_at, feedback.id))
    is_whole = next_cursor(reply.headers.get("link", "")) is None
    return Found(tuple(found), is_whole and len(issues) <= MOST_FEEDBACK)


def _feedback_clause(question: Question) -> str:
    fields = [field for field in question.fields if not field.startswith("tags[")]
    by_email = "@" in question.customer.identifier and "user.email" in fields
    field = "user.email" if by_email else next(iter(fields), "user.id")
    clauses = identity_clauses(question.customer.identifier, (field,))
    if len(clauses) == 1:
        return clauses[0]
    return f"{field}:[{','.join(clause.removeprefix(f'{field}:') for clause in clauses)}]"


def _feedback(issue: Issue, event: Event, customer: Customer) -> Feedback | None:
    """The event's feedback, when the customer sent it."""
    told = mapping(event.body.contexts.get("feedback") if event.body else None)
    message, email = text(told.get("message")), text(told.get("contact_email"))
    identities = [*event.identities, *([("user.email", email)] if email else [])]
    if not message or not fields_naming(customer, identities):
        return None
    return Feedback(
        id=issue.id,
        sent_at=event.timestamp,
        message=message,
        name=text(told.get("name")),
        email=email,
        url=text(told.get("url")),
        project=issue.project,
        event_id=as_hex_id(text(told.get("associated_event_id")) or ""),
        permalink=issue.permalink,
    )


def read_trace_errors(
    client: SentryClient, question: Question, scope: Scope, events: Sequence[Event]
) -> Found[Event]:
    """Errors in the traces of these events that name no user: mostly the server's half of them.

    `events` come nearest to the moment first, as many traces as fit are asked. An error that
    names somebody else is somebody else's, also in the same trace.
    """
    traces = tuple(dict.fromkeys(event.trace_id for event in events if event.trace_id))
    if not traces:
        return Found(())
    asked = traces[:MOST_TRACES]
    nobody = " ".join(f"!has:{field}" for field in question.fields)
    listed = {event.id for event in events}
    pages = client.event_rows(f"trace:[{','.join(asked)}] {nobody}", scope, question.fields)
    page = next(pages, [])
    own = [
        row
        for row in page
        if row
        and row.trace_id in asked
        and not row.identities
        and row.id not in listed
        and question.window.contains(row.timestamp)
    ]
    is_whole = len(asked) == len(traces) and len(page) < MOST_TRACE_ERRORS and None not in page
    return Found(newest_first(replace(row, matched_on=("trace",)) for row in own), is_whole)
