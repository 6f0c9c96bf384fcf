"""The API against hostile input, generated from its own document, over real HTTP."""

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

from apps.demo.server import DemoSentry
from apps.lookups.models import Lookup
from tests.conftest import MOMENT
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db

MODES = schemathesis.GenerationMode
OPERATIONS = [("POST", "/api/v1/lookups/"), ("GET", "/api/v1/lookups/{lookup_id}/")]
EXAMPLES = 25


@pytest.fixture
def called(
    live_server: LiveServer, connected: DemoSentry, agent: User, settings: Settings
) -> tuple[str, str]:
    """The running site's address, and a token that may do everything."""
    settings.TRIAGE_LOOKUPS_PER_MINUTE = 100_000
    settings.TRIAGE_SIGNALS = ()
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    return live_server.url, token_of(agent)


def document_of(site: str, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    document = schemathesis.openapi.from_url(f"{site}/api/v1/openapi.json", headers=headers)
    document.config.update(base_url=site)
    return document


def bound(test: Any) -> Any:
    """The same examples each time, and few enough."""
    checked = bounded(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return seed(6)(checked(test))


def test_no_operation_is_left_out(called: tuple[str, str]) -> None:
    operations = [found.ok() for found in document_of(*called).get_all_operations()]
    assert sorted((one.method.upper(), one.path) for one in operations) == sorted(OPERATIONS)


@pytest.mark.parametrize("mode", [MODES.POSITIVE, MODES.NEGATIVE])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_is_sent_is_answered_as_the_document_says(
    called: tuple[str, str], method: str, path: str, mode: schemathesis.GenerationMode
) -> None:
    site, token = called
    headers = {"Authorization": f"Bearer {token}"}
    operation = document_of(site, token)[path][method]

    @bound
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: "schemathesis.Case[Any]") -> None:
        # A customer or moment that the document allows may still make no sense.
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    answered()


def test_a_kept_answer_is_read_as_the_document_says_and_only_with_a_token(
    called: tuple[str, str],
) -> None:
    site, token = called
    headers = {"Authorization": f"Bearer {token}"}
    asked = {"customer": "1001", "at": MOMENT.isoformat()}
    requests.post(f"{site}/api/v1/lookups/", json=asked, headers=headers, timeout=30)
    lookup_id = str(Lookup.objects.get().uuid)
    operation = document_of(site, token)[OPERATIONS[1][1]]["GET"]
    statuses = set()

    @bound
    @given(form=strategies.sampled_from(["json", "markdown", "xml"]))
    def answered(form: str) -> None:
        case = operation.Case(path_parameters={"lookup_id": lookup_id}, query={"format": form})
        statuses.add(case.call_and_validate(headers=headers).status_code)

    answered()
    assert statuses == {200}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nothing_is_answered_without_a_token_or_with_a_made_up_one(
    called: tuple[str, str], method: str, path: str
) -> None:
    operation = document_of(*called)[path][method]
    statuses = set()

    @bound
    @given(
        case=operation.as_strategy(),
        token=strategies.one_of(strategies.none(), strategies.text(LETTERS, max_size=60)),
    )
    def refused(case: "schemathesis.Case[Any]", token: str | None) -> None:
        sent = {} if token is None else {"Authorization": f"Bearer triage_{token}"}
        response = case.call(headers=sent)
        statuses.add(response.status_code)
        assert response.json()["code"] == "no_access"

    refused()
    assert statuses == {401}


LETTERS = strategies.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f\x85")
