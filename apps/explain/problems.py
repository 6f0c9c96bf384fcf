"""THE table of this part: each failure's code, status, plain sentence and next step."""

from dataclasses import replace

from apps.explain import errors
from apps.explain.errors import ModelFailed
from apps.lookups.problems import Problem

_ASK_ADMIN = "Please tell your Triage admin. Nothing you typed is wrong."
_TRY_AGAIN = "Please try again in a minute. If it stays so, tell your Triage admin."
_SHORTER = "What came before can still help. If it happens often, tell your Triage admin."

_TABLE: dict[type[ModelFailed], Problem] = {
    errors.BudgetUsedUp: Problem(
        "budget",
        "The model was not asked: what is left of today's budget is not enough for it.",
        "Please copy the text instead, or try again tomorrow.",
        page_status=429,
    ),
    errors.Crowded: Problem(
        "crowded",
        "The model was not asked: several people are asking it at this moment.",
        "Please try again in a few seconds.",
        retry_after=10,
    ),
    errors.NotConnected: Problem("unreachable", "We could not reach the model.", _TRY_AGAIN),
    errors.AddressForbidden: Problem(
        "address_refused",
        "We may not call the address that the model's host leads to. Nothing was sent.",
        _ASK_ADMIN,
    ),
    errors.KeyRefused: Problem(
        "key_refused", "The model's server does not accept our key.", _ASK_ADMIN
    ),
    errors.ModelUnknown: Problem(
        "model_unknown", "The server does not know the model that is set here.", _ASK_ADMIN
    ),
    errors.RateLimited: Problem(
        "rate_limited", "The model's server limits how often we may ask.", _TRY_AGAIN
    ),
    errors.AccountEmpty: Problem(
        "account_empty", "Our account at the model's server is used up.", _ASK_ADMIN
    ),
    errors.MessageTooLong: Problem(
        "too_long",
        "The text is longer than this model can read.",
        "Please look again with a shorter window. If it stays so, tell your Triage admin.",
    ),
    errors.ContentRefused: Problem(
        "content_refused",
        "The model would not answer this text.",
        "Please read the events yourself, or copy the text into another model.",
    ),
    errors.RequestRefused: Problem(
        "request_refused", "The model's server did not take the request.", _ASK_ADMIN
    ),
    errors.ServerBroken: Problem(
        "server_error", "The model's server has a fault of its own.", _TRY_AGAIN
    ),
    errors.TookTooLong: Problem(
        "too_slow", "The model did not finish in time, so the answer ends here.", _TRY_AGAIN
    ),
    errors.BrokenOff: Problem(
        "broken_off", "The connection broke, so the answer ends here.", _TRY_AGAIN
    ),
    errors.Unreadable: Problem(
        "unreadable", "The server answered, but not as a model does.", _ASK_ADMIN
    ),
    errors.TooMuch: Problem(
        "cut_off", "The answer was longer than it may be, so it ends here.", _SHORTER
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
