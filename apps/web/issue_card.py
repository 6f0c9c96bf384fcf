"""One problem as the result page shows it: the plain sentence, then the facts, then its events."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from apps.events.event import Issue
from apps.events.question import Window
from apps.events.summary import caught_in, place_of, summarize_group
from apps.events.timeline import Group, nearest_first
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
    """A problem. `issue_id` is as exports take it, `nearest` is the id of the event to open;
    `folded` events stand behind a click.
    """

    number: int
    issue_id: str
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
    """The card of one group: the events nearest the moment, each part in order of time."""
    by_distance = nearest_first(group.events, window.moment)
    near, far = (
        tuple(
            view_of_event(event, window=window, zone=zone, limits=BRIEF)
            for event in sorted(part, key=lambda event: (event.timestamp, event.id))
        )
        for part in (by_distance[:_MOST_OPEN_EVENTS], by_distance[_MOST_OPEN_EVENTS:])
    )
    levels = [level_mark(event.level) for event in group.events]
    return IssueCard(
        number=number,
        issue_id=group.issue_id,
        anchor=f"issue-{number}",
        sentence=summarize_group(group),
        title=clipped(group.title, 400),
        level=min(levels, key=lambda level: level.rank),
        count="once" if len(group.events) == 1 else f"{grouped(len(group.events))} times",
        facts=_facts(group),
        broke=group.handled is False,
        first_seen=_first_seen(group.issue, zone),
        permalink=safe_link(group.issue.permalink if group.issue else None),
        nearest=by_distance[0].id,
        events=near,
        folded=far,
    )


def _facts(group: Group) -> tuple[str, ...]:
    """Short facts, the most useful first; unknown ones are left out."""
    issue = group.issue
    release = group.newest.release or (group.newest.body and group.newest.body.release)
    status = issue.status if issue else None
    caught, place = caught_in(group), place_of(group.newest)
    known = (
        place and f"in {place.value}",
        caught and f"{caught[0].lower()}{caught[1:-1]}",
        _users(issue),
        release and f"in release {release}",
        (issue and issue.project) or group.newest.project,
        status and _STATUS_WORDS.get(status, status),
        issue and issue.short_id,
    )
    return tuple(clipped(fact, 80) for fact in known if fact)


def _users(issue: Issue | None) -> str | None:
    """How many customers have it; Sentry counts all of them, not those of the window."""
    if issue is None or not issue.users_affected:
        return None
    if issue.users_affected == 1:
        return "only one customer so far"
    return f"{counted(issue.users_affected, 'customer')} affected"


def _first_seen(issue: Issue | None, zone: ZoneInfo) -> LocalTime | None:
    return local_minute(issue.first_seen, zone) if issue and issue.first_seen else None
