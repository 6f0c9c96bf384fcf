"""Why Sentry could not be asked, or did not answer. The class decides, never the text."""


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
