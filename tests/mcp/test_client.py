"""The official client over real HTTP: every mode, slow lookups, cancellation, and many at once."""

import re
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from itertools import cycle
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from anyio.to_thread import run_sync
from django.db import connections
from mcp import Client, StdioServerParameters, types
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from pytest_django.live_server_helper import LiveServer

from apps.audit.models import Action, Entry
from apps.lookups.access import system_user
from apps.lookups.models import Lookup, Outcome
from apps.mcp.tools import TOOLS
from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.lookups.background import until
from tests.mcp.wire import AT, STATELESS
from tests.postgres import Postgres
from tests.servers import running_gunicorn
from tests.shell import DATABASE, ROOT, Shell

pytestmark = pytest.mark.django_db(transaction=True)

MODES = ["legacy", STATELESS, "auto"]
ASKED = {"customer": "1001", "at": AT}


@asynccontextmanager
async def connected_client(
    site: str,
    token: str,
    mode: Any = "auto",
    requests: list[str] | None = None,
    ports: Iterator[int] | None = None,
) -> AsyncIterator[Client]:
    """Connect as a program would; `requests` collects the methods of its HTTP requests.

    Each request is a connection of its own, so that any process can get it, or the next of `ports`.
    """

    async def note(request: httpx2.Request) -> None:
        if requests is not None:
            requests.append(request.method)
        if ports is not None:
            request.url = request.url.copy_with(port=next(ports))

    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(
        headers=headers,
        event_hooks={"request": [note]},
        limits=httpx2.Limits(max_keepalive_connections=0),
        timeout=60,
    ) as http:
        transport = streamable_http_client(f"{site}/mcp", http_client=http)
        info = types.Implementation(name="inspector", version="1")
        async with Client(transport, mode=mode, client_info=info) as client:
            yield client


def event_in(result: types.CallToolResult) -> str:
    found = re.search(r"/events/([0-9a-f]{32})/", result.structured_content["export"])
    assert found
    return found[1]


@pytest.mark.parametrize("mode", MODES)
def test_every_tool_works_in_every_mode(live_server: LiveServer, token: str, mode: str) -> None:
    async def use() -> None:
        async with connected_client(live_server.url, token, mode) as client:
            listed = await client.list_tools()
            assert [tool.name for tool in listed.tools] == [tool.name for tool in TOOLS]
            found = await client.call_tool("look_up_customer", ASKED)
            lookup_id = found.structured_content["lookup_id"]
            calls: list[tuple[str, dict[str, Any]]] = [
                ("read_lookup", {"lookup_id": lookup_id, "max_tokens": 400}),
                ("read_event", {"lookup_id": lookup_id, "event_id": event_in(found)}),
                ("search_known_errors", {"words": "card"}),
                ("check_status", {}),
            ]
            for name, arguments in calls:
                result = await client.call_tool(name, arguments)
                assert not result.is_error, result
            failed = await client.call_tool("look_up_customer", {"customer": "1001"})
            assert failed.is_error
            assert failed.structured_content["code"] == "bad_input"
            with pytest.raises(MCPError):
                await client.call_tool("run_sql", {})

    anyio.run(use)
    names = set(Entry.objects.exclude(action=Action.REFUSED).values_list("detail__client"))
    assert names == {("inspector",)}


def test_a_stateless_question_takes_one_request(live_server: LiveServer, token: str) -> None:
    requests: list[str] = []

    async def ask() -> None:
        async with connected_client(live_server.url, token, STATELESS, requests) as client:
            await client.session.call_tool("look_up_customer", ASKED)

    anyio.run(ask)
    assert requests.count("POST") <= 2  # and the list of tools, by which it checks the result


