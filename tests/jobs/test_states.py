"""The state of workers and queue, for people, probes, and the command line."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps import redis_outage
from apps.jobs.engine import sweep
from apps.jobs.models import Job, Worker
from tests.conftest import signed_in
from tests.demo_sentry import DemoSentry
from tests.shell import CommandLine
from tests.web.asking import text

pytestmark = pytest.mark.django_db
NO_WORKER = "No worker is running."


def fail(**values: str) -> Job:
    return Job.objects.create(state="failed", problem="It broke.", tries=5, **values)


def test_the_probe_reports_workers_and_queue(connected: DemoSentry, client: Client) -> None:
    connected.world.add_project("web")
    Job.objects.create(kind="test", due_at=timezone.now() - timedelta(hours=3))
    fail(kind="test", key="a")
    states = client.get("/readyz").json()
    assert states["worker"] == "missing"
    assert states["notice"].startswith(NO_WORKER)
    assert "expired data isn’t deleted" in states["notice"]
    queue = states["queue"]
    assert (queue["waiting"], queue["running"], queue["failed"]) == (1, 0, 1)
    assert queue["oldest_due"] < timezone.now().isoformat()
    assert queue["last_seen"] is None
    sweep()
    states = client.get("/readyz").json()
    assert states["worker"] == "ok"
    assert "notice" not in states


def test_the_connection_page_says_what_is_not_done(connected: DemoSentry, admin: User) -> None:
    connected.world.add_project("web")
    ada = signed_in(admin)
    page = text(ada.get("/review/sentry/"))
    assert f"{NO_WORKER} Until one does, expired data isn’t deleted" in page
    assert "0 jobs waiting, 0 running, 0 failed." in page
    sweep()
    Job.objects.all().delete()
    fail(kind="test")
    Job.objects.create(kind="test", key="b", due_at=timezone.now() - timedelta(hours=3))
    page = text(ada.get("/review/sentry/"))
    assert NO_WORKER not in page
    assert "1 worker running, last seen" in page
    assert "1 job waiting, 0 running, 1 failed. The oldest was due 3 h ago." in page
    Worker.objects.update(seen_at=timezone.now() - timedelta(days=3))
    assert f"{NO_WORKER} The last one was seen 3 days ago." in text(ada.get("/review/sentry/"))


def test_the_connection_page_says_whether_redis_is_used(
    connected: DemoSentry, admin: User, settings: Settings
) -> None:
    ada = signed_in(admin)
    assert "Redis" not in text(ada.get("/review/sentry/"))
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    page = text(ada.get("/review/sentry/"))
    assert "All processes share results and limits." in page
    failed = page.count("finding-failed")
    redis_outage.outage.begin()
    page = text(ada.get("/review/sentry/"))
    assert "Redis doesn’t answer. Each process uses its own memory" in page
    assert page.count("finding-failed") == failed + 1


def test_a_probe_of_the_worker_succeeds_only_where_one_runs(command_line: CommandLine) -> None:
    assert command_line.run("jobs", "--alive").returncode == 1
    Worker.objects.create(name="another-machine:7:abcd")
    assert command_line.run("jobs", "--alive").returncode == 1
    sweep()
    assert command_line.run("jobs", "--alive").returncode == 0
    Worker.objects.update(seen_at=timezone.now() - timedelta(minutes=2))
    assert command_line.run("jobs", "--alive").returncode == 1


def test_the_command_lists_and_restarts_what_failed(command_line: CommandLine) -> None:
    first, second = fail(kind="test", key="a"), fail(kind="test", key="b")
    listed = command_line.run("jobs").stdout
    assert f"{first.pk}  -  test a  It broke." in listed
    assert NO_WORKER in listed
    assert "1 job again" in command_line.run("jobs", "--retry", str(first.pk)).stdout
    first.refresh_from_db()
    assert (first.state, first.tries, first.problem) == ("waiting", 0, "")
    again = command_line.run("jobs", "--retry", str(first.pk))
    assert (again.returncode, "no such failed job" in again.stderr) == (1, True)
    assert command_line.run("jobs", "--retry", "b").returncode == 1
    assert "1 job again" in command_line.run("jobs", "--retry", "all").stdout
    second.refresh_from_db()
    assert second.state == "waiting"


def test_reseal_can_be_left_to_a_worker(command_line: CommandLine) -> None:
    assert "A worker will re-encrypt." in command_line.run("reseal", "--later").stdout
    assert Job.objects.get().kind == "reseal"
