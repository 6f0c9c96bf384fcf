"""One problem as the result page shows it: the plain sentence, then the facts, then its events."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from apps.events.grouping import Group, nearest_first
from apps.events.query import Window
from apps.events.releases import release_had
from apps.events.summary import caught_in, place_of, summarize_group
from apps.web.event_view import EventView, view_of_event
from apps.web.impact_view import ImpactView, impact_view
from apps.web.known_view import KnownView
from apps.web.level import LevelMark, level_mark
from apps.web.stack_view import BRIEF
from apps.web.wording import clipped, grouped, safe_link

_MOST_OPEN_EVENTS = 8


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
    impact: ImpactView | None
    permalink: str
    nearest: str
    events: tuple[EventView, ...]
    folded: tuple[EventView, ...]
    known: tuple[KnownView, ...] = ()


def issue_card(
    number: int,
    group: Group,
    *,
    window: Window,
    zone: ZoneInfo,
    known: tuple[KnownView, ...] = (),
) -> IssueCard:
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
    impact = impact_view(group, window.moment, zone)
    return IssueCard(
        number=number,
        issue_id=group.issue_id,
        anchor=f"issue-{number}",
        sentence=summarize_group(group),
        title=clipped(group.title, 400),
        level=min(levels, key=lambda level: level.rank),
        count="once" if len(group.events) == 1 else f"{grouped(len(group.events))} times",
        facts=_facts(group, has_impact=impact is not None),
        broke=group.handled is False,
        impact=impact,
        permalink=safe_link(group.issue.permalink if group.issue else None),
        nearest=by_distance[0].id,
        events=near,
        folded=far,
        known=known,
    )


def _facts(group: Group, *, has_impact: bool) -> tuple[str, ...]:
    """Short facts, the most useful first; unknown ones, and what the impact says, are left out."""
    issue = group.issue
    release = None if has_impact else release_had(group)
    caught, place = caught_in(group), place_of(group.newest)
    known = (
        place and f"in {place.value}",
        caught and f"{caught[0].lower()}{caught[1:-1]}",
        release and f"in release {release}",
        (issue and issue.project) or group.newest.project,
        issue and issue.short_id,
    )
    return tuple(clipped(fact, 80) for fact in known if fact)
