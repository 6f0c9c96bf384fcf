"""`manage.py lookup`: its output and exit status."""

import gc
import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import manage
from apps.lookups.models import ExportPreset, ExportRecord, Lookup
from tests.conftest import MOMENT, just_now
from tests.demo_sentry import DemoSentry
from tests.shell import CommandLine, Shell, start_with

AT = MOMENT.isoformat()


def test_a_complete_result_exits_with_0(command_line: CommandLine, demo_sentry: DemoSentry) -> None:
    demo_sentry.world.add_event(
        user_id="1001", timestamp=MOMENT, exception=("PaymentDeclined", "Card declined")
    )
    done = command_line.lookup("1001", "--at", AT)
    assert done.returncode == 0
    assert "The payment was declined." in done.stdout
    assert "1001" not in done.stdout


def test_a_confirmed_empty_result_exits_with_0(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="2", timestamp=MOMENT)
    done = command_line.lookup("1001", "--at", AT, "--format", "json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert (answer["complete"], answer["events"]) == (True, [])


def test_the_command_says_how_it_read_the_customer(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, title="by ID")
    done = command_line.lookup("user.id:1001", "--at", AT)
    assert done.returncode == 0
    assert done.stderr.strip() == "Read as the user ID <customer>."
    done = command_line.lookup("ip:203.0.113.7", "--at", AT)
    assert done.returncode == 2
    assert "type “exactly:” in front of it" in done.stderr


def test_the_json_follows_its_documented_schema(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    event = demo_sentry.world.add_event(user_id="1001", email="jane@example.com", timestamp=MOMENT)
    answer = json.loads(command_line.lookup("1001", "--at", AT, "--format", "json").stdout)
    assert answer["schema"] == "triage.lookup/1"
    assert answer["customer"] == "<customer>"
    assert answer["matched_on"] == ["user.id"]
    assert [shown["id"] for shown in answer["events"]] == [event.id]
    assert answer["totals"] == {"events": 1, "issues": 1, "events_listed": 1, "bodies_read": 1}
    assert answer["redaction"]["counts"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("", "--at", AT),
        ("1001",),
        ("1001", "--at", "soon"),
        ("1001", "--at", "2999-01-01T00:00Z"),
        ("1001", "--at", AT, "--window", "0"),
        ("1001", "--at", AT, "--window", "x"),
        ("1001", "--at", AT, "--format", "yaml"),
        ("a\udcffb", "--at", AT),
        ("1001", "--at", AT, "--project", "w\udcffb"),
        ("1001", "--at", AT, "--environment", ""),
        ("1001", "--at", AT, "--format", "markdown", "--budget", "5"),
        ("1001", "--at", AT, "--preset", "nope"),
    ],
)
def test_bad_usage_exits_with_2_before_any_call(
    command_line: CommandLine, demo_sentry: DemoSentry, arguments: tuple[str, ...]
) -> None:
    done = command_line.lookup(*arguments)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert demo_sentry.calls == []


def test_presets_of_the_database_work_on_the_command_line(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    done = command_line.lookup("1001", "--at", AT, "--preset", "explain", "--format", "markdown")
    assert done.stdout.startswith("Explain to a support agent")
    refused = command_line.lookup("1001", "--at", AT, "--preset", "nope")
    assert "Choose one of: none, explain, reply, bug, cause." in refused.stderr


def test_a_prompt_too_long_for_the_limit_is_refused(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    ExportPreset.objects.update(instruction="Write a story. " * 40)
    done = command_line.lookup("1001", "--at", AT, "--preset", "bug", "--budget", "400")
    assert done.returncode == 2
    assert "Choose a higher limit" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_incomplete_result_exits_with_3(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    now = just_now()
    demo_sentry.world.add_event(user_id="1001", timestamp=now)
    done = command_line.lookup("1001", "--at", now.isoformat())
    assert done.returncode == 3
    assert "still open" in done.stdout


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"SENTRY_AUTH_TOKEN": "wrong"}, "doesn't accept our key"),
        ({"SENTRY_AUTH_TOKEN": ""}, "doesn't accept our key"),
        ({"SENTRY_ORG": "elsewhere"}, "doesn't recognize our organization"),
        ({"SENTRY_BASE_URL": "http://127.0.0.1:9"}, "couldn't reach Sentry"),
    ],
)
def test_an_unavailable_sentry_exits_with_4(
    command_line: CommandLine, environment: dict[str, str], sentence: str
) -> None:
    done = command_line.lookup("1001", "--at", AT, **environment)
    assert done.returncode == 4
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "demo-token" not in done.stderr


