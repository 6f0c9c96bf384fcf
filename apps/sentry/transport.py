"""One GET: session, time, size, retry and rate limits. JSON and headers out, or a SentryError."""

import random
import time
from collections.abc import Sequence
from threading import Lock

import requests
import tenacity
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from apps.events.answer import Call
from apps.sentry.config import SentryConfig
from apps.sentry.deadline import Deadline
from apps.sentry.errors import (
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


class _Bearer(AuthBase):
    """Sets the header itself, so that no .netrc entry can replace the token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Transport:
    """A pooled session to one Sentry. Safe to use from several threads."""

    def __init__(self, config: SentryConfig, pace: Pace) -> None:
        self._pace = pace
        self._root = f"{config.base_url.rstrip('/')}/api/0"
        self._session = requests.Session()
        self._session.auth = _Bearer(config.token)
        self._session.headers.update({"Accept": "application/json", "User-Agent": "triage"})
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=config.max_parallel)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._lock = Lock()
        self._log: list[Call] = []

    @property
    def log(self) -> tuple[Call, ...]:
        """The requests sent so far, in the order in which they ended."""
        with self._lock:
            return tuple(self._log)

    def get(self, path: str, params: Params, deadline: Deadline) -> Reply:
        """GET `path` (below `/api/0`), at most three tries within the deadline.

        Raises a `SentryError`; a rate limit that ends soon is waited for, a far one is raised
        at once with the seconds to wait.
        """
        _retrying(deadline)(self._pace.check)
        try:
            reply = _retrying(deadline)(self._get_once, path, params, deadline)
        except SentryError as error:
            self._pace.failed(error)
            raise
        self._pace.answered(reply.headers)
        return reply

    def close(self) -> None:
        """Give the pooled connections back."""
        self._session.close()

    def _get_once(self, path: str, params: Params, deadline: Deadline) -> Reply:
        left = deadline.left()
        if left <= 0:
            raise SentryTimeout("The time for this lookup is over.")
        with self._pace.slot(left):
            return self._send(path, params, deadline)

    def _send(self, path: str, params: Params, deadline: Deadline) -> Reply:
        started = time.monotonic()
        left = max(deadline.left(), _LEAST_TIMEOUT_S)
        status: int | None = None
        try:
            with self._session.get(
                f"{self._root}{path}",
                params=list(params),
                timeout=(min(CONNECT_TIMEOUT_S, left), left),
                allow_redirects=False,
                stream=True,
            ) as response:
                status = response.status_code
                content = read_content(response, deadline)
        except requests.Timeout as error:
            raise SentryTimeout("Sentry did not answer in time.", detail=name_of(error)) from error
        except requests.ConnectionError as error:
            raise SentryUnreachable("Sentry cannot be reached.", detail=name_of(error)) from error
        except requests.RequestException as error:
            raise SentryBadResponse("The request failed.", detail=name_of(error)) from error
        finally:
            call = Call(path, status, round((time.monotonic() - started) * 1000))
            with self._lock:
                self._log.append(call)
        return reply_of(response, content)


def _retrying(deadline: Deadline) -> tenacity.Retrying:
    return tenacity.Retrying(
        stop=tenacity.stop_after_attempt(TRIES),
        wait=_wait,
        retry=tenacity.retry_if_exception(lambda error: _worth_another_try(error, deadline)),
        reraise=True,
    )


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
