"""Which addresses this process may call, and sessions that call no other. Knows no Django."""

from apps.outbound.reach import AddressRefused, Reach
from apps.outbound.session import GuardedAdapter, GuardedHTTP, GuardedHTTPS, OutboundSession
from apps.outbound.streaming import AnswerTooLarge, Bounds, GuardedTransport

__all__ = [
    "AddressRefused",
    "AnswerTooLarge",
    "Bounds",
    "GuardedAdapter",
    "GuardedHTTP",
    "GuardedHTTPS",
    "GuardedTransport",
    "OutboundSession",
    "Reach",
]
