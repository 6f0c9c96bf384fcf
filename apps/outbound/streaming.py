"""A transport for the `httpx2` library with the same rules as `OutboundSession`, for one call.

A call has a time at which it is over, whatever still drips in, and a most that its answer may hold.
"""

import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ssl import SSLContext
from time import monotonic
from typing import Any

import httpcore2
import httpx2
from requests.utils import get_environ_proxies, select_proxy

from apps.outbound.reach import Reach

_PIECE = 65536


class AnswerTooLarge(httpx2.StreamError):
    """The answer holds more than it may."""

    def __init__(self) -> None:
        super().__init__("The answer is larger than it may be.")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long one call may take in all, from its making on, and how much it may bring."""

    seconds: float
    answer_bytes: int


class GuardedTransport(httpx2.BaseTransport):
    """Sends to the origins of its reach only, and follows no redirect.

    Raises `AddressRefused` instead of sending elsewhere, `httpx2.TimeoutException` once the time
    is over, and `AnswerTooLarge`. A proxy of the environment resolves names itself, so there only
    the origin is checked.
    """

    def __init__(self, reach: Reach, bounds: Bounds, context: SSLContext | None = None) -> None:
        self._reach = reach
        self._most = bounds.answer_bytes
        self._clock = _Clock(monotonic() + bounds.seconds)
        self._context = context or httpx2.create_ssl_context(trust_env=True)
        self._inner = httpx2.HTTPTransport(verify=self._context, trust_env=False)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, whose body is read as it comes."""
        address = str(request.url)
        self._reach.check(address)
        # A packed answer could be small here and endless when unpacked.
        request.headers["Accept-Encoding"] = "identity"
        self._inner._pool = self._pool_for(address)
        response = self._inner.handle_request(request)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            response.close()
            raise httpx2.DecodingError("The answer is packed, which was not asked for.")
        assert isinstance(response.stream, httpx2.SyncByteStream)  # noqa: S101 - the call is no async one
        response.stream = _Bounded(response.stream, self._most)
        return response

    def close(self) -> None:
        """Hang up."""
        self._inner.close()

    def _pool_for(self, address: str) -> httpcore2.ConnectionPool:
        proxy = select_proxy(address, get_environ_proxies(address))
        if not proxy:
            backend = _Pinned(self._reach, self._clock)
            return httpcore2.ConnectionPool(ssl_context=self._context, network_backend=backend)
        told = httpx2.Proxy(url=proxy if "://" in proxy else f"http://{proxy}")
        if told.url.scheme not in ("http", "https"):
            raise httpx2.UnsupportedProtocol("Only a proxy that speaks HTTP can be used.")
        return httpcore2.HTTPProxy(
            proxy_url=str(told.url),
            proxy_auth=told.raw_auth,
            ssl_context=self._context,
            network_backend=_Timed(self._clock),
        )


class _Clock:
    """What is left of a call's time."""

    def __init__(self, end: float) -> None:
        self._end = end

    def left(self, wanted: float | None, over: type[httpcore2.TimeoutException]) -> float:
        left = self._end - monotonic()
        if left <= 0:
            raise over("The call's time is over.")
        return left if wanted is None else min(left, wanted)


class _Timed(httpcore2.SyncBackend):
    """Connections that end with the call's time."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *rest: Any, **options: Any
    ) -> httpcore2.NetworkStream:
        left = self._clock.left(timeout, httpcore2.ConnectTimeout)
        return _TimedStream(super().connect_tcp(host, port, left, *rest, **options), self._clock)


class _Pinned(_Timed):
    """Asks the name's addresses once, checks all of them, and connects to those and no others."""

    def __init__(self, reach: Reach, clock: _Clock) -> None:
        super().__init__(clock)
        self._reach = reach

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *rest: Any, **options: Any
    ) -> httpcore2.NetworkStream:
        addresses = _addresses(host, port)
        for address in addresses:
            self._reach.check_resolved(host, address)
        for address in addresses[:-1]:
            try:
                return super().connect_tcp(address, port, timeout, *rest, **options)
            except httpcore2.ConnectError:
                continue
        return super().connect_tcp(addresses[-1], port, timeout, *rest, **options)


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise httpcore2.ConnectError("The host name couldn't be found.") from error
    return list(dict.fromkeys(str(row[4][0]) for row in found))


class _TimedStream(httpcore2.NetworkStream):
    """A connection each of whose reads waits no longer than the call may still last."""

    def __init__(self, inner: httpcore2.NetworkStream, clock: _Clock) -> None:
        self._inner = inner
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._clock.left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            left = self._clock.left(timeout, httpcore2.WriteTimeout)
            self._inner.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._clock.left(timeout, httpcore2.ConnectTimeout)
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, left), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Bounded(httpx2.SyncByteStream):
    """A body that may hold so many bytes."""

    def __init__(self, inner: httpx2.SyncByteStream, most: int) -> None:
        self._inner = inner
        self._most = most

    def __iter__(self) -> Iterator[bytes]:
        seen = 0
        pieces: Iterable[bytes] = self._inner
        for piece in pieces:
            seen += len(piece)
            if seen > self._most:
                raise AnswerTooLarge
            yield piece

    def close(self) -> None:
        self._inner.close()
