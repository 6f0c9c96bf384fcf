"""What is left of an answer when somebody looks for a part of it."""

import unicodedata
from dataclasses import replace
from datetime import timedelta

import pytest

from apps.events.breadcrumb_text import step_times
from apps.events.event import Breadcrumb, ExceptionInfo
from apps.events.filtering import (
    NOT_KNOWN,
    Numbered,
    Shown,
    Span,
    events_of,
    folded,
    kept,
    numbered,
)
from apps.events.grouping import group_by_issue
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
PROBLEMS = numbered(group_by_issue(answer(CART, CARD, bare_event(90))))


def ids(problems: tuple[Numbered, ...]) -> set[str]:
    """The events that are left."""
    return {one.id for one in events_of(problems)}


@pytest.mark.parametrize(
    "shown",
    [
        Shown(project="web"),
        Shown(level="warning"),
        Shown(environment="staging"),
        Shown(issue_id="2"),
        Shown(span=Span(MOMENT, MOMENT + timedelta(seconds=30))),
        Shown(text="typeerror: X IS"),
        Shown(text="warenkorb"),
        Shown(text="cart/view"),
        Shown(project="web", level="warning", text="undefined"),
    ],
)
def test_each_choice_leaves_what_it_names(shown: Shown) -> None:
    assert ids(kept(PROBLEMS, shown)) == {CART.id}


def test_choices_that_contradict_each_other_leave_nothing() -> None:
    assert kept(PROBLEMS, Shown(project="web", level="error")) == ()


def test_numbers_stay_those_of_the_whole_answer() -> None:
    number = next(number for number, group in PROBLEMS if group.issue_id == "2")

    assert [left for left, _group in kept(PROBLEMS, Shown(issue_id="2"))] == [number]
    assert number > 1


def test_a_problem_keeps_only_the_events_that_fit() -> None:
    problems = numbered(group_by_issue(answer(event(60), event(0), event(-60))))
    near = Shown(span=Span(MOMENT - timedelta(seconds=5), MOMENT + timedelta(seconds=5)))

    ((_number, group),) = kept(problems, near)

    assert [one.timestamp for one in group.events] == [MOMENT]


def test_events_without_a_project_can_be_chosen_and_their_level_is_error() -> None:
    bare = bare_event(90).id

    assert ids(kept(PROBLEMS, Shown(project=NOT_KNOWN))) == {bare}
    assert bare in ids(kept(PROBLEMS, Shown(level="error")))


def test_text_is_found_in_the_plain_sentence() -> None:
    assert ids(kept(PROBLEMS, Shown(text="the payment was DECLINED"))) == {CARD.id}


def test_text_is_found_however_its_letters_are_composed() -> None:
    assert ids(kept(PROBLEMS, Shown(text=unicodedata.normalize("NFD", "JOSÉ")))) == {CART.id}
    assert folded("STRASSE") == folded("straße")


def test_a_step_that_several_events_carry_counts_once() -> None:
    def steps() -> tuple[Breadcrumb, ...]:
        click = Breadcrumb(MOMENT, category="ui.click", message="Pay", data={"id": [1]})
        return (click, replace(click, data={"id": [2]}), Breadcrumb(message="no time"))

    events = [event(seconds, body=body(breadcrumbs=steps())) for seconds in (0, 5)]

    assert step_times([*events, event(9, body=None)]) == (MOMENT, MOMENT)
