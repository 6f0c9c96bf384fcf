"""Send drafts to the configured webhook, with retries for about a day."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic

import requests
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from standardwebhooks import Webhook
from urllib3.exceptions import HTTPError

from apps.answers.models import Handover
from apps.answers.services import Draft
from apps.answers.templates import About
from apps.audit.models import Action
from apps.crypto import Unreadable
from apps.events.grouping import Problem
from apps.events.query import format_utc
from apps.events.summary import summarize_group
from apps.jobs import engine as jobs
from apps.jobs.models import Job
from apps.lookups.access import Requester
from apps.lookups.records import record_action
from apps.outbound import AddressRefused, OutboundPolicy, OutboundSession
from apps.sentry.http import AbortableAdapter, OpenRequests

_CONNECT_S = 3.0
_RETRIED_STATUSES = frozenset((408, 409, 425, 429))


@dataclass(frozen=True, slots=True)
class Attempt:
    """Result of an attempt: the problem, "" if it arrived; and the shortest wait for the next."""

    problem: str = ""
    is_final: bool = False
    wait_s: float = 0.0


_TIMED_OUT = Attempt("The receiver didn't answer in time.")


class _NoRedirects(OutboundSession):
    """Treat redirects like other responses; requests would read their whole body."""

    def get_redirect_target(self, _response: requests.Response) -> None:
        """Return None."""


def is_configured() -> bool:
    """Return whether a webhook is configured."""
    return bool(settings.TRIAGE_WEBHOOK_URL)


def post_once(message_id: str, body: bytes, *, within_s: float) -> Attempt:
    """Post the signed body once, within the time limit, without reading the response body.

    The headers are those of https://github.com/standard-webhooks/standard-webhooks.
    """
    address, deadline = settings.TRIAGE_WEBHOOK_URL, monotonic() + within_s
    at = datetime.now(UTC).replace(microsecond=0)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Triage",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(settings.TRIAGE_WEBHOOK_SECRET).sign(
            message_id, at, body.decode()
        ),
    }
    try:
        policy = OutboundPolicy.of([address], settings.TRIAGE_PRIVATE_HOSTS)
        with (
            _NoRedirects(policy, AbortableAdapter(policy)) as session,
            OpenRequests().time_limit(within_s),
            session.post(
                address,
                data=body,
                headers=headers,
                auth=lambda request: request,  # ignore .netrc files
                timeout=(min(_CONNECT_S, within_s), within_s),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            if monotonic() >= deadline:  # we hung up, so the head may be incomplete
                return _TIMED_OUT
            return _interpret(response.status_code, response.headers.get("Retry-After"))
    except AddressRefused as refused:
        return Attempt(f"Triage isn't allowed to call the webhook. {refused}", is_final=True)
    except requests.Timeout:
        return _TIMED_OUT
    except (requests.RequestException, HTTPError, OSError, ValueError):  # also malformed heads
        if monotonic() >= deadline:
            return _TIMED_OUT
        return Attempt("The receiver couldn't be reached or closed the connection.")


def _interpret(status: int, retry_after: str | None) -> Attempt:
    if 200 <= status < 300:
        return Attempt()
    if status in _RETRIED_STATUSES or status >= 500:
        problem = f"The receiver was busy or failed (status {status})."
        return Attempt(problem, wait_s=_parse_retry_after(retry_after))
    problem = f"The receiver rejected the draft (status {status})."
    if status == 410:
        problem = "The receiver no longer exists (status 410)."
    elif 300 <= status < 400:
        problem = (
            f"The receiver redirected us (status {status}), and Triage doesn't follow redirects. "
            "Tell your Triage admin."
        )
    return Attempt(problem, is_final=True)


def _parse_retry_after(retry_after: str | None) -> float:
    """Parse `Retry-After`, in seconds or as a date; return 0 if it is missing or malformed."""
    value = (retry_after or "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def webhook_body(handover: Handover, edited: Draft, about: About) -> bytes:
    """Return the message as JSON; docs/drafts.md describes its format."""
    at = format_utc(handover.at)
    message = {
        "type": f"triage.{edited.kind}",
        "timestamp": at,
        "data": {
            "id": handover.message_id,
            "kind": edited.kind.value,
            "created": at,
            "lookup": {"id": str(handover.lookup.uuid), "link": about.lookup_link},
            "title": edited.subject,
            "markdown": edited.markdown,
            "text": edited.text,
            "complete": about.answer.complete,
            "problems": [_facts(problem, about) for problem in about.problems],
        },
    }
    return json.dumps(message, ensure_ascii=False).encode()


def _facts(problem: Problem, about: About) -> dict[str, object]:
    issue, known = problem.issue, problem.known_in(about.answer.known)
    return {
        "issue": problem.issue_id,
        "issues": problem.issue_ids,
        "summary": summarize_group(problem),
        "level": (issue and issue.level) or problem.worst_level,
        "project": (issue and issue.project) or problem.cause.newest.project,
        "caught": problem.handled,
        "events": len(problem.events),
        "users_affected": issue.users_affected if issue else None,
        "known": [match.known.slug for match in known],
    }


# Deliveries.
#
# The person's request makes the first attempt, a job the others. An attempt takes a lease with one
# conditional update that moves `next_try`, so that no two processes send the same draft at the same
# time. If its process dies, the draft is sent again after the lease; receivers recognize duplicates
# by the message ID.

FIRST_TRY_S = 3.0
RETRY_S = 10.0
_LEASE = timedelta(seconds=60)
_RETRY_MINUTES = (1, 5, 15, 30, 60, 120, 240, 360, 480)
_MAX_WAIT_S = 6 * 60 * 60
_BATCH_SIZE = 100
_AT_ONCE = 4  # a receiver that never answers leaves a worker's other threads alone
RESULT_DELETED = "The result it was based on is no longer stored, so it won't be sent."


class AlreadySent(Exception):
    """The draft was sent before: the same form was submitted twice."""


def deliver(handover: Handover, body: bytes, requester: Requester) -> None:
    """Save and record the unsaved delivery, and attempt it once. Raise `AlreadySent`."""
    handover.by = requester.user
    handover.encrypt_body(body)
    with transaction.atomic():
        try:
            with transaction.atomic():
                handover.save(force_insert=True)
        except IntegrityError:
            raise AlreadySent from None
        _record(handover, requester)
        _enqueue(handover, after=_LEASE)
    _attempt(handover, within_s=FIRST_TRY_S)


def retry(handover: Handover, requester: Requester) -> bool:
    """Restart a failed delivery and attempt it once; return False if it can't be restarted."""
    with transaction.atomic():
        failed = Handover.objects.filter(pk=handover.pk, state=Handover.State.FAILED)
        is_restarted = failed.filter(sealed__isnull=False).update(
            state=Handover.State.WAITING, attempts=0, next_try=timezone.now(), problem=""
        )
        if is_restarted:
            _record(handover, requester, change="again")
            _enqueue(handover, after=_LEASE)
    if is_restarted:
        _attempt(handover, within_s=FIRST_TRY_S)
    return bool(is_restarted)


