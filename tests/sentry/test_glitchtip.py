"""A question against a GlitchTip over real HTTP: exact without an events table, or it says so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.demo.server import DemoSentry
from apps.events.answer import NoticeCode
from apps.sentry import (
    SentryClient,
    SentryConfig,
    SentryServerError,
    fetch_event,
)
from tests.conftest import MOMENT, question
from tests.sentry.glitchtips import ask, crowd, ids
from tests.sentry.test_plan import AWKWARD, codes

FIVE = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@pytest.fixture
def demo(glitchtip: DemoSentry) -> DemoSentry:
    return glitchtip


@pytest.fixture
def config(glitchtip_config: SentryConfig) -> SentryConfig:
    return glitchtip_config


@pytest.fixture(params=["quiet", "busy"])
def busy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Both ways of reading: whole projects, and the customer's issues alone."""
    if request.param == "busy":
        monkeypatch.setattr("apps.sentry.glitchtip.SCAN_PAGES", -1)
    return bool(request.param == "busy")


@pytest.mark.parametrize("identifier", [*AWKWARD, '"quoted"', 'acct:42 "quoted"', "'", "a'b", "#1"])
def test_every_event_of_an_awkward_customer_and_nobody_elses(
    demo: DemoSentry, config: SentryConfig, busy: bool, identifier: str
) -> None:
    expected = set()
    for other in dict.fromkeys((*AWKWARD, '"quoted"', 'acct:42 "quoted"', "'", "a'b", "#1")):
        by_id = demo.world.add_event(user_id=other, timestamp=MOMENT, issue="One")
        by_name = demo.world.add_event(username=other, timestamp=MOMENT, issue="Two")
        if other == identifier:
            expected |= {by_id.id, by_name.id}
    demo.world.add_event(timestamp=MOMENT)
    crowd(demo, 120)
    answer = ask(config, question(identifier))
    assert ids(answer) == expected
    assert answer.complete is not (busy and "@" in identifier), answer.notices
    assert all(event.body for event in answer.events)
    assert {issue.title for issue in answer.issues} == {"Error: Something went wrong"}


def test_the_edges_of_the_window_are_inside(
    demo: DemoSentry, config: SentryConfig, busy: bool
) -> None:
    for offset in (-FIVE - SECOND, -FIVE, FIVE, FIVE + SECOND):
        demo.world.add_event(user_id="1", timestamp=MOMENT + offset)
    crowd(demo, 110)
    times = [event.timestamp - MOMENT for event in ask(config, question("1")).events]
    assert times == [FIVE, -FIVE]


