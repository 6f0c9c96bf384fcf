"""One try to hand a message to the configured webhook, and what its answer means."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from time import monotonic

import requests
from django.conf import settings
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from apps.answers.signature import signed_headers
from apps.outbound import AddressRefused, OutboundSession, Reach
from apps.sentry.connections import OpenCalls, WatchedAdapter

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
