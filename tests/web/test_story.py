"""The “What the customer did” section of the result page."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Deploy, Feedback, RelatedData, Replay, Signal, UnreadSignal
from apps.events.correlation import Reason
from apps.events.event import Breadcrumb, Event
from apps.events.grouping import Group, Joined, Problem, problems_of
from apps.web.presenters.story import MAX_STEPS, StoryView, related_view, story_view
from tests.web.answers import (
    MOMENT,
    answer,
    body,
    event,
    log,
    slow_and_refused,
    span,
    without_errors,
)

BERLIN = ZoneInfo("Europe/Berlin")


def click(seconds: float, what: str = "button.pay", **changes: object) -> Breadcrumb:
    crumb = Breadcrumb(MOMENT + timedelta(seconds=seconds), category="ui.click", message=what)
    return replace(crumb, **changes)  # type: ignore[arg-type]


def event_with_steps(*crumbs: Breadcrumb, at: int = 0, **changes: object) -> Event:
    return event(at, platform="javascript", body=body(breadcrumbs=crumbs), **changes)


def story(*events: Event) -> StoryView:
    return story_of(answer(*events))


def story_of(sample: Answer) -> StoryView:
    view = story_view(sample, problems_of(sample), BERLIN)
    assert view
    return view


def lines(view: StoryView) -> list[str]:
    return [f"{step.words} {step.text}".strip() for part in view.parts for step in part.steps]


def test_steps_of_all_events_are_merged_without_duplicates() -> None:
    shared = click(-20, "button.cart")
    view = story(
        event_with_steps(shared, click(-2), at=0),
        event_with_steps(shared, click(-2), click(8, "a.help"), at=10, issue_id="2"),
    )
    assert lines(view) == [
        "clicked cart",
        "clicked pay",
        "The payment was declined.",
        "clicked help",
        "The payment was declined.",
    ]


def test_errors_are_marked() -> None:
    error = story(event_with_steps(click(-2))).parts[-1].steps[-1]
    assert error.has_failed
    assert error.is_error


def test_long_quiet_parts_are_folded_except_steps_before_failure() -> None:
    crumbs = [click(-300 + 9 * place, f"a.step-{place}") for place in range(20)]
    quiet, loud = story(event_with_steps(*crumbs)).parts
    assert quiet.summary == "17 steps, until 14:02:24"
    assert [step.text for step in loud.steps[:-1]] == ["step 17", "step 18", "step 19"]


def test_failed_step_is_not_folded() -> None:
    crumbs = [click(-300 + 9 * place, f"a.step-{place}") for place in range(20)]
    crumbs[4] = replace(crumbs[4], level="error")
    folded = [part.summary != "" for part in story(event_with_steps(*crumbs)).parts]
    assert folded == [False, True, False]


def test_repeated_steps_are_merged() -> None:
    view = story(event_with_steps(*(click(-9 + place) for place in range(5))))
    step = view.parts[0].steps[0]
    assert (step.text, step.outcome) == ("pay", "5 times, until 14:04:55")


def test_long_pause_is_shown() -> None:
    view = story(event_with_steps(click(-200), click(-2)))
    assert [step.pause for step in view.parts[0].steps] == ["", "3 min", ""]


def test_pause_begins_where_anything_was_last_recorded() -> None:
    """Repeats count until their last time, and what is not shown counts, too."""
    sample = answer(event_with_steps(click(-200), click(-2)))
    saved = log(-90, "info", "Cart saved")
    both = (Signal.LOGS, Signal.SPANS)
    polled = [
        span(at, "http.client", "GET /orders/7", 70, http_status=200) for at in (-290, -260, -230)
    ]
    late = log(-60, "error", "no payment webhook for order 7")
    for name, one, expected in (
        ("a log between", replace(sample, beside=RelatedData(logs=(saved,))), []),
        ("logs unread", replace(sample, beside=RelatedData(asked=both)), []),
        ("only bodies unread", replace(sample, events=(*sample.events, event(1, body=None))), []),
        ("all read", replace(sample, beside=RelatedData(asked=both, surely=both)), ["3 min"]),
        ("after the last repeat", without_errors(*polled, late), ["2 min"]),
    ):
        view = story_view(one, problems_of(one), ZoneInfo("Europe/Berlin"))
        assert view
        pauses = [step.pause for part in view.parts for step in part.steps if step.pause]
        assert pauses == expected, name


def test_steps_far_from_reported_time_are_omitted_and_counted() -> None:
    crumbs = [click(-500 + place, f"a.step-{place}") for place in range(300)]
    view = story(event_with_steps(*crumbs))
    assert view.left_out == 301 - MAX_STEPS
    assert "step 0" not in " ".join(lines(view))


def test_only_the_nearest_steps_of_a_long_story_are_open() -> None:
    crumbs = [
        replace(click(10 * place - 300, f"a.step-{place}"), level="error") for place in range(60)
    ]
    first, near, last = story(event_with_steps(*crumbs)).parts
    assert first.summary == "21 earlier steps"
    assert (near.summary, len(near.steps)) == ("", 20)
    assert last.summary == "20 later steps"
    assert "The payment was declined." in [step.words for step in near.steps]


def test_unread_events_are_mentioned_and_no_steps_means_no_story() -> None:
    unread = event(60, body=None, issue_id="3")
    assert story(event_with_steps(click(-2)), unread).read_of == "From 1 of 2 events."
    assert story_view(answer(unread), problems_of(answer(unread)), BERLIN) is None


def test_releases_alone_are_shown_without_the_errors_of_the_timeline() -> None:
    related = RelatedData(deploys=(Deploy("shop@2.15.0", MOMENT, "web", "production"),))
    for crumbs, expected in (((Breadcrumb(MOMENT),), 1), ((click(-2),), 3)):
        view = story_of(replace(answer(event_with_steps(*crumbs)), beside=related))
        assert len(lines(view)) == expected, crumbs


def test_noise_is_left_out() -> None:
    warned = event(5, issue_id="4", level="warning", handled=True, title="slow", body=None)
    assert len(lines(story(event_with_steps(click(-2)), warned))) == 2


def test_rounds_that_end_in_the_same_failure_are_folded() -> None:
    crumbs = [click(20 * place - 2, "button.pay") for place in range(3)]
    crumbs += [
        replace(click(20 * place - 1), category="fetch", message="POST /pay") for place in range(3)
    ]
    events = [event_with_steps(*crumbs, at=20 * place) for place in range(3)]
    (part,) = story(*events).parts
    assert part.is_round
    assert part.summary == "3 times, until 14:05:40: clicked pay, then: The payment was declined."
    assert len(part.steps) == 9


def test_rounds_count_failures_as_the_headline_does() -> None:
    """Both sides of one failure count once; two failures in a round count twice."""
    crumbs = [click(20 * place - 2, "button.pay") for place in range(3)]
    ours = [event_with_steps(*crumbs, at=20 * place) for place in range(3)]
    theirs = [event(20 * place + 1, issue_id="2", body=None) for place in range(3)]
    sample = answer(*ours, *theirs)
    cause, half = (
        Group(one[0].issue_id or "", issue, tuple(reversed(one)))
        for one, issue in zip((ours, theirs), sample.issues, strict=True)
    )
    in_order = tuple(sorted((*ours, *theirs), key=lambda one: one.timestamp, reverse=True))
    for twins, count in (
        ({one.id: other.id for one, other in zip(theirs, ours, strict=True)}, 3),
        ({}, 6),
    ):
        problem = Problem(cause, (Joined(half, Reason.SAME_REQUEST),), in_order, twins=twins)
        view = story_view(sample, [problem], BERLIN)
        assert view
        assert view.parts[0].summary.startswith(f"{count} times, until 14:05:41: clicked pay")


def test_rounds_that_end_differently_stay_apart() -> None:
    crumbs = [click(-2), click(18)]
    other = event_with_steps(*crumbs, at=20, issue_id="2", title="KeyError: x")
    view = story(
        event_with_steps(*crumbs), replace(other, body=body(breadcrumbs=(), exceptions=()))
    )
    assert not any(part.is_round for part in view.parts)


def test_messages_replays_and_releases_are_shown_at_their_time() -> None:
    related = RelatedData(
        feedback=(Feedback("f1", MOMENT + timedelta(seconds=9), "It hangs"),),
        replays=(Replay("r1", MOMENT - timedelta(seconds=9), dead_clicks=2),),
        deploys=(Deploy("shop@2.15.0", MOMENT - timedelta(hours=2), "web", "production"),),
    )
    sample = replace(answer(event_with_steps(click(-2))), beside=related)
    view = story_view(sample, problems_of(sample), BERLIN)
    assert view
    steps = [step for part in view.parts for step in part.steps]
    assert [step.kind or step.words for step in steps] == [
        "release",
        "replay",
        "clicked",
        "The payment was declined.",
        "feedback",
    ]
    assert steps[0].outcome == "went live in production"
    assert steps[1].outcome == "2 clicks that did nothing"
    assert steps[-1].outcome == "(quoted above)"
    assert [step.pause for step in steps] == [""] * 5


def test_observations_are_shown_with_their_basis() -> None:
    view = story_of(slow_and_refused())
    assert lines(view) == [
        "opened /documents",
        "requested GET /api/documents",
        "The search took 41 seconds; it usually takes 0.4 seconds. GET /api/search",
        "The upload was refused: too large. POST /api/files/upload",
    ]
    upload = view.parts[-1].steps[-1]
    assert (upload.kind, upload.outcome) == ("seen", "(3 times, until 14:04:57)")
    assert len(upload.basis) == 4
    assert "log, warn: client intended to send too large body" in upload.basis[-1]


def test_observations_are_shown_next_to_errors_but_not_what_worked() -> None:
    rows = RelatedData(
        spans=(span(-9, "http.client", "GET /cart", 90), span(-8, "http.client", "GET /x", 12_000)),
        logs=(log(-30, "error", "state 17", names_customer=False),),
    )
    view = story_of(replace(answer(event(body=None)), beside=rows))
    assert lines(view) == [
        "The program logged an error.",
        "A request took 12 seconds. GET /x",
        "The payment was declined.",
    ]
    by_trace = "It doesn’t name the customer, but belongs to a trace of theirs."
    assert view.parts[0].steps[0].outcome == by_trace


def test_what_the_server_does_not_have_is_mentioned_once() -> None:
    absent = [
        UnreadSignal(one, "No access.", can_retry=False) for one in (Signal.LOGS, Signal.SPANS)
    ]
    view = related_view(replace(answer(), beside=RelatedData(absent=tuple(absent))), BERLIN)
    assert view
    assert view["absent"] == ["No access."]
    assert not view["can_retry"]
