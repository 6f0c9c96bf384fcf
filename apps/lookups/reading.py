"""Answers as one person may read them. Pages and API read here, and nowhere else.

What a lookup keeps, what others share, and what is asked just now all pass `allowed_part` on the
way out. `projects` are the slugs that the reader may see, None stands for all: see
`accounts.teams.projects_of`.
"""

from collections.abc import Collection
from dataclasses import replace

from apps.events.answer import Answer, Progress, allowed_part
from apps.lookups import asking, newer, within_request
from apps.lookups.asking import State, cancel_lookup
from apps.lookups.known import with_known
from apps.lookups.models import Lookup
from apps.lookups.problems import LookupPurged
from apps.lookups.services import LookupResult
from apps.lookups.services import answer_unredacted as answer_all_unredacted
from apps.lookups.services import kept_answer as kept_answer_whole
from apps.lookups.within_request import has_ended, place_to_wait, read_event_now

__all__ = [
    "LookupPurged",
    "LookupResult",
    "Projects",
    "State",
    "answer_now",
    "answer_soon",
    "answer_unredacted",
    "cancel_lookup",
    "count_newer",
    "has_ended",
    "kept_answer",
    "place_to_wait",
    "read_event_now",
    "sees_all_of",
    "state_of",
]

Projects = Collection[str] | None


def answer_now(lookup: Lookup, projects: Projects) -> LookupResult:
    """The answer, asked for within the request if need be. Raises as `answer_lookup` does."""
    return _allowed(within_request.answer_now(lookup), projects)


def answer_soon(lookup: Lookup, patience_s: float, projects: Projects) -> LookupResult | None:
    """The answer if it is there in so many seconds, else None. Raises as `answer_lookup` does."""
    result = asking.answer_soon(lookup, patience_s)
    return result and _allowed(result, projects)


def kept_answer(lookup: Lookup, projects: Projects) -> Answer | None:
    """The answer that is kept, without its known errors; None where there is none. Asks nobody."""
    answer = kept_answer_whole(lookup)
    return answer and allowed_part(answer, projects)


def answer_unredacted(lookup: Lookup, projects: Projects) -> LookupResult:
    """The answer as Sentry gives it now; it is kept nowhere. Raises `LookupFailed`."""
    return _allowed(answer_all_unredacted(lookup), projects)


def state_of(lookup: Lookup, patience_s: float, projects: Projects) -> tuple[State, Progress]:
    """Where the lookup stands, and how far it is: that only to who may see all that it searches."""
    state, progress = asking.state_of(lookup, patience_s)
    return state, progress if sees_all_of(lookup, projects) else Progress()


def count_newer(lookup: Lookup, projects: Projects) -> int | None:
    """How many events came in since; None too for who may not see all that it searches."""
    return newer.count_newer(lookup) if sees_all_of(lookup, projects) else None


def sees_all_of(lookup: Lookup, projects: Projects) -> bool:
    """Whether the reader may see every project that the lookup searches, so its counts too."""
    if projects is None:
        return True
    return bool(lookup.projects) and all(slug in projects for slug in lookup.projects)


def _allowed(result: LookupResult, projects: Projects) -> LookupResult:
    return replace(result, answer=with_known(allowed_part(result.answer, projects)))
