"""What each tool returns, records, and refuses."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from jsonschema_rs import validate
from pytest_django import Settings

from apps.accounts.models import ApiToken, Team
from apps.audit.models import Action, Entry
from apps.lookups.access import system_user
from apps.lookups.models import ExportRecord, Lookup, Origin
from apps.lookups.services import purge_answers
from apps.mcp.tools import TOOLS
from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.exports.tokenizer import count
from tests.mcp.wire import AT, STATELESS, Program
from tests.shell import CommandLine
from tests.web.known import entry
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db

NO_ONE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def program(token: str) -> Program:
    """An assistant's program with Ana's token."""
    return Program(token, STATELESS)


def problem_in(result: Any) -> Any:
    """Return the problem of a failed call, which its text and its data state alike."""
    assert result["isError"], result
    [content] = result["content"]
    assert json.loads(content["text"]) == result["structuredContent"]
    assert set(result["structuredContent"]) == {"code", "message", "next_step", "retry_after"}
    return result["structuredContent"]


def first_event(result: Any) -> str:
    found = re.search(r"/events/([0-9a-f]{32})/", result["structuredContent"]["export"])
    assert found
    return found[1]


def test_tools_are_few_and_short_and_say_what_they_do(program: Program) -> None:
    result = program.ask("tools/list").json()["result"]
    assert count(json.dumps({"tools": result["tools"]}, ensure_ascii=False)) <= 1500
    by_name = {tool["name"]: tool for tool in result["tools"]}
    assert list(by_name) == [tool.name for tool in TOOLS]
    for tool in by_name.values():
        assert tool["title"]
        assert tool["description"]
        assert tool["inputSchema"]["additionalProperties"] is False
        assert tool["outputSchema"]["type"] == "object"
    changing = [name for name, tool in by_name.items() if not tool["annotations"]["readOnlyHint"]]
    assert changing == ["look_up_customer"]
    assert by_name["look_up_customer"]["annotations"]["destructiveHint"] is False
    assert by_name["look_up_customer"]["inputSchema"]["required"] == ["customer", "at"]


def test_lookup_returns_the_export_and_its_id(program: Program, agent: User) -> None:
    result = program.look_up(reason="TICKET-5", window_minutes=3, projects=None)
    lookup = Lookup.objects.get()
    data, [content] = result["structuredContent"], result["content"]
    assert not result["isError"]
    assert (lookup.user, lookup.origin, lookup.minutes) == (agent, Origin.MCP, 3)
    assert data["lookup_id"] == str(lookup.uuid)
    assert (data["complete"], data["problems"], data["events"]) == (True, 2, 2)
    assert content["text"] == data["export"]
    assert data["headline"] == "The payment was declined."
    assert data["headline"] in data["export"]


def test_numbers_are_read_as_text(program: Program) -> None:
    result = program.call("look_up_customer", customer=1001, at=int(MOMENT.timestamp()))
    assert result["structuredContent"]["events"] == 2


def test_reason_can_be_required(program: Program, settings: Settings) -> None:
    settings.TRIAGE_REASON = "required"
    assert "Enter a ticket number" in problem_in(program.look_up())["message"]
    assert not program.look_up(reason="TICKET-5")["isError"]


def test_headline_also_says_what_only_logs_show(
    program: Program, mcp_on: DemoSentry, settings: Settings
) -> None:
    settings.TRIAGE_SIGNALS = ("logs", "spans")
    refused = "upload refused for user 1007: the file is too large"
    mcp_on.world.add_log(MOMENT, refused, "error", user={"id": "1007"})
    data = program.look_up("1007")["structuredContent"]
    assert (data["events"], data["problems"]) == (0, 0)
    assert "too large" in data["headline"]
    assert data["headline"] in data["export"]
    nothing = program.look_up("1008")["structuredContent"]
    assert "not seen this customer" in nothing["headline"]


def test_every_result_fits_its_schema(program: Program) -> None:
    entry()
    looked_up = program.look_up()
    lookup_id = looked_up["structuredContent"]["lookup_id"]
    results = {
        "look_up_customer": looked_up,
        "read_lookup": program.call("read_lookup", lookup_id=lookup_id),
        "read_event": program.call(
            "read_event", lookup_id=lookup_id, event_id=first_event(looked_up)
        ),
        "search_known_errors": program.call("search_known_errors"),
        "check_status": program.call("check_status"),
    }
    assert set(results) == {tool.name for tool in TOOLS}
    for tool in TOOLS:
        result = results[tool.name]
        assert not result["isError"], result
        assert tool.output_schema["properties"].keys() <= result["structuredContent"].keys()
        validate(tool.output_schema, result["structuredContent"])
        validate(tool.output_schema, problem_in(program.call(tool.name, nonsense=1)))


def test_related_data_that_was_late_is_part_of_the_answer(
    program: Program, mcp_on: DemoSentry, settings: Settings
) -> None:
    settings.TRIAGE_SIGNALS, settings.TRIAGE_SIGNALS_WAIT_MS = ("feedback",), 0
    mcp_on.world.add_feedback(when=MOMENT, message="Pay does nothing.", user={"id": "1001"})
    mcp_on.fail("issue.category|dataset=issuePlatform|/issues/", times=1, delay_s=0.3)
    export = program.look_up()["structuredContent"]["export"]
    assert "Pay does nothing." in export
    assert "signal_missing" not in export


def test_stored_lookup_is_read_within_another_limit_without_sentry(
    program: Program, mcp_on: DemoSentry
) -> None:
    for number in range(10):
        mcp_on.world.add_event(
            user_id="1001",
            timestamp=MOMENT + timedelta(seconds=number),
            exception=(f"Failure{number}", "x " * 200),
        )
    whole = program.look_up(max_tokens=16_000)["structuredContent"]
    calls = len(mcp_on.calls)
    for limit in (400, 1000):
        result = program.call("read_lookup", lookup_id=whole["lookup_id"], max_tokens=limit)
        data = result["structuredContent"]
        assert limit / 3 < count(data["export"]) <= limit
        assert (data["lookup_id"], data["events"]) == (whole["lookup_id"], 12)
        assert whole["lookup_id"] in "".join(one["text"] for one in result["content"])
    assert len(mcp_on.calls) == calls


def test_one_event_is_read_in_full(program: Program, mcp_on: DemoSentry) -> None:
    ids = [
        mcp_on.world.add_event(
            user_id="1002",
            timestamp=MOMENT + timedelta(seconds=number),
            exception=("Late", "Stop"),
            breadcrumbs=[{"category": "ui.click", "message": f"button-{number}"}],
        ).id
        for number in range(60)
    ]
    data = program.look_up("1002")["structuredContent"]
    for event_id in (ids[0], ids[-1]):
        result = program.call("read_event", lookup_id=data["lookup_id"], event_id=event_id)
        export = result["structuredContent"]["export"]
        assert event_id in export
        assert "other events of the issue 59" in export
        assert "60 events" in export
        assert len(re.findall(r"/events/[0-9a-f]{32}/", export)) == 1
        assert f"button-{ids.index(event_id)}" in export


def test_known_errors_are_searched_by_words(program: Program, agent: User) -> None:
    entry(title="Cards are refused", explanation="The bank is down.")
    entry("slow-api", title="The API is slow", pattern={"project": "api", "issue": "API-1"})
    entry("gone", title="Cards once failed", is_active=False)

    def names(words: str) -> list[str]:
        result = program.call("search_known_errors", words=words)
        return [one["name"] for one in result["structuredContent"]["known_errors"]]

    assert sorted(names("")) == ["card-refused", "slow-api"]
    assert names("BANK cards") == ["card-refused"]
    assert names("slow") == ["slow-api"]
    assert names("nothing-like-this") == []
    team = Team.objects.create(group=Group.objects.create(name="Web"), projects=["web"])
    agent.groups.add(team.group)
    assert names("") == ["card-refused"]
    text = program.call("search_known_errors")["content"][0]["text"]
    assert text.startswith("DATA BEGINS")
    assert "Source: support team." in text


def test_a_large_catalog_is_cut_and_says_so(program: Program) -> None:
    for number in range(12):
        entry(f"known-{number}", explanation=f"Long {number} " * 400)
    data = program.call("search_known_errors", words="long")["structuredContent"]
    assert 0 < len(data["known_errors"]) < 12
    assert len(data["known_errors"]) + len(data["more"]) == 12
    assert count(json.dumps(data)) < 5000


def test_status_names_limits_and_what_is_wrong(
    program: Program, mcp_on: DemoSentry, settings: Settings
) -> None:
    settings.TRIAGE_LOOKUPS_PER_MINUTE = 50
    program.look_up()
    data = program.call("check_status")["structuredContent"]
    assert (data["sentry"], data["projects"]) == ("ok", ["api", "web"])
    assert (data["lookups_per_minute"], data["lookups_left"]) == (50, 49)
    assert data["token_expires"] > timezone.now().isoformat()


def test_status_reports_a_failing_sentry(program: Program, mcp_on: DemoSentry) -> None:
    mcp_on.fail(".*", times=None, status=401)
    assert program.call("check_status")["structuredContent"]["sentry"] == "auth_refused"


def test_every_call_is_recorded_with_the_programs_name(program: Program, agent: User) -> None:
    looked_up = program.look_up(reason="TICKET-5")
    lookup_id = looked_up["structuredContent"]["lookup_id"]
    program.call("read_event", lookup_id=lookup_id, event_id=first_event(looked_up))
    program.call("read_lookup", lookup_id=lookup_id)
    program.call("search_known_errors")
    program.call("check_status")
    entries = list(Entry.objects.order_by("sequence"))
    assert [one.action for one in entries] == [
        *(Action.LOOKED_UP, Action.EXPORTED, Action.EXPORTED, Action.EXPORTED),
        *(Action.REVIEWED, Action.REVIEWED),
    ]
    assert {(one.origin, one.actor, one.detail["client"]) for one in entries} == {
        ("mcp", "ana", "copilot")
    }
    assert set(ExportRecord.objects.values_list("origin", flat=True)) == {"mcp"}


def test_each_wrong_call_is_answered_with_a_problem(
    program: Program, other_agent: User, settings: Settings, mcp_on: DemoSentry
) -> None:
    mine = program.look_up()["structuredContent"]["lookup_id"]
    others = Program(token_of(other_agent, scopes=["mcp"]), STATELESS).look_up()
    other_id = others["structuredContent"]["lookup_id"]
    calls, lookups = len(mcp_on.calls), Lookup.objects.count()
    limit = "The token limit must be from 400"
    rows: list[tuple[str, dict[str, Any], str, str]] = [
        ("look_up_customer", {}, "bad_input", "Missing: customer, at."),
        ("look_up_customer", {"customer": "1"}, "bad_input", "Missing: at."),
        ("look_up_customer", {"customer": "1", "at": "soon"}, "bad_input", "time"),
        ("look_up_customer", {"customer": "1", "at": None}, "bad_input", "Missing: at."),
        ("look_up_customer", {"customer": "1", "at": True}, "bad_input", "Invalid: at."),
        ("look_up_customer", {"customer": "", "at": AT}, "bad_input", "Invalid: customer."),
        ("look_up_customer", {"customer": "a@b.example c@d.example", "at": AT}, "bad_input", ""),
        (
            "look_up_customer",
            {"customer": "1", "at": AT, "window_minutes": 0},
            "bad_input",
            "Invalid: window_minutes (at least 1).",
        ),
        (
            "look_up_customer",
            {"customer": "1", "at": AT, "projects": ["", "x" * 201]},
            "bad_input",
            "Invalid: projects (at most this long: 200).",
        ),
        ("look_up_customer", {"customer": "1", "at": AT, "redact": False}, "bad_input", "unknown"),
        ("look_up_customer", {"customer": "1", "at": AT, "max_tokens": 9**9}, "bad_input", limit),
        ("look_up_customer", {"customer": "1", "at": AT, "projects": ["x\0"]}, "bad_input", ""),
        ("read_lookup", {"lookup_id": "1001"}, "no_such_lookup", "There is no such lookup."),
        ("read_lookup", {"lookup_id": NO_ONE}, "no_such_lookup", "There is no such lookup."),
        ("read_lookup", {"lookup_id": other_id}, "no_such_lookup", "There is no such lookup."),
        (
            "read_lookup",
            {"lookup_id": mine, "max_tokens": 399},
            "bad_input",
            "max_tokens (at least 400)",
        ),
        ("read_event", {"lookup_id": mine, "event_id": "0" * 32}, "no_such_event", "no such event"),
        ("read_event", {"lookup_id": other_id, "event_id": "0" * 32}, "no_such_lookup", ""),
        (
            "search_known_errors",
            {"words": "x" * 201},
            "bad_input",
            "words (at most this long: 200)",
        ),
        ("check_status", {"verbose": True}, "bad_input", "unknown arguments"),
    ]
    for tool, arguments, code, words in rows:
        problem = problem_in(program.call(tool, **arguments))
        assert (problem["code"], words in problem["message"]) == (code, True), (arguments, problem)
        assert problem["next_step"], arguments
        assert "a@b.example" not in json.dumps(problem)
    assert (len(mcp_on.calls), Lookup.objects.count()) == (calls, lookups)


def test_the_command_line_calls_the_same_tools(
    command_line: CommandLine, mcp_on: DemoSentry
) -> None:
    asked = json.dumps({"customer": "1001", "at": AT})
    found = command_line.run("mcp_stdio", "--call", "look_up_customer", "-", stdin=asked)
    assert (found.returncode, found.stdout.startswith("DATA BEGINS")) == (0, True), found.stderr
    lookup = Lookup.objects.get()
    event = re.findall(r"/events/([0-9a-f]{32})/", found.stdout)[0]
    read = json.dumps({"lookup_id": str(lookup.uuid)})
    rows = [
        ("read_lookup", read, 0, str(lookup.uuid)),
        ("read_event", read.replace("}", f', "event_id": "{event}"}}'), 0, event),
        ("search_known_errors", "{}", 0, "known_errors"),
        ("check_status", "{}", 0, '"sentry": "ok"'),
        ("look_up_customer", "{}", 2, "Missing: customer, at."),
        ("check_status", "[1]", 2, "aren't a JSON object"),
        ("read_lookup", json.dumps({"lookup_id": NO_ONE}), 4, "no_such_lookup"),
    ]
    for tool, arguments, status, words in rows:
        done = command_line.run("mcp_stdio", "--call", tool, arguments)
        row = (tool, arguments, done)
        assert (done.returncode, words in done.stdout + done.stderr) == (status, True), row
    everyone = Entry.objects.values_list("origin", "actor").distinct()
    assert set(everyone) == {("cli", system_user())}
    mcp_on.fail("/acme/events/", times=None, status=429)
    asked = json.dumps({"customer": "1002", "at": AT})
    assert command_line.run("mcp_stdio", "--call", "look_up_customer", asked).returncode == 4


def test_a_deleted_result_is_reported_as_deleted(program: Program) -> None:
    lookup_id = program.look_up()["structuredContent"]["lookup_id"]
    purge_answers(list(Lookup.objects.all()))
    problem = problem_in(program.call("read_lookup", lookup_id=lookup_id))
    assert (problem["code"], problem["message"]) == ("gone", "This result was deleted.")


def test_failures_of_sentry_are_problems_with_a_next_step(
    program: Program, mcp_on: DemoSentry
) -> None:
    mcp_on.fail("/acme/events/", times=None, status=429, headers={"Retry-After": "90"})
    problem = problem_in(program.look_up())
    assert problem["code"] == "rate_limited"
    assert 80 < problem["retry_after"] <= 90


def test_a_failure_of_ours_says_so_and_logs_no_text(
    program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("jane@example.com")

    monkeypatch.setattr("apps.lookups.answers.search_known_errors", broken)
    assert problem_in(program.call("search_known_errors"))["code"] == "broken"
    assert "search_known_errors failed: ValueError in broken" in caplog.text
    assert "jane" not in caplog.text


@pytest.mark.usefixtures("one_minute")
def test_lookups_count_together_with_those_of_the_api(
    program: Program, agent: User, settings: Settings
) -> None:
    settings.TRIAGE_LOOKUPS_PER_MINUTE = 2
    other = Program(token_of(agent, scopes=["mcp"]), STATELESS)
    assert not program.look_up()["isError"]
    assert not other.look_up()["isError"]
    problem = problem_in(program.look_up())
    assert problem["code"] == "too_many_lookups"
    assert problem["retry_after"]


@pytest.mark.usefixtures("one_minute")
def test_other_calls_have_limits_which_reads_share_with_the_api(
    program: Program, agent: User, other_agent: User, settings: Settings
) -> None:
    looked_up = program.look_up()
    lookup_id = looked_up["structuredContent"]["lookup_id"]
    event = {"lookup_id": lookup_id, "event_id": first_event(looked_up)}
    settings.TRIAGE_CALLS_PER_MINUTE = dict.fromkeys(settings.TRIAGE_CALLS_PER_MINUTE, 1)
    read = {"headers": {"Authorization": f"Bearer {token_of(agent)}"}}
    rows: list[tuple[str, dict[str, Any], str]] = [
        ("search_known_errors", {}, "too_many_searches"),
        ("check_status", {}, "too_many_checks"),
        ("read_event", event, "too_many_event_reads"),
    ]
    for tool, arguments, code in rows:
        assert not program.call(tool, **arguments)["isError"], tool
        problem = problem_in(program.call(tool, **arguments))
        assert (problem["code"], 0 < problem["retry_after"] <= 60) == (code, True)
        assert "Nothing was read." in problem["next_step"]
    problem = problem_in(program.call("read_lookup", lookup_id=lookup_id))  # the event was one
    assert problem["code"] == "too_many_reads"
    for address in (f"/api/v1/lookups/{lookup_id}/", f"/api/v1/incidents/{NO_ONE}/"):
        response = Client().get(address, **read)  # type: ignore[arg-type]
        assert (response.status_code, response.json()["code"]) == (429, "too_many_reads"), address
        assert int(response["Retry-After"]) == response.json()["retry_after"]
    other = Program(token_of(other_agent, scopes=["mcp"]), STATELESS)
    assert not other.call("check_status")["isError"]
    assert not program.look_up()["isError"]


def test_a_token_and_its_person_see_only_their_projects(
    program: Program, agent: User, mcp_on: DemoSentry
) -> None:
    ApiToken.objects.update(projects=["web"])
    data = program.look_up()["structuredContent"]
    assert (data["events"], "API-" in data["export"]) == (1, False)
    problem = problem_in(program.look_up(projects=["api"]))
    assert problem["code"] == "project_not_allowed"
    last = Entry.objects.latest("sequence")
    assert (last.action, last.actor, last.target) == (Action.REFUSED, "ana", "look_up_customer")
    ApiToken.objects.update(projects=[])
    team = Team.objects.create(group=Group.objects.create(name="Api"), projects=["api"])
    agent.groups.add(team.group)
    assert problem_in(program.look_up(projects=["web"]))["code"] == "project_not_allowed"
    assert program.look_up()["structuredContent"]["events"] == 1
    stored = program.call("read_lookup", lookup_id=data["lookup_id"])["structuredContent"]
    assert (stored["events"], "WEB-" in stored["export"]) == (0, False)
    assert program.call("check_status")["structuredContent"]["projects"] == ["api"]
