"""Programs with a token that send what no honest one would."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from apps.accounts.models import ApiToken, Team
from apps.audit.models import Action, Entry
from apps.lookups.models import Lookup
from tests.mcp.conftest import mcp_on, token  # noqa: F401 - fixtures
from tests.mcp.wire import AT, STATELESS, Program

pytestmark = pytest.mark.django_db


def test_canceling_a_call_that_has_ended_is_not_recorded_as_a_stop(token: str) -> None:  # noqa: F811
    program = Program(token)
    session = {"Mcp-Session-Id": program.begin().headers["Mcp-Session-Id"]}
    call = {"name": "look_up_customer", "arguments": {"customer": "1001", "at": AT}}
    message = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
    for what in ("ended", "deleted"):
        assert not program.ask("tools/call", call, **session).json()["result"]["isError"]
        if what == "deleted":
            Lookup.objects.all().delete()
        assert program.post(message, **session).status_code == 202, what
        assert not Entry.objects.filter(action=Action.CANCELLED).exists(), what


def test_rights_that_end_between_two_calls_end_at_once_and_are_recorded(
    token: str,  # noqa: F811
    agent: User,
) -> None:
    program = Program(token, STATELESS)
    found = program.look_up()["structuredContent"]
    read = {"name": "read_lookup", "arguments": {"lookup_id": found["lookup_id"]}}
    team = Team.objects.create(group=Group.objects.create(name="None"), projects=["other"])

    def lose_projects() -> None:
        agent.groups.add(team.group)

    def lose_role() -> None:
        agent.groups.clear()

    def lose_account() -> None:
        User.objects.filter(pk=agent.pk).update(is_active=False)

    def be_deleted() -> None:
        User.objects.filter(pk=agent.pk).delete()

    lose_projects()
    stored = program.ask("tools/call", read).json()["result"]["structuredContent"]
    assert (stored["events"], stored["complete"]) == (0, False)
    refused = program.look_up(projects=["web"])["structuredContent"]
    assert refused["code"] == "project_not_allowed"
    assert Entry.objects.latest("sequence").action == Action.REFUSED
    rows = [(lose_role, 403, "role"), (lose_account, 401, "inactive"), (be_deleted, 401, "unknown")]
    for lose, status, why in rows:
        lose()
        entries = Entry.objects.count()
        assert program.ask("tools/call", read).status_code == status, why
        assert Entry.objects.count() == entries + 1, why
        last = Entry.objects.latest("sequence")
        assert (last.action, last.origin, last.detail["why"]) == (Action.REFUSED, "mcp", why)
    assert not ApiToken.objects.exists()
    assert Lookup.objects.filter(user=None).count() == 1


def test_a_session_or_an_event_id_of_a_stranger_resumes_nothing(token: str) -> None:  # noqa: F811
    program = Program(token)
    session = program.begin().headers["Mcp-Session-Id"]
    for sent in (session, f"{session}x", "0", "../../etc/passwd", "x" * 4000):
        headers = {"Mcp-Session-Id": sent, "Last-Event-ID": "1", "User-Agent": "ben"}
        call = {"name": "check_status", "arguments": {}}
        result = program.ask("tools/call", call, **headers).json()["result"]
        assert not result["isError"], sent
        name = Entry.objects.latest("sequence").detail["client"]
        assert name == ("copilot" if sent == session else "ben"), sent
        response = Client().get("/mcp", headers={"Authorization": f"Bearer {token}", **headers})
        assert response.status_code == 405, sent
