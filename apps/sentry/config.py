"""Where Sentry is, as whom we ask, and how far we go."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from apps.events.answer import Signal


class Flavor(StrEnum):
    """What kind of server answers. `AUTO` finds out with the first list of events."""

    AUTO = "auto"
    SENTRY = "sentry"
    GLITCHTIP = "glitchtip"


@dataclass(frozen=True, slots=True)
class SentryConfig:
    """Everything a client needs to know. The token never shows in `repr`.

    `base_url` is the host without `/api/0`; `retention_days` is how long Sentry keeps events
    (90 on most plans and on self-hosted servers, 30 on some). `one_project` is true where it is
    known that only one project at a time can be searched; where it is not, that is found out.
    `private_hosts` are names that may lead into a private network.
    `signals` are asked beside the events, and a ready answer waits so long for them at most.
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


def cloud_root(address: str) -> str | None:
    """The address without its path if it is a region of Sentry's cloud: no other gets the token."""
    try:
        parts = urlsplit(address)
        is_sentrys = parts.scheme == "https" and parts.port in (None, 443)
    except ValueError:
        return None
    host = parts.hostname or ""
    return f"https://{host}" if is_sentrys and host.endswith(".sentry.io") else None
