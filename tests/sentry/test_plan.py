"""One question against the demo Sentry: complete, exact, cheap, and honest when it cannot be."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.demo.server import DemoSentry
from apps.events.answer import Answer, NoticeCode
from apps.events.query import Question
from apps.sentry import (
    SentryAuthRefused,
    SentryClient,
    SentryConfig,
    SentryNotFound,
    SentryTimeout,
    fetch_answer,
)
from tests.conftest import MOMENT, NOW, question

AWKWARD = [
    "1001",
    'a"b',
    '"',
    '""',
    "*",
    "a*",
    "\\*",
    "x\\",
    '\\"',
    "\\\\",
    "CORP\\a\\*b",
    "a,b",
    "[a,b]",
    "(a)",
    "a b",
    "x OR level:error",
    "!=1001",
    "=1001",
    ">5",
    "DOMAIN\\user",
    "Jane+shop@example.com",
    "José 田中",
    "user.id:1001",
    "unknown",
    "%25",
    "-1",
]


def ask(config: SentryConfig, asked: Question) -> Answer:
    client = SentryClient(config)
    try:
        return fetch_answer(client, asked, projects=client.projects(), now=NOW)
    finally:
        client.close()


def codes(answer: Answer) -> list[NoticeCode]:
    return [notice.code for notice in answer.notices]


@pytest.mark.parametrize("identifier", AWKWARD)
def test_every_event_of_an_awkward_customer_and_nobody_elses(
    demo_sentry: DemoSentry, config: SentryConfig, identifier: str
) -> None:
    """All the others are there at the same moment, in the same issue."""
    expected = set()
    for other in AWKWARD:
        by_id = demo_sentry.world.add_event(user_id=other, timestamp=MOMENT)
        by_name = demo_sentry.world.add_event(username=other, timestamp=MOMENT)
        if other == identifier:
            expected |= {by_id.id, by_name.id}
    demo_sentry.world.add_event(timestamp=MOMENT)
    answer = ask(config, question(identifier))
    assert {event.id for event in answer.events} == expected
    assert answer.complete


def test_an_email_is_found_in_any_case(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    demo_sentry.world.add_event(email="jane@example.com", timestamp=MOMENT)
    answer = ask(config, question("JANE@example.com"))
    assert answer.matched_on == ("user.email",)


def test_both_edges_of_the_window_are_inside(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    five = timedelta(minutes=5)
    second = timedelta(seconds=1)
    for offset in (-five - second, -five, five, five + second):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT + offset)
    times = [event.timestamp - MOMENT for event in ask(config, question("1")).events]
    assert times == [five, -five]


def test_all_pages_are_followed(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    for place in range(230):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT + timedelta(seconds=place % 7))
    answer = ask(config, question("1"))
    assert len({event.id for event in answer.events}) == 230
    assert answer.events_total == 230
    assert answer.complete


def test_bodies_come_ten_a_page_for_the_fifty_nearest(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    for place in range(70):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT + timedelta(seconds=place))
    answer = ask(config, question("1"))
    assert answer.bodies_read == 50
    assert all(event.body for event in answer.events if event.timestamp < MOMENT + timedelta(0, 50))
    paths = [call.path for call in demo_sentry.calls]
    assert len([path for path in paths if "/issues/" in path and path.endswith("/events/")]) == 5
    assert not [path for path in paths if "/projects/acme/" in path]


def test_one_call_asks_for_the_facts_of_all_issues(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    for name in ("One", "Two", "Three"):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, issue=name)
    answer = ask(config, question("1"))
    assert len(answer.issues) == 3
    assert all(issue.users_affected == 1 and issue.permalink for issue in answer.issues)
    calls = [call for call in demo_sentry.calls if call.path.endswith("/acme/issues/")]
    assert len(calls) == 1


def test_a_body_missing_from_the_issues_list_is_read_singly(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    demo_sentry.fail(r"/issues/\d+/events/", times=None, status=200, body="[]")
    answer = ask(config, question("1"))
    assert answer.bodies_read == 1
    assert answer.complete


def test_bodies_that_fail_cost_the_details_and_not_the_lookup(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, issue="Good")
    bad = demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, issue="Bad")
    demo_sentry.fail(rf"/issues/{bad.issue.id}/events/", times=None, status=403)
    answer = ask(config, question("1"))
    assert (len(answer.events), answer.bodies_read) == (2, 1)
    assert codes(answer) == [NoticeCode.PARTIAL_BODIES]
    assert bad.issue.short_id in answer.notices[0].message


def test_issue_facts_that_fail_are_said(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    demo_sentry.fail(r"/acme/issues/\?", times=None, status=403)
    answer = ask(config, question("1"))
    assert codes(answer) == [NoticeCode.SIGNAL_MISSING]
    assert answer.events[0].permalink


def test_more_events_than_the_limit_are_counted_and_said(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    for place in range(120):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT - timedelta(seconds=place))
    answer = ask(replace(config, max_events=30), question("1"))
    assert (len(answer.events), answer.events_total) == (30, 120)
    assert codes(answer) == [NoticeCode.CAPPED]
    assert not answer.complete
    assert answer.events[0].timestamp == MOMENT


def test_a_list_that_breaks_off_is_incomplete(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    for _ in range(120):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    demo_sentry.fail(r"/acme/events/.*cursor=", times=None, status=400)
    answer = ask(config, question("1"))
    assert len(answer.events) == 100
    assert codes(answer) == [NoticeCode.INCOMPLETE_LIST]
    assert not answer.complete


def test_nothing_in_a_window_that_is_over_is_sure(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    demo_sentry.world.add_event(user_id="2", timestamp=MOMENT)
    answer = ask(config, question("1"))
    assert (answer.events, answer.complete, answer.notices) == ((), True, ())


@pytest.mark.parametrize("ago", [0, 3, 14])
def test_nothing_yet_in_a_window_still_settling_is_not_sure(
    demo_sentry: DemoSentry, config: SentryConfig, ago: int
) -> None:
    demo_sentry.world.add_project("web")
    answer = ask(config, question("1", moment=NOW - timedelta(minutes=ago)))
    assert codes(answer) == [NoticeCode.WINDOW_OPEN]
    assert not answer.complete


@pytest.mark.parametrize("days", [90, 400])
def test_a_window_beyond_what_sentry_keeps_is_incomplete(
    demo_sentry: DemoSentry, config: SentryConfig, days: int
) -> None:
    demo_sentry.world.add_event(user_id="2", timestamp=MOMENT)
    answer = ask(config, question("1", moment=NOW - timedelta(days=days)))
    assert codes(answer) == [NoticeCode.RETENTION]
    assert not answer.complete


def test_a_project_the_token_cannot_see_is_said(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, project="web")
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, project="api")
    answer = ask(config, replace(question("1"), projects=("web", "gone")))
    assert [event.project for event in answer.events] == ["web"]
    assert codes(answer) == [NoticeCode.PROJECT_SKIPPED]
    assert not answer.complete


def test_only_unseen_projects_cannot_be_asked(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    demo_sentry.world.add_project("web")
    with pytest.raises(SentryNotFound):
        ask(config, replace(question("1"), projects=("gone",)))


def test_a_token_without_projects_is_not_an_empty_answer(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    with pytest.raises(SentryNotFound):
        ask(config, question("1"))


def test_an_environment_narrows_the_answer(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    for name in ("production", "staging"):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, environment=name)
    answer = ask(config, replace(question("1"), environments=("staging",)))
    assert [event.environment for event in answer.events] == ["staging"]


def test_an_event_id_finds_its_event_wherever_it_lies(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    event = demo_sentry.world.add_event(user_id="1", timestamp=MOMENT - timedelta(days=1))
    answer = ask(config, question(event.id))
    assert [found.id for found in answer.events] == [event.id]
    assert answer.matched_on == ("id",)
    assert NoticeCode.OUTSIDE_WINDOW in codes(answer)
    assert answer.bodies_read == 1


def test_a_trace_id_finds_the_events_of_that_trace(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    trace = "ab" * 16
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, trace_id=trace)
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    assert ask(config, question(trace)).matched_on == ("trace",)


def test_a_configured_tag_finds_the_customer(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    demo_sentry.world.add_event(tags={"account_id": "A-7"}, timestamp=MOMENT)
    demo_sentry.world.add_event(tags={"account_id": "A-70"}, timestamp=MOMENT)
    asked = replace(question("A-7"), fields=("user.id", "tags[account_id]"))
    answer = ask(config, asked)
    assert len(answer.events) == 1
    assert answer.matched_on == ("tags[account_id]",)


def test_a_wrong_token_and_a_wrong_organization_are_errors(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    with pytest.raises(SentryAuthRefused):
        ask(replace(config, token="wrong"), question("1"))
    with pytest.raises(SentryNotFound):
        ask(replace(config, organization="wrong"), question("1"))


def test_the_whole_lookup_ends_with_its_deadline(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    demo_sentry.fail(r"/acme/events/", times=None, delay_s=5)
    with pytest.raises(SentryTimeout):
        ask(replace(config, deadline_s=0.5), question("1"))
