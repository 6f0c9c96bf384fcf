"""Releases that went live: around the moment, in the projects where something broke, and honest."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from apps.demo.server import DemoSentry
from apps.events.answer import Answer, Beside, Deploy, Signal, narrowed
from apps.events.event import Event
from apps.events.query import Question, Window
from apps.sentry import Flavor, SentryClient, SentryConfig, fetch_answer, fetch_beside
from tests.conftest import MOMENT, NOW, question

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def deploys(config: SentryConfig, demo_sentry: DemoSentry) -> SentryConfig:
    """Releases alone are asked beside; customer 1001 has an error in the project web."""
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    demo_sentry.world.add_project("other")
    signals = (Signal.DEPLOYS,)
    return replace(config, signals=signals, flavor=Flavor.SENTRY, signals_wait_s=5.0)


def ask(config: SentryConfig, asked: Question) -> Answer:
    client = SentryClient(config)
    try:
        return fetch_answer(client, asked, projects=client.projects(), now=NOW)
    finally:
        client.close()


def live(demo: DemoSentry, version: str, at: datetime, **told: str) -> None:
    demo.world.add_release(version, at - HOUR, released=at - MINUTE, deployed=at, **told)


def test_those_of_the_window_and_the_last_one_before_it_are_told(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    live(demo_sentry, "web@1", MOMENT - 3 * HOUR)
    live(demo_sentry, "web@2", MOMENT - HOUR, environment="staging")
    live(demo_sentry, "web@3", MOMENT + 3 * MINUTE)
    live(demo_sentry, "web@4", MOMENT + HOUR)
    live(demo_sentry, "other@1", MOMENT, project="other")
    beside = ask(deploys, question("1001")).beside
    assert beside.deploys == (
        Deploy("web@2", MOMENT - HOUR, "web", "staging"),
        Deploy("web@3", MOMENT + 3 * MINUTE, "web", "production"),
    )
    assert (beside.calls, beside.unread) == (1, ())


def test_what_went_live_more_than_a_day_before_is_not_told(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    live(demo_sentry, "web@1", MOMENT - 25 * HOUR)
    assert ask(deploys, question("1001")).beside.deploys == ()


def test_that_nothing_went_live_is_never_sure(deploys: SentryConfig) -> None:
    beside = ask(deploys, question("1001")).beside
    assert (beside.asked, beside.surely) == ((Signal.DEPLOYS,), ())


def test_without_errors_no_release_is_asked_for(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    assert ask(deploys, question("77")).beside == Beside()
    assert not [call for call in demo_sentry.calls if "releases" in call.path]


def test_only_the_projects_of_the_errors_are_asked_in_one_call(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    ask(deploys, question("1001"))
    (call,) = [call for call in demo_sentry.calls if "releases" in call.path]
    web = demo_sentry.world.find_project("web")
    assert web is not None
    assert call.query["project"] == [str(web.id)]


@pytest.mark.parametrize(
    ("at", "is_in_part"), [(MOMENT + 2 * MINUTE, True), (MOMENT - 23 * HOUR, True),
                           (MOMENT - 25 * HOUR, False)],
)  # fmt: skip
def test_a_list_that_does_not_reach_back_is_read_in_part(
    deploys: SentryConfig, demo_sentry: DemoSentry, at: datetime, is_in_part: bool
) -> None:
    row = {"version": "other@1", "dateReleased": at.isoformat(), "projects": []}
    more = {"Link": '<https://x/>; rel="next"; results="true"; cursor="0:100:0"'}
    demo_sentry.fail("/releases/", status=200, body=json.dumps([row]), headers=more)
    beside = ask(deploys, question("1001")).beside
    assert bool(beside.unread) is is_in_part
    assert beside.surely == ()
    if is_in_part:
        assert "could be read only in part" in beside.unread[0].message
        assert not beside.unread[0].can_retry


def test_a_list_that_reached_the_last_release_before_the_window_is_enough(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    row = {
        "version": "web@1",
        "dateReleased": (MOMENT - HOUR).isoformat(),
        "projects": [{"slug": "web"}],
    }
    more = {"Link": '<https://x/>; rel="next"; results="true"; cursor="0:100:0"'}
    demo_sentry.fail("/releases/", status=200, body=json.dumps([row]), headers=more)
    beside = ask(deploys, question("1001")).beside
    assert ([one.version for one in beside.deploys], beside.unread) == (["web@1"], ())


def test_a_release_nobody_told_of_is_known_since_it_was_made(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_release("web@1", MOMENT - HOUR)
    demo_sentry.world.add_release("web@2", MOMENT, released=MOMENT + MINUTE)
    told = ask(deploys, question("1001")).beside.deploys
    assert [(one.version, one.at, one.is_told) for one in told] == [
        ("web@1", MOMENT - HOUR, False),
        ("web@2", MOMENT + MINUTE, True),
    ]


def test_a_later_deploy_does_not_hide_that_it_was_released_before(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    at = MOMENT - 2 * MINUTE
    demo_sentry.world.add_release("web@1", at, released=at, deployed=MOMENT + 5 * HOUR)
    assert ask(deploys, question("1001")).beside.deploys == (Deploy("web@1", at, "web"),)


def test_what_went_live_elsewhere_is_not_told_where_one_environment_is_asked(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    at = MOMENT - HOUR
    demo_sentry.world.add_release("web@1", at, deployed=at, environment="staging")
    asked = replace(question("1001"), environments=("production",))
    assert ask(deploys, asked).beside.deploys == ()


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {"version": None, "dateReleased": MOMENT.isoformat(), "projects": [{"slug": "web"}]},
        {"version": "web@1", "dateReleased": "soon", "projects": [{"slug": "web"}]},
        {"version": "web@1", "dateReleased": MOMENT.isoformat(), "projects": [None, {}, "web"]},
        {"version": "web@1", "lastDeploy": {"dateFinished": []}, "projects": {"slug": "web"}},
    ],
)
def test_a_release_that_cannot_be_read_is_left_out(
    deploys: SentryConfig, demo_sentry: DemoSentry, row: object
) -> None:
    demo_sentry.fail("/releases/", status=200, body=json.dumps([row]))
    answer = ask(deploys, question("1001"))
    assert (answer.complete, answer.beside.deploys) == (True, ())


def test_releases_that_fail_cost_themselves_a_sentence_and_are_read_later(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    live(demo_sentry, "web@1", MOMENT - HOUR)
    demo_sentry.fail("/releases/", status=500, body="no")
    answer = ask(deploys, question("1001"))
    (unread,) = answer.beside.unread
    assert answer.complete
    assert unread.message.startswith("Releases that went live could not be read")
    client = SentryClient(deploys)
    projects = client.projects()
    later = fetch_beside(
        client, question("1001"), (Signal.DEPLOYS,), answer.events, projects=projects
    )
    client.close()
    whole = answer.beside.with_later(later)
    assert ([one.version for one in whole.deploys], whole.unread) == (["web@1"], ())


def test_a_token_that_may_not_read_releases_costs_no_word(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.fail("/releases/", times=None, status=403, body="{}")
    assert ask(deploys, question("1001")).beside.unread == ()


def test_a_narrower_window_has_its_own_last_release_before() -> None:
    first, second, later = (
        Deploy("web@1", MOMENT - 20 * MINUTE, "web"),
        Deploy("web@2", MOMENT - 10 * MINUTE, "web"),
        Deploy("web@3", MOMENT + 20 * MINUTE, "web"),
    )
    elsewhere = replace(second, project="other")
    event = Event("a" * 32, MOMENT, project="web")
    beside = Beside(deploys=(first, second, elsewhere, later))
    assert beside.in_window(Window(MOMENT, 5), (event,)).deploys == (second,)
    assert beside.in_window(Window(MOMENT, 15), (event,)).deploys == (first, second)


def test_a_narrowed_answer_keeps_what_went_live_around_it(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    live(demo_sentry, "web@1", MOMENT - 30 * MINUTE)
    wide = ask(deploys, question("1001", minutes=60))
    part = narrowed(wide, question("1001"))
    assert [one.version for one in part.beside.deploys] == ["web@1"]
