"""The alerts and the dashboard for Prometheus, and metrics of several processes."""

import json
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.lookups.background import until
from tests.operations.test_metrics import ALLOWED, TOKEN, metered, read
from tests.postgres import Postgres
from tests.servers import running_gunicorn
from tests.shell import ROOT, Shell
from tests.web.test_planted_markers import MAKE_ANA, look_up, sign_in

__all__ = ["metered"]  # a fixture
ALERTS = ROOT / "docs/prometheus/alerts.yml"
DASHBOARD = ROOT / "docs/prometheus/dashboard.json"


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def queries() -> list[str]:
    """Return the expressions of alerts and dashboard."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    shown = [target["expr"] for panel in panels for target in panel["targets"]]
    return [*(rule["expr"] for rule in rules()), *shown]


@pytest.mark.django_db
def test_alerts_and_dashboard_use_metrics_and_values_that_exist(
    metered: None, connected: DemoSentry, client: Client
) -> None:
    guide = (ROOT / "docs/metrics.md").read_text()
    names: set[str] = {"triage_worker_last_seen_seconds"}  # absent until a worker was seen
    values: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(read(client).content.decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert f"`{name}`" in guide, name
        for sample in family.samples:
            names.add(sample.name)
            for label, value in sample.labels.items():
                values.setdefault(label, set()).add(value)
    for query in queries():
        assert set(re.findall(r"triage_\w+", query)) <= names, query
        for label, value in re.findall(r'(\w+)="([^"]+)"', query.replace('{job="triage"}', "")):
            assert value in values[label], query
        for labels in re.findall(r"by \(([\w, ]+)\)", query):
            assert set(labels.split(", ")) <= values.keys(), query


def test_each_alert_is_explained_under_troubleshooting() -> None:
    titles = re.findall(r"^## (.+)$", (ROOT / "docs/troubleshooting.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for rule in rules():
        page, _hash, anchor = rule["annotations"]["runbook"].partition("#")
        assert (page, anchor in anchors) == ("docs/troubleshooting.md", True), rule["alert"]


# Series by alert, in promtool's notation (start+step x times, a minute each), that raise it, and
# others that must not.
FIRING: dict[str, dict[str, str]] = {
    "TriageDown": {'up{job="triage"}': "1 0x30"},
    "TriageBroken": {'triage_http_responses_total{status="500"}': "0x20 1x10"},
    "TriageLookupsFail": {
        'triage_lookups_total{outcome="failed"}': "0+3x30",
        'triage_lookups_total{outcome="found"}': "0+9x30",
    },
    "TriageLookupsSlow": {
        'triage_lookup_duration_seconds_bucket{cache="miss",le="10.0"}': "0+9x30",
        'triage_lookup_duration_seconds_bucket{cache="miss",le="30.0"}': "0+10x30",
        'triage_lookup_duration_seconds_bucket{cache="miss",le="+Inf"}': "0+10x30",
    },
    "TriageRateLimited": {
        'triage_sentry_requests_total{status="429"}': "0+1x30",
        'triage_sentry_calls_held_total{reason="rate_limit"}': "0+2x30",
    },
    "TriageCircuitOpen": {"triage_sentry_circuit_open": "1x30"},
    "TriageCrowded": {'triage_refused_requests_total{reason="crowded"}': "0+1x30"},
    "TriageNoWorker": {"triage_workers": "0x30"},
    "TriageJobsLate": {"triage_jobs_oldest_due_seconds": "0+60x30"},
    "TriageJobsFailed": {'triage_jobs{state="failed"}': "1x30"},
    "TriageCacheDown": {"triage_cache_up": "0x30"},
    "TriageSignInFailures": {'triage_sign_in_failures_total{how="password"}': "0+6x30"},
}
QUIET: dict[str, str] = {
    'up{job="triage"}': "1x30",
    'triage_http_responses_total{status="500"}': "7x30",
    'triage_http_responses_total{status="5xx"}': "0+9x30",
    'triage_lookups_total{outcome="failed"}': "0+1x30",
    'triage_lookups_total{outcome="found"}': "0+9x30",
    'triage_lookup_duration_seconds_bucket{cache="miss",le="10.0"}': "0+99x30",
    'triage_lookup_duration_seconds_bucket{cache="miss",le="+Inf"}': "0+100x30",
    'triage_lookup_duration_seconds_bucket{cache="hit",le="+Inf"}': "0+100x30",
    'triage_sentry_requests_total{status="429"}': "0 20x29",
    'triage_sentry_calls_held_total{reason="rate_limit"}': "0x30",
    'triage_sentry_calls_held_total{reason="circuit"}': "0+9x30",
    "triage_sentry_circuit_open": "0 1 1 1 0x27",
    'triage_refused_requests_total{reason="crowded"}': "7x30",
    'triage_refused_requests_total{reason="own_share"}': "0+9x30",
    "triage_workers": "2 0 2x28",
    "triage_jobs_oldest_due_seconds": "0 300x30",
    'triage_jobs{state="failed"}': "0x30",
    'triage_jobs{state="waiting"}': "9x30",
    "triage_cache_up": "1 0 0 1x28",
    'triage_sign_in_failures_total{how="password"}': "0+3x30",
}


def test_promtool_raises_each_alert_only_when_it_should(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: run sh .ci/system-deps rest"
    known = {rule["alert"]: rule for rule in rules()}
    assert FIRING.keys() == known.keys()
    tests = [promtool_test(known, QUIET, set())]
    tests += [promtool_test(known, series, {name}) for name, series in FIRING.items()]
    file, shown = tmp_path / "tests.yml", tmp_path / "shown.yml"
    file.write_text(json.dumps({"rule_files": [str(ALERTS)], "tests": tests}))
    panels = [query.replace("$__rate_interval", "5m") for query in queries()]
    records = [{"record": f"panel{number}", "expr": one} for number, one in enumerate(panels)]
    shown.write_text(json.dumps({"groups": [{"name": "panels", "rules": records}]}))
    for command in (
        ["check", "rules", str(ALERTS), str(shown)],
        ["test", "rules", str(file)],
    ):
        done = subprocess.run([promtool, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def promtool_test(
    known: dict[str, dict[str, Any]], series: dict[str, str], firing: set[str]
) -> dict[str, Any]:
    """Return a test that after half an hour exactly these alerts are raised."""
    given = [{"series": name, "values": values} for name, values in series.items()]
    expected = [
        {"eval_time": "28m", "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) > 0'}
        | {"exp_samples": [{"labels": "{}", "value": 1}] if name in firing else []}
        for name in known
    ]
    return {"interval": "1m", "input_series": given, "promql_expr_test": expected}


def test_processes_add_up_and_lose_nothing_when_they_stop(
    shell: Shell, demo_sentry: DemoSentry, tmp_path: Path
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    shell.environment |= {"TRIAGE_METRICS_TOKEN": TOKEN, "TRIAGE_HTTPS": "0"}
    assert shell.run("shell", "-v", "0", "-c", MAKE_ANA).returncode == 0

    def lookups(port: int) -> float:
        text = requests.get(f"http://127.0.0.1:{port}/metrics", headers=ALLOWED, timeout=30).text
        families = text_string_to_metric_families(text)
        found = next(one for one in families if one.name == "triage_lookups")
        return sum(sample.value for sample in found.samples)

    options = ("--workers", "2", "--threads", "8")
    with running_gunicorn(shell.environment, tmp_path / "one.log", *options) as (port, process):
        browser = sign_in(f"http://127.0.0.1:{port}")
        for minutes in range(5, 13):
            look_up(browser, f"http://127.0.0.1:{port}", minutes)
        assert shell.lookup("1001", "--at", MOMENT.isoformat()).returncode == 0
        until(lambda: lookups(port) == 9)
        assert {lookups(port) for _ in range(8)} == {9}
        look_up(browser, f"http://127.0.0.1:{port}", 13)
        process.send_signal(signal.SIGTERM)  # what was just counted is in one process
        process.wait(timeout=60)
    with running_gunicorn(shell.environment, tmp_path / "two.log") as (port, _process):
        assert lookups(port) == 10


def test_commands_count_in_postgresql_as_well(
    shell: Shell, demo_sentry: DemoSentry, postgres: Postgres
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    variables = {"DATABASE_URL": postgres.migrated(), "TRIAGE_METRICS_TOKEN": TOKEN}
    for _ in range(2):
        done = shell.lookup("1001", "--at", MOMENT.isoformat(), **variables)
        assert done.returncode == 0, done.stderr
    with psycopg.connect(variables["DATABASE_URL"]) as connection:
        name = "triage_lookups|cli|found"
        row = connection.execute("SELECT value FROM jobs_tally WHERE name = %s", [name]).fetchone()
    assert row == (2,)
