"""The failures of a lookup: codes, statuses, and messages, for pages, API, and command line."""

from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse

from apps.events.query import CustomerRefused
from apps.sentry.config import (
    SentryAddressRefused,
    SentryAuthRefused,
    SentryBadResponse,
    SentryCrowded,
    SentryError,
    SentryNotFound,
    SentryPermissionMissing,
    SentryProjectUnseen,
    SentryRateLimited,
    SentryRejectedQuery,
    SentryResting,
    SentryRetired,
    SentryServerError,
    SentryTimeout,
    SentryUnreachable,
)

EXIT_COMPLETE, EXIT_USAGE, EXIT_INCOMPLETE, EXIT_FAILED = 0, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure as shown to people and programs.

    `page_status` and `api_status` are HTTP statuses, `retry_after` is in whole seconds, and
    `detail` is for admins only.
    """

    code: str
    message: str
    next_step: str
    page_status: int = 503
    api_status: int = 502
    exit_status: int = EXIT_FAILED
    retry_after: int | None = None
    detail: str = ""

    @property
    def for_programs(self) -> dict[str, str | int | None]:
        """The problem as the API and assistants get it."""
        names = ("code", "message", "next_step", "retry_after")
        return {name: getattr(self, name) for name in names}


_ASK_ADMIN = "Tell your Triage admin. It's nothing you typed."
_TRY_AGAIN = "Try again in a minute. If it keeps happening, tell your Triage admin."

_TABLE: dict[type[SentryError], Problem] = {
    SentryAuthRefused: Problem(
        "auth_refused", "We couldn't check Sentry: it doesn't accept our key.", _ASK_ADMIN
    ),
    SentryPermissionMissing: Problem(
        "permission_missing",
        "We couldn't check Sentry: our key doesn't have the access this needs.",
        _ASK_ADMIN,
    ),
    SentryNotFound: Problem(
        "not_found",
        "We couldn't check Sentry: it doesn't recognize our organization or project.",
        _ASK_ADMIN,
    ),
    SentryProjectUnseen: Problem(
        "not_found",
        "We couldn't check Sentry: we can't see a project with that name.",
        "Check the name of the project, or search all projects.",
    ),
    SentryRejectedQuery: Problem(
        "query_refused",
        "Sentry didn't accept this search.",
        "Check the customer and try a shorter window. If it keeps happening, tell your admin.",
    ),
    SentryRetired: Problem(
        "retired",
        "Sentry has turned off an address that Triage uses.",
        "Sentry often does this for just a few minutes. Try again in ten minutes. If it keeps "
        "happening, tell your Triage admin: Triage needs an update.",
    ),
    SentryServerError: Problem(
        "server_error", "We couldn't check Sentry: it's having problems of its own.", _TRY_AGAIN
    ),
    SentryBadResponse: Problem(
        "unreadable", "Sentry answered, but the answer could not be read.", _TRY_AGAIN
    ),
    SentryRateLimited: Problem(
        "rate_limited",
        "We couldn't check Sentry: we've reached its limit on requests.",
        _TRY_AGAIN,
        api_status=503,
    ),
    SentryResting: Problem(
        "resting",
        "Sentry has failed several times in a row, so we're pausing before we try again.",
        _TRY_AGAIN,
        api_status=503,
    ),
    SentryCrowded: Problem(
        "too_slow",
        "Too many people are asking Sentry at the same time.",
        "Try again in a few seconds.",
        api_status=503,
        retry_after=5,
    ),
    SentryUnreachable: Problem(
        "unreachable", "We couldn't reach Sentry.", _TRY_AGAIN, api_status=504
    ),
    SentryAddressRefused: Problem(
        "unreachable",
        "Triage isn't allowed to call the address that Sentry's host name points to.",
        _ASK_ADMIN,
        api_status=504,
    ),
    SentryTimeout: Problem(
        "too_slow",
        "Sentry did not answer in time.",
        "Try again, or choose a shorter window.",
        api_status=504,
    ),
}

CANCELLED = Problem(
    "cancelled",
    "This lookup was stopped before it finished.",
    "We can't say anything about the customer. Look them up again.",
    page_status=409,
    api_status=409,
)

OWN_SHARE = Problem(
    "too_slow",
    "Your other requests to Sentry are using up your share.",
    "Try again when one of them has finished.",
    api_status=503,
    retry_after=5,
)

ERASED = Problem(
    "customer_erased",
    "This lookup's customer is no longer stored, so it can't be repeated.",
    "Enter the customer in a new lookup.",
    page_status=410,
    api_status=410,
)

NO_SUCH_LOOKUP = Problem(
    "no_such_lookup",
    "There is no such lookup.",
    "Check the ID. The lookup may also belong to someone else.",
    api_status=404,
)

NO_SUCH_EVENT = Problem(
    "no_such_event",
    "The lookup has no such event.",
    "Use the ID of an event in the lookup's export.",
    api_status=404,
)

NOT_STORED = Problem(
    "not_kept",
    "No result is stored for this lookup.",
    "Look up the customer again. Reading a result doesn't ask Sentry.",
    api_status=409,
)

REMOVED = Problem("gone", "", "Look the customer up again.", page_status=410, api_status=410)

WRONG_TYPE = Problem(
    "wrong_type",
    "The request body has the wrong type.",
    "Send it as application/json.",
    api_status=415,
)

BROKEN = Problem(
    "broken",
    "Something went wrong on our side.",
    "Try again. If it keeps happening, tell your Triage admin.",
    page_status=500,
    api_status=500,
)

DATABASE_AWAY = Problem(
    "database_away",
    "Triage can't use its database right now.",
    "Nothing you typed is wrong. " + _TRY_AGAIN,
    api_status=503,
    retry_after=10,
)


def is_database_away(error: BaseException | None) -> bool:
    """Return whether the database failed, rather than refused: it's down, restarting, or busy."""
    while error is not None:
        if isinstance(error, OperationalError | InterfaceError):
            return True
        error = error.__cause__ or error.__context__
    return False


