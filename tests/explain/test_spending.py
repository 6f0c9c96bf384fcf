"""The daily budget is enforced and counts actual usage."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from pytest_django import Settings

from apps.explain import services
from apps.explain.config import Llm
from apps.explain.llm import ModelFailed
from apps.explain.models import Explanation, ExplanationState, Spending
from tests.conftest import person, signed_in
from tests.explain.asking import Explainer
from tests.explain.model_server import ModelServer, hangs, line, says
from tests.postgres import Postgres
from tests.shell import Shell, start_with

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("limit", [{"cost_per_day": Decimal("0.001")}, {"tokens_per_day": 1000}])
def test_a_call_beyond_the_daily_budget_is_not_made(
    explainer: Explainer, model: ModelServer, llm: Llm, settings: Settings, limit: dict[str, object]
) -> None:
    settings.LLM = replace(llm, **limit)  # type: ignore[arg-type]
    response = explainer.refused()
    assert response.status_code == 429
    page = response.content.decode()
    assert "budget isn&#x27;t enough" in page
    assert "Left today:" in page
    assert model.seen == []
    assert not Explanation.objects.exists()


def test_without_prices_the_budget_counts_tokens_only(
    explainer: Explainer, model: ModelServer, llm: Llm, settings: Settings
) -> None:
    free = replace(llm, input_price=Decimal(0), output_price=Decimal(0), cost_per_day=Decimal(0))
    settings.LLM = free
    assert "It used 960 tokens." in explainer.answer()
    settings.LLM = replace(free, tokens_per_day=1700)
    assert explainer.refused().status_code == 429


def test_one_person_uses_at_most_a_third_of_the_budget(
    explainer: Explainer, model: ModelServer, llm: Llm, settings: Settings
) -> None:
    explainer.answer()  # uses 960 tokens
    settings.LLM = replace(llm, tokens_per_day=6000)
    response = explainer.refused()
    assert response.status_code == 429
    assert "your share of today&#x27;s budget" in response.content.decode()


def test_unreported_usage_counts_as_the_maximum(explainer: Explainer, model: ModelServer) -> None:
    model.will(says(line("So."), usage=None))
    page = explainer.answer()
    explanation = Explanation.objects.get()
    assert "It used up to" in page
    assert explanation.tokens_out == 500
    assert Spending.objects.get().tokens == explanation.tokens_in + 500


@pytest.mark.parametrize(
    "usage", [{"prompt_tokens": -5, "completion_tokens": 3}, {"prompt_tokens": 0}, "many", [1]]
)
def test_implausible_usage_is_ignored(
    explainer: Explainer, model: ModelServer, usage: object
) -> None:
    model.will(says(line("So."), usage=usage))
    explainer.answer()
    assert not Explanation.objects.get().is_told


@pytest.mark.django_db(transaction=True)
def test_leaving_early_closes_the_call_and_counts_as_spent(
    explainer: Explainer, model: ModelServer
) -> None:
    model.will(hangs(line("First.")))
    response = explainer.begin()
    pages = iter(response)
    while b"First." not in next(pages):
        pass
    response.close()
    explanation = Explanation.objects.get()
    assert (explanation.state, explanation.problem, explanation.is_told) == (
        ExplanationState.CUT,
        "left",
        False,
    )
    assert Spending.objects.get().cost == explanation.cost > 0


@pytest.mark.django_db(transaction=True)
def test_an_unread_answer_frees_its_slot(explainer: Explainer, model: ModelServer) -> None:
    for _ in range(6):
        explainer.begin().close()
    assert "The answer is complete." in explainer.answer()


@pytest.mark.django_db(transaction=True)
def test_a_fifth_concurrent_call_has_to_wait(explainer: Explainer, model: ModelServer) -> None:
    others = [replace(explainer, client=signed_in(person(f"a{n}", "admin"))) for n in range(4)]
    open_ones = [other.begin() for other in others]
    response = explainer.refused()
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert "several people" in response.content.decode()
    assert Explanation.objects.count() == 4
    for one in open_ones:
        one.close()


@pytest.mark.django_db(transaction=True)
def test_one_person_makes_one_call_at_a_time(explainer: Explainer, model: ModelServer) -> None:
    with contextlib.closing(explainer.begin()):
        response = explainer.refused()
        assert (response.status_code, response["Retry-After"]) == (503, "10")
        assert "the model is still answering you" in response.content.decode()
    assert "The answer is complete." in explainer.answer()


def reserve_at_once(llm: Llm, times: int) -> int:
    """Return how many of these concurrent reservations were granted."""

    def one(_number: int) -> bool:
        try:
            services.reserve(llm, 500)
        except ModelFailed:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as threads:
        return sum(threads.map(one, range(times)))


@pytest.mark.django_db(transaction=True)
def test_concurrent_reservations_stay_within_the_budget(llm: Llm) -> None:
    assert reserve_at_once(replace(llm, tokens_per_day=7500), 24) == 7
    assert Spending.objects.get().tokens == 7000


MANY = """
from django.conf import settings
from apps.explain import services
from apps.explain.llm import ModelFailed
for _ in range(8):
    try:
        services.reserve(settings.LLM, 500)
        print("granted")
    except ModelFailed:
        print("refused")
"""
LLM = {
    "LLM_BASE_URL": "http://127.0.0.1:1/v1",
    "LLM_API_KEY": "any",
    "LLM_MODEL": "tiny-1",
    "LLM_MAX_ANSWER_TOKENS": "500",
    "LLM_TOKENS_PER_DAY": "7500",
}


def test_processes_on_postgresql_share_one_budget(fresh_shell: Shell, postgres: Postgres) -> None:
    url = postgres.migrated()
    with ThreadPoolExecutor(3) as threads:
        at_once = [
            threads.submit(fresh_shell.run, "shell", "-v", "0", "-c", MANY, DATABASE_URL=url, **LLM)
            for _ in range(3)
        ]
        output = "".join(one.result().stdout for one in at_once)
    assert (output.count("granted"), output.count("refused")) == (7, 17)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"LLM_BASE_URL": "https://api.example.org/v1"}, "LLM_API_KEY is not"),
        ({"LLM_MODEL": "tiny-1", "LLM_API_KEY": "any"}, "LLM_BASE_URL is not"),
        ({**LLM, "LLM_BASE_URL": "api.example.org"}, "LLM_BASE_URL must be"),
        ({**LLM, "LLM_BASE_URL": "https://me:secret@example.org"}, "LLM_BASE_URL must be"),
        ({**LLM, "LLM_API_KEY": "two words"}, "LLM_API_KEY contains a space"),
        ({**LLM, "LLM_INPUT_PRICE": "cheap"}, "LLM_INPUT_PRICE must be an amount"),
        ({**LLM, "LLM_COST_PER_DAY": "-1"}, "LLM_COST_PER_DAY must be an amount"),
    ],
)
def test_an_incomplete_model_configuration_prevents_the_start(
    variables: dict[str, str], named: str
) -> None:
    done = start_with(variables)
    assert done.returncode == 2
    assert named in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr
