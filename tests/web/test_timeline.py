"""Positions and labels of lanes, marks, ticks, releases, and steps in the timeline."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.events.answer import Answer, Deploy
from apps.events.event import Breadcrumb, Event, ExceptionInfo, Frame
from apps.events.filtering import EventFilter, TimeRange, filter_problems
from apps.events.grouping import problems_of
from apps.events.query import Window
from apps.web.presenters.story import story_view
from apps.web.presenters.timeline import Timeline
from apps.web.views.events import event_table
from tests.web import answers
from tests.web.answers import MOMENT, answer, body, event

BERLIN = ZoneInfo("Europe/Berlin")


def draw(sample: Answer, shown: EventFilter | None = None) -> Timeline:
    """Draw the timeline of an answer, in Berlin time."""
    shown = shown or EventFilter()
    filtered = filter_problems(problems_of(sample), shown)
    return Timeline(sample, filtered, shown, BERLIN)


def at(seconds: int) -> datetime:
    """Return the time that many seconds after the reported time."""
    return MOMENT + timedelta(seconds=seconds)


def zoom(seconds: int) -> EventFilter:
    """Return a filter for that many seconds before and after the reported time."""
    return EventFilter(span=TimeRange(at(-seconds), at(seconds)))


def with_deploys(*deploys: Deploy) -> Answer:
    """Return an answer with one event and these deploys."""
    sample = answer(event())
    return replace(sample, beside=replace(sample.beside, deploys=deploys))


@pytest.mark.parametrize("minutes", [1, 5, 60, 1440])
def test_marks_and_ticks_are_inside_drawing(minutes: int) -> None:
    drawing = draw(answer(*answers.many_events(200), minutes=minutes))

    marks = [mark.across for lane in drawing.lanes for mark in lane.marks]
    ticks = [across for across, _label in drawing.ticks]
    places = [float(across.removesuffix("%")) for across in (*marks, *ticks)]
    assert places
    assert all(3 <= place <= 97 for place in places)
    assert drawing.moment
    assert drawing.moment.across == "50.00%"


def test_marks_are_ordered_and_count_every_event() -> None:
    drawing = draw(answer(*answers.many_events(120)))

    for lane in drawing.lanes:
        places = [float(mark.across.removesuffix("%")) for mark in lane.marks]
        assert places == sorted(places)
    assert sum(mark.count for lane in drawing.lanes for mark in lane.marks) == 120


def test_repeated_hour_is_labeled_twice_with_zone() -> None:
    window = Window(datetime(2026, 10, 25, 2, 0, tzinfo=UTC), 120)
    sample = answer(event())
    drawing = draw(replace(sample, question=replace(sample.question, window=window)))

    assert [label for _across, label in drawing.ticks] == [
        "02:00 CEST",
        "02:00 CET",
        "04:00 CET",
        "05:00 CET",
    ]


def test_lane_has_short_label_and_full_name() -> None:
    body_read = body(exceptions=(ExceptionInfo(type="ReadTimeout"),), request=None)
    late = event(title="ReadTimeout", transaction="/cart/items", platform="python", body=body_read)

    (lane,) = draw(answer(late)).lanes

    assert lane.label == "Another service did not answer our server in time"
    assert lane.name == f"While using the cart: a{lane.label[1:]}. ReadTimeout"


def test_lanes_with_same_label_get_their_projects_but_no_technical_titles() -> None:
    one = event(issue_id="1", title="PaymentDeclined: a")
    two = event(9, issue_id="2", title="PaymentDeclined: b", project="web")

    labels = {lane.label for lane in draw(answer(two, one)).lanes}

    assert labels == {"The payment was declined (checkout-api)", "The payment was declined (web)"}


def test_problems_with_same_label_get_their_files_or_share_a_lane() -> None:
    def failed(number: int, file: str) -> Event:
        raised = ExceptionInfo("PaymentDeclined", "Declined", frames=(Frame(file=file, line=1),))
        return event(number, issue_id=str(number), body=body(exceptions=(raised,)))

    def rows(*files: str) -> list[tuple[str, str, int]]:
        lanes = draw(answer(*(failed(40 * place, file) for place, file in enumerate(files)))).lanes
        return [(lane.number, lane.label, len(lane.marks)) for lane in lanes]

    declined = "The payment was declined"
    assert rows("src/pay.ts", "src/cart.ts") == [
        ("1", f"{declined} (pay.ts)", 1),
        ("2", f"{declined} (cart.ts)", 1),
    ]
    assert rows("a.ts", "a.ts", "a.ts") == [("1", declined, 1), ("2-3", declined, 2)]


def test_zoom_shows_seconds_and_omits_empty_lanes() -> None:
    sample = answer(event(200, issue_id="9"), event(2, issue_id="3"), event(-3, issue_id="4"))

    drawing = draw(sample, zoom(10))

    assert {lane.number for lane in drawing.lanes} == {"1", "2"}
    assert [label for _across, label in drawing.ticks] == [
        "14:04:50",
        "14:04:55",
        "14:05:05",
        "14:05:10",
    ]
    assert len({mark.across for lane in drawing.lanes for mark in lane.marks}) == 2


def test_zoom_splits_joined_marks() -> None:
    sample = answer(event(3), event(0))

    assert [mark.count for mark in draw(sample).lanes[0].marks] == [2]
    assert [mark.count for mark in draw(sample, zoom(10)).lanes[0].marks] == [1, 1]


def test_filtered_lane_keeps_its_number() -> None:
    sample = answer(*answers.many_events(60))
    issue = problems_of(sample)[2].issue_id

    (lane,) = draw(sample, EventFilter(issue_id=issue)).lanes

    assert lane.number == "3"


def test_reported_time_outside_range_is_described_instead_of_drawn() -> None:
    drawing = draw(answer(event(200)), EventFilter(span=TimeRange(at(100), at(300))))

    assert drawing.moment is None
    assert drawing.elsewhere == "The reported time, 14:05:00, is before this range"


def test_release_is_marked_at_deploy_time() -> None:
    drawing = draw(with_deploys(Deploy("shop@2.14.0", at(-60), "web", "production")))

    (mark,) = drawing.releases
    assert (mark.across, mark.text) == ("40.80%", "2.14.0")
    assert "1 release went live" in drawing.description


def test_nearby_releases_share_one_mark() -> None:
    drawing = draw(with_deploys(Deploy("7.1", at(-55), "api"), Deploy("2.14.0", at(-60), "web")))

    (mark,) = drawing.releases
    assert mark.text == "2 releases"


def test_releases_outside_range_or_project_are_left_out() -> None:
    sample = with_deploys(
        Deploy("1", at(-280), "web"), Deploy("2", at(0), "api"), Deploy("3", at(9))
    )

    assert [one.text for one in draw(sample, zoom(5)).releases] == ["2"]
    assert [one.text for one in draw(sample, EventFilter(project="web")).releases] == ["1", "3"]


def test_release_labels_never_overlap_next_mark() -> None:
    deploys = [Deploy(f"2.14.{number}-rc", at(number * 12 - 290)) for number in range(48)]

    marks = draw(with_deploys(*deploys)).releases

    places = [float(mark.across.removesuffix("%")) for mark in marks]
    assert len(marks) > 10
    for mark, place, after in zip(marks, places, [*places[1:], 100.0], strict=True):
        assert not mark.text or mark.anchor == "end" or after - place > len(mark.text) * 0.8


def test_customer_steps_are_counted_by_time() -> None:
    crumbs = tuple(
        Breadcrumb(at(seconds), message=str(seconds)) for seconds in (-200, -61, -60, -59, 400)
    )
    sample = answer(
        event(1, body=body(breadcrumbs=crumbs)), event(0, body=body(breadcrumbs=crumbs))
    )

    density = draw(sample).density

    assert density
    assert density.description == "Recorded: 4 steps, most around 14:04"
    assert density.path.count("M") == 3
    assert draw(sample, zoom(10)).density is None


def test_table_lists_everything_in_drawing() -> None:
    sample = answer(*answers.many_events(40))
    sample = replace(
        sample, beside=replace(sample.beside, deploys=(Deploy("2.0", at(-20), "web"),))
    )

    table = event_table(sample, EventFilter(), BERLIN)

    times = [row["when"] for row in table["rows"]]
    assert times == sorted(times)
    linked = {row["event_id"] for row in table["rows"] if row["event_id"]}
    assert linked == {one.id for one in sample.events}
    others = [(row["what"], row.get("release")) for row in table["rows"] if not row["event_id"]]
    assert others == [("A release went live", "2.0"), ("Reported time", None)]
    first = table["rows"][0]
    assert re.fullmatch(r"\d\d:\d\d:\d\d", first["time"].text)
    assert first["time"].utc.endswith("UTC")


def test_table_lists_a_release_at_the_reported_time_before_it() -> None:
    table = event_table(with_deploys(Deploy("2.0", MOMENT, "web")), EventFilter(), BERLIN)

    others = [row["what"] for row in table["rows"] if not row["event_id"]]
    assert others == ["A release went live", "Reported time"]


def test_table_respects_filter() -> None:
    sample = answer(*answers.many_events(40))

    table = event_table(sample, EventFilter(level="fatal"), BERLIN)

    assert {row["level"] for row in table["rows"] if row["event_id"]} == {"fatal"}
    assert table["filter"]["hidden"]


def test_observations_have_marks_that_lead_to_their_steps() -> None:
    sample = answers.slow_and_refused()
    drawing = draw(sample)
    view = story_view(sample, (), BERLIN)
    assert view
    steps = {f"#{step.anchor}" for part in view.parts for step in part.steps if step.anchor}
    assert [mark.label for mark in drawing.seen] == [
        "14:03:25: The search took 41 seconds; it usually takes 0.4 seconds.",
        " ".join(f"14:04:{second}: The upload was refused: too large." for second in (40, 48, 57)),
    ]
    assert {mark.href for mark in drawing.seen} == steps
    assert drawing.description.endswith("0 events, 2 findings in logs and requests.")


def test_observations_are_filtered_by_what_they_have() -> None:
    sample = answers.slow_and_refused()
    for shown, count in (
        (EventFilter(), 2),
        (EventFilter(project="checkout-api"), 2),
        (EventFilter(project="web"), 2),
        (EventFilter(project="mobile"), 0),
        (EventFilter(environment="staging"), 0),
        (EventFilter(level="error"), 0),
        (EventFilter(issue_id="1"), 0),
        (EventFilter(text="UPLOAD"), 1),
        (zoom(30), 3),  # each time has its own mark
        (zoom(5), 1),
    ):
        assert len(draw(sample, shown).seen) == count, shown
