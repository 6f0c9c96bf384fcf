"""Test filtering the events of a result."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from apps.events.breadcrumb_text import step_times
from apps.events.event import Breadcrumb, ExceptionInfo
from apps.events.filtering import (
    UNKNOWN,
    EventFilter,
    TimeRange,
    events_in,
    filter_problems,
    fold_case,
)
from apps.events.grouping import Problem, problems_of
from tests.web.answers import MOMENT, answer, bare_event, body, event

CARD = event(-60, issue_id="1", environment="production")
CART = event(
    30,
    issue_id="2",
    project="web",
    level="warning",
    title="TypeError: x is undefined",
    body=body(
        message="Der Warenkorb für José",
        culprit="cart/view in render",
        environment="staging",
        exceptions=(ExceptionInfo(type="TypeError", value="x is undefined"),),
    ),
)
PROBLEMS = problems_of(answer(CART, CARD, bare_event(90)))


def ids(problems: Sequence[Problem]) -> set[str]:
    """Return the IDs of the selected events."""
    return {one.id for one in events_in(problems)}


@pytest.mark.parametrize(
    "criteria",
    [
        EventFilter(project="web"),
        EventFilter(level="warning"),
        EventFilter(environment="staging"),
        EventFilter(issue_id="2"),
        EventFilter(span=TimeRange(MOMENT, MOMENT + timedelta(seconds=30))),
        EventFilter(text="typeerror: X IS"),
        EventFilter(text="warenkorb"),
        EventFilter(text="cart/view"),
        EventFilter(project="web", level="warning", text="undefined"),
    ],
)
def test_each_filter_selects_matching_events(criteria: EventFilter) -> None:
    assert ids(filter_problems(PROBLEMS, criteria)) == {CART.id}


def test_contradicting_filters_select_nothing() -> None:
    assert filter_problems(PROBLEMS, EventFilter(project="web", level="error")) == ()


def test_problems_keep_their_numbers() -> None:
    number = next(one.number for one in PROBLEMS if one.issue_id == "2")

    assert [one.number for one in filter_problems(PROBLEMS, EventFilter(issue_id="2"))] == [number]
    assert number > 1


def test_problem_is_reduced_to_matching_events() -> None:
    problems = problems_of(answer(event(60), event(0), event(-60)))
    near = EventFilter(span=TimeRange(MOMENT - timedelta(seconds=5), MOMENT + timedelta(seconds=5)))

    (group,) = filter_problems(problems, near)

    assert [one.timestamp for one in group.events] == [MOMENT]


def test_event_without_project_and_level_can_be_selected() -> None:
    bare = bare_event(90).id

    assert ids(filter_problems(PROBLEMS, EventFilter(project=UNKNOWN))) == {bare}
    assert ids(filter_problems(PROBLEMS, EventFilter(level=UNKNOWN))) == {bare}


def test_text_matches_plain_sentence() -> None:
    assert ids(filter_problems(PROBLEMS, EventFilter(text="the payment was DECLINED"))) == {CARD.id}


def test_text_matches_regardless_of_unicode_composition() -> None:
    assert ids(
        filter_problems(PROBLEMS, EventFilter(text=unicodedata.normalize("NFD", "JOSÉ")))
    ) == {CART.id}
    assert fold_case("STRASSE") == fold_case("straße")


def test_step_shared_by_several_events_counts_once() -> None:
    def steps() -> tuple[Breadcrumb, ...]:
        click = Breadcrumb(MOMENT, category="ui.click", message="Pay", data={"id": [1]})
        return (click, replace(click, data={"id": [2]}), Breadcrumb(message="no time"))

    events = [event(seconds, body=body(breadcrumbs=steps())) for seconds in (0, 5)]

    assert step_times(answer(*events, event(9, body=None))) == (MOMENT, MOMENT)
