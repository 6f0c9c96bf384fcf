"""THE table: each failure's code, statuses, plain sentence and next step, once for every door."""

from dataclasses import dataclass
from math import ceil

from apps.sentry import (
    SentryAuthRefused,
    SentryBadResponse,
    SentryError,
    SentryNotFound,
    SentryPermissionMissing,
    SentryRateLimited,
    SentryRejectedQuery,
    SentryResting,
    SentryServerError,
    SentryTimeout,
    SentryUnreachable,
)

EXIT_COMPLETE, EXIT_USAGE, EXIT_INCOMPLETE, EXIT_FAILED = 0, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure as each door tells it. `page_status` is for people, `api_status` for programs.

    `retry_after` is in whole seconds; `detail` is for admins only.
    """

    code: str
    message: str
    next_step: str
    page_status: int = 503
    api_status: int = 502
    exit_status: int = EXIT_FAILED
    retry_after: int | None = None
    detail: str = ""


_ASK_ADMIN = "Please tell your Triage admin. Nothing you typed is wrong."
_TRY_AGAIN = "Please try again in a minute. If it stays so, tell your Triage admin."

_TABLE: dict[type[SentryError], Problem] = {
    SentryAuthRefused: Problem(
        "auth_refused", "We could not ask Sentry: it does not accept our key.", _ASK_ADMIN
    ),
    SentryPermissionMissing: Problem(
        "permission_missing",
        "We could not ask Sentry: our key may not read what this needs.",
        _ASK_ADMIN,
    ),
    SentryNotFound: Problem(
        "not_found",
        "We could not ask Sentry: it does not know our organization or project.",
        _ASK_ADMIN,
    ),
    SentryRejectedQuery: Problem(
        "query_refused",
        "Sentry did not accept the question.",
        "Please check the customer and try a shorter window. If it stays so, tell your admin.",
    ),
    SentryServerError: Problem(
        "server_error", "We could not ask Sentry: it has a fault of its own.", _TRY_AGAIN
    ),
    SentryBadResponse: Problem(
        "unreadable", "Sentry answered, but the answer could not be read.", _TRY_AGAIN
    ),
    SentryUnreachable: Problem(
        "unreachable", "We could not reach Sentry.", _TRY_AGAIN, api_status=504
    ),
    SentryTimeout: Problem(
        "too_slow",
        "Sentry did not answer in time.",
        "Please try again, or choose a shorter window.",
        api_status=504,
    ),
}


def problem_of(error: SentryError) -> Problem:
    """How to tell this failure."""
    detail = f"{error.message} {error.detail}".strip()
    if isinstance(error, SentryRateLimited):
        return rate_limited(ceil(error.retry_after), detail)
    if isinstance(error, SentryResting):
        return resting(ceil(error.retry_after), detail)
    known = next(_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE)
    return Problem(
        code=known.code,
        message=known.message,
        next_step=known.next_step,
        page_status=known.page_status,
        api_status=known.api_status,
        detail=detail,
    )


def rate_limited(seconds: int, detail: str = "") -> Problem:
    """Sentry wants us to wait that many seconds."""
    return Problem(
        code="rate_limited",
        message="We could not ask Sentry: it limits how often we may ask.",
        next_step=f"Please try again in {seconds} s.",
        api_status=503,
        retry_after=seconds,
        detail=detail,
    )


def resting(seconds: int, detail: str = "") -> Problem:
    """Sentry failed again and again, and we leave it alone for that many seconds."""
    return Problem(
        code="resting",
        message="Sentry has failed several times in a row, so we are giving it a rest.",
        next_step=f"Please try again in {seconds} s.",
        api_status=503,
        retry_after=seconds,
        detail=detail,
    )


def bad_input(message: str, next_step: str = "Please correct it and try again.") -> Problem:
    """What was typed cannot be asked."""
    return Problem(
        code="bad_input",
        message=message,
        next_step=next_step,
        page_status=400,
        api_status=400,
        exit_status=EXIT_USAGE,
    )


class LookupFailed(Exception):
    """A lookup that could not be answered, with the problem to tell."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
