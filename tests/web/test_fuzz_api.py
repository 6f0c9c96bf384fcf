"""The API against hostile input generated from its OpenAPI document, over real HTTP."""

from typing import Any

import pytest
import requests
import schemathesis
from django.contrib.auth.models import User
from hypothesis import HealthCheck, Phase, given, seed, strategies
from hypothesis import settings as bounded
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from schemathesis.checks import positive_data_acceptance

from apps.lookups.models import Lookup
from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db

MODES = schemathesis.GenerationMode
OPERATIONS = [
    ("POST", "/api/v1/lookups/"),
    ("GET", "/api/v1/lookups/{lookup_id}/"),
    ("GET", "/api/v1/lookups/{lookup_id}/events/{event_id}/"),
    ("GET", "/api/v1/known-errors/"),
    ("GET", "/api/v1/status/"),
    ("POST", "/api/v1/incidents/"),
    ("GET", "/api/v1/incidents/{incident_id}/"),
]
EXAMPLES = 25


@pytest.fixture
def api(
    live_server: LiveServer, connected: DemoSentry, agent: User, settings: Settings
) -> tuple[str, str]:
    """The live server's URL and a token with every scope."""
    settings.TRIAGE_LOOKUPS_PER_MINUTE = 100_000
    settings.TRIAGE_CALLS_PER_MINUTE = dict.fromkeys(
        ("reads", "event_reads", "searches", "checks"), 100_000
    )
    settings.TRIAGE_SIGNALS = ()
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    return live_server.url, token_of(agent)


def load_document(site: str, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    document = schemathesis.openapi.from_url(f"{site}/api/v1/openapi.json", headers=headers)
    document.config.update(base_url=site)
    return document


def limited(test: Any) -> Any:
    """Limit a test to a small, fixed set of examples."""
    checked = bounded(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return seed(6)(checked(test))


def test_every_operation_is_covered(api: tuple[str, str]) -> None:
    operations = [found.ok() for found in load_document(*api).get_all_operations()]
    assert sorted((one.method.upper(), one.path) for one in operations) == sorted(OPERATIONS)


@pytest.mark.parametrize("mode", [MODES.POSITIVE, MODES.NEGATIVE])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_responses_match_the_document(
    api: tuple[str, str], method: str, path: str, mode: schemathesis.GenerationMode
) -> None:
    site, token = api
    headers = {"Authorization": f"Bearer {token}"}
    operation = load_document(site, token)[path][method]

    @limited
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: "schemathesis.Case[Any]") -> None:
        # The document allows customers and times that the API still refuses.
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    check()


def test_stored_result_matches_the_document(
    api: tuple[str, str],
) -> None:
    site, token = api
    headers = {"Authorization": f"Bearer {token}"}
    body = {"customer": "1001", "at": MOMENT.isoformat()}
    requests.post(f"{site}/api/v1/lookups/", json=body, headers=headers, timeout=30)
    lookup_id = str(Lookup.objects.get().uuid)
    operation = load_document(site, token)[OPERATIONS[1][1]]["GET"]
    statuses = set()

    @limited
    @given(export_format=strategies.sampled_from(["json", "markdown"]))
    def check(export_format: str) -> None:
        case = operation.Case(
            path_parameters={"lookup_id": lookup_id}, query={"format": export_format}
        )
        statuses.add(case.call_and_validate(headers=headers).status_code)

    check()
    assert statuses == {200}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_missing_or_invalid_token_is_refused(api: tuple[str, str], method: str, path: str) -> None:
    operation = load_document(*api)[path][method]
    statuses = set()

    @limited
    @given(
        case=operation.as_strategy(),
        token=strategies.one_of(strategies.none(), strategies.text(TOKEN_CHARACTERS, max_size=60)),
    )
    def check(case: "schemathesis.Case[Any]", token: str | None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer triage_{token}"}
        response = case.call(headers=headers)
        statuses.add(response.status_code)
        assert response.json()["code"] == "no_access"

    check()
    assert statuses == {401}


TOKEN_CHARACTERS = strategies.characters(
    min_codepoint=33, max_codepoint=255, exclude_characters="\x7f\x85"
)
