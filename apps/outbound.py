"""Outbound requests: allowed origins, checked network addresses, and limits.

`OutboundSession` is for `requests`; `apps.explain.transport` does the same for `httpx2`.
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

# Names that exist only in private networks; anyone could register others.
_PRIVATE_NAME = re.compile(
    r"[^.]+|(?:.+\.)?(?:localhost|local|internal|intranet|lan|home\.arpa)", re.IGNORECASE
)
# Link-local and multicast, and where clouds serve the credentials of their machines.
_NEVER = [
    *map(ip_network, ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32")),
    *map(ip_network, ("::/128", "fe80::/10", "ff00::/8")),
    *map(ip_network, ("168.63.129.16/32", "192.0.0.192/32", "100.100.100.200/32")),
    *map(ip_network, ("fd00:ec2::254/128", "fd20:ce::254/128")),
]
# The private and reserved networks that `is_global` of some Python versions does not know.
_SPECIAL = [
    *map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4")),
    *map(ip_network, ("2001::/23", "2001:db8::/32", "3fff::/20")),
]
_PUBLIC_IPV6 = ip_network("2000::/3")
UNKNOWN_HOST = "The host name couldn't be found."
_DEFAULT_PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int]


class AddressRefused(Exception):
    """An address that must not be called. The message contains only configured hosts."""


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """The origins that may be called: scheme, host, and port, exactly as configured.

    A host may resolve to a private address only if it is private by its form (an IP address, or
    a name that exists only in private networks) or in `private_hosts`. Link-local addresses,
    where clouds serve credentials of their machines, are never allowed.
    """

    origins: frozenset[Origin]
    private_hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, addresses: Iterable[str], private_hosts: Iterable[str] = ()) -> "OutboundPolicy":
        """Return the policy for configured URLs. Raise `AddressRefused` for an invalid one."""
        names = frozenset(host.lower() for host in private_hosts)
        return cls(frozenset(_origin(address) for address in addresses), names)

    def check(self, address: str) -> None:
        """Raise `AddressRefused` unless the URL has a configured origin."""
        if _origin(address) not in self.origins:
            raise AddressRefused("The address isn't on a configured host.")

    def check_resolved(self, host: str, resolved: str) -> None:
        """Raise `AddressRefused` if the host must not resolve to this IP address."""
        address = _unwrapped(ip_address(resolved.partition("%")[0]))
        # A network's own NAT64 leads to the IPv4 address at the end.
        reached = IPv4Address(address.packed[12:]) if address in _LOCAL_NAT64 else address
        if any(one in network for network in _NEVER for one in (address, reached)):
            raise AddressRefused(f"{host} points to an address that no server can have.")
        name = host.lower().strip("[]").rstrip(".")
        is_special = not address.is_global or any(address in network for network in _SPECIAL)
        if address.version == 6 and address not in _PUBLIC_IPV6:
            is_special = True
        if is_special and not (name in self.private_hosts or _is_private_name(name)):
            raise AddressRefused(
                f"{host} points to a private address. If that's intended, add it to "
                "TRIAGE_PRIVATE_HOSTS."
            )


def _origin(address: str) -> Origin:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise AddressRefused("The address is invalid.") from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc:
        raise AddressRefused("The address must be a web address without a username.")
    return parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme]


def _is_private_name(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return bool(_PRIVATE_NAME.fullmatch(name)) and not name.isdigit()
    return True


_NAT64, _LOCAL_NAT64 = ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48")
_COMPATIBLE, _TRANSLATED = ip_network("::/96"), ip_network("::ffff:0:0:0/96")


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address embedded in an IPv6 address (`::10.0.0.1`, 6to4, NAT64)."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour or address
    if address in _NAT64 or address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(address.packed[12:])
    return address


def resolve(host: str, port: int, error: Exception) -> list[str]:
    """Return the IP addresses of the host. Raise the error if there are none."""
    try:
        rows = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as cause:
        raise error from cause
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


class _Guarded(HTTPConnection):
    """Resolves the name once, checks all addresses, and connects only to them (DNS rebinding)."""

    policy: OutboundPolicy

    def _new_conn(self) -> socket.socket:
        if self.proxy is not None:  # from the environment; it resolves the name itself
            return super()._new_conn()
        name = self._dns_host
        addresses = resolve(name, self.port, NewConnectionError(self, UNKNOWN_HOST))
        for address in addresses:
            self.policy.check_resolved(name, address)
        try:
            for address in addresses[:-1]:
                try:
                    return self._connected_to(address)
                except NewConnectionError:
                    continue
            return self._connected_to(addresses[-1])
        finally:
            self._dns_host = name

    def _connected_to(self, address: str) -> socket.socket:
        self._dns_host = address
        return super()._new_conn()


class GuardedHTTP(_Guarded):
    """A plain connection with a policy."""


class GuardedHTTPS(_Guarded, HTTPSConnection):
    """A TLS connection with a policy; the certificate is checked against the name."""


class GuardedAdapter(HTTPAdapter):
    """An adapter with a policy for its connections."""

    plain: type[GuardedHTTP] = GuardedHTTP
    secure: type[GuardedHTTPS] = GuardedHTTPS

    def __init__(self, policy: OutboundPolicy, **options: Any) -> None:
        self._policy = policy
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Create pools of guarded connections."""
        super().init_poolmanager(*args, **options)
        attributes = {"policy": self._policy}
        http = type("Connection", (self.plain,), attributes)
        https = type("Connection", (self.secure,), attributes)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": http}),
            "https": type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": https}),
        }


class OutboundSession(requests.Session):
    """A session that raises `AddressRefused` for requests and redirects to other origins."""

    def __init__(self, policy: OutboundPolicy, adapter: GuardedAdapter | None = None) -> None:
        super().__init__()
        self.policy = policy
        guarded = adapter or GuardedAdapter(policy)
        self.mount("http://", guarded)
        self.mount("https://", guarded)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        self.policy.check(request.url or "")
        return super().send(request, **options)
