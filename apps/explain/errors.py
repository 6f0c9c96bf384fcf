"""How asking the model can fail. Nothing here quotes what was sent, the key, or the server."""


class ModelFailed(Exception):
    """The model could not be asked, or its answer could not be had in full.

    `detail` is for admins. `was_free` says that the server certainly did no work for it.
    """

    was_free = False

    def __init__(self, detail: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class BudgetUsedUp(ModelFailed):
    """What is left of the day does not cover the call at its most."""

    was_free = True

    def __init__(self, left: str) -> None:
        super().__init__()
        self.left = left


class Crowded(ModelFailed):
    """As many are asking in this process as may."""

    was_free = True


class NotConnected(ModelFailed):
    """There was no connection."""

    was_free = True


class AddressForbidden(ModelFailed):
    """The name of the host leads where we may not call."""

    was_free = True


class KeyRefused(ModelFailed):
    """401 or 403."""

    was_free = True


class ModelUnknown(ModelFailed):
    """404."""

    was_free = True


class RateLimited(ModelFailed):
    """429."""

    was_free = True


class AccountEmpty(ModelFailed):
    """402, or 429 for an account without money."""

    was_free = True


class MessageTooLong(ModelFailed):
    """The message is longer than the model can read."""

    was_free = True


class ContentRefused(ModelFailed):
    """The server would not answer this content."""


class RequestRefused(ModelFailed):
    """Any other 4xx, and a redirect."""

    was_free = True


class ServerBroken(ModelFailed):
    """5xx, or an error told in the stream."""


class TookTooLong(ModelFailed):
    """The time was over."""


class BrokenOff(ModelFailed):
    """The connection ended in the middle."""


class Unreadable(ModelFailed):
    """What came is no answer of the protocol."""


class TooMuch(ModelFailed):
    """The answer went on beyond all bounds, or beyond the tokens it may have."""
