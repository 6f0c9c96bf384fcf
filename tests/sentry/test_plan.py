"""Lookups in the demo Sentry are exact and cheap, and incomplete ones say so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.events.answer import Answer, NoticeCode
from apps.events.query import DEFAULT_FIELDS, EXACTLY, Question
from apps.sentry.client import SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.errors import SentryAuthRefused, SentryNotFound, SentryTimeout
from apps.sentry.fetch import fetch_answer, fetch_ids
from tests.conftest import MOMENT, NOW, question
from tests.demo_sentry import DemoSentry

AWKWARD = [
    "1001",
    'a"b',
    '"',
    '""',
    "*",
    "a*",
    "x\\",
    "A{2}\\",
    "{a}",
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


def look_up(config: SentryConfig, lookup: Question) -> Answer:
    client = SentryClient(config)
    try:
        return fetch_answer(client, lookup, projects=client.projects(), now=NOW)
    finally:
        client.close()


def codes(answer: Answer) -> list[NoticeCode]:
    return [notice.code for notice in answer.notices]


def test_exactly_the_events_of_an_awkward_customer_are_found(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    """All customers have events at the same time, in the same issue."""
    expected = {
        identifier: {
            demo_sentry.world.add_event(user_id=identifier, timestamp=MOMENT).id,
            demo_sentry.world.add_event(username=identifier, timestamp=MOMENT).id,
        }
        for identifier in AWKWARD
    }
    demo_sentry.world.add_event(timestamp=MOMENT)
    for identifier, events in expected.items():
        answer = look_up(config, question(f"{EXACTLY}{identifier}"))
        assert {event.id for event in answer.events} == events, identifier
        assert answer.complete, identifier


SPELLINGS: list[tuple[str, str, str, str]] = [  # field, typed, found, someone else's
    ("email", "jane@example.com", "Jane@Example.com", "jane@example.com.au"),
    ("username", "CORP\\anna", "corp\\Anna", "corpanna"),
    ("user_id", "a{2}", "A{2}", "aa"),
    ("username", "Straße 7", "STRASSE 7", "Strase 7"),
    ("account_id", "cus_9Ab", "CUS_9AB", "cus_9Abc"),
    ("username", "ÅSA", "åsa", "åsab"),
]


@pytest.mark.parametrize("newer", [False, True])
def test_customer_is_found_with_any_capitals_in_one_call(
    demo_sentry: DemoSentry, config: SentryConfig, newer: bool
) -> None:
    demo_sentry.settings.newer_dataset = newer
    for field, typed, found, other in SPELLINGS:
        demo_sentry.world.clear()
        planted = [
            demo_sentry.world.add_event(
                timestamp=MOMENT,
                **({"tags": {field: name}} if field == "account_id" else {field: name}),
            )
            for name in (typed, found, other)
        ]
        demo_sentry.clear()
        lookup = replace(question(typed), fields=(*DEFAULT_FIELDS, "tags[account_id]"))
        answer = look_up(config, lookup)
        assert {event.id for event in answer.events} == {one.id for one in planted[:2]}, typed
        assert (answer.complete, answer.spellings) == (True, (found,)), typed
        assert tables_read(demo_sentry) == 1, typed


def tables_read(demo_sentry: DemoSentry) -> int:
    return sum(call.path.endswith("/acme/events/") for call in demo_sentry.calls)


@pytest.mark.parametrize(
    ("typed", "other", "found", "tables"),
    [
        ("user-5", "user-5{}", {"user-5", "USER-5", "User-5"}, 3),
        ("anna", "an{}a", {"anna", "ANNA", "Anna"}, 1),
        ("u-5", "u-5{}", {"u-5", "U-5"}, 3),
    ],
)
def test_many_others_with_similar_ids_narrow_the_search(
    demo_sentry: DemoSentry,
    config: SentryConfig,
    typed: str,
    other: str,
    found: set[str],
    tables: int,
) -> None:
    """A pattern ends before the others' IDs do, unless the customer's is too short for one."""
    demo_sentry.world.add_event(user_id=typed.upper(), timestamp=MOMENT + timedelta(seconds=9))
    for place in range(450):
        demo_sentry.world.add_event(user_id=other.format(place), timestamp=MOMENT)
    for name in (typed, typed.capitalize()):
        demo_sentry.world.add_event(user_id=name, timestamp=MOMENT - timedelta(seconds=9))
    answer = look_up(config, question(typed))
    assert {value for event in answer.events for _name, value in event.identities} == found
    is_complete = typed != "u-5"
    assert answer.complete is is_complete
    assert codes(answer) == ([] if is_complete else [NoticeCode.INCOMPLETE_LIST])
    assert answer.events_total == (len(answer.events) if is_complete else None)
    assert tables_read(demo_sentry) == tables


def test_window_includes_both_edges(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    five = timedelta(minutes=5)
    second = timedelta(seconds=1)
    for offset in (-five - second, -five, five, five + second):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT + offset)
    times = [event.timestamp - MOMENT for event in look_up(config, question("1")).events]
    assert times == [five, -five]


def test_all_pages_are_followed(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    for place in range(230):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT + timedelta(seconds=place % 7))
    answer = look_up(config, question("1"))
    assert len({event.id for event in answer.events}) == 230
    assert answer.events_total == 230
    assert answer.complete


def test_all_issues_are_read_in_one_call(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    for name in ("One", "Two", "Three"):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, issue=name)
    answer = look_up(config, question("1"))
    assert len(answer.issues) == 3
    assert all(issue.users_affected == 1 and issue.permalink for issue in answer.issues)
    calls = [call for call in demo_sentry.calls if call.path.endswith("/acme/issues/")]
    assert len(calls) == 1


def test_rows_of_the_newer_dataset_are_grouped_by_short_id(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    """They have no `issue.id`, and `error.handled` as text."""
    demo_sentry.settings.newer_dataset = True
    for name, handled in (("One", True), ("Two", False)):
        for _ in range(2):
            demo_sentry.world.add_event(
                user_id="1", timestamp=MOMENT, exception=(name, "x"), handled=handled
            )
    answer = look_up(config, question("1"))
    assert {(event.issue_id, event.handled) for event in answer.events} == {
        ("WEB-1", True),
        ("WEB-2", False),
    }
    assert {(issue.id, issue.events_total) for issue in answer.issues} == {
        ("WEB-1", 2),
        ("WEB-2", 2),
    }
    assert (answer.bodies_read, answer.complete, answer.notices) == (4, True, ())
    assert answer.calls == 5
    assert all(event.permalink for event in answer.events)


def test_failed_issues_add_a_notice(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    demo_sentry.fail(r"/acme/issues/\?", times=None, status=403)
    answer = look_up(config, question("1"))
    assert codes(answer) == [NoticeCode.SIGNAL_MISSING]
    assert answer.events[0].permalink


def test_more_events_than_the_limit_are_counted(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    for place in range(120):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT - timedelta(seconds=place))
    answer = look_up(replace(config, max_events=30), question("1"))
    assert (len(answer.events), answer.events_total) == (30, 120)
    assert codes(answer) == [NoticeCode.CAPPED]
    assert not answer.complete
    assert answer.events[0].timestamp == MOMENT


def test_list_that_ends_early_is_incomplete(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    for _ in range(120):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    demo_sentry.fail(r"/acme/events/.*cursor=", times=None, status=400)
    answer = look_up(config, question("1"))
    assert len(answer.events) == 100
    assert codes(answer) == [NoticeCode.INCOMPLETE_LIST]
    assert not answer.complete


def test_empty_answer_for_a_past_window_is_complete(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    demo_sentry.world.add_event(user_id="2", timestamp=MOMENT)
    answer = look_up(config, question("1"))
    assert (answer.events, answer.complete, answer.notices) == ((), True, ())


@pytest.mark.parametrize("ago", [0, 3, 14])
def test_empty_answer_for_a_recent_window_is_incomplete(
    demo_sentry: DemoSentry, config: SentryConfig, ago: int
) -> None:
    demo_sentry.world.add_project("web")
    answer = look_up(config, question("1", moment=NOW - timedelta(minutes=ago)))
    assert codes(answer) == [NoticeCode.WINDOW_OPEN]
    assert not answer.complete


@pytest.mark.parametrize("days", [90, 400])
def test_window_beyond_retention_is_incomplete(
    demo_sentry: DemoSentry, config: SentryConfig, days: int
) -> None:
    demo_sentry.world.add_event(user_id="2", timestamp=MOMENT)
    answer = look_up(config, question("1", moment=NOW - timedelta(days=days)))
    assert codes(answer) == [NoticeCode.RETENTION]
    assert not answer.complete


def test_window_that_sentry_refuses_as_too_old_is_incomplete(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    """Even if the setting says that Sentry stores events for longer."""
    demo_sentry.world.add_event(user_id="2", timestamp=MOMENT)
    longer = replace(config, retention_days=1000)
    answer = look_up(longer, question("1", moment=NOW - timedelta(days=400)))
    assert NoticeCode.RETENTION in codes(answer)
    assert not answer.complete


def test_invisible_project_adds_a_notice(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, project="web")
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, project="api")
    answer = look_up(config, replace(question("1"), projects=("web", "gone")))
    assert [event.project for event in answer.events] == ["web"]
    assert codes(answer) == [NoticeCode.PROJECT_SKIPPED]
    assert not answer.complete


def test_only_invisible_projects_are_an_error(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    demo_sentry.world.add_project("web")
    with pytest.raises(SentryNotFound):
        look_up(config, replace(question("1"), projects=("gone",)))


def test_token_without_projects_is_an_error(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    with pytest.raises(SentryNotFound):
        look_up(config, question("1"))


def test_environment_narrows_the_answer(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    for name in ("production", "staging"):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, environment=name)
    answer = look_up(config, replace(question("1"), environments=("staging",)))
    assert [event.environment for event in answer.events] == ["staging"]


def test_event_id_finds_its_event_at_any_time(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    event = demo_sentry.world.add_event(user_id="1", timestamp=MOMENT - timedelta(days=1))
    answer = look_up(config, question(event.id))
    assert [found.id for found in answer.events] == [event.id]
    assert answer.matched_on == ("id",)
    assert NoticeCode.OUTSIDE_WINDOW in codes(answer)
    assert answer.bodies_read == 1


def test_trace_id_finds_the_events_of_that_trace(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    trace = "ab" * 16
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, trace_id=trace)
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    assert look_up(config, question(trace)).matched_on == ("trace",)


def test_configured_tag_finds_the_customer(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    demo_sentry.world.add_event(tags={"account_id": "A-7"}, timestamp=MOMENT)
    demo_sentry.world.add_event(tags={"account_id": "A-70"}, timestamp=MOMENT)
    lookup = replace(question("A-7"), fields=("user.id", "tags[account_id]"))
    answer = look_up(config, lookup)
    assert len(answer.events) == 1
    assert answer.matched_on == ("tags[account_id]",)


def test_ids_are_read_from_short_rows(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    world = demo_sentry.world
    trace = "ab" * 16
    own = {world.add_event(user_id="1", timestamp=MOMENT).id for _ in range(3)}
    traced = world.add_event(user_id="2", timestamp=MOMENT, trace_id=trace).id
    for customer, expected in (("1", own), (trace, {traced}), (traced, {traced})):
        client = SentryClient(config)
        found = fetch_ids(client, question(customer), projects=client.projects())
        client.close()
        assert found == expected, customer
        fields = demo_sentry.calls[-1].query["field"]
        assert fields == ["id", "timestamp", "trace", *question(customer).fields]


def test_wrong_token_and_wrong_organization_are_errors(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    with pytest.raises(SentryAuthRefused):
        look_up(replace(config, token="wrong"), question("1"))
    with pytest.raises(SentryNotFound):
        look_up(replace(config, organization="wrong"), question("1"))


def test_lookup_ends_with_its_deadline(demo_sentry: DemoSentry, config: SentryConfig) -> None:
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    demo_sentry.fail(r"/acme/events/", times=None, delay_s=5)
    with pytest.raises(SentryTimeout):
        look_up(replace(config, deadline_s=0.5), question("1"))
