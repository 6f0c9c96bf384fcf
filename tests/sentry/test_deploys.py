"""Deploys around the window, in the projects with events."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from apps.events.answer import Answer, Deploy, RelatedData, Signal, narrow_to_window
from apps.events.event import Event
from apps.events.query import Question, Window
from apps.sentry.client import SentryClient
from apps.sentry.config import Flavor, SentryConfig
from apps.sentry.fetch import fetch_answer, fetch_related
from tests.conftest import MOMENT, NOW, question
from tests.demo_sentry import DemoSentry

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def deploys(config: SentryConfig, demo_sentry: DemoSentry) -> SentryConfig:
    """Return a configuration with only deploys; customer 1001 has an event in project web."""
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    demo_sentry.world.add_project("other")
    signals = (Signal.DEPLOYS,)
    return replace(config, signals=signals, flavor=Flavor.SENTRY, signals_wait_s=5.0)


def look_up(config: SentryConfig, lookup: Question) -> Answer:
    client = SentryClient(config)
    try:
        return fetch_answer(client, lookup, projects=client.projects(), now=NOW)
    finally:
        client.close()


def live(demo: DemoSentry, version: str, at: datetime, **fields: str) -> None:
    demo.world.add_release(version, at - HOUR, released=at - MINUTE, deployed=at, **fields)


def test_deploys_in_the_window_and_the_last_before_it_are_found(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    live(demo_sentry, "web@1", MOMENT - 3 * HOUR)
    live(demo_sentry, "web@2", MOMENT - HOUR, environment="staging")
    live(demo_sentry, "web@3", MOMENT + 3 * MINUTE)
    live(demo_sentry, "web@4", MOMENT + HOUR)
    live(demo_sentry, "other@1", MOMENT, project="other")
    beside = look_up(deploys, question("1001")).beside
    assert beside.deploys == (
        Deploy("web@2", MOMENT - HOUR, "web", "staging"),
        Deploy("web@3", MOMENT + 3 * MINUTE, "web", "production"),
    )
    assert (beside.calls, beside.unread) == (1, ())


def test_deploys_more_than_a_day_before_are_left_out(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    live(demo_sentry, "web@1", MOMENT - 25 * HOUR)
    assert look_up(deploys, question("1001")).beside.deploys == ()


def test_deploys_are_never_complete(deploys: SentryConfig) -> None:
    beside = look_up(deploys, question("1001")).beside
    assert (beside.asked, beside.surely) == ((Signal.DEPLOYS,), ())


def test_without_events_no_releases_are_requested(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    assert look_up(deploys, question("77")).beside == RelatedData()
    assert not [call for call in demo_sentry.calls if "releases" in call.path]


def test_only_releases_of_the_events_projects_are_requested(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    look_up(deploys, question("1001"))
    (call,) = [call for call in demo_sentry.calls if "releases" in call.path]
    web = demo_sentry.world.find_project("web")
    assert web is not None
    assert call.query["project"] == [str(web.id)]


@pytest.mark.parametrize(
    ("at", "is_in_part"), [(MOMENT + 2 * MINUTE, True), (MOMENT - 23 * HOUR, True),
                           (MOMENT - 25 * HOUR, False)],
)  # fmt: skip
def test_list_that_does_not_reach_back_is_incomplete(
    deploys: SentryConfig, demo_sentry: DemoSentry, at: datetime, is_in_part: bool
) -> None:
    row = {"version": "other@1", "dateReleased": at.isoformat(), "projects": []}
    more = {"Link": '<https://x/>; rel="next"; results="true"; cursor="0:100:0"'}
    demo_sentry.fail("/releases/", status=200, body=json.dumps([row]), headers=more)
    beside = look_up(deploys, question("1001")).beside
    assert bool(beside.unread) is is_in_part
    assert beside.surely == ()
    if is_in_part:
        assert "could be read only in part" in beside.unread[0].message
        assert not beside.unread[0].can_retry


def test_list_that_reaches_the_last_release_before_the_window_suffices(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    row = {
        "version": "web@1",
        "dateReleased": (MOMENT - HOUR).isoformat(),
        "projects": [{"slug": "web"}],
    }
    more = {"Link": '<https://x/>; rel="next"; results="true"; cursor="0:100:0"'}
    demo_sentry.fail("/releases/", status=200, body=json.dumps([row]), headers=more)
    beside = look_up(deploys, question("1001")).beside
    assert ([one.version for one in beside.deploys], beside.unread) == (["web@1"], ())


def test_unreported_release_counts_from_its_creation(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_release("web@1", MOMENT - HOUR)
    demo_sentry.world.add_release("web@2", MOMENT, released=MOMENT + MINUTE)
    found = look_up(deploys, question("1001")).beside.deploys
    assert [(one.version, one.at, one.is_told) for one in found] == [
        ("web@1", MOMENT - HOUR, False),
        ("web@2", MOMENT + MINUTE, True),
    ]


def test_later_deploy_does_not_hide_the_release_date(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    at = MOMENT - 2 * MINUTE
    demo_sentry.world.add_release("web@1", at, released=at, deployed=MOMENT + 5 * HOUR)
    assert look_up(deploys, question("1001")).beside.deploys == (Deploy("web@1", at, "web"),)


def test_deploys_to_other_environments_are_left_out(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    at = MOMENT - HOUR
    demo_sentry.world.add_release("web@1", at, deployed=at, environment="staging")
    lookup = replace(question("1001"), environments=("production",))
    assert look_up(deploys, lookup).beside.deploys == ()


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
def test_unreadable_release_is_left_out(
    deploys: SentryConfig, demo_sentry: DemoSentry, row: object
) -> None:
    demo_sentry.fail("/releases/", status=200, body=json.dumps([row]))
    answer = look_up(deploys, question("1001"))
    assert (answer.complete, answer.beside.deploys) == (True, ())


def test_failed_deploys_add_a_notice_and_can_be_read_later(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    live(demo_sentry, "web@1", MOMENT - HOUR)
    demo_sentry.fail("/releases/", status=500, body="no")
    answer = look_up(deploys, question("1001"))
    (unread,) = answer.beside.unread
    assert answer.complete
    assert unread.message.startswith("Releases that went live could not be read")
    client = SentryClient(deploys)
    projects = client.projects()
    later = fetch_related(
        client, question("1001"), (Signal.DEPLOYS,), answer.events, projects=projects
    )
    client.close()
    whole = answer.beside.merged_with(later)
    assert ([one.version for one in whole.deploys], whole.unread) == (["web@1"], ())


def test_missing_permission_for_releases_adds_no_notice(
    deploys: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.fail("/releases/", times=None, status=403, body="{}")
    assert look_up(deploys, question("1001")).beside.unread == ()


def test_narrower_window_has_its_own_last_deploy_before_it() -> None:
    first, second, later = (
        Deploy("web@1", MOMENT - 20 * MINUTE, "web"),
        Deploy("web@2", MOMENT - 10 * MINUTE, "web"),
        Deploy("web@3", MOMENT + 20 * MINUTE, "web"),
    )
    elsewhere = replace(second, project="other")
    event = Event("a" * 32, MOMENT, project="web")
    beside = RelatedData(deploys=(first, second, elsewhere, later))
    assert beside.within(Window(MOMENT, 5), (event,)).deploys == (second,)
    assert beside.within(Window(MOMENT, 15), (event,)).deploys == (first, second)


def test_narrowed_answer_keeps_its_deploys(deploys: SentryConfig, demo_sentry: DemoSentry) -> None:
    live(demo_sentry, "web@1", MOMENT - 30 * MINUTE)
    wide = look_up(deploys, question("1001", minutes=60))
    part = narrow_to_window(wide, question("1001"))
    assert [one.version for one in part.beside.deploys] == ["web@1"]
