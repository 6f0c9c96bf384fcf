"""Limits of GlitchTip add a notice and never look like an empty answer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.events.answer import NoticeCode
from apps.events.query import EXACTLY
from apps.sentry import errors
from apps.sentry.checkup import run_checks
from apps.sentry.client import SentryClient
from apps.sentry.config import Flavor, SentryConfig
from apps.sentry.fetch import fetch_answer
from apps.sentry.parsing import Project
from tests.conftest import MOMENT, NOW, question
from tests.demo_sentry import DemoSentry, add_raw
from tests.sentry.glitchtips import crowd, ids, look_up
from tests.sentry.test_plan import codes


@pytest.fixture
def demo(glitchtip: DemoSentry) -> DemoSentry:
    return glitchtip


@pytest.fixture
def config(glitchtip_config: SentryConfig) -> SentryConfig:
    return glitchtip_config


def test_very_long_list_is_entered_near_the_window_with_a_notice(
    demo: DemoSentry, config: SentryConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.sentry.glitchtip.MAX_PAGES", 3)
    name = 'acct:42 "quoted"'
    mine = demo.world.add_event(user_id=name, timestamp=MOMENT)
    for place in range(400):
        demo.world.add_event(timestamp=NOW - timedelta(seconds=200 * place))
    answer = look_up(config, question(f"{EXACTLY}{name}"))
    assert ids(answer) == {mine.id}
    assert codes(answer) == [NoticeCode.FLAVOR_LIMITS]
    assert not answer.complete


def test_list_is_read_in_full_for_other_spellings_if_it_is_short_enough(
    demo: DemoSentry, config: SentryConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's search regards capitals, and it has no tag for a trace."""
    trace = "ab" * 16
    mail = demo.world.add_event(email="Jo.Berg@Example.com", timestamp=MOMENT, issue="Mine")
    traced = demo.world.add_event(trace_id=trace, timestamp=MOMENT, issue="Traced")
    crowd(demo, 1500)
    config = replace(config, deadline_s=600)
    for customer, event in (("jo.berg@example.com", mail), (trace, traced)):
        answer = look_up(config, question(customer))
        assert (ids(answer), answer.complete) == ({event.id}, True), customer
    monkeypatch.setattr("apps.sentry.glitchtip.FULL_PAGES", 14)
    for customer, advice in (
        ("jo.berg@example.com", "look up that spelling"),
        (trace, "look up the ID of one of its events"),
    ):
        answer = look_up(config, question(customer))
        assert (ids(answer), answer.complete) == (set(), False), customer
        assert advice in " ".join(notice.message for notice in answer.notices), customer


