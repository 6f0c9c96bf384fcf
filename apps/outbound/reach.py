"""The rules: which address may be called, and to which network address its name may lead."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

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
