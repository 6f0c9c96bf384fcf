"""Each way a model's server can fail: told plainly, with a next step, and without its own words."""

import gzip
import logging
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from apps.explain.client import Llm
from apps.explain.models import Explanation, Spending, State
from tests.conftest import signed_in
from tests.explain.asking import KEY, Asked
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
    (refuses(401, "invalid_api_key", SECRET_WORDS), "does not accept our key"),
    (refuses(403, "", SECRET_WORDS), "does not accept our key"),
    (refuses(404, "model_not_found", SECRET_WORDS), "doesn&#x27;t recognize the model"),
    (refuses(402), "account with the model&#x27;s provider has run out"),
    (refuses(429, "insufficient_quota"), "account with the model&#x27;s provider has run out"),
    (refuses(429, after="17"), "Please try again in 17 s."),
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
    (refuses(503, after="5"), "Please try again in 5 s."),
    (says(WORKED, reason="content_filter", usage=None), "The model declined to answer."),
    (refuses_politely, "The model declined to answer."),
    (says(WORKED, reason="length", usage=None), "reached its length limit"),
    (says(WORKED, reason=None, usage=None), "The connection broke"),
    (
        sends(b'data: {"error":{"message":"overloaded","code":"x y"}}\n\n'),
        "server is having problems",
    ),
    (sends(b"data: {not json\n\n"), "not the way a model does"),
    (sends(b"data: \xff\xfe\n\n"), "not the way a model does"),
    (nested, "not the way a model does"),
    (packed, "not the way a model does"),
    (calls_a_tool, "not the way a model does"),
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


@pytest.mark.parametrize(("play", "sentence"), FREE)
def test_what_the_server_refused_is_told_and_costs_nothing(
    asked: Asked, model: ModelServer, play: Play, sentence: str
) -> None:
    model.will(play)
    page = asked.answer()
    assert sentence in page
    assert_harmless(page)
    assert "It cost nothing." in page
    assert len(model.seen) == 1
    assert (Spending.objects.get().tokens, Spending.objects.get().cost) == (0, 0)
    assert Explanation.objects.get().state == State.FAILED


@pytest.mark.parametrize(("play", "sentence"), PAID)
def test_what_went_wrong_later_is_told_and_stays_paid_for(
    asked: Asked, model: ModelServer, play: Play, sentence: str
) -> None:
    model.will(play)
    page = asked.answer()
    assert sentence in page
    assert "The answer is complete" not in page
    assert_harmless(page)
    kept = Explanation.objects.get()
    assert kept.state in (State.FAILED, State.CUT)
    assert kept.problem
    assert not kept.is_told
    assert Spending.objects.get().cost == kept.cost > 0


def assert_harmless(page: str) -> None:
    assert KEY not in page
    assert "anna@example.org" not in page
    assert "Back to the text" in page
    assert "Traceback" not in page
    assert page.rstrip().endswith("</html>")


@pytest.mark.parametrize("play", [hangs(WORKED), drips, drips_its_head])
def test_a_server_that_hangs_or_drips_is_left_when_the_time_is_over(
    asked: Asked, model: ModelServer, llm: Llm, settings: Settings, play: Play
) -> None:
    settings.LLM = replace(llm, timeout_s=1)
    model.will(play)
    page = asked.answer()
    assert "did not finish in time" in page
    assert_harmless(page)


def test_what_came_before_a_break_is_shown(asked: Asked, model: ModelServer) -> None:
    model.will(breaks_off(WORKED, '{"cause": "Half a'))
    page = asked.answer()
    assert "This much came." in page
    assert "A comment from the model" in page
    assert "The connection broke" in page


def test_a_server_that_is_not_there_costs_nothing(
    asked: Asked, llm: Llm, settings: Settings
) -> None:
    settings.LLM = replace(llm, base_url="http://127.0.0.1:1/v1")
    assert "could not reach the model" in asked.answer()
    assert Spending.objects.get().cost == 0


def test_a_host_that_leads_where_none_may_is_not_called(
    asked: Asked, llm: Llm, settings: Settings
) -> None:
    settings.LLM = replace(llm, base_url="http://169.254.169.254/v1")
    page = asked.answer()
    assert "Triage isn&#x27;t allowed to call the address" in page
    assert Spending.objects.get().cost == 0


def test_an_admin_finds_the_detail_and_an_agent_does_not(
    asked: Asked, model: ModelServer, admin: User
) -> None:
    model.will(refuses(401, "invalid_api_key", SECRET_WORDS))
    assert "For the admin" not in asked.answer()
    page = Asked(signed_in(admin), asked.address, asked.event).answer()
    assert "HTTP 401 invalid_request_error invalid_api_key" in page
    assert_harmless(page)


def test_a_newer_model_is_asked_by_the_newer_name_of_the_limit(
    asked: Asked, model: ModelServer
) -> None:
    model.will(refuses(400, "unsupported_parameter", param="max_tokens"), says(line("So.")))
    assert "The answer is complete." in asked.answer()
    older, newer = (seen.body for seen in model.seen)
    assert older.replace(b'"max_tokens"', b"") != older
    assert b'"max_completion_tokens":500' in newer.replace(b" ", b"")


def test_neither_key_nor_text_is_logged(
    asked: Asked,
    model: ModelServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    model.will(refuses(401, "invalid_api_key", SECRET_WORDS), says(WORKED))
    asked.answer()
    asked.answer()
    said = capfd.readouterr()
    told = f"{caplog.text} {said.out} {said.err}"
    assert KEY not in told
    assert asked.event not in told
    assert "chat/completions" not in told


def test_the_key_is_in_no_representation(llm: Llm) -> None:
    assert KEY not in f"{llm!r} {llm}"
