"""GET requests to Sentry, with retries and limits: JSON and headers, or a `SentryError`."""

import json
import random
import re
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from threading import Lock, Timer, local
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
import urllib3
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection

from apps.events.answer import Call
from apps.outbound import (
    AddressRefused,
    GuardedAdapter,
    GuardedHTTP,
    GuardedHTTPS,
    OutboundPolicy,
    OutboundSession,
)
from apps.sentry import errors
from apps.sentry.config import Deadline, SentryConfig
from apps.sentry.parsing import items, mapping
from apps.sentry.throttling import PrioritySlots, RelatedSlots

# Requests that can be aborted. The read timeout of `requests` starts over with each chunk, so it
# can't limit a response that trickles in. A timer shuts the socket instead, whatever is being read.


@dataclass
class _OpenRequest:
    """A request under way; it has a connection once that is being made."""

    connection: HTTPConnection | None = None
    is_aborted: bool = False

    def abort(self) -> None:
        """Shut the socket, which wakes the thread that reads from it."""
        self.is_aborted = True
        sock = self.connection.sock if self.connection else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _ThreadState(local):
    request: _OpenRequest | None = None


_current = _ThreadState()


class _Abortable(HTTPConnection):
    """Registers itself with this thread's request, and doesn't outlive its abort."""

    def connect(self) -> None:
        super().connect()
        if _current.request is not None and _current.request.is_aborted:
            self.close()
            raise ConnectionAbortedError("aborted while connecting")

    def request(self, *args: Any, **options: Any) -> None:
        if _current.request is not None:
            _current.request.connection = self
        super().request(*args, **options)


class _AbortableHTTP(_Abortable, GuardedHTTP):
    pass


class _AbortableHTTPS(_Abortable, GuardedHTTPS):
    pass


class AbortableAdapter(GuardedAdapter):
    """An adapter whose connections `OpenRequests` can abort."""

    plain = _AbortableHTTP
    secure = _AbortableHTTPS


class OpenRequests:
    """The requests under way of one client, which can all be aborted at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: list[_OpenRequest] = []
        self.is_aborted = False

    def abort(self) -> None:
        """Make every request under way fail, and every later one too."""
        with self._lock:
            self.is_aborted = True
            for request in self._requests:
                request.abort()

    @contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
        """Abort this thread's request if the block takes longer than `seconds`."""
        request = _OpenRequest()
        timer = Timer(seconds, request.abort)
        timer.daemon = True
        _current.request = request
        with self._lock:
            request.is_aborted = self.is_aborted
            self._requests.append(request)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            _current.request = None
            with self._lock:
                self._requests.remove(request)


# Responses: read, decode, or turn into a `SentryError`.

