"""In any world, any lookup gives the exact answer with the expected number of calls."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from apps.demo.world import World
from apps.events.answer import Answer, NoticeCode
from apps.events.query import Question
from apps.sentry.client import SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.fetch import fetch_answer
from tests.conftest import MOMENT, NOW, question
from tests.demo_sentry import DemoSentry
from tests.examples import examples
from tests.sentry.worlds import Scene, scenes

WORLDS = settings(
    deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow]
)
COUNTS = settings(
    deadline=None, max_examples=examples(20), suppress_health_check=[HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def sentry() -> Iterator[DemoSentry]:
    """Run one server for all examples; each empties its world."""
    with DemoSentry(World()) as demo:
        yield demo


def look_up(demo: DemoSentry, lookup: Question, **limits: int) -> Answer:
    config = SentryConfig(base_url=demo.url, organization="acme", token="demo-token")
    client = SentryClient(replace(config, **limits))  # type: ignore[arg-type]
    try:
        return fetch_answer(client, lookup, projects=client.projects(), now=NOW)
    finally:
        client.close()


def look_up_in(scene: Scene, demo: DemoSentry) -> Answer:
    scene.plant(demo.world)
    demo.settings.change({"row_page_cap": scene.row_page_cap, "full_page_cap": scene.full_page_cap})
    try:
        return look_up(demo, scene.question, max_events=scene.max_events)
    finally:
        demo.settings.change({"row_page_cap": None, "full_page_cap": 10})
        demo.clear()


@given(scene=scenes())
@WORLDS
def test_answer_is_exact(sentry: DemoSentry, scene: Scene) -> None:
    """Contain no other customer's event, none twice, and all unless capped with a notice."""
    answer = look_up_in(scene, sentry)
    truth = scene.expected
    found = [one.id for one in answer.events]
    capped = len(truth) > scene.max_events
    event(f"capped: {capped}, empty: {not truth}")
    assert len(found) == len(set(found))
    assert set(found) <= set(truth)
    assert len(found) == min(len(truth), scene.max_events)
    assert answer.complete is not capped
    assert answer.has_notice(NoticeCode.CAPPED) is capped
    assert _seconds_of(scene, found) == _newest_seconds(scene)
    assert answer.events_total == len(truth) or (
        capped
        and answer.events_total is None
        and (scene.question.customer.hex_id or scene.row_page_cap)
    )


def _seconds_of(scene: Scene, ids: list[str]) -> list[datetime]:
    return [scene.expected[one].timestamp.replace(microsecond=0) for one in ids]


def _newest_seconds(scene: Scene) -> list[datetime]:
    """Return times, because the order within a second is undefined."""
    return sorted(_seconds_of(scene, list(scene.expected)), reverse=True)[: scene.max_events]


@given(scene=scenes())
@WORLDS
def test_every_event_has_its_own_body(sentry: DemoSentry, scene: Scene) -> None:
    answer = look_up_in(scene, sentry)
    for one in answer.events:
        body = one.body
        planted = scene.planted[int(dict(body.tags)["place"])] if body else None
        assert planted is scene.expected[one.id]
        assert (one.project, one.environment) == (planted.project, planted.environment)
        assert one.permalink
    assert {one.issue_id for one in answer.events} == {issue.id for issue in answer.issues}


@given(scene=scenes())
@WORLDS
def test_other_occurrences_are_exact_or_have_a_problem(sentry: DemoSentry, scene: Scene) -> None:
    answer = look_up_in(scene, sentry)
    event(f"searched: {answer.nearby is not None}")
    assert (answer.nearby is not None) == (not scene.expected)
    if answer.nearby is None:
        return
    window, nearby = scene.question.window, answer.nearby
    times = sorted(
        one.timestamp.replace(microsecond=0)
        for one in scene.planted
        if one.is_about(scene.question) and one.is_in_scope(scene.question)
    )
    event(f"known: {nearby.problem is None}, any: {bool(times)}")
    truth = (
        max((at for at in times if at < window.start), default=None),
        min((at for at in times if at > window.end), default=None),
        max(times, default=None),
    )
    found = tuple(one and one.timestamp for one in (nearby.before, nearby.after, nearby.last))
    assert nearby.problem is None or scene.row_page_cap  # others' rows can fill a small page
    for one, true in zip(found, truth, strict=True):
        assert one == true or (nearby.problem and (one is None or one in times))


