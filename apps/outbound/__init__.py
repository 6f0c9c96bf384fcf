"""Which addresses this process may call, and sessions that call no other. Knows no Django."""

from apps.outbound.reach import AddressRefused, Reach
from apps.outbound.session import GuardedAdapter, GuardedHTTP, GuardedHTTPS, OutboundSession

__all__ = [
    "AddressRefused",
    "GuardedAdapter",
    "GuardedHTTP",
    "GuardedHTTPS",
    "OutboundSession",
    "Reach",
]
