"""Whether more came in of a window that was young when it was looked at."""

from apps.events.answer import NoticeCode
from apps.lookups import sealed, shared, store
from apps.lookups.asked import question_of
from apps.lookups.connection import sentry_client, visible_projects
from apps.lookups.models import Lookup
from apps.sentry import SentryError, fetch_ids

PAUSE_S = 50.0
PATIENCE_S = 5.0


def count_newer(lookup: Lookup) -> int | None:
    """How many events there are by now that the lookup's answer does not have.

    None where nobody found out: the window had settled, Sentry failed, or somebody is at it. One
    asks for all who look at the same, and no more than once in 50 seconds.
    """
    known = store.readable_snapshot(lookup)
    if known is None or not known.has_notice(NoticeCode.WINDOW_OPEN):
        return None
    ids = _ids(lookup)
    return None if ids is None else len(ids - {event.id for event in known.events})


def _ids(lookup: Lookup) -> set[str] | None:
    key = f"{lookup.cache_key}/ids"
    held = sealed.get(key)
    if isinstance(held, list):
        return set(held)
    if shared.add(f"{key}/asked", 1, PAUSE_S) is not True:
        return None
    try:
        with sentry_client(PATIENCE_S) as client:
            projects = visible_projects(client)
            found = fetch_ids(client, question_of(lookup), projects=projects)
    except SentryError:
        return None
    sealed.put(key, sorted(found), PAUSE_S)
    return set(found)
