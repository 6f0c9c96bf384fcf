"""One problem as the result page shows it: the plain sentence, then the facts, then its events."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.events.event import Issue
from apps.events.question import Window
from apps.events.summary import summarize_group
from apps.events.timeline import Group, distance
from apps.web.clock import LocalTime, local_minute
from apps.web.event_view import EventView, view_of_event
from apps.web.level import LevelMark, level_mark
from apps.web.stack_view import BRIEF
from apps.web.wording import clipped, counted, grouped, safe_link

_MOST_OPEN_EVENTS = 8

_STATUS_WORDS = {
    "unresolved": "still open",
    "resolved": "marked as fixed",
    "resolvedInNextRelease": "fixed in the next release",
    "ignored": "put aside",
    "archived": "put aside",
    "muted": "put aside",
}


@dataclass(frozen=True, slots=True)
class IssueCard:
    """A problem. `nearest` is the id of the event to open; `folded` events stand behind a click."""

    number: int
    anchor: str
    sentence: str
    title: str
    level: LevelMark
    count: str
    facts: tuple[str, ...]
    broke: bool
    first_seen: LocalTime | None
    permalink: str
    nearest: str
    events: tuple[EventView, ...]
    folded: tuple[EventView, ...]


def issue_card(number: int, group: Group, *, window: Window, zone: ZoneInfo) -> IssueCard:
    """The card of one group; its events stand in the order in which they happened."""
    events = tuple(
        view_of_event(event, window=window, zone=zone, limits=BRIEF)
        for event in sorted(group.events, key=lambda event: (event.timestamp, event.id))
    )
    levels = [level_mark(event.level) for event in group.events]
    return IssueCard(
        number=number,
        anchor=f"issue-{number}",
        sentence=summarize_group(group),
        title=clipped(group.title, 400),
        level=min(levels, key=lambda level: level.rank),
        count="once" if len(events) == 1 else f"{grouped(len(events))} times",
        facts=_facts(group),
        broke=group.handled is False,
        first_seen=_first_seen(group.issue, zone),
        permalink=safe_link(group.issue.permalink if group.issue else None),
        nearest=_nearest(group, window.moment),
        events=events[:_MOST_OPEN_EVENTS],
        folded=events[_MOST_OPEN_EVENTS:],
    )


def _facts(group: Group) -> tuple[str, ...]:
    """Short facts, the most useful first; unknown ones are left out."""
    issue = group.issue
    release = group.newest.release or (group.newest.body and group.newest.body.release)
    status = issue.status if issue else None
    caught = {True: "caught by the program", False: "not caught"}
    known = (
        caught.get(group.handled) if group.handled is not None else None,
        _users(issue),
        release and f"in release {clipped(release, 80)}",
        (issue and issue.project) or group.newest.project,
        status and _STATUS_WORDS.get(status, clipped(status, 40)),
        issue and issue.short_id,
    )
    return tuple(fact for fact in known if fact)


def _users(issue: Issue | None) -> str | None:
    """How many customers have it; Sentry counts all of them, not those of the window."""
    if issue is None or not issue.users_affected:
        return None
    if issue.users_affected == 1:
        return "only one customer so far"
    return f"{counted(issue.users_affected, 'customer')} affected"


def _first_seen(issue: Issue | None, zone: ZoneInfo) -> LocalTime | None:
    return local_minute(issue.first_seen, zone) if issue and issue.first_seen else None


def _nearest(group: Group, moment: datetime) -> str:
    return min(group.events, key=lambda event: (distance(event, moment), event.id)).id
