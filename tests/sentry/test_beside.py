"""Replays, feedback, and trace errors are the customer's own and never delay a lookup."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from apps.events.answer import Answer, RelatedData, Signal
from apps.events.query import DEFAULT_FIELDS, Question
from apps.sentry.client import SentryClient
from apps.sentry.config import Flavor, SentryConfig
from apps.sentry.fetch import fetch_answer, fetch_related
from tests.conftest import MOMENT, NOW, question
from tests.demo_sentry import DemoSentry

SIGNALS = (Signal.REPLAYS, Signal.FEEDBACK, Signal.TRACES, Signal.DEPLOYS)
TRACE = "ab" * 16
OTHER_TRACE = "cd" * 16


@pytest.fixture
def signals(config: SentryConfig, demo_sentry: DemoSentry) -> SentryConfig:
    """Return a configuration with these signals, for a known Sentry with one project."""
    demo_sentry.world.add_project("web")
    return replace(config, signals=SIGNALS, flavor=Flavor.SENTRY, signals_wait_s=5.0)


def look_up(config: SentryConfig, lookup: Question) -> Answer:
    client = SentryClient(config)
    try:
        return fetch_answer(client, lookup, projects=client.projects(), now=NOW)
    finally:
        client.close()


def read_later(config: SentryConfig, lookup: Question, answer: Answer) -> RelatedData:
    client = SentryClient(config)
    try:
        projects = client.projects()
        return fetch_related(client, lookup, SIGNALS, answer.events, projects=projects)
    finally:
        client.close()


def test_only_the_customers_replays_are_found(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    jane = {"id": "1001", "email": "jane@example.com"}
    own = demo_sentry.world.add_replay(
        when=MOMENT - timedelta(minutes=1),
        user=jane,
        urls=("https://shop.example/cart",),
        error_ids=("ef" * 16,),
        dead_clicks=2,
        rage_clicks=1,
    )
    demo_sentry.world.add_replay(when=MOMENT, user={"id": "10010", "email": "joe@example.com"})
    demo_sentry.world.add_replay(when=MOMENT + timedelta(hours=2), user=jane)
    for identifier in ("1001", "Jane@example.com"):
        (replay,) = look_up(signals, question(identifier)).beside.replays
        assert (replay.id, replay.started_at) == (own.id, MOMENT - timedelta(minutes=1))
        assert replay.finished_at == MOMENT + timedelta(minutes=1)
        assert replay.urls == ("https://shop.example/cart",)
        assert replay.event_ids == ("ef" * 16,)
        assert (replay.errors, replay.dead_clicks, replay.rage_clicks) == (1, 2, 1)
        assert replay.permalink == f"{demo_sentry.url}/organizations/acme/replays/{own.id}/"


def test_replay_that_shows_someone_else_is_counted_and_not_shown(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    row = {"id": "aa" * 16, "started_at": MOMENT.isoformat(), "user": {"id": "2"}}
    demo_sentry.fail("/replays/", status=200, body=json.dumps({"data": [row]}))
    beside = look_up(signals, question("1001")).beside
    assert beside.replays == ()
    (withheld,) = beside.unread
    assert "left out: 1" in withheld.message
    assert not withheld.can_retry


def test_replays_are_never_complete(signals: SentryConfig) -> None:
    """Sentry's search misses some, so an empty list isn't "no replays"."""
    assert Signal.REPLAYS not in look_up(signals, question("1001")).beside.surely


def test_other_customers_trace_errors_are_filtered_out(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    row = {"id": "aa" * 16, "timestamp": MOMENT.isoformat(), "trace": TRACE, "user.id": "2"}
    demo_sentry.fail("%21has", status=200, body=json.dumps({"data": [row]}))
    answer = look_up(signals, question("1001"))
    assert (answer.beside.trace_errors, answer.beside.unread) == ((), ())


def test_feedback_is_found_by_user_and_by_contact_email(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_feedback(
        when=MOMENT,
        message="I clicked Pay three times",
        user={"id": "1001"},
        contact_email="jane@example.com",
        name="Jane",
        url="https://shop.example/pay",
    )
    demo_sentry.world.add_feedback(when=MOMENT, message="Not mine", user={"id": "2"})
    for identifier in ("1001", "jane@example.com", "JANE@example.com"):
        (feedback,) = look_up(signals, question(identifier)).beside.feedback
        assert feedback.message == "I clicked Pay three times"
        assert (feedback.sent_at, feedback.project) == (MOMENT, "web")
        assert (feedback.name, feedback.email) == ("Jane", "jane@example.com")


def test_trace_errors_without_identity_are_found(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    world = demo_sentry.world
    front = world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    back = world.add_event(timestamp=MOMENT, trace_id=TRACE, project="api", title="Timeout")
    world.add_event(user_id="2", timestamp=MOMENT, trace_id=TRACE)
    world.add_event(timestamp=MOMENT, trace_id=OTHER_TRACE)
    world.add_event(tags={"account_id": "A-7"}, timestamp=MOMENT, trace_id=TRACE)
    world.add_event(timestamp=MOMENT + timedelta(hours=1), trace_id=TRACE)
    lookup = replace(question("1001"), fields=(*DEFAULT_FIELDS, "tags[account_id]"))
    answer = look_up(signals, lookup)
    assert [event.id for event in answer.events] == [front.id]
    (error,) = answer.beside.trace_errors
    assert (error.id, error.project, error.matched_on) == (back.id, "api", ("trace",))
    assert error.permalink


def test_trace_errors_that_continue_are_not_all(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    link = '<https://x/>; rel="next"; results="true"; cursor="0:100:0"'
    demo_sentry.fail("/events/.*has", times=None, headers={"Link": link})
    beside = look_up(signals, question("1001")).beside
    assert [one.signal for one in beside.unread] == [Signal.TRACES]


def test_signal_calls_are_counted_separately(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    answer = look_up(signals, question("1001"))
    assert next(call.path.rpartition("/acme")[2] for call in answer.call_log) == "/projects/"
    assert answer.calls == 4
    assert answer.beside.calls == 4
    assert answer.beside.asked == SIGNALS
    assert answer.beside.surely == (Signal.TRACES,)


def test_customer_given_by_an_event_link_has_no_replays(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    event = demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    link = f"https://acme.sentry.io/issues/1/events/{event.id}/"
    assert look_up(signals, question(link)).beside.surely == (Signal.TRACES,)


@pytest.mark.parametrize(
    ("path", "signal"),
    [
        ("/replays/", Signal.REPLAYS),
        ("/issues/.*feedback", Signal.FEEDBACK),
        (r"/events/.*%21has", Signal.TRACES),
    ],
)
def test_failed_signal_only_adds_a_notice(
    signals: SentryConfig, demo_sentry: DemoSentry, path: str, signal: Signal
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    demo_sentry.fail(path, times=None, status=500, body="no")
    answer = look_up(signals, question("1001"))
    assert (answer.complete, answer.notices, len(answer.events)) == (True, (), 1)
    (unread,) = answer.beside.unread
    assert unread.signal == signal
    assert "could not be read" in unread.message
    assert signal not in answer.beside.surely
    assert [notice.message for notice in answer.all_notices] == [unread.message]


def test_disabled_products_add_no_notice(signals: SentryConfig, demo_sentry: DemoSentry) -> None:
    demo_sentry.settings.replays_on = False
    demo_sentry.settings.feedback_on = False
    beside = look_up(signals, question("1001")).beside
    assert (beside.unread, beside.surely, beside.calls) == ((), (), 2)


def test_signals_that_no_project_has_ever_sent_are_not_requested(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    flags = ("hasReplays", "hasFeedbacks", "hasNewFeedbacks")
    for project_flags, expected in (
        (dict.fromkeys(flags, False), {Signal.TRACES, Signal.DEPLOYS}),
        ({**dict.fromkeys(flags, False), "hasFeedbacks": True}, set(SIGNALS) - {Signal.REPLAYS}),
        (dict.fromkeys(flags), set(SIGNALS)),
        ({}, set(SIGNALS)),
    ):
        projects = [
            {"id": "1", "slug": "web", **project_flags},
            {"id": "2", "slug": "api", **dict.fromkeys(flags, False)},
        ]
        demo_sentry.fail("/acme/projects/", status=200, body=projects)
        beside = look_up(signals, question("1001")).beside
        assert (set(beside.asked), beside.calls, beside.unread) == (expected, len(expected), ())


def test_hanging_signal_does_not_delay_the_answer(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    demo_sentry.fail("/replays/", times=None, delay_s=9)
    answer = look_up(replace(signals, signals_wait_s=0.05), question("1001"))
    assert not [call for call in demo_sentry.calls if "replays" in call.path], "it was waited for"
    assert (answer.complete, len(answer.events)) == (True, 1)
    messages = [unread.message for unread in answer.beside.unread]
    assert messages[0] == "Session replays could not be read in time."


def test_signals_take_no_place_that_a_body_needs(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    """Three lists of bodies and one of issues fill all four places right after the list.

    Replays can be read along with the list. Nothing else can arrive before the answer is ready,
    so nothing else is requested.
    """
    for name in ("One", "Two", "Three"):
        demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, issue=name, trace_id=TRACE)
    client = SentryClient(replace(signals, signals_wait_s=0.05))
    projects = client.projects()
    demo_sentry.settings.latency_s = 0.1
    answer = fetch_answer(client, question("1001"), projects=projects, now=NOW)
    client.close()
    assert (answer.complete, answer.bodies_read) == (True, 3)
    assert answer.beside.calls <= 1
    late = {one.signal for one in answer.beside.unread if one.is_late}
    assert late >= set(SIGNALS) - {Signal.REPLAYS}


def test_hanging_logs_do_not_keep_a_result_without_errors(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    """They are waited for, but not for long; what came in time is shown."""
    demo_sentry.world.add_span(MOMENT, 20.0, "http.server", "GET /", user={"id": "1001"})
    demo_sentry.fail("dataset=logs", times=None, delay_s=9)
    config = replace(signals, signals=(Signal.LOGS, Signal.SPANS), signals_wait_s=0.05)
    beside = look_up(config, question("1001")).beside
    assert not [call for call in demo_sentry.calls if call.query.get("dataset") == ["logs"]]
    assert (len(beside.spans), beside.surely) == (1, ())
    assert [one.signal for one in beside.unread if one.is_late] == [Signal.LOGS]


def test_unread_signals_can_be_read_later(signals: SentryConfig, demo_sentry: DemoSentry) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    demo_sentry.world.add_event(timestamp=MOMENT, trace_id=TRACE, project="api")
    demo_sentry.world.add_replay(when=MOMENT, user={"id": "1001"})
    demo_sentry.fail("/replays/|has", times=None, status=503)
    answer = look_up(signals, question("1001"))
    assert {one.signal for one in answer.beside.unread} == {Signal.REPLAYS, Signal.TRACES}
    demo_sentry.clear()
    whole = answer.beside.merged_with(read_later(signals, question("1001"), answer))
    assert (len(whole.replays), len(whole.trace_errors), whole.unread) == (1, 1, ())
    assert set(whole.asked) == set(SIGNALS)


def test_signals_are_read_project_by_project_if_required(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.settings.multi_project = False
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    back = demo_sentry.world.add_event(timestamp=MOMENT, trace_id=TRACE, project="api")
    answer = look_up(signals, question("1001"))
    assert [error.id for error in answer.beside.trace_errors] == [back.id]


def test_no_signals_are_requested_from_glitchtip(
    glitchtip: DemoSentry, glitchtip_config: SentryConfig
) -> None:
    answer = look_up(replace(glitchtip_config, signals=SIGNALS), question("1001"))
    assert answer.beside == RelatedData()
    assert not [call for call in glitchtip.calls if "replays" in call.path]


def test_incomplete_signal_adds_a_notice(signals: SentryConfig, demo_sentry: DemoSentry) -> None:
    for place in range(21):
        demo_sentry.world.add_replay(when=MOMENT + timedelta(seconds=place), user={"id": "1001"})
    beside = look_up(signals, question("1001")).beside
    assert len(beside.replays) == 20
    assert Signal.REPLAYS not in beside.surely
    assert [one.signal for one in beside.unread] == [Signal.REPLAYS]


def test_feedback_is_complete_only_if_every_field_was_searched(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_feedback(when=MOMENT, message="Help", user={"username": "4711"})
    assert Signal.FEEDBACK not in look_up(signals, question("4711")).beside.surely
    by_name = replace(question("4711"), fields=("user.username",))
    beside = look_up(signals, by_name).beside
    assert Signal.FEEDBACK in beside.surely
    assert len(beside.feedback) == 1
    with_capitals = replace(question("jane"), fields=("user.username",))
    assert Signal.FEEDBACK not in look_up(signals, with_capitals).beside.surely


def test_signals_of_a_customer_known_by_a_tag_are_never_complete(signals: SentryConfig) -> None:
    by_tag = replace(question("1001"), fields=("tags[customer]",))
    assert look_up(signals, by_tag).beside.surely == ()


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {"id": "aa" * 16, "user": {"id": "1001"}, "started_at": None},
        {"id": "aa" * 16, "user": None, "started_at": MOMENT.isoformat()},
        {"id": "aa" * 16, "user": {"id": "1001"}, "started_at": MOMENT.isoformat(), "urls": 1,
         "count_errors": "--5", "finished_at": "9999-12-31", "error_ids": [{}]},
    ],
)  # fmt: skip
def test_unreadable_replay_makes_only_the_signal_incomplete(
    signals: SentryConfig, demo_sentry: DemoSentry, row: object
) -> None:
    demo_sentry.fail("/replays/", status=200, body=json.dumps({"data": [row]}))
    answer = look_up(signals, question("1001"))
    assert answer.complete


def test_replays_outside_the_window_are_left_out(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    rows = [
        {"id": f"{number:032x}", "user": {"id": "1001"}, "started_at": at}
        for number, at in enumerate(["0001-01-01", "9999-12-31", "2026-01-01T00:00:00Z"])
    ]
    demo_sentry.fail("/replays/", status=200, body=json.dumps({"data": rows}))
    assert look_up(signals, question("1001")).beside.replays == ()


@pytest.mark.parametrize("field", ["user.id", "user.email", "tags[customer]"])
def test_trace_error_with_another_identity_field_is_left_out(
    signals: SentryConfig, demo_sentry: DemoSentry, field: str
) -> None:
    demo_sentry.world.add_event(
        user_id="jane",
        email="jane",
        tags={"customer": "jane"},
        timestamp=MOMENT,
        trace_id=TRACE,
    )
    demo_sentry.world.add_event(username="bob", timestamp=MOMENT, trace_id=TRACE)
    answer = look_up(signals, replace(question("jane"), fields=(field,)))
    assert len(answer.events) == 1
    assert answer.beside.trace_errors == ()
