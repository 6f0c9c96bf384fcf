"""How calls to the language model can fail, in plain words."""

from dataclasses import replace
from typing import ClassVar

from apps.lookups.problems import Problem

_ASK_ADMIN = "Tell your Triage admin. It's nothing you typed."
_TRY_AGAIN = "Try again in a minute. If it keeps happening, tell your Triage admin."
_SHORTER = "The part above may still help. If this happens often, tell your Triage admin."


class ModelFailed(Exception):
    """The call failed, or the answer is incomplete.

    `detail` is for admins and never quotes the message, the key, or the server. `was_free` means
    that the call certainly cost nothing.
    """

    was_free = False
    _problem: ClassVar[Problem]

    def __init__(self, detail: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after

    @property
    def problem(self) -> Problem:
        """Return the failure as shown to people."""
        problem, seconds = replace(self._problem, detail=self.detail), self.retry_after
        if seconds is None:
            return problem
        step = f"Try again in {seconds} second{'' if seconds == 1 else 's'}."
        return replace(problem, next_step=step, retry_after=seconds)


class BudgetExceeded(ModelFailed):
    """The remaining daily budget doesn't cover the call's maximum."""

    was_free = True
    _problem = Problem(
        "budget",
        "The text wasn't sent: what's left of today's budget isn't enough.",
        "Copy the text instead, or try again tomorrow.",
        page_status=429,
    )

    def __init__(self, left: str) -> None:
        super().__init__()
        self.left = left

    @property
    def problem(self) -> Problem:
        """Return the failure with the remaining budget."""
        problem = super().problem
        return replace(problem, next_step=f"Left today: {self.left}. {problem.next_step}")


class ShareExceeded(BudgetExceeded):
    """The call would take the person beyond a third of the day's budget."""

    _problem = Problem(
        "budget",
        "The text wasn't sent: you've used your share of today's budget, which is a third.",
        BudgetExceeded._problem.next_step,
        page_status=429,
    )


class TooManyCalls(ModelFailed):
    """This process has reached its limit of concurrent calls."""

    was_free = True
    _problem = Problem(
        "crowded",
        "The text wasn't sent: several people are using the model right now.",
        "Try again in a few seconds.",
        retry_after=10,
    )


class StillAnswering(TooManyCalls):
    """The person has a call in progress."""

    _problem = Problem(
        "crowded",
        "The text wasn't sent: the model is still answering you.",
        "Try again in a few seconds.",
        retry_after=10,
    )


class NotConnected(ModelFailed):
    """The connection couldn't be established."""

    was_free = True
    _problem = Problem("unreachable", "We couldn't reach the model.", _TRY_AGAIN)


class AddressForbidden(ModelFailed):
    """The host resolves to an address that Triage isn't allowed to call."""

    was_free = True
    _problem = Problem(
        "address_refused",
        "Triage isn't allowed to call the address that the model's host name points to. "
        "Nothing was sent.",
        _ASK_ADMIN,
    )


class KeyRefused(ModelFailed):
    """HTTP 401 or 403."""

    was_free = True
    _problem = Problem("key_refused", "The model's server doesn't accept our key.", _ASK_ADMIN)


class ModelUnknown(ModelFailed):
    """HTTP 404."""

    was_free = True
    _problem = Problem(
        "model_unknown",
        "The server doesn't recognize the model that's configured here.",
        _ASK_ADMIN,
    )


class RateLimited(ModelFailed):
    """HTTP 429."""

    was_free = True
    _problem = Problem(
        "rate_limited", "We've reached the request limit of the model's server.", _TRY_AGAIN
    )


class NoCredit(ModelFailed):
    """HTTP 402, or 429 because the account has no credit."""

    was_free = True
    _problem = Problem(
        "account_empty", "Our account with the model's provider is out of credit.", _ASK_ADMIN
    )


class MessageTooLong(ModelFailed):
    """The message exceeds the model's context window."""

    was_free = True
    _problem = Problem(
        "too_long",
        "The text is longer than this model can read.",
        "Look up again with a shorter window. If it keeps happening, tell your Triage admin.",
    )


class ContentRefused(ModelFailed):
    """The model or a content filter refused."""

    _problem = Problem(
        "content_refused",
        "The model declined to answer.",
        "Read the events yourself, or copy the text into another model.",
    )


class RequestRefused(ModelFailed):
    """Any other HTTP 4xx, or a redirect."""

    was_free = True
    _problem = Problem("request_refused", "The model's server rejected the request.", _ASK_ADMIN)


class ServerFailed(ModelFailed):
    """HTTP 5xx, or an error in the stream."""

    _problem = Problem("server_error", "The model's server is having problems.", _TRY_AGAIN)


class ModelTimeout(ModelFailed):
    """The call exceeded its time limit."""

    _problem = Problem(
        "too_slow", "The model didn't finish in time, so the answer ends here.", _TRY_AGAIN
    )


class StreamInterrupted(ModelFailed):
    """The connection closed before the end of the answer."""

    _problem = Problem("broken_off", "The connection broke, so the answer ends here.", _TRY_AGAIN)


class InvalidAnswer(ModelFailed):
    """The answer doesn't follow the protocol."""

    _problem = Problem(
        "unreadable", "The server's answer isn't in the format of a language model.", _ASK_ADMIN
    )


class AnswerTooLong(ModelFailed):
    """The answer exceeded the token limit or our own limits."""

    _problem = Problem("cut_off", "The answer reached its length limit, so it ends here.", _SHORTER)
