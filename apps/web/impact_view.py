"""Is it just them? How a problem stands among all customers, as its card says and draws it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apps.events.event import Issue
from apps.events.grouping import Group
from apps.events.releases import (
    LastDay,
    fix_of,
    is_only_theirs,
    last_day_of,
    news_of,
    release_had,
    short_release,
    state_of,
)
from apps.web.clock import LocalTime, local_minute
from apps.web.wording import clipped, counted, grouped, listed

WIDTH, HEIGHT = 240, 40

_GAP = 2
_LEAST = 2
_LONGEST = 300
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour of the chart, in its own units; `is_then` marks the hour of the moment."""

    x: int
    y: int
    width: int
    height: int
    is_then: bool


@dataclass(frozen=True, slots=True)
class DayView:
    """The last day in a sentence, and as bars where there is anything to draw."""

    text: str
    bars: tuple[Bar, ...]

    @property
    def shows_moment(self) -> bool:
        """Whether one of the bars, which may have no height, is that of the moment."""
        return any(bar.is_then for bar in self.bars)


@dataclass(frozen=True, slots=True)
class ImpactView:
    """The block of a card. `answer` is to its title's question, empty where that is not known;
    `news` is what is special about the problem's course.
    """

    answer: str
    news: str
    first_seen: LocalTime | None
    sentences: tuple[str, ...]
    day: DayView | None


def impact_view(group: Group, moment: datetime, zone: ZoneInfo) -> ImpactView | None:
    """What is known of the group's issue, in the agent's zone; None when that is nothing."""
    issue = group.issue
    if issue is None:
        return None
    day = last_day_of(group)
    view = ImpactView(
        answer=_answer(group),
        news=_sentence(listed(news_of(issue, moment))),
        first_seen=local_minute(issue.first_seen, zone) if issue.first_seen else None,
        sentences=tuple(clipped(one, _LONGEST) for one in _sentences(group, issue) if one),
        day=_day(day, moment, zone) if day else None,
    )
    parts = (view.answer, view.news, view.first_seen, state_of(issue), fix_of(group), view.day)
    return view if any(parts) else None


def _answer(group: Group) -> str:
    """How many customers have it; Sentry counts all of them, not those of the window."""
    users = group.issue.users_affected if group.issue else None
    if not users:
        return ""
    if is_only_theirs(group):
        return "So far, yes: only this customer has had it."
    if users == 1:
        return "So far, only one customer has had it."
    return f"No: {counted(users, 'customer')} have had it."


def _sentences(group: Group, issue: Issue) -> tuple[str, ...]:
    """What is done about it and by whom, then the release, each said once."""
    fix, release = fix_of(group), release_had(group)
    assigned = issue.assignee and f"assigned to {issue.assignee}"
    told = fix or (release and f"the customer was on release {short_release(release)}")
    return (
        _sentence(", ".join(filter(None, (state_of(issue), assigned)))),
        _sentence(told or ""),
    )


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _day(day: LastDay, moment: datetime, zone: ZoneInfo) -> DayView:
    if day.busiest is None:
        return DayView("Not once in the 24 hours before we checked.", ())
    began = day.busiest.astimezone(zone)
    until = (day.busiest + _HOUR).astimezone(zone)
    times = "Once" if day.total == 1 else f"{grouped(day.total)} times"
    most = "" if day.total == 1 else " most"
    text = (
        f"{times} in the 24 hours before we checked,{most} between {began:%H:%M} and {until:%H:%M}."
    )
    return DayView(text, _bars(day, moment))


def _bars(day: LastDay, moment: datetime) -> tuple[Bar, ...]:
    highest = max(count for _hour, count in day.hours)
    step = WIDTH // len(day.hours)
    heights = [
        max(_LEAST, round(HEIGHT * count / highest)) if count else 0 for _hour, count in day.hours
    ]
    return tuple(
        Bar(place * step, HEIGHT - height, step - _GAP, height, start <= moment < start + _HOUR)
        for place, ((start, _count), height) in enumerate(zip(day.hours, heights, strict=True))
    )
