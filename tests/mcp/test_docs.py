"""The documentation for assistants names the tools, arguments, and codes that exist."""

import json
import re
from html import unescape

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from pytest_django import Settings

from apps.mcp.tools import TOOLS
from tests.conftest import signed_in
from tests.mcp.wire import Program
from tests.shell import ROOT
from tests.web.test_tokens import create_token, shown_token

GUIDE = (ROOT / "docs/agents.md").read_text()
SKILL = (ROOT / "docs/skill/SKILL.md").read_text()


def test_the_guide_lists_exactly_the_tools() -> None:
    assert re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE) == [tool.name for tool in TOOLS]


def test_the_guide_lists_the_limits() -> None:
    [sentence] = re.findall(r"Limits\*\*.*?\.\n", GUIDE, re.DOTALL)
    limits = [settings.TRIAGE_LOOKUPS_PER_MINUTE, *settings.TRIAGE_CALLS_PER_MINUTE.values()]
    assert [int(number) for number in re.findall(r"\d+", sentence)] == limits


@pytest.mark.django_db
def test_nothing_that_does_not_exist_is_mentioned(token: str) -> None:
    instructions = Program(token).begin().json()["result"]["instructions"]
    known = {tool.name for tool in TOOLS}
    known |= {name for tool in TOOLS for name in tool.input_schema["properties"]}
    known |= {name for tool in TOOLS for name in tool.gives}
    known |= {"next_step", "retry_after", "mcp_stdio"}
    for text in (GUIDE, SKILL, instructions):
        assert set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", text)) <= known


def test_the_skill_mentions_every_tool_and_has_a_name_and_a_description() -> None:
    assert all(f"`{tool.name}`" in SKILL for tool in TOOLS)
    assert re.match(r"---\nname: [a-z-]{1,64}\ndescription: .{1,1024}\n---\n", SKILL)


def test_the_configurations_are_json_that_sends_a_token() -> None:
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)]
    servers = [one for block in blocks for name, one in block.items() if name.endswith("ervers")]
    assert len(servers) == 2
    for server in servers:
        assert server["triage"]["url"].endswith("/mcp")
        assert server["triage"]["headers"]["Authorization"].startswith("Bearer ${")


@pytest.mark.django_db
def test_the_shell_command_is_answered(token: str) -> None:
    [command] = re.findall(r"curl .*?\n\n", GUIDE, re.DOTALL)
    [body] = re.findall(r"-d '(.*?)'", command, re.DOTALL)
    headers = dict(re.findall(r'-H "([\w-]+): ([^"$]+)"', command))
    response = Program(token).post(body, **headers)
    assert not response.json()["result"]["isError"], response.content


@pytest.mark.django_db
def test_the_page_of_a_new_token_shows_the_guides_configurations_without_the_token(
    admin: User, agent: User, settings: Settings
) -> None:
    settings.TRIAGE_MCP = True
    client = signed_in(admin)
    response = create_token(client, agent, scopes=["mcp"])
    page = response.content.decode()
    local = GUIDE.replace("https://triage.example.org", "http://testserver")
    [command] = re.findall(r"^    (claude mcp .*?)\n\n", local, re.DOTALL | re.MULTILINE)
    files = re.findall(r"```json\n(.*?)\n```", local, re.DOTALL)
    shown = [unescape(one) for one in re.findall(r"<pre [^>]*><code>(.*?)</code>", page, re.DOTALL)]
    assert shown == [command.replace("\n      --", "\n  --"), *files]
    assert "http://testserver/mcp" in page
    assert page.count(shown_token(response)) == 1
    assert "turned off" not in page
    assert "How to use it in the API" not in page
    settings.TRIAGE_MCP = False
    response = create_token(client, agent, name="Copilot", scopes=["lookup", "mcp"])
    assert "turned off" in response.content.decode()
    assert "TRIAGE_MCP=1" in response.content.decode()
    assert "http://testserver/api/v1/" in response.content.decode()
    response = create_token(client, agent, name="Zendesk app")
    assert "Connect an assistant" not in response.content.decode()