def test_a_customer_can_start_with_a_dash(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="-1", timestamp=MOMENT)
    done = command_line.lookup("--at", AT, "--format", "json", "--", "-1")
    assert len(json.loads(done.stdout)["events"]) == 1


def test_projects_and_environments_narrow_the_search(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    for project in ("web", "api", "app"):
        for environment in ("production", "staging"):
            demo_sentry.world.add_event(
                user_id="1", timestamp=MOMENT, project=project, environment=environment
            )
    narrowed = ("--project", "web", "--project", "api", "--environment", "staging")
    done = command_line.lookup("1", "--at", AT, "--format", "json", *narrowed)
    answer = json.loads(done.stdout)
    assert sorted(event["project"] for event in answer["events"]) == ["api", "web"]
    assert answer["searched"]["environments"] == ["staging"]


def test_without_redaction_the_customer_is_shown_as_typed(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(
        user_id="1001", timestamp=MOMENT, exception=("E", "mail jane@example.com")
    )
    shown = command_line.lookup("1001", "--at", AT, "--format", "json", "--no-redact").stdout
    assert json.loads(shown)["customer"] == "1001"
    assert "jane@example.com" in shown


def test_lookups_are_recorded_with_the_system_user(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    command_line.lookup("1001", "--at", AT)
    command_line.lookup("1001", "--at", AT, SENTRY_BASE_URL="http://127.0.0.1:9")
    assert [
        (one.origin, one.outcome, bool(one.system_user), one.problem)
        for one in Lookup.objects.order_by("id")
    ] == [("cli", "found", True, ""), ("cli", "failed", True, "unreachable")]


def test_printed_exports_are_recorded(command_line: CommandLine, demo_sentry: DemoSentry) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    command_line.lookup("1001", "--at", AT, "--format", "markdown", "--preset", "bug")
    command_line.lookup("1001", "--at", AT, "--no-redact")
    printed = ExportRecord.objects.order_by("id")
    assert {(one.how, one.origin, bool(one.system_user)) for one in printed} == {
        ("printed", "cli", True)
    }
    assert [
        (one.format, one.preset, one.budget, one.redacted, one.lookup.redacted) for one in printed
    ] == [("markdown", "bug", 6000, True, True), ("text", "none", None, False, False)]


def test_a_time_without_a_zone_uses_the_site_zone(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    local = f"{MOMENT + timedelta(hours=9):%Y-%m-%d %H:%M}"
    done = command_line.lookup("1", "--at", local, "--format", "json", TIME_ZONE="Asia/Tokyo")
    assert len(json.loads(done.stdout)["events"]) == 1


def test_an_ascii_only_terminal_gets_the_result(shell: Shell, demo_sentry: DemoSentry) -> None:
    demo_sentry.world.add_event(username="sakura_田中", timestamp=MOMENT)
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    done = shell.lookup("sakura_田中", "--at", AT, "--no-redact", **ascii_only)
    assert done.returncode == 0


def test_the_environment_overrides_the_variables_file(fresh_shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("SENTRY_BASE_URL=https://sentry.example.org\nSENTRY_ORG=elsewhere\n")
    variables = {**fresh_shell.environment, "TRIAGE_ENV_FILE": str(file)}
    del variables["SENTRY_BASE_URL"]
    read = start_with(variables).settings
    assert read["SENTRY_BASE_URL"] == "https://sentry.example.org"
    assert read["SENTRY_ORG"] == "acme"
    file.write_text("TIME_ZONE=Mars/Olympus\n")
    assert "TIME_ZONE" in start_with(variables).stderr


def test_garbage_is_collected_while_a_command_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py", "lookup", "--help"])
    gc.disable()
    try:
        with pytest.raises(SystemExit):
            manage.main()
        assert gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
