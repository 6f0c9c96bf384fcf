"""Servers that differ from Sentry's cloud: single-project search, older ones, redirects."""

from dataclasses import replace
from datetime import timedelta

import pytest
import responses

from apps.events.answer import NoticeCode
from apps.sentry import errors
from apps.sentry.checkup import run_checks
from apps.sentry.client import SentryClient
from apps.sentry.config import SentryConfig
from tests.conftest import MOMENT, question
from tests.demo_sentry import DemoSentry
from tests.sentry.conftest import API
from tests.sentry.test_plan import codes, look_up

PROJECTS = f"{API}/organizations/acme/projects/"
GOOD = [{"id": "1", "slug": "web"}]


@pytest.fixture
def one_at_a_time(demo_sentry: DemoSentry) -> DemoSentry:
    """Return a server that rejects a search in several projects."""
    demo_sentry.settings.multi_project = False
    for project in ("web", "api", "app"):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, project=project)
        demo_sentry.world.add_event(user_id="2", timestamp=MOMENT, project=project)
    return demo_sentry


def test_projects_are_searched_one_by_one_if_required(
    one_at_a_time: DemoSentry, config: SentryConfig
) -> None:
    answer = look_up(config, question("1"))
    assert {event.project for event in answer.events} == {"web", "api", "app"}
    assert (answer.complete, answer.notices, answer.events_total) == (True, (), 3)
    assert len(answer.issues) == 3
    assert answer.bodies_read == 3
    tables = [call for call in one_at_a_time.calls if call.path.endswith("/acme/events/")]
    assert [call.status for call in tables].count(400) == 1
    assert len(tables) == 4


def test_known_refusal_is_not_tried_again(one_at_a_time: DemoSentry, config: SentryConfig) -> None:
    look_up(replace(config, one_project=True), question("1"))
    assert 400 not in [call.status for call in one_at_a_time.calls]


def test_single_project_is_searched_directly(
    one_at_a_time: DemoSentry, config: SentryConfig
) -> None:
    answer = look_up(config, replace(question("1"), projects=("api",)))
    assert [event.project for event in answer.events] == ["api"]
    assert len(answer.issues) == 1
    assert 400 not in [call.status for call in one_at_a_time.calls]


def test_failed_project_is_named(one_at_a_time: DemoSentry, config: SentryConfig) -> None:
    api = next(one for one in one_at_a_time.world.projects if one.slug == "api")
    one_at_a_time.fail(rf"/acme/events/.*project={api.id}\b", times=None, status=403)
    answer = look_up(config, question("1"))
    assert {event.project for event in answer.events} == {"web", "app"}
    assert codes(answer) == [NoticeCode.PROJECT_SKIPPED]
    assert "api" in answer.notices[0].message
    assert (answer.complete, answer.events_total) == (False, None)


def test_failure_of_all_projects_is_an_error(
    one_at_a_time: DemoSentry, config: SentryConfig
) -> None:
    one_at_a_time.fail(r"/acme/events/.*project=\d+", times=None, status=403)
    with pytest.raises(errors.SentryPermissionMissing):
        look_up(config, question("1"))


def test_limit_applies_to_all_projects_together(
    one_at_a_time: DemoSentry, config: SentryConfig
) -> None:
    for place in range(1, 10):
        for project in ("web", "api"):
            when = MOMENT - timedelta(seconds=place)
            one_at_a_time.world.add_event(user_id="1", timestamp=when, project=project)
    answer = look_up(replace(config, max_events=7), question("1"))
    assert (len(answer.events), answer.events_total) == (7, 21)
    assert codes(answer) == [NoticeCode.CAPPED]
    assert answer.events[2].timestamp == MOMENT


@pytest.mark.parametrize("cap", [None, 3])
def test_pages_of_full_events_can_have_any_size(
    demo_sentry: DemoSentry, config: SentryConfig, cap: int | None
) -> None:
    demo_sentry.settings.full_page_cap = cap
    for place in range(25):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT - timedelta(seconds=place))
    answer = look_up(config, question("1"))
    assert (answer.bodies_read, answer.complete) == (25, True)


@pytest.mark.parametrize(
    "detail", ["Query timeout. Please try again.", "Query timed out", "Timeout", "Timed-out"]
)
def test_timeout_sent_as_400_is_retried(
    wire: responses.RequestsMock, client: SentryClient, detail: str
) -> None:
    wire.get(PROJECTS, status=400, json={"detail": detail})
    wire.get(PROJECTS, json=GOOD)
    assert client.projects()
    wire.reset()
    wire.get(PROJECTS, status=400, json={"detail": detail})
    with pytest.raises(errors.SentryTimeout):
        client.projects()


def test_rejected_search_that_mentions_a_timeout_is_rejected(
    wire: responses.RequestsMock, client: SentryClient
) -> None:
    wire.get(PROJECTS, status=400, json={"detail": "Error parsing search query: 'timeout'"})
    with pytest.raises(errors.SentryRejectedQuery):
        client.projects()
    assert len(client.call_log) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_within_the_api_is_followed_once_with_the_token(
    wire: responses.RequestsMock, client: SentryClient, status: int
) -> None:
    onward = f"{API}/organizations/renamed/projects/"
    location = "/api/0/organizations/renamed/projects/"
    wire.get(PROJECTS, status=status, headers={"Location": location})
    wire.get(onward, json=GOOD)
    assert client.projects()
    request = wire.calls[1].request
    assert request.headers["Authorization"] == "Bearer s3cr3t"
    assert request.url == f"{onward}?per_page=100"
    assert [call.status for call in client.call_log] == [status, 200]


@pytest.mark.parametrize(
    "location",
    [
        "https://elsewhere.test/api/0/x/",
        "https://sentry.test.evil.test/api/0/x/",
        "https://sentry.test@evil.test/api/0/x/",
        "//evil.test/api/0/x/",
        "http://sentry.test/api/0/x/",
        "https://sentry.test:8443/api/0/x/",
        "/auth/login/",
        "/api/0/../../auth/login/",
        "",
    ],
)
def test_redirect_to_another_address_is_not_followed(
    wire: responses.RequestsMock, client: SentryClient, location: str
) -> None:
    wire.get(PROJECTS, status=302, headers={"Location": location})
    with pytest.raises(errors.SentryBadResponse, match="302") as raised:
        client.projects()
    assert len(wire.calls) == 1
    assert "s3cr3t" not in f"{raised.value.message}{raised.value.detail}"


def test_second_redirect_is_not_followed(
    wire: responses.RequestsMock, client: SentryClient
) -> None:
    onward = f"{API}/organizations/renamed/projects/"
    wire.get(PROJECTS, status=302, headers={"Location": onward})
    wire.get(onward, status=302, headers={"Location": PROJECTS})
    with pytest.raises(errors.SentryBadResponse):
        client.projects()
    assert len(wire.calls) == 2


def test_check_recognizes_single_project_search(
    one_at_a_time: DemoSentry, config: SentryConfig
) -> None:
    findings = run_checks(config)
    assert all(finding.ok for finding in findings), findings
