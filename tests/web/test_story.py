"""What the customer did, as the result page tells it."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from apps.events.event import Breadcrumb, Event
from apps.events.grouping import group_by_issue
from apps.web.presenters.story import MAX_STEPS, StoryView, story_view
from tests.web.answers import MOMENT, answer, body, event

BERLIN = ZoneInfo("Europe/Berlin")


def click(seconds: float, what: str = "button.pay", **changes: object) -> Breadcrumb:
    crumb = Breadcrumb(MOMENT + timedelta(seconds=seconds), category="ui.click", message=what)
    return replace(crumb, **changes)  # type: ignore[arg-type]


def walked(*crumbs: Breadcrumb, at: int = 0, **changes: object) -> Event:
    return event(at, platform="javascript", body=body(breadcrumbs=crumbs), **changes)


def told(*events: Event) -> StoryView:
    asked = answer(*events)
    view = story_view(asked, group_by_issue(asked), BERLIN)
    assert view
    return view


def lines(view: StoryView) -> list[str]:
    return [f"{step.words} {step.text}".strip() for part in view.parts for step in part.steps]


def test_steps_of_all_events_stand_in_one_line_of_time_each_once() -> None:
    shared = click(-20, "button.cart")
    view = told(
        walked(shared, click(-2), at=0),
        walked(shared, click(-2), click(8, "a.help"), at=10, issue_id="2"),
    )
    assert lines(view) == [
        "clicked cart",
        "clicked pay",
        "The payment was declined.",
        "clicked help",
        "The payment was declined.",
    ]


def test_errors_are_marked_and_lead_to_their_event() -> None:
    error = told(walked(click(-2))).parts[-1].steps[-1]
    assert error.has_failed
    assert error.href == f"#event-{event().id}"


def test_long_quiet_parts_are_folded_and_the_steps_before_a_failure_are_not() -> None:
    crumbs = [click(-300 + 9 * place, f"a.step-{place}") for place in range(20)]
    quiet, loud = told(walked(*crumbs)).parts
    assert quiet.summary == "17 steps without problems, 14:00:00 to 14:02:24"
    assert [step.text for step in loud.steps[:-1]] == ["step 17", "step 18", "step 19"]


def test_a_failed_step_stays_open() -> None:
    crumbs = [click(-300 + 9 * place, f"a.step-{place}") for place in range(20)]
    crumbs[4] = replace(crumbs[4], level="error")
    folded = [part.summary != "" for part in told(walked(*crumbs)).parts]
    assert folded == [False, True, False]


def test_the_same_again_and_again_is_one_line() -> None:
    view = told(walked(*(click(-9 + place) for place in range(5))))
    step = view.parts[0].steps[0]
    assert (step.text, step.outcome) == ("pay", "5 times, until 14:04:55")


def test_a_long_pause_is_said() -> None:
    view = told(walked(click(-200), click(-2)))
    assert [step.pause for step in view.parts[0].steps] == ["", "3 min", ""]


def test_what_is_far_from_the_moment_is_left_out_and_counted() -> None:
    crumbs = [click(-500 + place, f"a.step-{place}") for place in range(300)]
    view = told(walked(*crumbs))
    assert view.left_out == 301 - MAX_STEPS
    assert "step 0" not in " ".join(lines(view))


def test_unread_events_are_named_and_no_step_is_no_story() -> None:
    unread = event(60, body=None, issue_id="3")
    assert told(walked(click(-2)), unread).read_of == (
        "From the 1 event nearest the reported time; 1 other was not read."
    )
    assert story_view(answer(unread), group_by_issue(answer(unread)), BERLIN) is None


def test_noise_is_no_part_of_the_story() -> None:
    warned = event(5, issue_id="4", level="warning", handled=True, title="slow", body=None)
    assert len(lines(told(walked(click(-2)), warned))) == 2
