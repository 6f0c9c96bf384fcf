"""The address that a request comes from, with and without proxies in front."""

import logging
import re
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

_FOR = re.compile(r"(?:^|;)\s*for\s*=\s*\"?([^;\"]*)", re.IGNORECASE)
_PRIVATE = [
    ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
        *("127.0.0.0/8", "::1/128", "fc00::/7", "fe80::/10"),
    )
]
_log = logging.getLogger(__name__)


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address; empty if unknown.

    Each trusted proxy adds the address that it sees, so with two of them the second from the end
    is the client's. Clients can forge whatever is before it.
    """
    hops = settings.TRIAGE_BEHIND_PROXY
    seen = forwarded_addresses(request) if hops else []
    address = parse_address(
        seen[-min(hops, len(seen))] if seen else request.META.get("REMOTE_ADDR", "")
    )
    if address is not None and looks_like_proxy(address) and _is_forwarded(request):
        _warn_once(hops)
    return str(address or "")


def forwarded_addresses(request: HttpRequest) -> list[str]:
    """Return the addresses in the header that our proxies set, the nearest one last.

    Only the header named in the settings counts: a client could send the other one.
    """
    values = [value for value in request.META.get(_variable(), "").split(",") if value.strip()]
    if settings.TRIAGE_PROXY_HEADER == "forwarded":  # RFC 7239; a proxy may not say for whom
        found = (_FOR.search(value) for value in values)
        values = [match[1] if match else "unknown" for match in found]
    return [value.strip() for value in values]


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address, without a port, brackets, and a zone; None if it is not one."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client_network(address: str, prefix: int = 64) -> str:
    """Return the network whose addresses one client can choose from: of IPv6, the /64.

    Some have a larger one, up to a /48.
    """
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, prefix), strict=False))
    return str(parsed or "")


def looks_like_proxy(address: IPv4Address | IPv6Address) -> bool:
    """Return whether the address belongs to a private network, as proxies' addresses do."""
    return any(address in network for network in _PRIVATE)


def _variable() -> str:
    return "HTTP_" + settings.TRIAGE_PROXY_HEADER.upper().replace("-", "_")


def _is_forwarded(request: HttpRequest) -> bool:
    return _variable() in request.META


@cache
def _warn_once(hops: int) -> None:
    _log.warning(
        "A forwarded request seems to come from a private address. If that is a proxy, set "
        "TRIAGE_BEHIND_PROXY (now %d) to the number of proxies in front of Triage.",
        hops,
    )