@pytest.mark.parametrize("mode", MODES)
def test_a_slow_lookup_reports_progress(
    live_server: LiveServer, token: str, mode: str, mcp_on: DemoSentry
) -> None:
    mcp_on.fail("/acme/events/", delay_s=1.7)
    reports: list[tuple[float, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        reports.append((progress, message))

    async def ask() -> types.CallToolResult:
        async with connected_client(live_server.url, token, mode) as client:
            return await client.call_tool("look_up_customer", ASKED, progress_callback=note)

    result = anyio.run(ask)
    assert not result.is_error
    assert result.structured_content["events"] == 2
    assert len(reports) >= 2
    assert reports == sorted(set(reports))
    assert all(message and message.startswith("Asking Sentry") for _progress, message in reports)


async def give_up(site: str, token: str, mode: str, is_over: Callable[[], bool]) -> None:
    """Cancel a call as soon as it reports progress, and stay until that has been noticed."""
    async with connected_client(site, token, mode) as client:
        with anyio.CancelScope() as scope:

            async def stop(progress: float, total: float | None, message: str | None) -> None:
                scope.cancel()

            await client.call_tool("look_up_customer", ASKED, progress_callback=stop)
        assert scope.cancelled_caught
        await run_sync(until, is_over)


def test_a_message_cancels_a_call_of_a_program_with_a_handshake(
    live_server: LiveServer, token: str, mcp_on: DemoSentry
) -> None:
    mcp_on.fail("/acme/events/", times=None, delay_s=4)

    def is_over() -> bool:
        try:
            return Lookup.objects.get().outcome == Outcome.CANCELLED
        finally:
            connections.close_all()

    anyio.run(give_up, live_server.url, token, "legacy", is_over)
    assert Entry.objects.filter(action=Action.CANCELLED, origin="mcp", actor="ana").count() == 1


def test_twenty_programs_at_once_are_all_answered(
    live_server: LiveServer, token: str, mcp_on: DemoSentry
) -> None:
    for number in range(20):
        mcp_on.world.add_event(user_id=f"30{number:02}", timestamp=MOMENT)
    results: list[types.CallToolResult] = []

    async def ask(number: int) -> None:
        mode = MODES[number % len(MODES)]
        async with connected_client(live_server.url, token, mode) as client:
            asked = {**ASKED, "customer": f"30{number:02}"}
            results.append(await client.call_tool("look_up_customer", asked))

    async def ask_all() -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(ask, number)

    anyio.run(ask_all)
    assert [one.structured_content for one in results if one.is_error] == []
    assert {one.structured_content["events"] for one in results} == {1}
    assert len({one.structured_content["lookup_id"] for one in results}) == 20


# The site as it is deployed: two processes of gunicorn, which share nothing but the database.

MAKE_ANA = """
from django.contrib.auth.models import Group, User
from tests.web.tokens import token_of
ana = User.objects.create_user("ana")
ana.groups.add(Group.objects.get(name="agent"))
print(token_of(ana, scopes=["mcp"]))
"""


@pytest.fixture
def deployed(shell: Shell, demo_sentry: DemoSentry, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The address of two processes, and Ana's token."""
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, exception=("Broken", "Ouch"))
    made = shell.run("shell", "-v", "0", "-c", MAKE_ANA)
    assert made.returncode == 0, made.stderr
    variables = {**shell.environment, "TRIAGE_MCP": "1", "TRIAGE_HTTPS": "0"}
    log = tmp_path / "server.log"
    with running_gunicorn(variables, log, "--workers", "2", "--threads", "32") as (port, _process):
        yield f"http://127.0.0.1:{port}", made.stdout.strip()
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("mode", MODES)
def test_two_processes_answer_in_turn(deployed: tuple[str, str], mode: str) -> None:
    site, token = deployed

    async def ask() -> None:
        for _number in range(3):
            async with connected_client(site, token, mode) as client:
                found = await client.call_tool("look_up_customer", ASKED)
                assert not found.is_error, found
            async with connected_client(site, token, mode) as client:
                lookup_id = found.structured_content["lookup_id"]
                stored = await client.call_tool("read_lookup", {"lookup_id": lookup_id})
                assert stored.structured_content["export"] == found.structured_content["export"]

    anyio.run(ask)


def test_two_sites_with_one_postgresql_answer_in_turn(
    shell: Shell, postgres: Postgres, demo_sentry: DemoSentry, tmp_path: Path
) -> None:
    shell.environment["DATABASE_URL"] = postgres.migrated()
    variables = {**shell.environment, "TRIAGE_MCP": "1", "TRIAGE_HTTPS": "0"}
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, exception=("Broken", "Ouch"))
    token = shell.run("shell", "-v", "0", "-c", MAKE_ANA).stdout.strip()

    async def use(mode: str, ports: Iterator[int]) -> None:
        async with connected_client("http://127.0.0.1", token, mode, ports=ports) as client:
            assert len((await client.list_tools()).tools) == len(TOOLS)
            found = await client.call_tool("look_up_customer", ASKED)
            lookup_id = found.structured_content["lookup_id"]
            event = {"lookup_id": lookup_id, "event_id": event_in(found)}
            for _each_site in range(2):
                stored = await client.call_tool("read_lookup", {"lookup_id": lookup_id})
                assert stored.structured_content["export"] == found.structured_content["export"]
                assert not (await client.call_tool("read_event", event)).is_error
                assert (await client.call_tool("check_status")).structured_content["sentry"] == "ok"
                assert not (await client.call_tool("search_known_errors")).is_error

    with (
        running_gunicorn(variables, tmp_path / "one.log") as (one, _first),
        running_gunicorn(variables, tmp_path / "two.log") as (two, _second),
    ):
        for mode in MODES:
            anyio.run(use, mode, cycle([one, two]))
    code = (
        "from apps.audit.models import Entry\n"
        "print({*Entry.objects.values_list('actor', 'detail__client')})"
    )
    assert shell.run("shell", "-v", "0", "-c", code).stdout.strip() == "{('ana', 'inspector')}"


def test_a_closed_connection_cancels_a_call_of_a_stateless_program(
    deployed: tuple[str, str], tmp_path: Path, demo_sentry: DemoSentry
) -> None:
    demo_sentry.fail("/acme/events/", times=None, delay_s=4)

    def is_over() -> bool:
        with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
            return database.execute("SELECT outcome FROM lookups_lookup").fetchall() == [
                ("cancelled",)
            ]

    anyio.run(give_up, *deployed, STATELESS, is_over)


def test_twenty_calls_of_one_person_are_all_answered_by_a_slow_sentry(
    deployed: tuple[str, str], demo_sentry: DemoSentry
) -> None:
    demo_sentry.fail("/acme/events/", times=None, delay_s=0.2)
    site, token = deployed
    answered: list[bool] = []

    async def ask(number: int) -> None:
        asked = {**ASKED, "customer": f"30{number:02}"}
        async with connected_client(site, token, STATELESS) as client:
            result = await client.call_tool("look_up_customer", asked)
            while result.is_error:  # a busy machine can make too many wait too long
                assert result.structured_content["retry_after"], result
                await anyio.sleep(1)
                result = await client.call_tool("look_up_customer", asked)
            answered.append(result.structured_content["complete"])

    async def ask_all() -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(ask, number)

    anyio.run(ask_all)
    assert answered == [True] * 20


def test_the_sdk_is_imported_only_for_the_first_message(shell: Shell) -> None:
    code = "import sys, triage_site.urls; print({'mcp', 'starlette', 'anyio'} & {*sys.modules})"
    done = shell.run("shell", "-v", "0", "-c", code)
    assert done.stdout.strip() == "set()", done.stderr


def test_a_local_program_is_recorded_with_the_systems_user(
    shell: Shell, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, exception=("Broken", "Ouch"))
    command = StdioServerParameters(
        command=sys.executable, args=["manage.py", "mcp_stdio"], cwd=ROOT, env=shell.environment
    )

    async def ask(mode: Any) -> types.CallToolResult:
        async with Client(command, mode=mode) as client:
            return await client.call_tool("look_up_customer", ASKED)

    for mode in MODES:
        result = anyio.run(ask, mode)
        assert result.structured_content["events"] == 1
    code = (
        "from apps.audit.models import Entry; print(Entry.objects.values_list('origin', 'actor'))"
    )
    assert f"('mcp', '{system_user()}')" in shell.run("shell", "-v", "0", "-c", code).stdout
