"""Incidents for programs: the command, which needs no worker, and the API."""

import json
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from apps.accounts.models import ApiToken
from apps.incidents.models import Incident
from apps.jobs.engine import work
from tests.demo_sentry import DemoSentry
from tests.incidents.conftest import LIST
from tests.shell import CommandLine
from tests.web.asking import AT
from tests.web.tokens import token_of


def test_the_command_asks_and_prints(lea: Client, command_line: CommandLine) -> None:
    done = command_line.run("incident", "-", "--at", AT, "--window", "10", stdin=LIST)
    assert done.returncode == 0, done.stderr
    assert "Line 9: Many customers can share an IP address" in done.stderr
    assert "10.0.0.1" not in done.stderr
    result = json.loads(done.stdout)
    assert result["schema"] == "triage.incident/1"
    assert [one["lines"] for one in result["failures"]] == [[2, 3, 4], [5]]
    assert (result["asked"], result["complete"]) == (7, True)
    assert Incident.objects.get().origin == "cli"


def test_the_command_reads_files_and_writes_each_format(
    lea: Client, command_line: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("name,id\nJane,1001\nAnn,1002\n")
    run = ("incident", str(file), "--at", AT, "--column", "2")
    assert command_line.run(*run, "--format", "csv").stdout.startswith("line,state,")
    assert "# Failures" in command_line.run(*run, "--format", "markdown").stdout


def test_exit_statuses_say_how_complete_it_is(
    lea: Client, connected: DemoSentry, command_line: CommandLine
) -> None:
    for arguments, stdin, status in (
        (("--at", "nonsense"), LIST, 2),
        (("--at", AT, "--window", "0"), LIST, 2),
        (("--at", AT), "10.0.0.1", 2),
        (("--at", AT, "--environment", "nowhere"), "1006", 3),
    ):
        assert command_line.run("incident", "-", *arguments, stdin=stdin).returncode == status
    assert command_line.run("incident", "/nowhere", "--at", AT).returncode == 2
    connected.token = "changed"
    refused = command_line.run("incident", "-", "--at", AT, stdin=LIST)
    assert refused.returncode == 4
    assert "accept our key" in refused.stderr


def call(client: Client, token: str, **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    sent = {"customers": ["1001", "1002", "1004"], "at": AT, "window_minutes": 10, **body}
    return client.post("/api/v1/incidents/", sent, content_type="application/json", headers=headers)


def test_programs_send_a_list_and_read_the_result(lea: Client, lead: User) -> None:
    token, client = token_of(lead), Client()
    begun = call(client, token, customers=["email", "1001", "1001"])
    assert begun.status_code == 202
    assert begun.json()["left_out"] == [{"line": 3, "why": "The same customer as in line 2."}]
    assert (begun.json()["state"], begun.json()["not_asked"]) == ("running", [1, 2])
    while work():
        pass
    address = f"/api/v1/incidents/{begun.json()['incident_id']}/"
    read = client.get(address, headers={"Authorization": f"Bearer {token}"}).json()
    assert (read["state"], read["failures"][0]["lines"]) == ("finished", [2])


def test_programs_may_do_what_their_person_and_token_may(
    lea: Client, lead: User, agent: User
) -> None:
    client = Client()
    assert call(client, token_of(agent)).status_code == 403
    assert call(client, token_of(lead, scopes=["read"])).status_code == 403
    ApiToken.objects.all().delete()
    token = token_of(lead)
    refused = call(client, token, customers=["1001", "10.0.0.1"])
    assert refused.status_code == 400
    assert "Line 2" in refused.json()["message"]
    assert not Incident.objects.exists()
    assert call(client, token, customers=["1001", "10.0.0.1"], skip_invalid=True).status_code == 202
    assert call(client, token, nonsense=1).status_code == 400
