"""One GET: session, time, size, retry and rate limits. JSON and headers out, or a SentryError."""

import random
import re
import time
from collections.abc import Sequence
from threading import Lock
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
from requests.auth import AuthBase

from apps.events.answer import Call
from apps.outbound import AddressRefused, OutboundSession, Reach
from apps.sentry.config import SentryConfig
from apps.sentry.connections import OpenCalls, WatchedAdapter
from apps.sentry.deadline import Deadline
from apps.sentry.errors import (
    SentryAddressRefused,
    SentryBadResponse,
    SentryError,
    SentryRateLimited,
    SentryTimeout,
    SentryUnreachable,
)
from apps.sentry.pace import Pace
from apps.sentry.replies import Reply, name_of, read_content, reply_of

Params = Sequence[tuple[str, str]]

TRIES = 3
CONNECT_TIMEOUT_S = 5.0
NEAR_S = 8.0
_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 4.0
_LEAST_TIMEOUT_S = 0.05
_IDS = re.compile(r"/(?:[0-9a-f]{32}|\d+)(?=/|$)")
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


class _Bearer(AuthBase):
    """Sets the header itself, so that no .netrc entry can replace the token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Transport:
    """A pooled session to one Sentry. Safe to use from several threads."""

    def __init__(self, config: SentryConfig, pace: Pace, *, tries: int = TRIES) -> None:
        """`tries` of 1 is for calls that can be done without: they wait a second to connect."""
        self._pace = pace
        self._tries = tries
        self._connect_s = CONNECT_TIMEOUT_S if tries > 1 else 1.0
        self._open = OpenCalls()
        self._root = f"{config.base_url.rstrip('/')}/api/0"
        reach = Reach.of([config.base_url], config.private_hosts)
        adapter = WatchedAdapter(reach, pool_connections=1, pool_maxsize=config.max_parallel)
        self._session = OutboundSession(reach, adapter)
        self._token = config.token
        self._session.auth = _Bearer(config.token)
        self._session.headers.update({"Accept": "application/json", "User-Agent": "triage"})
        self._lock = Lock()
        self._log: list[Call] = []

    @property
    def log(self) -> tuple[Call, ...]:
        """The requests sent so far, in the order in which they ended."""
        with self._lock:
            return tuple(self._log)

    def get(self, path: str, params: Params, deadline: Deadline) -> Reply:
        """GET `path` (below `/api/0`), several tries within the deadline.

        Raises a `SentryError`; a rate limit that ends soon is waited for, a far one is raised
        at once with the seconds to wait.
        """
        route = _route(path)
        self._retrying(deadline)(self._pace.check, route)
        try:
            reply = self._retrying(deadline)(self._get_once, path, params, deadline)
        except SentryError as error:
            if not self._open.is_over:  # being hung up on by us says nothing about Sentry
                self._pace.failed(route, error)
            raise
        self._pace.answered(route, reply.headers)
        return reply

    def hang_up(self) -> None:
        """End the calls that are under way and begin no more: each fails with `SentryTimeout`."""
        self._open.hang_up()

    def close(self) -> None:
        """Give the pooled connections back."""
        self._session.close()

    def _get_once(self, path: str, params: Params, deadline: Deadline) -> Reply:
        with self._pace.slot(self._time_left(deadline)):
            address = f"{self._root}{path}"
            response, content = self._send(address, path, params, deadline)
            onward = self._onward(address, response)
            if onward:
                again = [] if urlsplit(onward).query else params
                response, content = self._send(onward, path, again, deadline)
            return reply_of(response, content, secret=self._token)

    def _time_left(self, deadline: Deadline) -> float:
        left = deadline.left()
        if left <= 0 or self._open.is_over:
            raise SentryTimeout("The time for this lookup is over.")
        return left

    def _onward(self, address: str, response: requests.Response) -> str | None:
        """Where a redirect leads, if that is this very API: nobody else may see the token."""
        if response.status_code not in _REDIRECTS:
            return None
        onward = urljoin(address, response.headers.get("location", ""))
        is_ours = onward.startswith(f"{self._root}/") and "/../" not in onward
        return onward if is_ours and onward != address else None

    def _send(
        self, address: str, path: str, params: Params, deadline: Deadline
    ) -> tuple[requests.Response, bytes]:
        started = time.monotonic()
        left = max(self._time_left(deadline), _LEAST_TIMEOUT_S)
        status: int | None = None
        try:
            with (
                self._open.hung_up_after(left),
                self._session.get(
                    address,
                    params=list(params),
                    timeout=(min(self._connect_s, left), left),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                status = response.status_code
                content = read_content(response, deadline)
        except AddressRefused as refused:
            raise SentryAddressRefused("Sentry may not be called.", detail=str(refused)) from None
        except requests.Timeout as error:
            raise SentryTimeout("Sentry did not answer in time.", detail=name_of(error)) from error
        except (requests.ConnectionError, SentryUnreachable) as error:
            if self._is_late(deadline):
                raise SentryTimeout("Sentry did not finish its answer in time.") from error
            raise SentryUnreachable("Sentry cannot be reached.", detail=name_of(error)) from error
        except requests.RequestException as error:
            raise SentryBadResponse("The request failed.", detail=name_of(error)) from error
        finally:
            call = Call(path, status, round((time.monotonic() - started) * 1000))
            with self._lock:
                self._log.append(call)
        if self._is_late(deadline):  # hung up on: what looks like the end of the answer is not
            raise SentryTimeout("Sentry did not finish its answer in time.")
        return response, content

    def _is_late(self, deadline: Deadline) -> bool:
        return deadline.left() <= 0 or self._open.is_over

    def _retrying(self, deadline: Deadline) -> tenacity.Retrying:
        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._tries),
            wait=_wait,
            retry=tenacity.retry_if_exception(
                lambda error: not self._open.is_over and _worth_another_try(error, deadline)
            ),
            reraise=True,
        )


def _route(path: str) -> str:
    """The endpoint without the ids in it: Sentry limits each endpoint for itself."""
    return _IDS.sub("/*", path)


def _worth_another_try(error: BaseException, deadline: Deadline) -> bool:
    if not isinstance(error, SentryError) or not error.retryable:
        return False
    if isinstance(error, SentryRateLimited):
        return error.retry_after <= min(NEAR_S, deadline.left())
    return deadline.left() > _LONGEST_WAIT_S / 2


def _wait(state: tenacity.RetryCallState) -> float:
    """Seconds until the next try: what Sentry asks for, or doubling from 0.25 s; with jitter."""
    error = state.outcome.exception() if state.outcome else None
    jitter = random.random()  # noqa: S311 - spreads the tries of many, protects nothing
    if isinstance(error, SentryRateLimited):
        return error.retry_after + jitter * 0.25
    backoff = min(_FIRST_WAIT_S * 2 ** (state.attempt_number - 1), _LONGEST_WAIT_S)
    return float(backoff * (0.5 + jitter))
