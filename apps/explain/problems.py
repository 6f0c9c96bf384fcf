"""THE table of this part: each failure's code, status, plain sentence and next step."""

from dataclasses import replace

from apps.explain import errors
from apps.explain.errors import ModelFailed
from apps.lookups.problems import Problem

_ASK_ADMIN = "Tell your Triage admin. It's nothing you typed."
_TRY_AGAIN = "Try again in a minute. If it keeps happening, tell your Triage admin."
_SHORTER = "The part above may still help. If this happens often, tell your Triage admin."

_TABLE: dict[type[ModelFailed], Problem] = {
    errors.BudgetUsedUp: Problem(
        "budget",
        "The model wasn't asked: what's left of today's budget isn't enough.",
        "Please copy the text instead, or try again tomorrow.",
        page_status=429,
    ),
    errors.Crowded: Problem(
        "crowded",
        "The model wasn't asked: several people are using it right now.",
        "Please try again in a few seconds.",
        retry_after=10,
    ),
    errors.NotConnected: Problem("unreachable", "We could not reach the model.", _TRY_AGAIN),
    errors.AddressForbidden: Problem(
        "address_refused",
        "Triage isn't allowed to call the address that the model's host name points to. "
        "Nothing was sent.",
        _ASK_ADMIN,
    ),
    errors.KeyRefused: Problem(
        "key_refused", "The model's server does not accept our key.", _ASK_ADMIN
    ),
    errors.ModelUnknown: Problem(
        "model_unknown",
        "The server doesn't recognize the model that's configured here.",
        _ASK_ADMIN,
    ),
    errors.RateLimited: Problem(
        "rate_limited", "We've reached the request limit of the model's server.", _TRY_AGAIN
    ),
    errors.AccountEmpty: Problem(
        "account_empty", "Our account with the model's provider has run out.", _ASK_ADMIN
    ),
    errors.MessageTooLong: Problem(
        "too_long",
        "The text is longer than this model can read.",
        "Look up again with a shorter window. If it keeps happening, tell your Triage admin.",
    ),
    errors.ContentRefused: Problem(
        "content_refused",
        "The model declined to answer.",
        "Please read the events yourself, or copy the text into another model.",
    ),
    errors.RequestRefused: Problem(
        "request_refused", "The model's server rejected the request.", _ASK_ADMIN
    ),
    errors.ServerBroken: Problem(
        "server_error", "The model's server is having problems.", _TRY_AGAIN
    ),
    errors.TookTooLong: Problem(
        "too_slow", "The model did not finish in time, so the answer ends here.", _TRY_AGAIN
    ),
    errors.BrokenOff: Problem(
        "broken_off", "The connection broke, so the answer ends here.", _TRY_AGAIN
    ),
    errors.Unreadable: Problem(
        "unreadable", "The server answered, but not the way a model does.", _ASK_ADMIN
    ),
    errors.TooMuch: Problem(
        "cut_off", "The answer reached its length limit, so it ends here.", _SHORTER
    ),
}


def problem_of(failure: ModelFailed) -> Problem:
    """How to tell this failure."""
    problem = replace(_TABLE[type(failure)], detail=failure.detail)
    if isinstance(failure, errors.BudgetUsedUp):
        step = f"Left today: {failure.left}. {problem.next_step}"
        return replace(problem, next_step=step)
    if failure.retry_after is None:
        return problem
    step = f"Please try again in {failure.retry_after} s."
    return replace(problem, next_step=step, retry_after=failure.retry_after)
