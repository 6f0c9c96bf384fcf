"""Failures of the model's server are explained, without quoting it."""

import gzip
import logging
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from apps.explain.config import Llm
from apps.explain.models import Explanation, ExplanationState, Spending
from tests.conftest import signed_in
from tests.explain.asking import KEY, Explainer
from tests.explain.model_server import (
    Handler,
    ModelServer,
    Play,
    breaks_off,
    drips,
    drips_its_head,
    hangs,
    line,
    refuses,
    says,
    sends,
)

pytestmark = pytest.mark.django_db

SECRET_WORDS = f"Incorrect key {KEY}: anna@example.org"
WORKED = line("This much came.")


def redirects(handler: Handler) -> None:
    handler.begin(307, {"Location": "/v1/elsewhere"})


def calls_a_tool(handler: Handler) -> None:
    call = {"index": 0, "id": "t", "function": {"name": "run", "arguments": "{}"}}
    handler.begin()
    handler.chunk(choices=[{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}])
    handler.stop("tool_calls", usage=None)


def refuses_politely(handler: Handler) -> None:
    handler.begin()
    handler.chunk(choices=[{"index": 0, "delta": {"refusal": "I cannot."}, "finish_reason": None}])
    handler.stop()


def endless(handler: Handler) -> None:
    handler.begin()
    while True:
        handler.say("word " * 2000)


def endless_line(handler: Handler) -> None:
    handler.begin()
    handler.raw(b"data: ")
    while True:
        handler.raw(b"x" * 65536)


def packed(handler: Handler) -> None:
    handler.begin(headers={"Content-Encoding": "gzip"})
    handler.raw(gzip.compress(b"\n" * 10_000_000))


def nested(handler: Handler) -> None:
    handler.begin()
    handler.raw(b"data: " + b"[" * 60_000 + b"\n\n")


FREE = (
    (refuses(401, "invalid_api_key", SECRET_WORDS), "doesn&#x27;t accept our key"),
    (refuses(403, "", SECRET_WORDS), "doesn&#x27;t accept our key"),
    (refuses(404, "model_not_found", SECRET_WORDS), "doesn&#x27;t recognize the model"),
    (refuses(402), "account with the model&#x27;s provider is out of credit"),
    (refuses(429, "insufficient_quota"), "account with the model&#x27;s provider is out of credit"),
    (refuses(429, "insufficient_quota", after="17"), "Tell your Triage admin. It&#x27;s nothing"),
    (refuses(429, after="17"), "Try again in 17 seconds."),
    (refuses(429, after="soon"), "reached the request limit of the model&#x27;s server"),
    (refuses(400, "context_length_exceeded", SECRET_WORDS), "longer than this model can read"),
    (refuses(400, message="maximum context length is 4096"), "longer than this model can read"),
    (refuses(413), "longer than this model can read"),
    (refuses(422, "nonsense"), "server rejected the request"),
    (redirects, "server rejected the request"),
)
PAID = (
    (refuses(400, "content_filter", SECRET_WORDS), "The model declined to answer."),
    (refuses(500, message=SECRET_WORDS), "server is having problems"),
    (refuses(503, after="5"), "Try again in 5 seconds."),
    (says(WORKED, reason="content_filter", usage=None), "The model declined to answer."),
    (refuses_politely, "The model declined to answer."),
    (says(WORKED, reason="length", usage=None), "reached its length limit"),
    (says(WORKED, reason=None, usage=None), "The connection broke"),
    (
        sends(b'data: {"error":{"message":"overloaded","code":"x y"}}\n\n'),
        "server is having problems",
    ),
    (sends(b"data: {not json\n\n"), "in the format of a language model"),
    (sends(b"data: \xff\xfe\n\n"), "in the format of a language model"),
    (nested, "in the format of a language model"),
    (packed, "in the format of a language model"),
    (calls_a_tool, "in the format of a language model"),
    (sends(b"<html>A sign-in page</html>"), "The connection broke"),
    (sends(), "The connection broke"),
    (breaks_off(WORKED), "The connection broke"),
    (endless, "reached its length limit"),
    (endless_line, "reached its length limit"),
    *(
        (sends(f"data: {odd}\n\n".encode()), "")
        for odd in ("[]", "5", "null", '"x"', '{"choices":{"0":1}}', '{"choices":[7]}')
    ),
    (
        sends(b'data: {"choices":[{"delta":{"content":["x"]}}],"usage":{"prompt_tokens":-9}}\n\n'),
        "",
    ),
)