def sentry_error_types() -> dict[str, type[SentryError]]:
    """Return the exceptions with a row of their own in the table, by class name."""
    return {kind.__name__: kind for kind in _TABLE}


def problem_of(error: SentryError) -> Problem:
    """Return the problem to show for this error, with a countdown (at most a day) if it has one."""
    detail = f"{error.message} {error.detail}".strip()
    problem = next(_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE)
    if not isinstance(error, SentryRateLimited | SentryResting):
        return replace(problem, detail=detail)
    seconds = ceil(min(error.retry_after, 86400))
    next_step = f"Try again in {seconds} second{'' if seconds == 1 else 's'}."
    return replace(problem, next_step=next_step, retry_after=seconds, detail=detail)


def problem_response(problem: Problem, challenge: str = "") -> HttpResponse:
    """Return the problem as JSON, with its status and, if known, `Retry-After`."""
    response = JsonResponse(problem.for_programs, status=problem.api_status)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    if challenge:
        response["WWW-Authenticate"] = challenge
    return response


def bad_input(message: str, next_step: str = "Correct it and try again.") -> Problem:
    """Return the problem for input that can't be looked up."""
    return Problem(
        code="bad_input",
        message=message,
        next_step=next_step,
        page_status=400,
        api_status=400,
        exit_status=EXIT_USAGE,
    )


def customer_problem(refused: CustomerRefused) -> Problem:
    """Return the problem for a customer that can't be looked up."""
    message = str(refused)
    return bad_input(message, refused.next_step) if refused.next_step else bad_input(message)


class LookupFailed(Exception):
    """A lookup without a result. `is_recorded` is true if the audit trail already has it."""

    is_recorded = False

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class LookupCrowded(LookupFailed):
    """Sentry could not be queried because all slots, or the person's share, are taken."""


class LookupCancelled(LookupFailed):
    """Someone stopped the lookup before it finished; only a new lookup can query again."""

    def __init__(self) -> None:
        super().__init__(CANCELLED)


class CustomerErased(LookupFailed):
    """The typed customer is no longer stored, so the lookup can't be repeated."""

    def __init__(self) -> None:
        super().__init__(ERASED)


class Removal(StrEnum):
    """Why a result is no longer available."""

    PURGED = "purged"
    EXPIRED = "expired"
    ERASED = "erased"
    UNREADABLE = "unreadable"


_REMOVAL_MESSAGES = {
    Removal.PURGED: "This result was deleted.",
    Removal.EXPIRED: "This result is no longer stored.",
    Removal.ERASED: "This customer's data was erased.",
    Removal.UNREADABLE: "This result can no longer be read.",
}


class LookupPurged(LookupFailed):
    """The result is no longer available; only a new lookup can query again."""

    def __init__(self, removal: Removal = Removal.PURGED) -> None:
        super().__init__(replace(REMOVED, message=_REMOVAL_MESSAGES[removal]))
        self.removal = removal
