"""The timeline as a table: the same events, releases and moment, a row each, in order of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Deploy
from apps.events.breadcrumb_text import step_times
from apps.events.event import Event
from apps.events.filtering import Numbered, Shown, kept, numbered
from apps.events.grouping import group_by_issue
from apps.events.summary import summarize
from apps.web.presenters.filters import FilterForm, filter_form
from apps.web.presenters.formatting import LocalTime, clipped, level_mark, local_clock
from apps.web.presenters.timeline import Scale, density, deploys_shown, whole_of

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. Without an `event_id` it is a release or the moment itself."""

    when: datetime
    time: LocalTime
    what: str
    number: int | None = None
    level: str = ""
    project: str = ""
    environment: str = ""
    release: str = ""
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What `lookups/table.html` prints. `steps` tells what the customer did, empty if nothing."""

    rows: tuple[Row, ...]
    zone: str
    steps: str
    filter: FilterForm


def table_of(answer: Answer, shown: Shown, zone: ZoneInfo) -> Table:
    """The table of what is shown of an answer."""
    problems = numbered(group_by_issue(answer))
    left = kept(problems, shown)
    window = answer.question.window
    span = shown.span or whole_of(window)
    rows = [_event_row(event, number, zone, window.moment) for number, event in _each(left)]
    rows += [
        _deploy_row(deploy, zone, window.moment)
        for deploy in deploys_shown(answer.beside.deploys, span, shown)
    ]
    if span.contains(window.moment):
        time = local_clock(window.moment, zone)
        rows.append(Row(window.moment, time, "Reported time"))
    did = density(step_times(answer.events), Scale(span, zone))
    return Table(
        rows=tuple(sorted(rows, key=lambda row: (row.when, row.event_id))),
        zone=zone.key,
        steps=did.description if did else "",
        filter=filter_form(answer, problems, shown, left, zone),
    )


def _each(problems: Sequence[Numbered]) -> list[tuple[int, Event]]:
    return [(number, event) for number, group in problems for event in group.events]


def _event_row(event: Event, number: int, zone: ZoneInfo, moment: datetime) -> Row:
    body = event.body
    return Row(
        when=event.timestamp,
        time=local_clock(event.timestamp, zone, day_of=moment),
        what=summarize(event),
        number=number,
        level=level_mark(event.level).word,
        project=clipped(event.project or "", _LONGEST),
        environment=clipped(event.environment or (body and body.environment) or "", _LONGEST),
        release=clipped(event.release or (body and body.release) or "", _LONGEST),
        event_id=event.id,
    )


def _deploy_row(deploy: Deploy, zone: ZoneInfo, moment: datetime) -> Row:
    return Row(
        when=deploy.at,
        time=local_clock(deploy.at, zone, day_of=moment),
        what="A release went live",
        project=clipped(deploy.project or "", _LONGEST),
        environment=clipped(deploy.environment or "", _LONGEST),
        release=clipped(deploy.version, _LONGEST),
    )