def test_a_refused_call_is_explained_and_costs_nothing(
    explainer: Explainer, model: ModelServer
) -> None:
    for number, (play, sentence) in enumerate(FREE):
        model.seen.clear()
        model.will(play)
        page, case = explainer.answer(), f"{number}: {sentence}"
        assert sentence in page, case
        assert_harmless(page)
        assert "It cost nothing." in page, case
        assert len(model.seen) == 1, case
        assert (Spending.objects.get().tokens, Spending.objects.get().cost) == (0, 0), case
        assert Explanation.objects.get().state == ExplanationState.FAILED, case
        Explanation.objects.all().delete()


def test_a_later_failure_is_explained_and_counts_as_spent(
    explainer: Explainer, model: ModelServer
) -> None:
    for number, (play, sentence) in enumerate(PAID):
        model.will(play)
        page, case = explainer.answer(), f"{number}: {sentence}"
        assert sentence in page, case
        assert "The answer is complete" not in page, case
        assert_harmless(page)
        explanation = Explanation.objects.get()
        assert explanation.state in (ExplanationState.FAILED, ExplanationState.CUT), case
        assert explanation.problem, case
        assert not explanation.is_told, case
        assert Spending.objects.get().cost == explanation.cost > 0, case
        Explanation.objects.all().delete()
        Spending.objects.all().delete()


def assert_harmless(page: str) -> None:
    assert KEY not in page
    assert "anna@example.org" not in page
    assert "Back to the text" in page
    assert "Traceback" not in page
    assert page.rstrip().endswith("</html>")


@pytest.mark.parametrize("play", [hangs(WORKED), drips, drips_its_head])
def test_a_hanging_or_dripping_server_times_out(
    explainer: Explainer, model: ModelServer, llm: Llm, settings: Settings, play: Play
) -> None:
    settings.LLM = replace(llm, timeout_s=1)
    model.will(play)
    page = explainer.answer()
    assert "didn&#x27;t finish in time" in page
    assert_harmless(page)


def test_a_partial_answer_is_shown(explainer: Explainer, model: ModelServer) -> None:
    model.will(breaks_off(WORKED, '{"cause": "Half a'))
    page = explainer.answer()
    assert "This much came." in page
    assert "A comment from the model" in page
    assert "The connection broke" in page


def test_an_unreachable_server_costs_nothing(
    explainer: Explainer, llm: Llm, settings: Settings
) -> None:
    settings.LLM = replace(llm, base_url="http://127.0.0.1:1/v1")
    assert "couldn&#x27;t reach the model" in explainer.answer()
    assert Spending.objects.get().cost == 0


def test_a_host_with_a_forbidden_address_is_not_called(
    explainer: Explainer, llm: Llm, settings: Settings
) -> None:
    settings.LLM = replace(llm, base_url="http://169.254.169.254/v1")
    page = explainer.answer()
    assert "Triage isn&#x27;t allowed to call the address" in page
    assert Spending.objects.get().cost == 0


def test_admins_see_the_detail_and_agents_do_not(
    explainer: Explainer, model: ModelServer, admin: User
) -> None:
    model.will(refuses(401, "invalid_api_key", SECRET_WORDS))
    assert "For the admin" not in explainer.answer()
    page = Explainer(signed_in(admin), explainer.address, explainer.event).answer()
    assert "HTTP 401 invalid_request_error invalid_api_key" in page
    assert_harmless(page)


def test_newer_models_get_max_completion_tokens(explainer: Explainer, model: ModelServer) -> None:
    model.will(refuses(400, "unsupported_parameter", param="max_tokens"), says(line("So.")))
    assert "The answer is complete." in explainer.answer()
    older, newer = (seen.body for seen in model.seen)
    assert older.replace(b'"max_tokens"', b"") != older
    assert b'"max_completion_tokens":500' in newer.replace(b" ", b"")


def test_neither_key_nor_text_is_logged(
    explainer: Explainer,
    model: ModelServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    model.will(refuses(401, "invalid_api_key", SECRET_WORDS), says(WORKED))
    explainer.answer()
    explainer.answer()
    captured = capfd.readouterr()
    output = f"{caplog.text} {captured.out} {captured.err}"
    assert KEY not in output
    assert explainer.event not in output
    assert "chat/completions" not in output


def test_the_key_is_not_in_the_repr(llm: Llm) -> None:
    assert KEY not in f"{llm!r} {llm}"
