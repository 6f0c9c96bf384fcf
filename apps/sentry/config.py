"""Configuration and the deadline of Sentry's client."""

import re
import time
from dataclasses import dataclass, field
from enum import StrEnum

from apps.events.answer import Signal


class Flavor(StrEnum):
    """The kind of server. `AUTO` detects it with the first list of events."""

    AUTO = "auto"
    SENTRY = "sentry"
    GLITCHTIP = "glitchtip"

    @property
    def product(self) -> str:
        """Return the product's name; a server of an unknown kind is called Sentry."""
        return "GlitchTip" if self is Flavor.GLITCHTIP else "Sentry"


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a server is known to differ in what it accepts for logs or spans.

    `dataset` is its name for them, `refused` are columns that it doesn't know. If it refused
    something else, it gets fewer parameters (`is_older`) or only the usual columns (`is_plain`).
    """

    dataset: str
    is_older: bool = False
    is_plain: bool = False
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentryConfig:
    """Everything a client needs to know. `repr` hides the token.

    `base_url` has no `/api/0`. `retention_days` is how long Sentry keeps events (90 on most plans
    and on self-hosted servers, 30 on some). `one_project` is true if only one project at a time is
    known to be searchable; otherwise the client detects it. `private_hosts` may resolve to private
    addresses. `signals` are read along with the events; once these are ready, the result waits
    `signals_wait_s` for them. `absent` are signals that the server is known not to have, with the
    reason; `quirks` are its peculiarities by signal.
    """

    base_url: str
    organization: str
    token: str = field(repr=False)
    projects: tuple[str, ...] = ()
    max_events: int = 500
    max_bodies: int = 50
    max_parallel: int = 4
    deadline_s: float = 25.0
    retention_days: int = 90
    flavor: Flavor = Flavor.AUTO
    one_project: bool = False
    private_hosts: tuple[str, ...] = ()
    signals: tuple[Signal, ...] = ()
    signals_wait_s: float = 0.05
    absent: tuple[tuple[Signal, str], ...] = ()
    quirks: tuple[tuple[Signal, Quirks], ...] = ()


# One label, such as in https://de.sentry.io.
_CLOUD = re.compile(r"https://([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.sentry\.io)(?::443)?/?")


def cloud_root(address: str) -> str | None:
    """Return the root of an address in Sentry's cloud, or None: no other may get the token."""
    match = _CLOUD.fullmatch(address)
    return f"https://{match[1]}" if match else None


class Deadline:
    """The end of the time for a whole lookup, counted from when this is created."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, 0 if the time is up."""
        return max(0.0, self._end - time.monotonic())
