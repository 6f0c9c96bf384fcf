"""A result restricted to its reader's projects."""

from dataclasses import replace

from apps.events.answer import Answer, SearchScope, restrict_to_projects
from apps.events.event import Event
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
