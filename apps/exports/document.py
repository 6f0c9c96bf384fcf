"""From an answer to the facts of an export, chosen once for all formats."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.grouping import group_by_issue
from apps.exports.content import (
    Telling,
    asides,
    event_facts,
    issue_facts,
    nearby_facts,
    story,
    tell,
)
from apps.exports.facts import NO_PRESET, Detail, Document, Header, Preset, Remark, Selection


@dataclass(frozen=True, slots=True)
class Setting:
    """What an export says about itself: for whom, under which id and mark, in which zone.

    With `issue_id` it is about that issue alone; the others count as left out. `today` is the day
    by which a fix is told; without one it is the day when Sentry was asked.
    """

    marker: str
    customer: str = "<customer>"
    lookup_id: str | None = None
    from_cache: bool = False
    zone: str = "UTC"
    preset: Preset = NO_PRESET
    budget: int | None = None
    issue_id: str | None = None
    today: date | None = None


def build(answer: Answer, *, setting: Setting, detail: Detail) -> Document:
    """Choose the facts of this answer, at most as many as `detail` allows.

    Raises `ValueError` for a marker that is not 8 to 40 letters and digits, and
    `ZoneInfoNotFoundError` for a zone that does not exist.
    """
    selection = Selection(detail, setting.marker)
    moment = answer.question.window.moment
    groups = group_by_issue(answer)
    if setting.issue_id:
        groups = [group for group in groups if group.issue_id == setting.issue_id]
    rows = selection.first(groups, detail.summary_rows, "issues", "summary")
    tellings = [tell(group, moment, selection) for group in rows[: detail.issues]]
    selection.leave_out("events", _missing(answer, tellings), "other issues")
    today = setting.today or answer.fetched_at.astimezone(ZoneInfo(setting.zone)).date()
    issues = tuple(
        issue_facts(group, selection, answer.known.of(group.issue_id), today) for group in rows
    )
    told = _newest_first(answer, tellings)
    return Document(
        preset=setting.preset,
        marker=setting.marker,
        header=_header(answer, setting, selection),
        issues=issues,
        events=tuple(
            event_facts(event, telling.lead, moment, selection) for event, telling in told
        ),
        story=story([(event, event is telling.lead) for event, telling in told], moment, selection),
        asides=() if setting.issue_id else asides(answer, selection),
        nearby=nearby_facts(answer, selection),
        omitted=selection.omitted,
        hidden=selection.counted(answer.redaction),
        neutralised=selection.neutralised,
        budget=setting.budget,
    )


def _newest_first(answer: Answer, tellings: list[Telling]) -> list[tuple[Event, Telling]]:
    told = [(event, telling) for telling in tellings for event in (telling.lead, *telling.further)]
    place = {id(event): number for number, event in enumerate(answer.events)}
    return sorted(told, key=lambda pair: place[id(pair[0])])


def _missing(answer: Answer, tellings: list[Telling]) -> int:
    return len(answer.events) - sum(len(telling.group.events) for telling in tellings)


def _header(answer: Answer, setting: Setting, selection: Selection) -> Header:
    window, detail = answer.question.window, selection.detail
    return Header(
        lookup_id=selection.maybe_text(setting.lookup_id, 40, "header"),
        only_issue=selection.maybe_text(setting.issue_id, 40, "header"),
        customer=selection.text(setting.customer, max(detail.names, 12), "header"),
        matched_on=_names(answer.matched_on, "fields", selection),
        moment=window.moment,
        local_moment=window.moment.astimezone(ZoneInfo(setting.zone)),
        zone=setting.zone,
        start=window.start,
        end=window.end,
        minutes=window.minutes,
        organization=selection.text(answer.searched.organization, detail.names, "header"),
        projects=_names(answer.searched.projects, "projects searched", selection),
        environments=_names(answer.searched.environments, "environments searched", selection),
        complete=answer.complete,
        notices=tuple(
            Remark(notice.code, selection.text(notice.message, detail.notice_texts, "notices"))
            for notice in selection.first(answer.all_notices, detail.notices, "notices", "header")
        ),
        fetched_at=answer.fetched_at,
        from_cache=setting.from_cache,
        events_total=answer.events_total,
        issues_total=len(group_by_issue(answer)),
        events_listed=len(answer.events),
        bodies_read=answer.bodies_read,
        known_unchecked=answer.known.unchecked,
    )


def _names(names: tuple[str, ...], what: str, selection: Selection) -> tuple[str, ...]:
    kept = selection.first(names, selection.detail.searched, what, "header")
    return tuple(selection.text(name, selection.detail.names, "header") for name in kept)
