"""Programs with a token that send what no honest one would."""

import pytest

from apps.audit.models import Action, Entry
from apps.lookups.models import Lookup
from tests.mcp.conftest import mcp_on, token  # noqa: F401 - fixtures
from tests.mcp.wire import AT, Program

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
