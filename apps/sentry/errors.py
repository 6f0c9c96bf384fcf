"""What can go wrong with a call to Sentry. Callers decide by class, never by text."""


class SentryError(Exception):
    """Base class. `message` is for admins; `detail` is Sentry's own text, never with a token.

    `retryable` says whether another try can help.
    """

    retryable = False

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class SentryUnreachable(SentryError):
    """No connection, or it broke in the middle of a response."""

    retryable = True


class SentryAddressRefused(SentryError):
    """The configured host resolves to an address that must not be called."""


class SentryTimeout(SentryError):
    """No response within the deadline, or Sentry's query timed out (408, 504)."""

    retryable = True


class SentryCrowded(SentryTimeout):
    """No slot became free in time: Triage itself sends too many calls at once."""


class SentryServerError(SentryError):
    """Sentry failed (5xx)."""

    retryable = True


class _RetryLater(SentryError):
    def __init__(self, message: str, *, retry_after: float, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.retry_after = retry_after


class SentryRateLimited(_RetryLater):
    """Sentry's rate limit is used up (429)."""

    retryable = True


class SentryResting(_RetryLater):
    """The circuit breaker is open after repeated failures."""


class SentryAuthRefused(SentryError):
    """The token is missing, wrong, or expired (401)."""


class SentryPermissionMissing(SentryError):
    """The token is valid but lacks a permission (403)."""


class SentryNotFound(SentryError):
    """No organization, project, issue, or event that the token can see (404)."""


class SentryUnknownRoute(SentryNotFound):
    """A 404 with a web page: the server has no such endpoint (GlitchTip)."""


class SentryProjectUnseen(SentryNotFound):
    """The token can see none of the requested projects."""


class SentryRejectedQuery(SentryError):
    """Sentry didn't accept the request (400 and other 4xx)."""


class SentryRetired(SentryRejectedQuery):
    """Sentry has turned this endpoint off, for some minutes a day or for good (410)."""


class SentryOneProjectOnly(SentryRejectedQuery):
    """The organization can't search several projects at once (400)."""


class SentryOutsideRetention(SentryRejectedQuery):
    """The whole window is outside Sentry's retention."""


class SentryBadResponse(SentryError):
    """An unreadable response: not JSON, truncated, too large, or of an unknown shape."""