def cancel_delivery(handover: Handover, requester: Requester) -> bool:
    """Cancel a waiting delivery and delete its body; return False if it isn't waiting."""
    with transaction.atomic():
        waiting = Handover.objects.filter(pk=handover.pk, state=Handover.State.WAITING)
        is_cancelled = waiting.update(state=Handover.State.CANCELLED, next_try=None, sealed=None)
        if is_cancelled:
            _record(handover, requester, change="cancelled")
    return bool(is_cancelled)


def _record(handover: Handover, requester: Requester, **detail: str) -> None:
    detail = {"draft": handover.kind, "message": handover.message_id, **detail}
    record_action(Action.HANDED_OVER, requester.actor, handover.lookup, **detail)


_JOB = "delivery"


def _enqueue(handover: Handover, *, after: timedelta = timedelta()) -> None:
    jobs.enqueue(_JOB, handover.uuid.hex, due_at=timezone.now() + after, again=True)


@jobs.handler(_JOB, lease=_LEASE, at_once=lambda: _AT_ONCE)
def _run_job(job: Job, _lease: jobs.Lease) -> None:
    """Attempt a delivery, and come back for the next attempt if there is one."""
    handover = Handover.objects.select_related("lookup").filter(uuid=job.key).first()
    if handover is None:
        return
    next_try = None
    if is_configured():
        _attempt(handover, within_s=RETRY_S)
        next_try = handover.next_try
    if handover.state == Handover.State.WAITING:
        hour = timezone.now() + timedelta(hours=1)
        raise jobs.RetryLater(next_try or hour, handover.problem)


