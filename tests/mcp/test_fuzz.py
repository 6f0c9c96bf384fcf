"""`/mcp` against random arguments and messages: a problem or an answer, and never a failure."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as bounded
from hypothesis import strategies as st
from pytest_django import Settings

from apps.mcp.tools import TOOLS, Tool
from tests.demo_sentry import DemoSentry
from tests.mcp.wire import AT, HANDSHAKE, META, STATELESS, Program
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db

LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
JSON = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
# Texts that get further than most: customers, times, IDs, and what breaks parsers.
TEXT = st.text(max_size=60) | st.sampled_from(
    [
        *("1001", AT, "exactly:*", "user.id:1001", "0" * 32, "\ud800", "\x00", "a" * 3000, "'\"\\"),
        *("00000000-0000-4000-8000-000000000000", "1e9", "-1", "2026-02-30T00:00:00Z", "now"),
    ]
)


def limited(test: Any) -> Any:
    """Limit a test to a small, fixed set of examples."""
    checked = bounded(
        max_examples=40,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return seed(22)(checked(test))


def arguments_of(tool: Tool) -> st.SearchStrategy[dict[str, Any]]:
    """Return arguments with the tool's names and any values, some of the right type."""
    names = dict.fromkeys(tool.input_schema["properties"], TEXT | JSON)
    required = {name: names[name] for name in tool.input_schema.get("required", ())}
    others = {name: names[name] for name in names.keys() - required.keys()}
    fitting = st.fixed_dictionaries(required, optional=others)
    return fitting | st.dictionaries(st.sampled_from([*names, "x"]), JSON, max_size=4)


@pytest.fixture
def fuzzed(mcp_on: DemoSentry, agent: User, settings: Settings) -> Program:
    """A program that no limit stops."""
    settings.TRIAGE_LOOKUPS_PER_MINUTE = 100_000
    kinds = settings.TRIAGE_CALLS_PER_MINUTE
    settings.TRIAGE_CALLS_PER_MINUTE = dict.fromkeys(kinds, 100_000)
    return Program(token_of(agent, scopes=["mcp"]), STATELESS)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_any_arguments_get_a_result(fuzzed: Program, tool: Tool) -> None:
    @limited
    @given(arguments=arguments_of(tool))
    def check(arguments: dict[str, Any]) -> None:
        params = {"name": tool.name, "arguments": arguments}
        response = fuzzed.ask("tools/call", params)
        assert response.status_code in (200, 400), response.content
        if response.status_code == 200:
            result = response.json()["result"]
            code = result["structuredContent"].get("code")
            assert bool(code) == result["isError"]
            assert code != "broken"

    check()


@pytest.mark.parametrize("version", [HANDSHAKE, STATELESS])
def test_any_message_gets_a_response(fuzzed: Program, version: str) -> None:
    program = Program(fuzzed.token, version)
    methods = ["initialize", "tools/call", "tools/list", "ping", "notifications/cancelled", "x"]
    message = st.fixed_dictionaries(
        {"jsonrpc": st.just("2.0"), "method": st.sampled_from(methods) | JSON},
        optional={
            "id": LEAF,
            "params": JSON | st.fixed_dictionaries({"_meta": JSON, "name": JSON}),
        },
    )

    @limited
    @given(message=message | JSON)
    def check(message: Any) -> None:
        headers = {}
        if isinstance(message, dict) and isinstance(message.get("method"), str):
            headers = {"MCP-Method": message["method"]} if message["method"].isascii() else {}
        body = json.dumps(message)
        response = program.post(body, **{k: v for k, v in headers.items() if v.isprintable()})
        assert response.status_code in (200, 202, 400, 404), (message, response.content)
        if response.content.strip() not in (b"", b"null"):
            assert json.loads(response.content)["jsonrpc"] == "2.0"

    check()


def test_any_envelope_is_checked(fuzzed: Program) -> None:
    @limited
    @given(value=JSON, key=st.sampled_from(["protocolVersion", "clientInfo", "clientCapabilities"]))
    def check(value: Any, key: str) -> None:
        meta = {f"{META}/{key}": value}
        params = {"name": "check_status", "arguments": {}, "_meta": meta}
        assert fuzzed.ask("tools/call", params).status_code in (200, 400), value

    check()
