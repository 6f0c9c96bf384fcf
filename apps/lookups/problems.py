"""The failures of a lookup: codes, statuses, and messages, for pages, API, and command line."""

import tomllib
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil
from pathlib import Path

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse

from apps.sentry import errors

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


_ROWS = tomllib.loads((Path(__file__).parent / "problems.toml").read_text("utf-8"))


def named(name: str) -> Problem:
    """Return the failure with this heading in `problems.toml`."""
    return Problem(**{"code": name, **_ROWS[name]})


# By the name of the error's class.
OF_SENTRY = {name: Problem(**row) for name, row in _ROWS["sentry"].items()}
OWN_SHARE = named("own_share")
NO_SUCH_LOOKUP = named("no_such_lookup")
NO_SUCH_EVENT = named("no_such_event")
NOT_STORED = named("not_kept")
WRONG_TYPE = named("wrong_type")
BROKEN = named("broken")
DATABASE_AWAY = named("database_away")


def is_database_away(error: BaseException | None) -> bool:
    """Return whether the database failed, rather than refused: it's down, restarting, or busy."""
    while error is not None:
        if isinstance(error, OperationalError | InterfaceError):
            return True
        error = error.__cause__ or error.__context__
    return False


def class_name(error: errors.SentryError) -> str:
    """Return the name of the error's closest class that has a problem."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in OF_SENTRY)


def problem_of(error: errors.SentryError) -> Problem:
    """Return the problem to show for this error, with a countdown (at most a day) if it has one."""
    detail = f"{error.message} {error.detail}".strip()
    problem = OF_SENTRY[class_name(error)]
    if not isinstance(error, errors.SentryRateLimited | errors.SentryResting):
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


def bad_input(message: str, next_step: str = "") -> Problem:
    """Return the problem for input that can't be looked up."""
    next_step = next_step or "Correct it and try again."
    return Problem("bad_input", message, next_step, 400, 400, exit_status=EXIT_USAGE)


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
        super().__init__(named("cancelled"))


class CustomerErased(LookupFailed):
    """The typed customer is no longer stored, so the lookup can't be repeated."""

    def __init__(self) -> None:
        super().__init__(named("customer_erased"))


class Removal(StrEnum):
    """Why a result is no longer available; `problems.toml` has a message for each."""

    PURGED = "purged"
    EXPIRED = "expired"
    ERASED = "erased"
    UNREADABLE = "unreadable"


class LookupPurged(LookupFailed):
    """The result is no longer available; only a new lookup can query again."""

    def __init__(self, removal: Removal = Removal.PURGED) -> None:
        super().__init__(named(removal))
        self.removal = removal
