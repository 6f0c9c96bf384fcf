"""Guarded calls of a language model with `httpx2`: allowed addresses, total time, and size."""

from collections.abc import Iterator
from ssl import SSLContext
from time import monotonic
from typing import Any

import httpcore2
import httpx2
from requests.utils import get_environ_proxies, select_proxy

from apps.outbound import UNKNOWN_HOST, OutboundPolicy, resolve

_CHUNK = 65536


class ResponseTooLarge(httpx2.StreamError):
    """A response over the limit."""

    def __init__(self) -> None:
        super().__init__("The response is too large.")


class GuardedTransport(httpx2.BaseTransport):
    """A transport for one call, which calls only allowed origins and follows no redirects.

    Raises `AddressRefused`, `ResponseTooLarge`, and `httpx2.TimeoutException` when `seconds` have
    passed since it was created. With a proxy from the environment, which resolves names itself,
    only the origin is checked.
    """

    def __init__(self, policy: OutboundPolicy, seconds: float, max_bytes: int) -> None:
        self._policy, self._max_bytes = policy, max_bytes
        self._deadline = monotonic() + seconds
        self._context = httpx2.create_ssl_context(trust_env=True)
        self._inner = httpx2.HTTPTransport(verify=self._context, trust_env=False)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the response, with a streamed body."""
        address = str(request.url)
        self._policy.check(address)
        # A compressed response could exceed the limit when decompressed.
        request.headers["Accept-Encoding"] = "identity"
        self._inner._pool = self._pool_for(address)
        response = self._inner.handle_request(request)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            response.close()
            raise httpx2.DecodingError("The response is compressed, which was not requested.")
        assert isinstance(response.stream, httpx2.SyncByteStream)  # noqa: S101 - not async
        response.stream = _LimitedStream(response.stream, self._max_bytes)
        return response

    def close(self) -> None:
        self._inner.close()

    def _pool_for(self, address: str) -> httpcore2.ConnectionPool:
        proxy = select_proxy(address, get_environ_proxies(address))
        if not proxy:
            backend = _Pinned(self._policy, self._deadline)
            return httpcore2.ConnectionPool(ssl_context=self._context, network_backend=backend)
        parsed = httpx2.Proxy(url=proxy if "://" in proxy else f"http://{proxy}")
        if parsed.url.scheme not in ("http", "https"):
            raise httpx2.UnsupportedProtocol("Only a proxy that speaks HTTP can be used.")
        return httpcore2.HTTPProxy(
            proxy_url=str(parsed.url),
            proxy_auth=parsed.raw_auth,
            ssl_context=self._context,
            network_backend=_Timed(self._deadline),
        )


def _time_left(
    deadline: float, timeout: float | None, error: type[httpcore2.TimeoutException]
) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise error("The call took too long.")
    return left if timeout is None else min(left, timeout)


class _Timed(httpcore2.SyncBackend):
    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *rest: Any, **options: Any
    ) -> httpcore2.NetworkStream:
        left = _time_left(self._deadline, timeout, httpcore2.ConnectTimeout)
        return _TimedStream(super().connect_tcp(host, port, left, *rest, **options), self._deadline)


class _Pinned(_Timed):
    """Resolves the name once, checks all IP addresses, and connects only to them."""

    def __init__(self, policy: OutboundPolicy, deadline: float) -> None:
        super().__init__(deadline)
        self._policy = policy

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *rest: Any, **options: Any
    ) -> httpcore2.NetworkStream:
        addresses = resolve(host, port, httpcore2.ConnectError(UNKNOWN_HOST))
        for address in addresses:
            self._policy.check_resolved(host, address)
        for address in addresses[:-1]:
            try:
                return super().connect_tcp(address, port, timeout, *rest, **options)
            except httpcore2.ConnectError:
                continue
        return super().connect_tcp(addresses[-1], port, timeout, *rest, **options)


class _TimedStream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream, deadline: float) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = _time_left(self._deadline, timeout, httpcore2.ReadTimeout)
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _CHUNK):
            left = _time_left(self._deadline, timeout, httpcore2.WriteTimeout)
            self._inner.write(buffer[start : start + _CHUNK], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = _time_left(self._deadline, timeout, httpcore2.ConnectTimeout)
        inner = self._inner.start_tls(ssl_context, server_hostname, left)
        return _TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _LimitedStream(httpx2.SyncByteStream):
    def __init__(self, inner: httpx2.SyncByteStream, max_bytes: int) -> None:
        self._inner, self._max_bytes = inner, max_bytes

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._inner:
            size += len(chunk)
            if size > self._max_bytes:
                raise ResponseTooLarge
            yield chunk

    def close(self) -> None:
        self._inner.close()