def test_event_id_respects_the_chosen_environment(
    sentry: DemoSentry,
) -> None:
    sentry.world.clear()
    planted = sentry.world.add_event(user_id="1", timestamp=MOMENT, environment="production")
    answer = look_up(sentry, replace(question(planted.id), environments=("staging",)))
    assert answer.events == () or answer.notices


def populate(demo: DemoSentry, sizes: Mapping[int, int]) -> dict[int, list[int]]:
    """Add events of customer 1 to each issue, and return their distances, which all differ."""
    demo.world.clear()
    demo.world.add_project("web")
    spread = [place for place, size in sizes.items() for _ in range(size)]
    distances: dict[int, list[int]] = {place: [] for place in sizes}
    for number in range(len(spread)):
        place = spread[number * 7919 % len(spread)]
        seconds = number + 1 if number % 2 else -number - 1
        demo.world.add_event(
            user_id="1" if number % 3 else None,
            username=None if number % 3 else "1",
            timestamp=MOMENT + timedelta(seconds=seconds),
            issue=f"Issue {place}",
        )
        distances[place].append(number + 1)
    return distances


def calls_by_kind(demo: DemoSentry) -> dict[str, int]:
    counts = {"table": 0, "count": 0, "full": 0, "issues": 0, "projects": 0, "other": 0}
    for call in demo.calls:
        tail = call.path.removeprefix("/api/0/organizations/acme/")
        kind = {"events/": "table", "issues/": "issues", "projects/": "projects"}.get(tail, "other")
        if tail.startswith("issues/") and tail.endswith("/events/"):
            kind = "full"
        if "count()" in call.query.get("field", []):
            kind = "count"
        counts[kind] += 1
    return counts


@given(
    sizes=st.dictionaries(st.integers(0, 200), st.integers(1, 30), max_size=12)
    | st.integers(90, 130).map(lambda many: dict.fromkeys(range(many), 1))
)
@example(sizes={0: 10, 1: 10, 2: 10, 3: 10, 4: 10})
@example(sizes={0: 49, 1: 51})
@example(sizes={0: 101})
@example(sizes={0: 200})
@example(sizes={})
@COUNTS
def test_lookup_sends_the_expected_calls(sentry: DemoSentry, sizes: dict[int, int]) -> None:
    """Read table pages of 100, bodies of the 50 nearest in pages of 10, and issues by 100.

    Without events, one more call searches other times.
    """
    distances = populate(sentry, sizes)
    sentry.clear()
    answer = look_up(sentry, question("1", minutes=60))
    events = sum(sizes.values())
    near = {place: sum(one <= 50 for one in own) for place, own in distances.items()}
    assert calls_by_kind(sentry) == {
        "projects": 1,
        "table": ceil(events / 100) or 2,
        "count": 0,
        "full": sum(ceil(one / 10) for one in near.values()),
        "issues": ceil(len(sizes) / 100),
        "other": 0,
    }
    assert answer.bodies_read == min(events, 50)
    assert answer.calls == len(sentry.calls)


def test_capped_lookup_sends_one_extra_count(sentry: DemoSentry) -> None:
    """It reads no page beyond the limit, unless only its rows show that there are more."""
    populate(sentry, {0: 250})
    for limit, tables in ((100, 1), (120, 2), (200, 2), (249, 3)):
        sentry.clear()
        answer = look_up(sentry, question("1", minutes=60), max_events=limit)
        assert (len(answer.events), answer.events_total) == (limit, 250)
        counts = calls_by_kind(sentry)
        assert (counts["table"], counts["count"], counts["other"]) == (tables, 1, 0), limit
    sentry.clear()
    answer = look_up(sentry, question("1", minutes=60), max_events=250)
    assert (len(answer.events), answer.complete) == (250, True)
    assert calls_by_kind(sentry)["count"] == 0
