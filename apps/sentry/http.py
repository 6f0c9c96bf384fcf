"""One GET: session, time, size, retry and rate limits. JSON and headers out, or a SentryError."""

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
    OutboundSession,
    Reach,
)
from apps.sentry.config import (
    Deadline,
    SentryAddressRefused,
    SentryAuthRefused,
    SentryBadResponse,
    SentryConfig,
    SentryError,
    SentryNotFound,
    SentryOneProjectOnly,
    SentryOutsideRetention,
    SentryPermissionMissing,
    SentryRateLimited,
    SentryRejectedQuery,
    SentryServerError,
    SentryTimeout,
    SentryUnknownRoute,
    SentryUnreachable,
)
from apps.sentry.throttling import Pace

# Connections that can be hung up on: a time-out for one read cannot bound an answer that drips.
#
# `requests` waits anew for each piece of an answer, headers included. Here a call that is not
# over at its time has its socket shut, whatever it is reading, so that no call outlives the
# lookup.


@dataclass
class _Call:
    """One call under way; the connection is known once it is being made."""

    connection: HTTPConnection | None = None
    is_over: bool = False

    def hang_up(self) -> None:
        """Wake whoever reads from the socket: the answer ends there."""
        self.is_over = True
        sock = self.connection.sock if self.connection else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _Current(local):
    """The call of this thread."""

    call: _Call | None = None


_current = _Current()


def _note(connection: HTTPConnection) -> None:
    if _current.call is not None:
        _current.call.connection = connection


def _refuse_if_over(connection: HTTPConnection) -> None:
    """A connection that stands only after the hang-up must not carry the request any more."""
    if _current.call is not None and _current.call.is_over:
        connection.close()
        raise ConnectionAbortedError("hung up on while connecting")


class _WatchedHTTP(GuardedHTTP):
    def connect(self) -> None:
        super().connect()
        _refuse_if_over(self)

    def request(self, *args: Any, **options: Any) -> None:
        _note(self)
        super().request(*args, **options)


class _WatchedHTTPS(GuardedHTTPS):
    def connect(self) -> None:
        super().connect()
        _refuse_if_over(self)

    def request(self, *args: Any, **options: Any) -> None:
        _note(self)
        super().request(*args, **options)


class WatchedAdapter(GuardedAdapter):
    """An adapter whose connections `OpenCalls` can reach."""

    plain = _WatchedHTTP
    secure = _WatchedHTTPS


class OpenCalls:
    """The calls under way of one client, which can all be hung up on at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: list[_Call] = []
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """Whether all were hung up on."""
        with self._lock:
            return self._is_over

    def hang_up(self) -> None:
        """End every call that is under way and let none begin; each of them fails."""
        with self._lock:
            self._is_over = True
            for call in self._calls:
                call.hang_up()

    @contextmanager
    def hung_up_after(self, seconds: float) -> Iterator[None]:
        """Shut the socket of this thread's call when the block is not left in time."""
        call = _Call()
        timer = Timer(seconds, call.hang_up)
        timer.daemon = True
        _current.call = call
        with self._lock:
            call.is_over = self._is_over
            self._calls.append(call)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            _current.call = None
            with self._lock:
                self._calls.remove(call)


# What came over the wire: read within time and size, decoded, or turned into a `SentryError`.

LARGEST_ANSWER = 32 * 1024 * 1024
_CHUNK = 64 * 1024
_CONCURRENCY_WAIT_S = 1.0
_MAX_RETRY_AFTER_S = 3600.0
_TIMED_OUT = re.compile(r"\btime(?:d[ -]?)?[ -]?out\b", re.IGNORECASE)
_ABOUT_THE_QUERY = re.compile(r"invalid|parsing|quote", re.IGNORECASE)
_ONE_PROJECT = re.compile(r"multiple projects|multi[ -]project", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer: the decoded JSON, and the headers with their names in lower case."""

    body: object
    headers: Mapping[str, str]


def read_content(response: requests.Response, deadline: Deadline) -> bytes:
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
            "The connection to Sentry broke in the middle of an answer.", detail=name_of(error)
        ) from error
    except urllib3.exceptions.HTTPError as error:
        raise SentryBadResponse(
            "Sentry's answer cannot be unpacked.", detail=name_of(error)
        ) from error
    return b"".join(chunks)


def reply_of(response: requests.Response, content: bytes, *, secret: str) -> Reply:
    """The decoded answer. Raises the `SentryError` that status and body stand for.

    `secret` is taken out of what Sentry said, should it repeat the token.
    """
    headers = {name.lower(): value for name, value in response.headers.items()}
    if response.status_code != requests.codes.ok:
        if response.status_code == requests.codes.not_found and _is_page(headers, content):
            raise SentryUnknownRoute(
                "The server knows no such address of the API.", detail="404 with a web page"
            )
        said = _detail(content).replace(secret, "<token>") if secret else _detail(content)
        raise _error_for(response.status_code, headers, said)
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


def _is_page(headers: Mapping[str, str], content: bytes) -> bool:
    """Whether this is a web page and not the API's own word, which is JSON or empty."""
    is_html = headers.get("content-type", "").lower().startswith("text/html")
    return is_html and content.lstrip()[:1] == b"<"


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
    404: (SentryNotFound, "Sentry has nothing at this address."),
    408: (SentryTimeout, "Sentry gave up waiting for the request."),
    504: (SentryTimeout, "Sentry did not finish the query in time."),
}


