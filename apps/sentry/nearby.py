"""When the customer had errors, if not in the window: the nearest before and after, and the last.

Asked only when a sure nothing was found, in one call mostly and in three at most. Failing costs
itself a sentence, and neither the answer nor its completeness.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from apps.events.answer import Nearby, Notice, NoticeCode
from apps.events.event import Event
from apps.events.query import Question
from apps.sentry.client import Scope, SentryClient, is_last
from apps.sentry.config import Flavor
from apps.sentry.deadline import Deadline
from apps.sentry.errors import SentryBadResponse, SentryError
from apps.sentry.links import with_link
from apps.sentry.parallel import outcomes
from apps.sentry.parsing import Project, parse_rows
from apps.sentry.search import Search, matched_fields, names_anybody

MOST_ROWS = 25
LONGEST_S = 5.0

_SECOND = timedelta(seconds=1)
_NEWEST_FIRST = "-timestamp"
_OLDEST_FIRST = "timestamp"


@dataclass(frozen=True, slots=True)
class Around:
    """What to look for, and where and when in all. `scope` is that of the empty answer."""

    question: Question
    search: Search
    scope: Scope
    asked: Sequence[Project]
    now: datetime

    def since(self, days: int) -> datetime:
        """As far back as Sentry is taken to keep events, at least to the window's start."""
        edge = (self.now - timedelta(days=days)).replace(microsecond=0)
        return min(edge, self.scope.start)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The customer's rows from the front of a list, up to one that cannot be judged.

    `is_whole`: there surely are no more.
    """

    events: tuple[Event, ...]
    is_whole: bool


def find_nearby(
    client: SentryClient, pool: ThreadPoolExecutor, around: Around
) -> tuple[Nearby | None, tuple[Notice, ...]]:
    """The errors nearest the window; or only a notice, when one lies inside it after all.

    Raises nothing of Sentry's: what fails is told by `Nearby.problem`.
    """
    until = around.now.replace(microsecond=0)
    nearby = Nearby(since=around.since(client.config.retention_days), until=until)
    if client.flavor == Flavor.GLITCHTIP:
        return _unknown(nearby, "this server cannot be searched by customer and time."), ()
    if client.one_project and len(around.asked) > 1:
        return _unknown(nearby, "this Sentry searches only one project at a time."), ()
    deadline = Deadline(min(LONGEST_S, client.deadline.left()))
    look = _Look(client, around, deadline)
    [newest] = outcomes(client, pool, [partial(look.read, _NEWEST_FIRST, nearby.since, until)])
    if isinstance(newest, SentryError):
        return _unknown(nearby, newest.message), ()
    if any(around.question.window.contains(event.timestamp) for event in newest.events):
        message = "A new error came in while we were looking. Refresh to see it."
        return None, (Notice(NoticeCode.INCOMPLETE_LIST, message),)
    return _told(look, pool, nearby, newest), ()


def _told(look: "_Look", pool: ThreadPoolExecutor, nearby: Nearby, newest: _Rows) -> Nearby:
    """What the newest rows tell, and the other calls where they do not tell it all."""
    if not newest.events:
        return nearby if newest.is_whole else _unknown(nearby, _UNJUDGED)
    window = look.around.question.window
    later = [event for event in newest.events if event.timestamp > window.end]
    earlier = [event for event in newest.events if event.timestamp < window.start]
    nearby = replace(nearby, last=newest.events[0])
    if earlier or newest.is_whole:
        before, after = next(iter(earlier), None), next(reversed(later), None)
        return replace(nearby, before=before, after=after)
    calls = [partial(look.first, _OLDEST_FIRST, window.end + _SECOND, nearby.until)]
    if nearby.since < window.start:
        calls.append(partial(look.first, _NEWEST_FIRST, nearby.since, window.start - _SECOND))
    after_found, *before_found = outcomes(look.client, pool, calls)
    for found in (after_found, *before_found):
        if isinstance(found, SentryError):
            nearby = _unknown(nearby, found.message)
    return replace(nearby, after=_known(after_found), before=_known(*before_found))


def _known(found: Event | SentryError | None = None) -> Event | None:
    return None if isinstance(found, SentryError) else found


_UNJUDGED = "The first rows that Sentry sent don't show it."


def _unknown(nearby: Nearby, reason: str) -> Nearby:
    message = f"We couldn't check whether this customer had errors at other times: {reason}"
    return replace(nearby, problem=message)


@dataclass(frozen=True, slots=True)
class _Look:
    """Reads the fronts of lists: one customer, one place, any time."""

    client: SentryClient
    around: Around
    deadline: Deadline

    def first(self, sort: str, start: datetime, end: datetime) -> Event | None:
        """The first of the customer's errors in this order; None when there surely is none.

        Raises a `SentryError`, also when it cannot be told.
        """
        rows = self.read(sort, start, end)
        if not rows.events and not rows.is_whole:
            raise SentryBadResponse(_UNJUDGED)
        return rows.events[0] if rows.events else None

    # https://docs.sentry.io/api/explore/query-explore-events-in-table-format/
    def read(self, sort: str, start: datetime, end: datetime) -> _Rows:
        """The first rows from `start` to `end` (both included). Raises a `SentryError`.

        Rows outside of that time, or in another order, were not what was asked for: then none of
        them is believed.
        """
        question, client = self.around.question, self.client
        scope = replace(self.around.scope, start=start, end=end + _SECOND)
        params = [
            *client.row_params(self.around.search.text, scope, question.fields),
            ("sort", sort),
            ("per_page", str(MOST_ROWS)),
        ]
        reply = client.get(f"{client.organization_path}/events/", params, self.deadline)
        rows = parse_rows(reply.body, question.fields)
        known = [row for row in rows if row]
        times = [row.timestamp.replace(microsecond=0) for row in known]
        if any(not start <= at <= end for at in times):
            raise SentryBadResponse("Sentry sent events of another time.")
        if times != sorted(times, reverse=sort == _NEWEST_FIRST):
            raise SentryBadResponse("Sentry sent its list in another order.")
        judged = self._judged(rows)
        is_end = is_last(reply.headers.get("link", ""), len(rows), MOST_ROWS)
        own = tuple(row for row in judged if row.matched_on)
        return _Rows(own, is_whole=is_end and len(judged) == len(rows))

    def _judged(self, rows: Sequence[Event | None]) -> list[Event]:
        """The rows up to the first that cannot be judged, with the fields that matched."""
        customer, search = self.around.question.customer, self.around.search
        judged: list[Event] = []
        for row in rows:
            matched = matched_fields(row, customer) if row else ()
            if row is None or (not matched and search.exact and not names_anybody(row, customer)):
                break
            linked = with_link(row, {}, self.client.config)
            judged.append(replace(linked, matched_on=matched))
        return judged
