"""A result restricted to its reader's projects."""

from dataclasses import replace

from apps.events.answer import (
    Answer,
    RelatedData,
    SearchScope,
    Signal,
    UnreadSignal,
    restrict_to_projects,
)
from apps.events.event import Event, LogEntry, Span
from tests.exports.answers import afternoon


def searched(*projects: str) -> Answer:
    found = afternoon()
    events = tuple(replace(event, project=None) for event in found.events)
    issues = tuple(replace(issue, project=None) for issue in found.issues)
    return replace(
        found, events=events, issues=issues, searched=SearchScope("acme", projects=projects)
    )


def shown(answer: Answer) -> tuple[Event, ...]:
    return restrict_to_projects(answer, ("web",)).events


def test_event_without_a_project_belongs_to_the_projects_searched() -> None:
    assert len(shown(searched("web"))) == 5
    assert shown(searched("web", "billing")) == ()


def test_event_without_a_project_is_hidden_if_any_project_may_have_been_searched() -> None:
    assert shown(searched()) == ()


def test_logs_and_spans_of_other_projects_are_left_out_with_what_only_they_show() -> None:
    """A row that names nobody is shown by a visible row or event of its trace."""
    found = searched("web", "billing")
    moment, (t1, t2, t3) = found.question.window.moment, ("a" * 32, "b" * 32, "c" * 32)
    beside = RelatedData(
        logs=(
            LogEntry("1", moment, project="web", trace_id=t1, names_customer=True),
            LogEntry("2", moment, project="web", trace_id=t1),
            LogEntry("3", moment, project="web", trace_id=t2),
            LogEntry("4", moment, project="billing", trace_id=t1),
            LogEntry("5", moment, trace_id=t1, names_customer=True),
        ),
        spans=(
            Span("6", moment, project="billing", trace_id=t2, names_customer=True),
            Span("7", moment, project="web", trace_id=t1),
            Span("8", moment, project="web", trace_id=t3),
        ),
        surely=(Signal.LOGS, Signal.SPANS),
        unread=(UnreadSignal(Signal.LOGS, "The project billing failed."),),
    )
    events = (replace(found.events[0], project="web", trace_id=t3),)
    shown = restrict_to_projects(replace(found, events=events, beside=beside), ("web",)).beside
    assert [row.id for row in shown.activity] == ["1", "2", "7", "8"]
    assert shown.surely == ()
    assert "billing" not in repr(shown)


def test_a_log_of_another_project_makes_a_result_one_of_several() -> None:
    found = replace(searched("web"), events=(), issues=())
    moment = found.question.window.moment
    for project, is_part in (("web", False), ("billing", True), (None, False)):
        beside = RelatedData(logs=(LogEntry("1", moment, project=project),))
        part = restrict_to_projects(replace(found, beside=beside), ("web",))
        assert (part.complete is False) is is_part, project