def test_usual_spellings_are_searched_in_a_long_list(
    demo: DemoSentry, config: SentryConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.sentry.glitchtip.FULL_PAGES", -1)
    expected = {
        demo.world.add_event(email=email, timestamp=MOMENT, issue=email).id
        for email in ("Jo@Example.com", "jo@example.com", "JO@EXAMPLE.COM")
    }
    crowd(demo, 1500)
    answer = look_up(config, question("Jo@Example.com"))
    assert ids(answer) == expected
    assert codes(answer) == [NoticeCode.FLAVOR_LIMITS]


def test_partly_read_list_is_incomplete(
    demo: DemoSentry, config: SentryConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.sentry.glitchtip.MAX_PAGES", 2)
    crowd(demo, 400)
    answer = look_up(config, question('"x"'))
    assert not answer.events
    assert codes(answer) == [NoticeCode.FLAVOR_LIMITS]
    assert not answer.complete


def test_failed_project_is_named(demo: DemoSentry, config: SentryConfig) -> None:
    for project in ("web", "api"):
        demo.world.add_event(user_id="1", timestamp=MOMENT, project=project)
    demo.fail("/projects/acme/api/events/", times=None, status=403)
    answer = look_up(config, question("1"))
    assert [event.project for event in answer.events] == ["web"]
    assert codes(answer) == [NoticeCode.PROJECT_SKIPPED]
    assert "api" in answer.notices[0].message
    assert not answer.complete


def test_list_that_ends_early_is_incomplete_or_an_error(
    demo: DemoSentry, config: SentryConfig
) -> None:
    crowd(demo, 250)
    demo.fail("events/.*cursor=", times=None, status=403)
    with pytest.raises(errors.SentryPermissionMissing):
        look_up(config, question("1"))
    demo.world.add_event(user_id="1", timestamp=MOMENT, received=NOW)
    assert codes(look_up(config, question("1"))) == [NoticeCode.INCOMPLETE_LIST]


def test_unreadable_row_is_not_dropped(demo: DemoSentry, config: SentryConfig) -> None:
    add_raw(demo.world, {"odd": True}, event_id="1" * 32, timestamp=MOMENT)
    answer = look_up(config, question("1"))
    assert codes(answer) == [NoticeCode.INCOMPLETE_LIST]


def test_full_page_without_a_cursor_is_incomplete(demo: DemoSentry, config: SentryConfig) -> None:
    for _ in range(130):
        demo.world.add_event(user_id="1", timestamp=MOMENT)
    demo.fail("/projects/acme/web/events/", times=None, headers={"Link": None})
    answer = look_up(config, question("1"))
    assert len(answer.events) == 100
    assert codes(answer) == [NoticeCode.FLAVOR_LIMITS]


def test_rejected_cursor_adds_a_notice(demo: DemoSentry, config: SentryConfig) -> None:
    for place in range(130):
        demo.world.add_event(user_id="1", timestamp=MOMENT - timedelta(seconds=place))
    demo.fail("events/.*cursor=", times=1, status=422, body={"detail": []})
    answer = look_up(config, question("1"))
    assert len(answer.events) == 130
    assert codes(answer) == [NoticeCode.FLAVOR_LIMITS]


def test_deleted_project_is_distinguished_from_an_empty_one(
    demo: DemoSentry, config: SentryConfig
) -> None:
    """A cached list of projects can be outdated; an unknown slug gives an empty list."""
    web = Project(str(demo.world.projects[0].id), "web")
    client = SentryClient(config)
    answer = fetch_answer(client, question("1"), projects=(web, Project("9", "old")), now=NOW)
    client.close()
    assert codes(answer) == [NoticeCode.PROJECT_SKIPPED]
    assert "old" in answer.notices[0].message


def test_web_page_is_not_an_empty_list(demo: DemoSentry, config: SentryConfig) -> None:
    page = "<!doctype html><title>GlitchTip</title>"
    demo.fail("/projects/acme/web/events/", times=None, body=page, content_type="text/html")
    with pytest.raises(errors.SentryBadResponse):
        look_up(config, question("1"))


@pytest.mark.parametrize("flavor", list(Flavor))
def test_wrong_token_organization_or_scope_is_an_error(
    demo: DemoSentry, config: SentryConfig, flavor: Flavor
) -> None:
    demo.world.add_event(user_id="1", timestamp=MOMENT)
    changed = replace(config, flavor=flavor)
    with pytest.raises(errors.SentryAuthRefused):
        look_up(replace(changed, token="wrong"), question("1"))
    with pytest.raises(errors.SentryNotFound):
        look_up(replace(changed, organization="wrong"), question("1"))
    demo.settings.scopes = []
    with pytest.raises(errors.SentryPermissionMissing):
        look_up(changed, question("1"))


def test_wrong_flavor_is_an_error(demo: DemoSentry, config: SentryConfig) -> None:
    demo.world.add_event(user_id="1", timestamp=MOMENT)
    with pytest.raises(errors.SentryError):
        look_up(replace(config, flavor=Flavor.SENTRY), question("1"))


def test_sentry_configured_as_glitchtip_gives_the_right_answer(
    demo: DemoSentry, config: SentryConfig
) -> None:
    for place in range(130):
        demo.world.add_event(user_id="1", timestamp=MOMENT - timedelta(seconds=place))
    demo.settings.flavor = "sentry"
    assert len(look_up(config, question("1")).events) == 130


@pytest.mark.parametrize("flavor", [Flavor.AUTO, Flavor.GLITCHTIP])
def test_check_recognizes_glitchtip(demo: DemoSentry, config: SentryConfig, flavor: Flavor) -> None:
    """It needs only two scopes."""
    for scopes in (demo.settings.scopes, ["event:read", "project:read"]):
        demo.settings.scopes = scopes
        findings = run_checks(replace(config, flavor=flavor))
        assert all(finding.ok for finding in findings), findings
        assert any("This is GlitchTip" in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("scopes", "failed"),
    [
        (
            ["org:read", "project:read"],
            {"List of events": "event", "Problems": "event", "Details of an event": "event"},
        ),
        (["org:read", "event:read"], {"Projects": "project"}),
        (["project:read"], {"List of events": "event", "Problems": "event"}),
    ],
)
def test_check_names_the_missing_scope(
    demo: DemoSentry, config: SentryConfig, scopes: list[str], failed: dict[str, str]
) -> None:
    demo.settings.scopes = scopes
    findings = run_checks(replace(config, flavor=Flavor.AUTO))
    fixes = {finding.label: finding.fix for finding in findings if not finding.ok}
    assert fixes.items() >= {
        (label, f"Give the token the scope {scope}:read.") for label, scope in failed.items()
    }


@pytest.mark.parametrize("server", [Flavor.SENTRY, Flavor.GLITCHTIP])
def test_check_names_the_variable_with_the_wrong_flavor(
    demo: DemoSentry, config: SentryConfig, server: Flavor
) -> None:
    demo.settings.flavor = server.value
    other = Flavor.SENTRY if server == Flavor.GLITCHTIP else Flavor.GLITCHTIP
    findings = run_checks(replace(config, flavor=other))
    (failed,) = (finding for finding in findings if not finding.ok)
    assert failed.message == f"This is {server.product}, but SENTRY_FLAVOR says {other}."
    assert failed.fix == "Set SENTRY_FLAVOR to auto."
