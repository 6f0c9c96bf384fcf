"""Where Sentry is, as whom we ask, and how far we go."""

import time
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


# Why Sentry could not be asked, or did not answer. The class decides, never the text.


class SentryError(Exception):
    """Base of all. `message` is safe for an admin, `detail` holds what Sentry said, never a token.

    `retryable` tells the transport whether another try can help.
    """

    retryable = False

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class SentryUnreachable(SentryError):
    """No connection, or it broke in the middle of the answer."""

    retryable = True


class SentryAddressRefused(SentryError):
    """The configured host leads somewhere we must not call."""


class SentryTimeout(SentryError):
    """No answer in the time that was left, or Sentry gave up on the query (408, 504)."""

    retryable = True


class SentryCrowded(SentryTimeout):
    """No place for a call became free in time: too many of us ask at once. Sentry may be well."""


class SentryServerError(SentryError):
    """Sentry failed on its own side (5xx)."""

    retryable = True


class SentryRateLimited(SentryError):
    """Sentry refuses for a while (429). `retry_after` is in seconds."""

    retryable = True

    def __init__(self, message: str, *, retry_after: float, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.retry_after = retry_after


class SentryResting(SentryError):
    """Sentry failed again and again and is not asked for a while. `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.retry_after = retry_after


class SentryAuthRefused(SentryError):
    """The token is missing, wrong or expired (401)."""


class SentryPermissionMissing(SentryError):
    """The token is known but may not do this (403)."""


class SentryNotFound(SentryError):
    """No such organization, project, issue or event, or none that the token may see (404)."""


class SentryUnknownRoute(SentryNotFound):
    """A web page where the API should say 404: the server has no such route (GlitchTip)."""


class SentryProjectUnseen(SentryNotFound):
    """None of the projects that were asked for is one the token can see."""


class SentryRejectedQuery(SentryError):
    """Sentry did not accept the question (400 and other 4xx)."""


class SentryOneProjectOnly(SentryRejectedQuery):
    """The organization may not search several projects at once (400)."""


class SentryOutsideRetention(SentryRejectedQuery):
    """The whole window is older than what Sentry keeps."""


class SentryBadResponse(SentryError):
    """An answer that cannot be read: not JSON, cut off, too large, of an unknown shape."""


# The time a whole lookup may take.


class Deadline:
    """The moment by which a whole lookup must be done, counted from its making."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left; 0 when the time is over."""
        return max(0.0, self._end - time.monotonic())
