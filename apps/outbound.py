"""The rules: which address may be called, and to which network address its name may lead."""

import re
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from ssl import SSLContext
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import httpx2
import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

# Names that only a private network gives; everything else could be registered by anybody.
_PRIVATE_NAME = re.compile(
    r"[^.]+|(?:.+\.)?(?:localhost|local|internal|intranet|lan|home\.arpa)", re.IGNORECASE
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int]


class AddressRefused(Exception):
    """An address that must not be called. The text names hosts of the configuration only."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The origins that may be called: scheme, host and port, each exactly as configured.

    A host may lead into a private network only if it is written as such (an IP address, a name
    that only private networks have) or stands in `private_hosts`. Nothing leads to a link-local
    address, where clouds keep the credentials of their machines.
    """

    origins: frozenset[Origin]
    private_hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, addresses: Iterable[str], private_hosts: Iterable[str] = ()) -> "Reach":
        """The reach of these configured addresses. Raises `AddressRefused` for a broken one."""
        names = frozenset(host.lower() for host in private_hosts)
        return cls(frozenset(_origin(address) for address in addresses), names)

    def check(self, address: str) -> None:
        """Raises `AddressRefused` when the address is on no configured origin."""
        if _origin(address) not in self.origins:
            raise AddressRefused("The address isn't on a configured host.")

    def check_resolved(self, host: str, resolved: str) -> None:
        """Raises `AddressRefused` when the host must not lead to this network address."""
        found = _unwrapped(ip_address(resolved.partition("%")[0]))
        if found.is_link_local or found.is_multicast or found.is_unspecified:
            raise AddressRefused(f"{host} points to an address that no server can have.")
        if not found.is_global and not self._is_private_on_purpose(host):
            raise AddressRefused(
                f"{host} points to a private address. If that's intended, add it to "
                "TRIAGE_PRIVATE_HOSTS."
            )

    def _is_private_on_purpose(self, host: str) -> bool:
        name = host.lower().strip("[]").rstrip(".")
        return name in self.private_hosts or _is_literal(name) or _is_private_name(name)


def _origin(address: str) -> Origin:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise AddressRefused("The address cannot be read.") from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc:
        raise AddressRefused("The address must be a web address without a username.")
    return parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme]


def _is_literal(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_private_name(name: str) -> bool:
    return bool(_PRIVATE_NAME.fullmatch(name)) and not name.isdigit()


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address inside one that only carries it (`::ffff:10.0.0.1`, 6to4, NAT64)."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour or address
    if address.packed[:12] == bytes.fromhex("0064ff9b0000000000000000"):
        return IPv4Address(address.packed[12:])
    return address


# Connections that go only where their reach allows, to the very address that was checked.


class _Guarded(HTTPConnection):
    """Asks the name's addresses once, checks all of them, and connects to those and no others.

    A name that is asked again between check and connection could have changed (DNS rebinding).
    """

    reach: Reach

    def _new_conn(self) -> socket.socket:
        if self.proxy is not None:  # configured in the environment; it resolves the name itself
            return super()._new_conn()
        name = self._dns_host
        addresses = self._addresses(name)
        for address in addresses:
            self.reach.check_resolved(name, address)
        try:
            for address in addresses[:-1]:
                try:
                    return self._connected_to(address)
                except NewConnectionError:
                    continue
            return self._connected_to(addresses[-1])
        finally:
            self._dns_host = name

    def _addresses(self, name: str) -> list[str]:
        try:
            found = socket.getaddrinfo(name.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NewConnectionError(self, "The host name couldn't be found.") from error
        return list(dict.fromkeys(str(row[4][0]) for row in found))

    def _connected_to(self, address: str) -> socket.socket:
        self._dns_host = address
        return super()._new_conn()


class GuardedHTTP(_Guarded):
    """A plain connection with a reach."""


class GuardedHTTPS(_Guarded, HTTPSConnection):
    """A TLS connection with a reach; the certificate is checked against the name."""


class GuardedAdapter(HTTPAdapter):
    """An adapter whose connections keep to a reach."""

    plain: type[GuardedHTTP] = GuardedHTTP
    secure: type[GuardedHTTPS] = GuardedHTTPS

    def __init__(self, reach: Reach, **options: Any) -> None:
        self._reach = reach
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Let the pool make guarded connections."""
        super().init_poolmanager(*args, **options)
        told = {"reach": self._reach}
        http = type("Connection", (self.plain,), told)
        https = type("Connection", (self.secure,), told)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": http}),
            "https": type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": https}),
        }


class OutboundSession(requests.Session):
    """A session that calls the configured origins only; each hop of a redirect is checked too.

    Raises `AddressRefused` instead of sending anything elsewhere.
    """

    def __init__(self, reach: Reach, adapter: GuardedAdapter | None = None) -> None:
        super().__init__()
        self.reach = reach
        guarded = adapter or GuardedAdapter(reach)
        self.mount("http://", guarded)
        self.mount("https://", guarded)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request, or refuse its address."""
        self.reach.check(request.url or "")
        return super().send(request, **options)


# A transport for the `httpx2` library with the same rules as `OutboundSession`, for one call.
#
# A call has a time at which it is over, whatever still drips in, and a most that its answer may
# hold.

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
