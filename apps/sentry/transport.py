"""One GET: session, time, size, retry and rate limits. JSON and headers out, or a SentryError."""

import json
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from threading import Lock

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from apps.sentry.config import SentryConfig
from apps.sentry.errors import (
    SentryAuthRefused,
    SentryBadResponse,
    SentryError,
    SentryNotFound,
    SentryOutsideRetention,
    SentryPermissionMissing,
    SentryRateLimited,
    SentryRejectedQuery,
    SentryServerError,
    SentryTimeout,
    SentryUnreachable,
)

Params = Sequence[tuple[str, str]]

TRIES = 3
CONNECT_TIMEOUT_S = 5.0
LARGEST_ANSWER = 32 * 1024 * 1024
NEAR_S = 8.0
_CHUNK = 64 * 1024
_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 4.0
_CONCURRENCY_WAIT_S = 1.0
_FAR_RESET_S = 3600.0


class Deadline:
    """The moment by which a whole lookup must be done, counted from its making."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left; 0 when the time is over."""
        return max(0.0, self._end - time.monotonic())


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer: the decoded JSON, and the headers with their names in lower case."""

    body: object
    headers: Mapping[str, str]


class _Bearer(AuthBase):
    """Sets the header itself, so that no .netrc entry can replace the token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Transport:
    """A pooled session to one Sentry. Safe to use from several threads."""

    def __init__(self, config: SentryConfig) -> None:
        self._root = f"{config.base_url.rstrip('/')}/api/0"
        self._session = requests.Session()
        self._session.auth = _Bearer(config.token)
        self._session.headers.update({"Accept": "application/json", "User-Agent": "triage"})
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=config.max_parallel)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._lock = Lock()
        self.calls = 0

    def get(self, path: str, params: Params, deadline: Deadline) -> Reply:
        """GET `path` (below `/api/0`), at most three tries within the deadline.

        Raises a `SentryError`; a rate limit that ends soon is waited for, a far one is raised
        at once with the seconds to wait.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(TRIES),
            wait=_wait,
            retry=tenacity.retry_if_exception(lambda error: _worth_another_try(error, deadline)),
            reraise=True,
        )
        return retrying(self._get_once, path, params, deadline)

    def close(self) -> None:
        """Give the pooled connections back."""
        self._session.close()

    def _get_once(self, path: str, params: Params, deadline: Deadline) -> Reply:
        left = deadline.left()
        if left <= 0:
            raise SentryTimeout("The time for this lookup is over.")
        with self._lock:
            self.calls += 1
        try:
            with self._session.get(
                f"{self._root}{path}",
                params=list(params),
                timeout=(min(CONNECT_TIMEOUT_S, left), left),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _read(response, deadline)
        except requests.Timeout as error:
            raise SentryTimeout("Sentry did not answer in time.", detail=_name(error)) from error
        except requests.ConnectionError as error:
            raise SentryUnreachable("Sentry cannot be reached.", detail=_name(error)) from error
        except requests.RequestException as error:
            raise SentryBadResponse("The request failed.", detail=_name(error)) from error
        return _reply(response, content)


def _read(response: requests.Response, deadline: Deadline) -> bytes:
    """The decoded body, within the deadline even when it drips, and never above the limit."""
    chunks: list[bytes] = []
    size = 0
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise SentryBadResponse(
                    f"Sentry's answer is larger than {LARGEST_ANSWER // 1024 // 1024} MB."
                )
            if deadline.left() <= 0:
                raise SentryTimeout("Sentry did not finish its answer in time.")
            chunks.append(chunk)
    except urllib3.exceptions.ReadTimeoutError as error:
        raise SentryTimeout("Sentry did not finish its answer in time.") from error
    except (urllib3.exceptions.ProtocolError, OSError) as error:
        raise SentryUnreachable(
            "The connection to Sentry broke in the middle of an answer.", detail=_name(error)
        ) from error
    except urllib3.exceptions.HTTPError as error:
        raise SentryBadResponse(
            "Sentry's answer cannot be unpacked.", detail=_name(error)
        ) from error
    return b"".join(chunks)


def _reply(response: requests.Response, content: bytes) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if response.status_code != requests.codes.ok:
        raise _error_for(response.status_code, headers, _detail(content))
    try:
        body = json.loads(content)
        if b"\\ud" in content or b"\\uD" in content:
            body = _without_half_characters(body)
    except (ValueError, RecursionError) as error:
        raise SentryBadResponse(
            "Sentry's answer is not JSON.",
            detail=f"Content-Type {headers.get('content-type', 'not given')}",
        ) from error
    return Reply(body=body, headers=headers)


def _without_half_characters(value: object) -> object:
    """Replace lone surrogates, which JSON can write down and UTF-8 cannot."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_half_characters(item) for item in value]
    if isinstance(value, dict):
        return {
            str(_without_half_characters(name)): _without_half_characters(item)
            for name, item in value.items()
        }
    return value


_PLAIN_ERRORS: dict[int, tuple[type[SentryError], str]] = {
    401: (SentryAuthRefused, "Sentry does not accept the token."),
    403: (SentryPermissionMissing, "The token may not read this."),
    404: (SentryNotFound, "Sentry knows nothing under this address."),
    408: (SentryTimeout, "Sentry gave up waiting for the request."),
    504: (SentryTimeout, "Sentry did not finish the query in time."),
}


def _error_for(status: int, headers: Mapping[str, str], detail: str) -> SentryError:
    said = f"{status} {detail}".strip()
    if status == 429:
        return SentryRateLimited(
            "Sentry limits how often it may be asked.",
            retry_after=_seconds_to_wait(headers),
            detail=said,
        )
    if status in _PLAIN_ERRORS:
        kind, message = _PLAIN_ERRORS[status]
        return kind(message, detail=said)
    if status >= 500:
        return SentryServerError("Sentry failed on its side.", detail=said)
    if 300 <= status < 400:
        return SentryBadResponse("Sentry sent us to another address.", detail=said)
    if detail.startswith("Invalid date range"):
        return SentryOutsideRetention("The window is older than what Sentry keeps.", detail=said)
    return SentryRejectedQuery("Sentry did not accept the question.", detail=said)


def _detail(content: bytes) -> str:
    """What Sentry said, as short text: `detail` may be a string, an object, or not there at all."""
    text = content[:4000].decode("utf-8", errors="replace")
    try:
        body: object = json.loads(text)
    except (ValueError, RecursionError):
        return re.sub(r"(?:<[^>]{0,200}>|\s)+", " ", text).strip()[:300]
    detail: object = body.get("detail", body) if isinstance(body, dict) else body
    if isinstance(detail, dict):
        detail = detail.get("message") or detail.get("code") or json.dumps(detail)
    return "" if detail is None else str(detail)[:300]


def _seconds_to_wait(headers: Mapping[str, str]) -> float:
    """`Retry-After` (RFC 9110: seconds or a date), else Sentry's reset time, else a second."""
    after = headers.get("retry-after", "").strip()
    if after.isdigit():
        return float(after)
    if after:
        try:
            return max(1.0, parsedate_to_datetime(after).timestamp() - time.time())
        except ValueError:
            pass
    if headers.get("x-sentry-rate-limit-concurrentremaining", "").strip() == "0":
        return _CONCURRENCY_WAIT_S
    try:
        until = float(headers.get("x-sentry-rate-limit-reset", "")) - time.time()
    except ValueError:
        return _CONCURRENCY_WAIT_S
    return min(max(1.0, until), _FAR_RESET_S)


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


def _name(error: Exception) -> str:
    """The error's class: its text can hold the address with the customer in it."""
    return type(error).__name__
