"""Replays, feedback and errors of the same traces: found, the customer's own, never in the way."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from apps.demo.server import DemoSentry
from apps.events.answer import Answer, Beside, Signal
from apps.events.query import Question
from apps.sentry import Flavor, SentryClient, SentryConfig, fetch_answer, fetch_beside
from tests.conftest import MOMENT, NOW, question

TRACE = "ab" * 16
OTHER_TRACE = "cd" * 16


@pytest.fixture
def signals(config: SentryConfig, demo_sentry: DemoSentry) -> SentryConfig:
    """Everything is asked, of a server known to be a Sentry, with one project."""
    demo_sentry.world.add_project("web")
    return replace(config, signals=tuple(Signal), flavor=Flavor.SENTRY, signals_wait_s=5.0)


def ask(config: SentryConfig, asked: Question) -> Answer:
    client = SentryClient(config)
    try:
        return fetch_answer(client, asked, projects=client.projects(), now=NOW)
    finally:
        client.close()


def later(config: SentryConfig, asked: Question, answer: Answer) -> Beside:
    client = SentryClient(config)
    try:
        projects = client.projects()
        return fetch_beside(client, asked, tuple(Signal), answer.events, projects=projects)
    finally:
        client.close()


def test_the_customers_replays_are_found_and_nobody_elses(
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
        (replay,) = ask(signals, question(identifier)).beside.replays
        assert (replay.id, replay.started_at) == (own.id, MOMENT - timedelta(minutes=1))
        assert replay.finished_at == MOMENT + timedelta(minutes=1)
        assert replay.urls == ("https://shop.example/cart",)
        assert replay.event_ids == ("ef" * 16,)
        assert (replay.errors, replay.dead_clicks, replay.rage_clicks) == (1, 2, 1)
        assert replay.permalink == f"{demo_sentry.url}/organizations/acme/replays/{own.id}/"


def test_replays_that_a_loose_search_lets_in_are_not_the_customers(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    row = {"id": "aa" * 16, "started_at": MOMENT.isoformat(), "user": {"id": "2"}}
    demo_sentry.fail("/replays/", status=200, body=json.dumps({"data": [row]}))
    beside = ask(signals, question("1001")).beside
    assert beside.replays == ()
    assert Signal.REPLAYS in beside.surely


def test_an_error_of_somebody_else_is_left_out_whatever_the_search_lets_in(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    row = {"id": "aa" * 16, "timestamp": MOMENT.isoformat(), "trace": TRACE, "user.id": "2"}
    demo_sentry.fail("%21has", status=200, body=json.dumps({"data": [row]}))
    answer = ask(signals, question("1001"))
    assert (answer.beside.trace_errors, answer.beside.unread) == ((), ())


def test_feedback_is_found_by_the_user_and_by_the_address_given(
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
        (feedback,) = ask(signals, question(identifier)).beside.feedback
        assert feedback.message == "I clicked Pay three times"
        assert (feedback.sent_at, feedback.project) == (MOMENT, "web")
        assert (feedback.name, feedback.email) == ("Jane", "jane@example.com")


def test_errors_of_the_same_trace_that_name_nobody_are_found(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    world = demo_sentry.world
    front = world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    back = world.add_event(timestamp=MOMENT, trace_id=TRACE, project="api", title="Timeout")
    world.add_event(user_id="2", timestamp=MOMENT, trace_id=TRACE)
    world.add_event(timestamp=MOMENT, trace_id=OTHER_TRACE)
    world.add_event(timestamp=MOMENT + timedelta(hours=1), trace_id=TRACE)
    answer = ask(signals, question("1001"))
    assert [event.id for event in answer.events] == [front.id]
    (error,) = answer.beside.trace_errors
    assert (error.id, error.project, error.matched_on) == (back.id, "api", ("trace",))
    assert error.permalink


def test_what_is_asked_beside_is_counted_apart(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    answer = ask(signals, question("1001"))
    assert next(call.path.rpartition("/acme")[2] for call in answer.call_log) == "/projects/"
    assert answer.calls == 4
    assert answer.beside.calls == 4
    assert answer.beside.asked == tuple(Signal)
    assert answer.beside.surely == (Signal.REPLAYS, Signal.TRACES)


def test_a_customer_given_by_an_event_has_no_replays_to_look_for(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    event = demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    link = f"https://acme.sentry.io/issues/1/events/{event.id}/"
    assert ask(signals, question(link)).beside.surely == (Signal.TRACES,)


@pytest.mark.parametrize(
    ("path", "signal"),
    [
        ("/replays/", Signal.REPLAYS),
        ("/issues/.*feedback", Signal.FEEDBACK),
        (r"/events/.*%21has", Signal.TRACES),
    ],
)
def test_a_signal_that_fails_costs_itself_a_sentence_and_nothing_else(
    signals: SentryConfig, demo_sentry: DemoSentry, path: str, signal: Signal
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    demo_sentry.fail(path, times=None, status=500, body="no")
    answer = ask(signals, question("1001"))
    assert (answer.complete, answer.notices, len(answer.events)) == (True, (), 1)
    (unread,) = answer.beside.unread
    assert unread.signal == signal
    assert "could not be read" in unread.message
    assert signal not in answer.beside.surely
    assert [notice.message for notice in answer.all_notices] == [unread.message]


def test_a_product_that_is_off_is_no_word_worth(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.settings.replays_on = False
    demo_sentry.settings.feedback_on = False
    beside = ask(signals, question("1001")).beside
    assert (beside.unread, beside.surely, beside.calls) == ((), (), 2)


def test_a_signal_that_hangs_does_not_hold_up_the_answer(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    demo_sentry.fail("/replays/", times=None, delay_s=9)
    answer = ask(replace(signals, signals_wait_s=0.05), question("1001"))
    assert not [call for call in demo_sentry.calls if "replays" in call.path], "it was waited for"
    assert (answer.complete, len(answer.events)) == (True, 1)
    messages = [unread.message for unread in answer.beside.unread]
    assert messages[0] == "Session replays could not be read in time."


def test_what_was_not_read_in_time_can_be_read_later(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    demo_sentry.world.add_event(timestamp=MOMENT, trace_id=TRACE, project="api")
    demo_sentry.world.add_replay(when=MOMENT, user={"id": "1001"})
    demo_sentry.fail("/replays/|has", times=None, status=503)
    answer = ask(signals, question("1001"))
    assert {one.signal for one in answer.beside.unread} == {Signal.REPLAYS, Signal.TRACES}
    demo_sentry.clear()
    whole = answer.beside.with_later(later(signals, question("1001"), answer))
    assert (len(whole.replays), len(whole.trace_errors), whole.unread) == (1, 1, ())
    assert set(whole.asked) == set(Signal)


def test_where_one_project_at_a_time_is_allowed_each_is_asked(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.settings.multi_project = False
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    back = demo_sentry.world.add_event(timestamp=MOMENT, trace_id=TRACE, project="api")
    answer = ask(signals, question("1001"))
    assert [error.id for error in answer.beside.trace_errors] == [back.id]


def test_a_glitchtip_is_asked_for_nothing_beside(
    glitchtip: DemoSentry, glitchtip_config: SentryConfig
) -> None:
    answer = ask(replace(glitchtip_config, signals=tuple(Signal)), question("1001"))
    assert answer.beside == Beside()
    assert not [call for call in glitchtip.calls if "replays" in call.path]


def test_more_than_was_asked_for_is_said(signals: SentryConfig, demo_sentry: DemoSentry) -> None:
    for place in range(21):
        demo_sentry.world.add_replay(when=MOMENT + timedelta(seconds=place), user={"id": "1001"})
    beside = ask(signals, question("1001")).beside
    assert len(beside.replays) == 20
    assert Signal.REPLAYS not in beside.surely
    assert [one.signal for one in beside.unread] == [Signal.REPLAYS]


def test_feedback_is_surely_none_only_when_every_field_was_asked(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_feedback(when=MOMENT, message="Help", user={"username": "jane"})
    assert Signal.FEEDBACK not in ask(signals, question("jane")).beside.surely
    by_name = replace(question("jane"), fields=("user.username",))
    beside = ask(signals, by_name).beside
    assert Signal.FEEDBACK in beside.surely
    assert len(beside.feedback) == 1


def test_a_customer_known_by_a_tag_has_no_sure_answer_beside(signals: SentryConfig) -> None:
    by_tag = replace(question("1001"), fields=("tags[customer]",))
    assert ask(signals, by_tag).beside.surely == ()


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
def test_a_replay_that_cannot_be_read_breaks_nothing_and_leaves_doubt(
    signals: SentryConfig, demo_sentry: DemoSentry, row: object
) -> None:
    demo_sentry.fail("/replays/", status=200, body=json.dumps({"data": [row]}))
    answer = ask(signals, question("1001"))
    assert answer.complete
    assert answer.beside.replays or Signal.REPLAYS not in answer.beside.surely


def test_a_replay_from_another_day_is_not_of_the_window(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    rows = [
        {"id": f"{number:032x}", "user": {"id": "1001"}, "started_at": at}
        for number, at in enumerate(["0001-01-01", "9999-12-31", "2026-01-01T00:00:00Z"])
    ]
    demo_sentry.fail("/replays/", status=200, body=json.dumps({"data": rows}))
    assert ask(signals, question("1001")).beside.replays == ()


@pytest.mark.parametrize("field", ["user.id", "user.email", "tags[customer]"])
def test_an_error_that_names_somebody_by_another_field_is_theirs(
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
    answer = ask(signals, replace(question("jane"), fields=(field,)))
    assert len(answer.events) == 1
    assert answer.beside.trace_errors == ()
