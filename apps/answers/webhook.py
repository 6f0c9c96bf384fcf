"""One try to hand a message to the configured webhook, and what its answer means."""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from threading import Event, Thread
from time import monotonic

import requests
from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from apps.answers.models import Handover
from apps.answers.signature import signed_headers
from apps.answers.templates import About, Kind, markdown_of, plain_of
from apps.audit.models import Action
from apps.crypto import Unreadable
from apps.events.grouping import Group
from apps.events.summary import summarize_group
from apps.lookups.access import Asker
from apps.lookups.models import Lookup
from apps.lookups.records import record_act
from apps.outbound import AddressRefused, OutboundSession, Reach
from apps.sentry.http import OpenCalls, WatchedAdapter

_CONNECT_S = 3.0
_LATER = frozenset((408, 409, 425, 429))


class Outcome(StrEnum):
    """What became of a try."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a try, why in plain words, and for how many seconds to wait at least."""

    outcome: Outcome
    problem: str = ""
    wait_s: float = 0.0


_TOO_LATE = Tried(Outcome.LATER, "The receiver did not answer in time.")


class _NoAuth(AuthBase):
    """Keeps a .netrc of the machine out of it."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Once(OutboundSession):
    """Takes a redirect as any answer: the library would read all of it, and where it leads."""

    def get_redirect_target(self, _response: requests.Response) -> None:
        """Nowhere."""


def is_set_up() -> bool:
    """Whether there is a webhook to hand over to."""
    return bool(settings.TRIAGE_WEBHOOK_URL)


def send(message_id: str, body: bytes, *, within_s: float) -> Tried:
    """Post the body once, signed. It follows no redirect, reads no answer, and ends in time."""
    address, ends = settings.TRIAGE_WEBHOOK_URL, monotonic() + within_s
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Triage",
        **signed_headers(settings.TRIAGE_WEBHOOK_SECRET, message_id, datetime.now(UTC), body),
    }
    try:
        reach = Reach.of([address], settings.TRIAGE_PRIVATE_HOSTS)
        with (
            _Once(reach, WatchedAdapter(reach)) as session,
            OpenCalls().hung_up_after(within_s),
            session.post(
                address,
                data=body,
                headers=headers,
                auth=_NoAuth(),
                timeout=(min(_CONNECT_S, within_s), within_s),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            if monotonic() >= ends:  # we hung up, so what was read is half an answer
                return _TOO_LATE
            return _meaning(response.status_code, response.headers.get("Retry-After"))
    except AddressRefused as refused:
        return Tried(Outcome.REFUSED, f"Triage isn't allowed to call the webhook. {refused}")
    except requests.Timeout:
        return _TOO_LATE
    except (requests.RequestException, HTTPError, OSError, ValueError):  # also heads that are none
        if monotonic() >= ends:
            return _TOO_LATE
        return Tried(Outcome.LATER, "The receiver couldn't be reached or closed the connection.")


def _meaning(status: int, retry_after: str | None) -> Tried:
    if 200 <= status < 300:
        return Tried(Outcome.SENT)
    if status in _LATER or status >= 500:
        problem = f"The receiver was busy or failed (status {status})."
        return Tried(Outcome.LATER, problem, _seconds(retry_after))
    if status == 410:
        return Tried(Outcome.REFUSED, "The receiver no longer exists (status 410).")
    if 300 <= status < 400:
        problem = (
            f"The receiver redirected us (status {status}), and Triage doesn't follow redirects."
        )
        return Tried(Outcome.REFUSED, f"{problem} Please ask your Triage admin.")
    return Tried(Outcome.REFUSED, f"The receiver refused it (status {status}).")


def _seconds(retry_after: str | None) -> float:
    """`Retry-After` in seconds or as a date; 0 where there is none that can be read."""
    told = (retry_after or "").strip()
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


# The body that a webhook gets: the draft as it was edited, and a few facts to sort it by.


@dataclass(frozen=True, slots=True)
class Edited:
    """A draft as a person left it; `is_markdown` is how its text is written."""

    kind: Kind
    subject: str
    text: str
    is_markdown: bool


def message_of(handover: Handover, lookup: Lookup, edited: Edited, about: About) -> bytes:
    """JSON as `docs/drafts.md` tells it. Nothing of an event but short facts stands beside."""
    text = edited.text
    at = handover.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    told = {
        "type": f"triage.{edited.kind}",
        "timestamp": at,
        "data": {
            "id": handover.message_id,
            "kind": edited.kind.value,
            "created": at,
            "lookup": {"id": str(lookup.uuid), "link": about.lookup_link},
            "title": edited.subject,
            "markdown": text if edited.is_markdown else markdown_of(text),
            "text": plain_of(text) if edited.is_markdown else text,
            "complete": about.answer.complete,
            "problems": [_problem(group, about) for group in about.groups],
        },
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _problem(group: Group, about: About) -> dict[str, object]:
    issue = group.issue
    return {
        "issue": group.issue_id,
        "summary": summarize_group(group),
        "level": (issue and issue.level) or group.newest.level,
        "project": (issue and issue.project) or group.newest.project,
        "caught": group.handled,
        "events": len(group.events),
        "users_affected": issue.users_affected if issue else None,
        "known": [match.known.slug for match in about.answer.known.of(group.issue_id)],
    }


# Handing drafts over: kept first, tried at once, and again with growing pauses for about a day.
#
# Who tries moves the time of the next try on in one conditional update, so that no two processes
# send the same one at the same time. A try whose process died is made again after that time; the
# receiver tells doubles by the id.

AT_ONCE_S = 3.0
IN_BACKGROUND_S = 10.0
_LEASE = timedelta(seconds=60)
_MINUTES = (1, 5, 15, 30, 60, 120, 240, 360, 480)
_LONGEST_WAIT_S = 6 * 60 * 60
_AT_A_TIME = 100
GONE = "The result it was based on is no longer stored, so it won't be sent."


class AlreadyDone(Exception):
    """It was handed over before: the same form was sent twice."""


def hand_over(lookup: Lookup, kind: str, body: bytes, *, handover: Handover, asker: Asker) -> None:
    """Keep it, record it, and try once. `handover` is not saved yet. Raises `AlreadyDone`."""
    handover.lookup, handover.kind, handover.by = lookup, kind, asker.user
    handover.keep(body)
    with transaction.atomic():
        try:
            with transaction.atomic():
                handover.save(force_insert=True)
        except IntegrityError:
            raise AlreadyDone from None
        record_act(Action.HANDED_OVER, asker.actor, lookup, draft=kind, message=handover.message_id)
    _try(handover, within_s=AT_ONCE_S)


def try_again(handover: Handover, asker: Asker) -> bool:
    """Begin anew with one that failed, and try once; false where that is not possible any more."""
    with transaction.atomic():
        failed = Handover.objects.filter(
            pk=handover.pk, state=Handover.State.FAILED, sealed__isnull=False
        )
        begun = failed.update(
            state=Handover.State.WAITING, attempts=0, next_try=timezone.now(), problem=""
        )
        if begun:
            message = handover.message_id
            record_act(
                Action.HANDED_OVER,
                asker.actor,
                handover.lookup,
                draft=handover.kind,
                message=message,
                change="again",
            )
    if begun:
        _try(handover, within_s=AT_ONCE_S)
    return bool(begun)


def cancel(handover: Handover, asker: Asker) -> bool:
    """Give up one that waits, and remove what it holds; false where it does not wait any more."""
    with transaction.atomic():
        waiting = Handover.objects.filter(pk=handover.pk, state=Handover.State.WAITING)
        ended = waiting.update(state=Handover.State.CANCELLED, next_try=None, sealed=None)
        if ended:
            record_act(
                Action.HANDED_OVER,
                asker.actor,
                handover.lookup,
                draft=handover.kind,
                message=handover.message_id,
                change="cancelled",
            )
    return bool(ended)


def send_due() -> int:
    """Try what is due, each once; returns how many were tried. Nothing is, without a webhook."""
    if not is_set_up():
        return 0
    due = Handover.objects.filter(state=Handover.State.WAITING, next_try__lte=timezone.now())
    rows = due.order_by("next_try")[:_AT_A_TIME]
    return sum(_try(handover, within_s=IN_BACKGROUND_S) for handover in list(rows))


def _try(handover: Handover, *, within_s: float) -> bool:
    """Send it, if it is due and nobody else does; whether it was tried."""
    now = timezone.now()
    due = Handover.objects.filter(
        pk=handover.pk, state=Handover.State.WAITING, next_try__lte=now, sealed__isnull=False
    )
    handover.refresh_from_db()
    attempts = handover.attempts + 1
    if not due.filter(attempts=attempts - 1).update(next_try=now + _LEASE, attempts=attempts):
        return False
    handover.refresh_from_db()
    _note(handover, attempts, _sent(handover, within_s))
    handover.refresh_from_db()
    return True


def _sent(handover: Handover, within_s: float) -> Tried:
    handover.lookup.refresh_from_db(fields=["purged_at", "expires_at"])
    if handover.lookup.is_removed:
        Handover.objects.filter(pk=handover.pk).update(sealed=None)
        return Tried(Outcome.REFUSED, GONE)
    try:
        body = handover.body()
    except Unreadable:
        return Tried(Outcome.REFUSED, "Its stored text can no longer be read.")
    return send(handover.message_id, body, within_s=within_s)


def _note(handover: Handover, attempts: int, tried: Tried) -> None:
    """Write down what became of this try, unless a later one has begun meanwhile."""
    own = Handover.objects.filter(pk=handover.pk, attempts=attempts)
    now = timezone.now()
    if tried.outcome is Outcome.SENT:  # also where somebody cancelled it meanwhile: it went out
        own.update(state=Handover.State.SENT, sent_at=now, next_try=None, sealed=None, problem="")
        return
    waiting = own.filter(state=Handover.State.WAITING)
    if tried.outcome is Outcome.REFUSED or attempts > len(_MINUTES):
        waiting.update(state=Handover.State.FAILED, next_try=None, problem=tried.problem)
        return
    pause = max(_MINUTES[attempts - 1] * 60, min(tried.wait_s, _LONGEST_WAIT_S))
    waiting.update(next_try=now + timedelta(seconds=pause), problem=tried.problem)


def drop_bodies(lookup_ids: list[int]) -> None:
    """Remove what is kept of drafts of these lookups; what waits is not sent any more."""
    kept = Handover.objects.filter(lookup_id__in=lookup_ids)
    kept.filter(state=Handover.State.WAITING).update(
        state=Handover.State.FAILED, next_try=None, problem=GONE
    )
    kept.update(sealed=None)


# What a running site does by itself: every half minute it hands over what is due.

_EVERY_S = 30
_log = logging.getLogger(__name__)


def send_regularly() -> Thread | None:
    """Begin to send what is due, as long as this process lives; None without a webhook."""
    if not is_set_up():
        return None
    thread = Thread(target=_go_on, name="handing over", daemon=True)
    thread.start()
    return thread


def send_once() -> int:
    """Send what is due; whatever fails costs a line in the log, and waits for next time."""
    try:
        return send_due()
    except Exception as error:  # noqa: BLE001 - else nothing is sent until the next start
        # Its words can hold an address or a body.
        _log.error("What is due could not be handed over: %s", type(error).__name__)
        return 0
    finally:
        connections.close_all()


def _go_on() -> None:
    while True:
        send_once()
        Event().wait(_EVERY_S)