@jobs.periodic("deliveries", every=timedelta(minutes=10))
def _find_lost(_job: Job, _lease: jobs.Lease) -> None:
    """Enqueue due deliveries without a job, such as those of an older version."""
    for handover in _due():
        _enqueue(handover)


def _due() -> QuerySet[Handover]:
    """Return the deliveries to attempt now, at most a batch; none without a webhook."""
    if not is_configured():
        return Handover.objects.none()
    due = Handover.objects.filter(state=Handover.State.WAITING, next_try__lte=timezone.now())
    return due.order_by("next_try")[:_BATCH_SIZE]


def send_due() -> int:
    """Attempt each due delivery once, and return the number of attempts."""
    return sum(_attempt(handover, within_s=RETRY_S) for handover in list(_due()))


def _attempt(handover: Handover, *, within_s: float) -> bool:
    """Attempt a delivery if it is due and unleased; return whether it was attempted."""
    now = timezone.now()
    due = Handover.objects.filter(
        pk=handover.pk, state=Handover.State.WAITING, next_try__lte=now, sealed__isnull=False
    )
    is_leased = due.update(next_try=now + _LEASE, attempts=F("attempts") + 1)
    handover.refresh_from_db()
    if is_leased:
        _save_attempt(handover, _send(handover, within_s))
        handover.refresh_from_db()
    return bool(is_leased)


def _send(handover: Handover, within_s: float) -> Attempt:
    handover.lookup.refresh_from_db(fields=["purged_at", "expires_at"])
    if handover.lookup.is_removed:
        Handover.objects.filter(pk=handover.pk).update(sealed=None)
        return Attempt(RESULT_DELETED, is_final=True)
    try:
        body = handover.body()
    except Unreadable:
        return Attempt("Its stored text can no longer be read.", is_final=True)
    return post_once(handover.message_id, body, within_s=within_s)


def _save_attempt(handover: Handover, result: Attempt) -> None:
    """Save the result of an attempt, unless a later one has begun in the meantime."""
    attempts, now = handover.attempts, timezone.now()
    own = Handover.objects.filter(pk=handover.pk, attempts=attempts)
    if not result.problem:  # even if it was canceled in the meantime
        own.update(state=Handover.State.SENT, sent_at=now, next_try=None, sealed=None, problem="")
        return
    waiting = own.filter(state=Handover.State.WAITING)
    if result.is_final or attempts > len(_RETRY_MINUTES):
        waiting.update(state=Handover.State.FAILED, next_try=None, problem=result.problem)
        return
    pause = max(_RETRY_MINUTES[attempts - 1] * 60, min(result.wait_s, _MAX_WAIT_S))
    waiting.update(next_try=now + timedelta(seconds=pause), problem=result.problem)


def delete_bodies(lookup_ids: list[int]) -> None:
    """Delete the drafts of these lookups, and fail their waiting deliveries."""
    handovers = Handover.objects.filter(lookup_id__in=lookup_ids)
    waiting = handovers.filter(state=Handover.State.WAITING)
    waiting.update(state=Handover.State.FAILED, next_try=None, problem=RESULT_DELETED)
    handovers.update(sealed=None)
