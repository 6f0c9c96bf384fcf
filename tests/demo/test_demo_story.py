"""The customers of the demo and the world around them."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from apps.demo.story import build_world
from apps.demo.world import (
    STARTED_VARIABLE,
    DemoCustomer,
    Event,
    Json,
    Replay,
    World,
    customers,
    started_at,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NAMES = ("user.id", "user.email", "user.username")


@pytest.fixture(scope="module")
def story() -> World:
    return build_world(NOW)


def events_of(world: World, customer: DemoCustomer, minutes: float = 5) -> list[Event]:
    return [
        event
        for event in world.events
        if customer.identifier in [event.columns[name] for name in NAMES]
        and abs(event.timestamp - customer.moment) <= timedelta(minutes=minutes)
    ]


def named(key: str) -> DemoCustomer:
    return next(one for one in customers(NOW) if one.key == key)


QUIET = {"tom", "priya", "jonas", "ines", "bea"}


@pytest.mark.parametrize("customer", customers(NOW), ids=lambda one: one.key)
def test_every_customer_has_something_to_show_except_some(
    story: World, customer: DemoCustomer
) -> None:
    is_empty = customer.key in {"leo", "hanna", "nils", "karl"} | QUIET
    assert bool(events_of(story, customer)) != is_empty


def test_some_customers_had_trouble_only_in_logs_and_spans(story: World) -> None:
    troubled, seen = set(), set()
    for customer in customers(NOW):
        near = [
            row
            for row in (*story.items("logs"), *story.items("spans"))
            if abs(row.timestamp - customer.moment) <= timedelta(minutes=5)
        ]
        own = [row for row in near if customer.identifier in row.columns.values()]
        traces = {row.columns["trace"] for row in own}
        for row in near:
            if row.columns["trace"] in traces:
                seen.add(customer.key)
                is_bad = row.columns.get("severity") in ("warn", "error")
                is_bad |= row.columns.get("span.status", "ok") != "ok"
                if is_bad or row.columns.get("span.duration", 0) > 10_000:
                    troubled.add(customer.key)
    assert troubled == QUIET | {"ada"}
    assert seen == QUIET | {"karl", "ada", "mia", "busy"}


def test_a_trace_of_adas_has_rows_of_another_customer_too(story: World) -> None:
    people: dict[str, set[str]] = {}
    for row in (*story.items("logs"), *story.items("spans")):
        people.setdefault(row.columns["trace"], set()).add(str(row.columns["user.id"]))
    assert {"1001", "3456"} in people.values()


def test_nadia_has_two_spellings_and_oda_an_event_without_a_level(story: World) -> None:
    nadia = named("nadia").identifier.casefold()
    emails = {str(event.columns["user.email"]) for event in story.events}
    assert len({email for email in emails if email.casefold() == nadia}) == 2
    levels = [event.columns["level"] for event in events_of(story, named("oda"))]
    assert levels.count(None) == 1


def test_hanna_had_an_error_14_minutes_before_and_one_later_and_nils_none_ever(
    story: World,
) -> None:
    hanna = named("hanna")
    gaps = [one.second - hanna.moment for one in events_of(story, hanna, minutes=9999)]
    minutes = [gap.total_seconds() // 60 for gap in gaps]
    assert minutes == [-20, 35]
    assert events_of(story, named("nils"), minutes=9999) == []


def test_leo_had_trouble_an_hour_before(story: World) -> None:
    assert len(events_of(story, named("leo"), minutes=63)) == 3


def test_the_busy_customer_fills_more_than_a_page(story: World) -> None:
    busy = events_of(story, named("busy"), minutes=30)
    assert len(busy) == 140
    assert len(events_of(story, named("busy"))) > 100
    assert len({event.issue.id for event in busy}) == 6


def test_beatriz_has_events_within_one_second(story: World) -> None:
    seconds = Counter(event.second for event in events_of(story, named("beatriz")))
    assert max(seconds.values()) >= 3


def test_there_are_a_dozen_platforms(story: World) -> None:
    assert len({event.columns["platform"] for event in story.events}) >= 12
    assert len(story.projects) >= 8


def test_other_users_and_events_without_user_share_the_issues(story: World) -> None:
    ada = {event.issue.id for event in events_of(story, named("ada"))}
    others = [event for event in story.events if event.issue.id in ada]
    assert any(event.columns["user.id"] != "1001" for event in others)
    assert any(event.user_key is None for event in story.events)


def test_the_same_start_gives_the_same_world(story: World) -> None:
    again = build_world(NOW)
    assert [event.id for event in again.events] == [event.id for event in story.events]
    assert [event.id for event in again.feedback] == [event.id for event in story.feedback]
    assert again.replays == story.replays


def test_source_lines_are_numbered_so_that_the_crash_line_fits(story: World) -> None:
    for event in story.events:
        for frame in frames_of(event):
            numbers = [number for number, _ in frame["context"]]
            assert not numbers or frame["lineNo"] in numbers


def frames_of(event: Event) -> list[Json]:
    values = [
        value
        for entry in event.body["entries"]
        if entry["type"] == "exception"
        for value in entry["data"]["values"]
    ]
    traces = [value["stacktrace"] for value in values if value and value["stacktrace"]]
    return [frame for trace in traces for frame in trace["frames"]]


def test_the_deepest_event_has_250_frames_of_its_own(story: World) -> None:
    assert max(len(frames_of(event)) for event in story.events) >= 250


def test_the_start_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STARTED_VARIABLE, "2026-11-23T13:00:42+01:00")
    assert started_at() == NOW
    assert customers()[0].moment == NOW - timedelta(minutes=25)


def replay_of(world: World, user_id: str) -> Replay:
    [found] = [one for one in world.replays if one.user["id"] == user_id]
    return found


def test_ada_is_on_a_replay_that_fits_her_errors_and_wrote_afterwards(story: World) -> None:
    replay = replay_of(story, "1001")
    seen = [event for event in story.events if event.id in replay.error_ids]
    assert len(seen) == len(replay.error_ids) == 4
    for event in seen:
        assert replay.started_at <= event.timestamp <= replay.finished_at
    assert seen[-1].columns["replayId"] == replay.id
    [feedback] = [one for one in story.feedback if one.columns["user.id"] == "1001"]
    assert feedback.body["contexts"]["feedback"]["replay_id"] == replay.id
    assert feedback.body["contexts"]["feedback"]["associated_event_id"] == replay.error_ids[-1]
    assert "three times and nothing happened" in feedback.columns["message"]


def test_leo_has_no_error_then_but_a_replay_and_feedback(story: World) -> None:
    replay, leo = replay_of(story, "1742"), named("leo")
    assert (replay.rage_clicks, replay.error_ids) == (2, ())
    assert replay.started_at <= leo.moment <= replay.finished_at
    [feedback] = [one for one in story.feedback if one.columns["user.email"] == leo.identifier]
    assert abs(feedback.timestamp - leo.moment) < timedelta(minutes=5)


def test_the_cause_of_mias_failure_names_no_user(story: World) -> None:
    [mine] = [one for one in events_of(story, named("mia")) if one.issue.key == "pay-timeout"]
    trace = mine.columns["trace"]
    [cause] = [one for one in story.events if one.columns["trace"] == trace and one is not mine]
    assert (cause.user_key, cause.project.slug) == (None, "checkout-api")
    assert cause.second == mine.second