def _error_for(status: int, headers: Mapping[str, str], detail: str) -> SentryError:
    said = f"{status} {detail}".strip()
    if status == 429:
        return SentryRateLimited(
            "Sentry limits how often we can ask.",
            retry_after=_seconds_to_wait(headers),
            detail=said,
        )
    if status in _PLAIN_ERRORS:
        kind, message = _PLAIN_ERRORS[status]
        return kind(message, detail=said)
    if status >= 500:
        return SentryServerError("Sentry failed on its side.", detail=said)
    if 300 <= status < 400:
        return SentryBadResponse(f"Sentry sent us to another address ({status}).", detail=said)
    if status < 300:
        return SentryBadResponse(f"Sentry sent an empty answer ({status}).", detail=said)
    return _refusal(status, detail, said)


def _refusal(status: int, detail: str, said: str) -> SentryError:
    """What a 400 or another 4xx means; older servers use it for queries that took too long."""
    if detail.startswith("Invalid date range"):
        return SentryOutsideRetention("The window is older than what Sentry keeps.", detail=said)
    if status == requests.codes.bad_request and _ONE_PROJECT.search(detail):
        return SentryOneProjectOnly("Only one project at a time can be searched.", detail=said)
    if (
        status == requests.codes.bad_request
        and _TIMED_OUT.search(detail)
        and not _ABOUT_THE_QUERY.search(detail)
    ):
        return SentryTimeout("Sentry did not finish the query in time.", detail=said)
    return SentryRejectedQuery("Sentry didn't accept this search.", detail=said)


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
    if after.isascii() and after.isdigit():
        return min(float(after[:9]), _MAX_RETRY_AFTER_S)
    asked = _epoch(after)
    if asked is not None:
        return min(max(1.0, asked - server_time(headers)), _MAX_RETRY_AFTER_S)
    if headers.get("x-sentry-rate-limit-concurrentremaining", "").strip() == "0":
        return _CONCURRENCY_WAIT_S
    return seconds_to_reset(headers) or _CONCURRENCY_WAIT_S


def seconds_to_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until Sentry's limit starts anew, at least one; None when it does not say."""
    try:
        reset = float(headers.get("x-sentry-rate-limit-reset", ""))
    except ValueError:
        return None
    return min(max(1.0, reset - server_time(headers)), _MAX_RETRY_AFTER_S)


def server_time(headers: Mapping[str, str]) -> float:
    """What time it is on the server (epoch seconds): its own times are meant by its own clock."""
    told = _epoch(headers.get("date", ""))
    return time.time() if told is None else told


def _epoch(date: str) -> float | None:
    """An HTTP date (RFC 9110, 5.6.7) as epoch seconds."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def name_of(error: Exception) -> str:
    """The error's class: its text can hold the address with the customer in it."""
    return type(error).__name__


Params = Sequence[tuple[str, str]]

TRIES = 3
CONNECT_TIMEOUT_S = 5.0
NEAR_S = 8.0
_FIRST_WAIT_S = 0.25
_MAX_RETRY_WAIT_S = 4.0
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
    return deadline.left() > _MAX_RETRY_WAIT_S / 2


def _wait(state: tenacity.RetryCallState) -> float:
    """Seconds until the next try: what Sentry asks for, or doubling from 0.25 s; with jitter."""
    error = state.outcome.exception() if state.outcome else None
    jitter = random.random()  # noqa: S311 - spreads the tries of many, protects nothing
    if isinstance(error, SentryRateLimited):
        return error.retry_after + jitter * 0.25
    backoff = min(_FIRST_WAIT_S * 2 ** (state.attempt_number - 1), _MAX_RETRY_WAIT_S)
    return float(backoff * (0.5 + jitter))