PER_PAGE = 100
MAX_RESPONSE_BYTES = 32 * 1024 * 1024
_CHUNK = 64 * 1024
_CONCURRENCY_WAIT_S = 1.0
_MAX_RETRY_AFTER_S = 3600.0
_TIMED_OUT = re.compile(r"\btime(?:d[ -]?)?[ -]?out\b", re.IGNORECASE)
_INVALID_QUERY = re.compile(r"invalid|parsing|quote", re.IGNORECASE)
_NEXT = re.compile(r'<[^>]*>;[^<]*?rel="next"[^<]*')
_CURSOR = re.compile(r'cursor="([^"]+)"')
_ONE_PROJECT = re.compile(r"multiple projects|multi[ -]project", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A good response: decoded JSON, and headers with lowercase names."""

    body: object
    headers: Mapping[str, str]

    @property
    def rows(self) -> list[object]:
        """The rows of a plain list. Raise `SentryBadResponse` if it isn't one."""
        if not isinstance(self.body, list):
            raise errors.SentryBadResponse("Sentry sent something other than a list.")
        return self.body

    @property
    def next_cursor(self) -> str | None:
        """The cursor of the header's `rel="next"` entry if it has results, else None.

        URLs contain commas, and GlitchTip puts the header in braces and quotes, so this uses
        patterns.
        """
        entry = _NEXT.search(self.headers.get("link", ""))
        if entry is None or 'results="true"' not in entry.group(0):
            return None
        cursor = _CURSOR.search(entry.group(0))
        return cursor.group(1) if cursor else None

    @property
    def is_from_glitchtip(self) -> bool:
        """Whether a list is from GlitchTip, which puts its `Link` header in braces."""
        return self.headers.get("link", "").startswith("{")

    def is_last_page(self, full_page: int = PER_PAGE) -> bool:
        """Return whether a page without a next cursor is certainly the last one.

        Sentry always sends both links, at the end the next one with `results="false"`. Without a
        link, only a page that isn't full is the last one.
        """
        link, body = self.headers.get("link", ""), self.body
        entry = _NEXT.search(link)
        if entry is not None:
            return 'results="false"' in entry.group(0)
        rows = items(body if isinstance(body, list) else mapping(body).get("data"))
        return not link and len(rows) < full_page


def read_body(response: requests.Response, deadline: Deadline) -> bytes:
    """Return the body. Raise a `SentryError` if it is larger than 32 MB, incomplete, or late."""
    chunks: list[bytes] = []
    size = 0
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > MAX_RESPONSE_BYTES:
                raise errors.SentryBadResponse(
                    f"Sentry's answer is larger than {MAX_RESPONSE_BYTES // 1024 // 1024} MB."
                )
            if deadline.left() <= 0:
                raise errors.SentryTimeout("Sentry did not finish its answer in time.")
            chunks.append(chunk)
    except urllib3.exceptions.ReadTimeoutError as error:
        raise errors.SentryTimeout("Sentry did not finish its answer in time.") from error
    except (urllib3.exceptions.ProtocolError, OSError) as error:
        raise errors.SentryUnreachable(
            "The connection to Sentry broke in the middle of an answer.", detail=class_name(error)
        ) from error
    except urllib3.exceptions.HTTPError as error:
        raise errors.SentryBadResponse(
            "Sentry's answer can't be decompressed.", detail=class_name(error)
        ) from error
    return b"".join(chunks)


def parse_response(response: requests.Response, content: bytes, *, secret: str) -> ApiResponse:
    """Decode the response. Raise the `SentryError` for its status and body.

    The error's detail is redacted in case Sentry repeats the `secret` token.
    """
    headers = {name.lower(): value for name, value in response.headers.items()}
    if response.status_code != requests.codes.ok:
        # The API itself sends JSON or nothing.
        is_html = headers.get("content-type", "").lower().startswith("text/html")
        is_web_page = is_html and content.lstrip()[:1] == b"<"
        if response.status_code == requests.codes.not_found and is_web_page:
            raise errors.SentryUnknownRoute(
                "The server doesn't have this API endpoint.", detail="404 with a web page"
            )
        detail = _detail(content).replace(secret, "<token>") if secret else _detail(content)
        raise _error_for(response.status_code, headers, detail)
    try:
        body = json.loads(content)
        if b"\\ud" in content or b"\\uD" in content:
            body = _without_lone_surrogates(body)
    except (ValueError, RecursionError) as error:
        raise errors.SentryBadResponse(
            "Sentry's answer is not JSON.",
            detail=f"Content-Type {headers.get('content-type', 'not given')}",
        ) from error
    return ApiResponse(body=body, headers=headers)


def _without_lone_surrogates(value: object) -> object:
    """Replace lone surrogates, which JSON can express and UTF-8 can't."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {
            str(_without_lone_surrogates(name)): _without_lone_surrogates(item)
            for name, item in value.items()
        }
    return value


_ERRORS_BY_STATUS: dict[int, tuple[type[errors.SentryError], str]] = {
    401: (errors.SentryAuthRefused, "Sentry doesn't accept the token."),
    403: (errors.SentryPermissionMissing, "The token isn't allowed to read this."),
    404: (errors.SentryNotFound, "Sentry has nothing at this address."),
    408: (errors.SentryTimeout, "Sentry gave up waiting for the request."),
    410: (errors.SentryRetired, "Sentry has turned off an address that Triage uses."),
    504: (errors.SentryTimeout, "Sentry did not finish the query in time."),
}


def _error_for(status: int, headers: Mapping[str, str], detail: str) -> errors.SentryError:
    full_detail = " ".join(filter(None, (str(status), detail, retirement(headers))))
    if status == 429:
        return errors.SentryRateLimited(
            "Sentry limits how often we can send requests.",
            retry_after=_seconds_to_wait(headers),
            detail=full_detail,
        )
    kind, message = _kind_of(status, detail)
    return kind(message, detail=full_detail)


def _kind_of(status: int, detail: str) -> tuple[type[errors.SentryError], str]:
    """Return the error's class and message."""
    if status in _ERRORS_BY_STATUS:
        return _ERRORS_BY_STATUS[status]
    if status >= 500:
        return errors.SentryServerError, "Sentry failed on its side."
    if 300 <= status < 400:
        return errors.SentryBadResponse, f"Sentry redirected us to another address ({status})."
    if status < 300:
        return errors.SentryBadResponse, f"Sentry sent an empty answer ({status})."
    return _refusal(status, detail)


def _refusal(status: int, detail: str) -> tuple[type[errors.SentryError], str]:
    """Return the class and message for any other 4xx; older servers send 400 for slow queries."""
    if detail.startswith("Invalid date range"):
        return errors.SentryOutsideRetention, "The window is older than what Sentry keeps."
    if status == requests.codes.bad_request:
        if _ONE_PROJECT.search(detail):
            return errors.SentryOneProjectOnly, "Only one project at a time can be searched."
        if _TIMED_OUT.search(detail) and not _INVALID_QUERY.search(detail):
            return _ERRORS_BY_STATUS[504]
    return errors.SentryRejectedQuery, "Sentry didn't accept this search."


# https://github.com/getsentry/sentry/blob/master/src/sentry/api/helpers/deprecation.py
_RETIREMENT_HEADERS = ("X-Sentry-Deprecation-Date", "X-Sentry-Replacement-Endpoint")


def retirement(headers: Mapping[str, str]) -> str:
    """Return the headers with which Sentry announces the end of an endpoint, or nothing."""
    found = ((name, headers.get(name.lower(), "")[:200]) for name in _RETIREMENT_HEADERS)
    return ", ".join(f"{name}: {value}" for name, value in found if value)


def _detail(content: bytes) -> str:
    """Return the error text of a body, shortened; `detail` may be text, an object, or missing."""
    text = content[:4000].decode("utf-8", errors="replace")
    try:
        body: object = json.loads(text)
    except (ValueError, RecursionError):
        return re.sub(r"(?:<[^>]{0,200}>|\s)+", " ", text).strip()[:300]
    detail: object = body.get("detail", body) if isinstance(body, dict) else body
    if isinstance(detail, dict):
        known = detail.get("message") or detail.get("code") or _invalid_parts(detail)
        detail = known or json.dumps(detail)
    return "" if detail is None else str(detail)[:300]


def _invalid_parts(validation: Mapping[str, object]) -> str:
    """Return what Sentry's check of a search (`/events/validate/`) finds invalid."""
    parts = []
    for name, group in validation.items():
        for part in group if isinstance(group, list) else [group]:
            if isinstance(part, dict) and part.get("valid") is False:
                parts.append(f"{part.get('name') or name}: {part.get('error')}")
    return "; ".join(parts)


def _seconds_to_wait(headers: Mapping[str, str]) -> float:
    """Return `Retry-After` (RFC 9110: seconds or a date), else Sentry's reset, else a second."""
    after = headers.get("retry-after", "").strip()
    if after.isascii() and after.isdigit():
        return min(float(after[:9]), _MAX_RETRY_AFTER_S)
    retry_at = _epoch(after)
    if retry_at is not None:
        return min(max(1.0, retry_at - _server_time(headers)), _MAX_RETRY_AFTER_S)
    if headers.get("x-sentry-rate-limit-concurrentremaining", "").strip() == "0":
        return _CONCURRENCY_WAIT_S
    return seconds_to_reset(headers) or _CONCURRENCY_WAIT_S


def seconds_to_reset(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until Sentry's rate limit resets, at least 1; None if unknown."""
    try:
        reset = float(headers.get("x-sentry-rate-limit-reset", ""))
    except ValueError:
        return None
    return min(max(1.0, reset - _server_time(headers)), _MAX_RETRY_AFTER_S)


def _server_time(headers: Mapping[str, str]) -> float:
    """Return the time by the server's clock (epoch seconds), which its own times refer to."""
    now = _epoch(headers.get("date", ""))
    return time.time() if now is None else now


def _epoch(date: str) -> float | None:
    """Return an HTTP date (RFC 9110, 5.6.7) as epoch seconds, or None."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def class_name(error: Exception) -> str:
    """Return the error's class name; its text can contain a URL with the customer in it."""
    return type(error).__name__


# Transport: connections, retries, and redirects.

Params = Sequence[tuple[str, str]]

TRIES = 3
CONNECT_TIMEOUT_S = 5.0
_MAX_RATE_LIMIT_WAIT_S = 8.0
_FIRST_WAIT_S = 0.25
_MAX_RETRY_WAIT_S = 4.0
_MIN_TIMEOUT_S = 0.05
_IDS = re.compile(r"/(?:[0-9a-f]{32}|\d+)(?=/|$)")

# Sentry counts endpoints without a limit of their own together.
SHARED_LIMIT = "/shared"
_SHARES_LIMIT = re.compile(
    r"/organizations/[^/]+/(?:issues/\*/events|replays)/|/projects/[^/]+/[^/]+/events/\*/"
)
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


class _BearerAuth(AuthBase):
    """Sets the header itself; otherwise a .netrc entry could replace the token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Transport:
    """A pooled session to one Sentry. Safe to use from several threads."""

    def __init__(
        self, config: SentryConfig, slots: PrioritySlots | RelatedSlots, *, tries: int
    ) -> None:
        """With one try, for optional calls, the timeout to connect is a second."""
        self._rate_limiter = slots.rate_limiter
        self._slots = slots
        self._tries = tries
        self._connect_s = CONNECT_TIMEOUT_S if tries > 1 else 1.0
        self._open_requests = OpenRequests()
        self._api_root = f"{config.base_url.rstrip('/')}/api/0"
        reach = OutboundPolicy.of([config.base_url], config.private_hosts)
        adapter = AbortableAdapter(reach, pool_connections=1, pool_maxsize=config.max_parallel)
        self._session = OutboundSession(reach, adapter)
        self._token = config.token
        self._session.auth = _BearerAuth(config.token)
        self._session.headers.update({"Accept": "application/json", "User-Agent": "triage"})
        self._log: list[Call] = []

    @property
    def log(self) -> tuple[Call, ...]:
        """Return the requests sent so far, in the order in which they ended."""
        return tuple(self._log)

    def get(self, path: str, params: Params, deadline: Deadline) -> ApiResponse:
        """GET `path` (below `/api/0`), with retries within the deadline.

        Raise a `SentryError`. Wait for a rate limit that ends soon; raise a longer one at once.
        """
        route = _IDS.sub("/*", path)
        route = SHARED_LIMIT if _SHARES_LIMIT.fullmatch(route) else route
        self._retrying(deadline)(self._rate_limiter.check, route)
        try:
            api_response = self._retrying(deadline)(self._get_once, path, params, deadline)
        except errors.SentryError as error:
            if not self._open_requests.is_aborted:  # an abort says nothing about Sentry
                self._rate_limiter.record_error(route, error)
            raise
        self._rate_limiter.record_response(route, api_response.headers)
        return api_response

    def abort(self) -> None:
        """Make the calls under way, and every later one, fail with `SentryTimeout`."""
        self._open_requests.abort()

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def _get_once(self, path: str, params: Params, deadline: Deadline) -> ApiResponse:
        queued = time.monotonic()
        with self._slots.slot(self._time_left(deadline)):
            sent = time.monotonic()
            try:
                return self._send_and_parse(path, params, deadline)
            except errors.SentryTimeout as error:
                waited, spent = sent - queued, time.monotonic() - sent
                if self._open_requests.is_aborted or deadline.left() > 0 or spent > waited:
                    raise
                raise errors.SentryCrowded(
                    "The call waited longer for a slot than for Sentry.", detail=error.detail
                ) from error

    def _send_and_parse(self, path: str, params: Params, deadline: Deadline) -> ApiResponse:
        address = f"{self._api_root}{path}"
        response, content = self._send(address, path, params, deadline)
        target = self._redirect_target(address, response)
        if target:
            target_params = [] if urlsplit(target).query else params
            response, content = self._send(target, path, target_params, deadline)
        return parse_response(response, content, secret=self._token)

    def _time_left(self, deadline: Deadline) -> float:
        left = deadline.left()
        if left <= 0 or self._open_requests.is_aborted:
            raise errors.SentryTimeout("The time for this lookup is up.")
        return left

    def _redirect_target(self, address: str, response: requests.Response) -> str | None:
        """Return the target of a redirect within this API; no other may get the token."""
        if response.status_code not in _REDIRECTS:
            return None
        target = urljoin(address, response.headers.get("location", ""))
        is_ours = target.startswith(f"{self._api_root}/") and "/../" not in target
        return target if is_ours and target != address else None

    def _send(
        self, address: str, path: str, params: Params, deadline: Deadline
    ) -> tuple[requests.Response, bytes]:
        started = time.monotonic()
        left = max(self._time_left(deadline), _MIN_TIMEOUT_S)
        status: int | None = None
        try:
            with (
                self._open_requests.time_limit(left),
                self._session.get(
                    address,
                    params=list(params),
                    timeout=(min(self._connect_s, left), left),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                status = response.status_code
                content = read_body(response, deadline)
        except AddressRefused as refused:
            raise errors.SentryAddressRefused(
                "Triage isn't allowed to call Sentry.", detail=str(refused)
            ) from None
        except requests.Timeout as error:
            raise errors.SentryTimeout(
                "Sentry did not answer in time.", detail=class_name(error)
            ) from error
        except (requests.ConnectionError, errors.SentryUnreachable) as error:
            if self._is_late(deadline):
                raise errors.SentryTimeout("Sentry did not finish its answer in time.") from error
            raise errors.SentryUnreachable(
                "Sentry can't be reached.", detail=class_name(error)
            ) from error
        except requests.RequestException as error:
            raise errors.SentryBadResponse(
                "The request failed.", detail=class_name(error)
            ) from error
        finally:
            call = Call(path, status, round((time.monotonic() - started) * 1000))
            self._log.append(call)
            self._rate_limiter.record_request(call)
        if self._is_late(deadline):  # aborted: what looks like the end of the body may not be it
            raise errors.SentryTimeout("Sentry did not finish its answer in time.")
        return response, content

    def _is_late(self, deadline: Deadline) -> bool:
        return deadline.left() <= 0 or self._open_requests.is_aborted

    def _retrying(self, deadline: Deadline) -> tenacity.Retrying:
        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._tries),
            wait=_wait,
            retry=tenacity.retry_if_exception(
                lambda error: not self._open_requests.is_aborted and _should_retry(error, deadline)
            ),
            before_sleep=lambda state: self._rate_limiter.record_retry(state.upcoming_sleep),
            reraise=True,
        )


def _should_retry(error: BaseException, deadline: Deadline) -> bool:
    if not isinstance(error, errors.SentryError) or not error.retryable:
        return False
    if isinstance(error, errors.SentryRateLimited):
        return error.retry_after <= min(_MAX_RATE_LIMIT_WAIT_S, deadline.left())
    return deadline.left() > _MAX_RETRY_WAIT_S / 2


def _wait(state: tenacity.RetryCallState) -> float:
    """Return seconds until the next try: as Sentry demands, or doubled from 0.25; with jitter."""
    error = state.outcome.exception() if state.outcome else None
    jitter = random.random()  # noqa: S311 - only spreads retries
    if isinstance(error, errors.SentryRateLimited):
        return error.retry_after + jitter * 0.25
    backoff = min(_FIRST_WAIT_S * 2 ** (state.attempt_number - 1), _MAX_RETRY_WAIT_S)
    return float(backoff * (0.5 + jitter))