def test_events_received_in_one_moment_are_not_lost_between_pages(
    demo: DemoSentry, config: SentryConfig, busy: bool
) -> None:
    """Ninety at each of four moments: every edge of a page falls into a tie."""
    expected = {
        demo.world.add_event(user_id="1", timestamp=MOMENT - timedelta(seconds=place // 90)).id
        for place in range(360)
    }
    answer = ask(config, question("1"))
    assert ids(answer) == expected
    assert (answer.complete, answer.events_total) == (True, 360)


def test_more_in_one_moment_than_a_page_holds_is_incomplete(
    demo: DemoSentry, config: SentryConfig, busy: bool
) -> None:
    for _ in range(150):
        demo.world.add_event(user_id="1", timestamp=MOMENT)
    demo.world.add_event(user_id="1", timestamp=MOMENT - SECOND)
    answer = ask(config, question("1"))
    assert len(answer.events) < 151
    assert NoticeCode.FLAVOR_LIMITS in codes(answer)
    assert not answer.complete


def test_several_projects_are_read_and_named(
    demo: DemoSentry, config: SentryConfig, busy: bool
) -> None:
    for project in ("web", "api", "app"):
        demo.world.add_event(user_id="1", timestamp=MOMENT, project=project)
    crowd(demo, 130, project="api")
    answer = ask(config, question("1"))
    assert {event.project for event in answer.events} == {"web", "api", "app"}
    assert answer.complete
    narrowed = ask(config, replace(question("1"), projects=("api",)))
    assert {event.project for event in narrowed.events} == {"api"}


def test_an_event_that_came_in_late_is_found(
    demo: DemoSentry, config: SentryConfig, busy: bool
) -> None:
    late = demo.world.add_event(
        user_id="1", timestamp=MOMENT, received=MOMENT + timedelta(hours=30)
    )
    answer = ask(config, question("1"))
    assert (ids(answer), answer.complete) == ({late.id}, True)


def test_a_clock_that_runs_hours_ahead_makes_us_read_further(
    demo: DemoSentry, config: SentryConfig
) -> None:
    two_hours = timedelta(hours=2)
    sign = MOMENT + timedelta(hours=3)
    demo.world.add_event(user_id="2", timestamp=sign, received=sign - two_hours)
    ahead = demo.world.add_event(user_id="1", timestamp=MOMENT, received=MOMENT - two_hours)
    for place in range(110):
        demo.world.add_event(user_id="2", timestamp=MOMENT - timedelta(minutes=30, seconds=place))
    assert ids(ask(config, question("1"))) == {ahead.id}


def test_an_email_in_any_case_where_the_project_is_read(
    demo: DemoSentry, config: SentryConfig
) -> None:
    demo.world.add_event(email="Jane@Example.com", timestamp=MOMENT)
    answer = ask(config, question("jane@example.com"))
    assert (answer.matched_on, answer.complete) == (("user.email",), True)


def test_tags_environments_and_traces_are_matched_here(
    demo: DemoSentry, config: SentryConfig
) -> None:
    trace = "ab" * 16
    demo.world.add_event(
        tags={"account_id": "A-7"}, timestamp=MOMENT, environment="staging", trace_id=trace
    )
    demo.world.add_event(tags={"account_id": "A-70"}, timestamp=MOMENT)
    by_tag = replace(question("A-7"), fields=("user.id", "tags[account_id]"))
    assert ask(config, by_tag).matched_on == ("tags[account_id]",)
    assert ask(config, question(trace)).matched_on == ("trace",)
    assert len(ask(config, replace(by_tag, environments=("staging",))).events) == 1
    elsewhere = ask(config, replace(by_tag, environments=("production",)))
    assert (elsewhere.events, elsewhere.complete) == ((), True)


def test_more_events_than_the_limit_are_counted_and_said(
    demo: DemoSentry, config: SentryConfig
) -> None:
    for place in range(120):
        demo.world.add_event(user_id="1", timestamp=MOMENT - timedelta(seconds=place))
    answer = ask(replace(config, max_events=30, max_bodies=5), question("1"))
    assert (len(answer.events), answer.events_total, answer.bodies_read) == (30, 120, 5)
    assert codes(answer) == [NoticeCode.CAPPED]
    assert answer.events[0].timestamp == MOMENT
    bare = next(event for event in answer.events if event.body is None)
    client = SentryClient(config)
    whole = fetch_event(client, bare)
    client.close()
    assert whole.body


def test_an_event_id_finds_its_event_wherever_it_lies(
    demo: DemoSentry, config: SentryConfig
) -> None:
    for project in ("web", "api", "app"):
        event = demo.world.add_event(timestamp=MOMENT - timedelta(days=1), project=project)
    link = f"https://glitch.test/acme/issues/1/events/{event.id}"
    for typed in (event.id, link):
        answer = ask(config, question(typed))
        assert (ids(answer), answer.matched_on) == ({event.id}, ("id",))
        assert NoticeCode.OUTSIDE_WINDOW in codes(answer)
        assert answer.bodies_read == 1
    nowhere = ask(config, question("https://glitch.test/issues/1/events/" + "0" * 32))
    assert (nowhere.events, nowhere.complete) == ((), True)


def test_a_pasted_link_that_cannot_be_looked_up_is_no_empty_answer(
    demo: DemoSentry, config: SentryConfig
) -> None:
    demo.fail(r"/projects/acme/web/events/", times=None, status=500)
    with pytest.raises(SentryServerError):
        ask(config, question("https://glitch.test/issues/1/events/" + "0" * 32))


def test_facts_of_issues_come_with_links_and_without_a_number_of_users(
    demo: DemoSentry, config: SentryConfig
) -> None:
    event = demo.world.add_event(user_id="1", timestamp=MOMENT)
    answer = ask(config, question("1"))
    (issue,) = answer.issues
    assert (issue.users_affected, issue.events_total) == (None, 1)
    assert issue.permalink == f"{demo.url}/acme/issues/{event.issue.id}"
    assert answer.events[0].permalink == f"{issue.permalink}/events/{event.id}/"


def test_calls_are_few(demo: DemoSentry, config: SentryConfig) -> None:
    """The projects, a page of each, and the facts."""
    for project in ("web", "api"):
        demo.world.add_event(user_id="1", timestamp=MOMENT, project=project)
    assert ask(config, question("1")).calls == 4


def test_a_long_way_back_goes_by_the_customers_issues(
    demo: DemoSentry, config: SentryConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = demo.world.add_event(user_id="1", timestamp=MOMENT, issue="Mine")
    crowd(demo, 1500)
    answer = ask(config, question("1"))
    assert (ids(answer), answer.complete) == ({mine.id}, True)
    assert answer.calls <= 7
