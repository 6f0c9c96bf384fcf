"""The part of an answer that lies in its reader's projects, and that says it is a part."""

from collections.abc import Collection
from dataclasses import replace

from apps.events.answer import Answer, Notice, NoticeCode
from apps.events.beside import Beside
from apps.events.event import Event
from apps.events.narrowing import hidden_in

_LEFT_OUT = (
    "This lookup searched projects you don't have access to. Anything found there is left out."
)
# Of these the sentence names no place and counts nothing.
_SAID_AS_IT_IS = frozenset((NoticeCode.STALE, NoticeCode.WINDOW_OPEN, NoticeCode.RETENTION))
_SAID_INSTEAD = {NoticeCode.CAPPED: "There are more events than were listed."}
_SAID_OF_OTHERS = "Part of this result could not be read."


def allowed_part(answer: Answer, projects: Collection[str] | None) -> Answer:
    """The answer as somebody may read it who sees these projects (slugs); None stands for all.

    Where more was searched the part is never complete, whether or not something was left out: from
    what is said nobody can tell which. What names no project is left out then too. Nothing is said
    of errors at other times, of calls, or of what there surely is not.
    """
    if projects is None or _lies_within(answer, projects):
        return answer
    events = tuple(event for event in answer.events if event.project in projects)
    issue_ids = {event.issue_id for event in events}
    is_whole_list = answer.events_total == len(answer.events)
    part = replace(
        answer,
        question=replace(answer.question, projects=_in(answer.question.projects, projects)),
        searched=replace(answer.searched, projects=_in(answer.searched.projects, projects)),
        events=events,
        issues=tuple(
            issue
            for issue in answer.issues
            if issue.id in issue_ids and (issue.project is None or issue.project in projects)
        ),
        complete=False,
        events_total=len(events) if is_whole_list else None,
        notices=(Notice(NoticeCode.OTHER_PROJECTS, _LEFT_OUT), *_notices(answer)),
        call_log=(),
        beside=_beside(answer.beside, events, projects),
        nearby=None,
    )
    return replace(part, redaction=hidden_in(part, set(answer.redaction)))


def _lies_within(answer: Answer, projects: Collection[str]) -> bool:
    """Whether only these projects were searched, and all that was found lies in them."""
    beside = answer.beside
    nearby = answer.nearby.events if answer.nearby else ()
    named = (
        *(event.project for event in (*answer.events, *beside.trace_errors, *nearby)),
        *(issue.project for issue in answer.issues),
        *(one.project for one in beside.feedback),
        *(deploy.project for deploy in beside.deploys),
    )
    return all(
        project is None or project in projects for project in (*answer.searched.projects, *named)
    )


def _in(slugs: tuple[str, ...], projects: Collection[str]) -> tuple[str, ...]:
    return tuple(slug for slug in slugs if slug in projects)


def _notices(answer: Answer) -> tuple[Notice, ...]:
    """What is to be known about the answer, without the names and counts of other projects."""
    told = (
        notice
        if notice.code in _SAID_AS_IT_IS
        else Notice(notice.code, _SAID_INSTEAD.get(notice.code, _SAID_OF_OTHERS))
        for notice in answer.notices
        if notice.code != NoticeCode.OUTSIDE_WINDOW  # it tells of one event, which may be hidden
    )
    return tuple(dict.fromkeys(told))


def _beside(beside: Beside, events: tuple[Event, ...], projects: Collection[str]) -> Beside:
    """A recording can run through several projects and names none, so none is kept."""
    traces = {event.trace_id for event in events}
    return replace(
        beside,
        replays=(),
        feedback=tuple(one for one in beside.feedback if one.project in projects),
        trace_errors=tuple(
            error
            for error in beside.trace_errors
            if error.project in projects and error.trace_id in traces
        ),
        deploys=tuple(deploy for deploy in beside.deploys if deploy.project in projects),
        surely=(),
        unread=tuple(
            replace(one, message=f"Not all {one.signal} could be read.") for one in beside.unread
        ),
        calls=0,
    )
