"""Expired data: hidden from pages at once, deleted from the database within a day."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.audit.models import Entry
from apps.jobs.engine import enqueue, work
from apps.jobs.models import Job
from apps.lookups import retention, store
from apps.lookups.models import (
    ExportRecord,
    Lease,
    Lookup,
    LookupDay,
    LookupShare,
    TypedCustomer,
)
from apps.lookups.services import answer_lookup
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.lookups.background import recorded, until
from tests.shell import DATABASE, ROOT, Shell

pytestmark = pytest.mark.django_db
HALF_A_MINUTE = timedelta(seconds=30)


@pytest.fixture
def lookup(connected: DemoSentry, agent: User) -> Lookup:
    """Return Ana's finished lookup of customer 1."""
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    return answer_lookup(recorded(agent)).lookup


def expire(lookup: Lookup, days_ago: int = 0) -> None:
    then = timezone.now() - timedelta(days=days_ago, seconds=1)
    Lookup.objects.filter(pk=lookup.pk).update(expires_at=then)


def pruned(*arguments: str) -> str:
    out = StringIO()
    call_command("prune_lookups", *arguments, stdout=out)
    return out.getvalue()


def test_retention_follows_the_setting(
    agent: User, connected: DemoSentry, settings: Settings
) -> None:
    def days() -> float:
        until = recorded(agent).expires_at
        assert isinstance(until, datetime)
        return (until - timezone.now()) / timedelta(days=1)

    assert days() == pytest.approx(30, abs=0.01)
    settings.TRIAGE_KEEP_LOOKUPS_DAYS = 7
    assert days() == pytest.approx(7, abs=0.01)


def test_an_expired_result_is_hidden_before_it_is_deleted(lookup: Lookup, agent: User) -> None:
    expire(lookup)
    page = signed_in(agent).get(f"/lookups/{lookup.uuid}/")
    text = page.content.decode()
    assert page.status_code == 410
    assert "This result is no longer stored." in text
    assert "New lookup" in text
    for part in ("export.json", "export.md", "table/", "export/panel/"):
        assert signed_in(agent).get(f"/lookups/{lookup.uuid}/{part}").status_code == 410


def test_pruning_deletes_only_expired_data(
    lookup: Lookup, agent: User, connected: DemoSentry
) -> None:
    other = answer_lookup(recorded(agent, "2")).lookup
    expire(lookup)
    assert "Would delete: 1 result, 1 typed customer, 0 lookup records" in pruned("--dry-run")
    assert Lookup.objects.get(pk=lookup.pk).snapshot
    assert "Deleted: 1 result, 1 typed customer, 0 lookup records" in pruned()
    assert Lookup.objects.get(pk=lookup.pk).snapshot is None
    assert store.get(lookup.cache_key) is None
    assert [one.pk for one in TypedCustomer.objects.all()] == [other.pk]
    assert len(answer_lookup(Lookup.objects.get(pk=other.pk)).answer.events) == 0
    entry = Entry.objects.filter(action="pruned").get()
    counts = (entry.detail[name] for name in ("answers", "customers", "records", "sessions"))
    assert (*counts, entry.detail["entries"]) == (1, 1, 0, 0, 0)


def test_leases_of_killed_processes_are_deleted(db: None) -> None:
    now = timezone.now()
    for name, end in (("dead", now), ("alive", now + timedelta(seconds=20))):
        Lease.objects.create(cache_key=name, token="x", until=end)
    pruned()
    assert [lease.cache_key for lease in Lease.objects.all()] == ["alive"]


def test_a_second_run_deletes_and_records_nothing(lookup: Lookup) -> None:
    expire(lookup)
    pruned()
    assert "Deleted: 0 results, 0 typed customers, 0 lookup records, 0 sessions" in pruned()
    assert Entry.objects.filter(action="pruned").count() == 1


def test_pruning_deletes_more_than_one_batch(
    lookup: Lookup, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PRUNE_BATCH", 2)
    for customer in ("2", "3", "4", "5"):
        answer_lookup(recorded(agent, customer))
    for one in Lookup.objects.all():
        expire(one)
    assert "Deleted: 5 results, 5 typed customers" in pruned()


def test_an_extended_result_stays(lookup: Lookup) -> None:
    later = timezone.now() + timedelta(days=1)
    old = timezone.now() - timedelta(days=999)
    Lookup.objects.filter(pk=lookup.pk).update(expires_at=later, created_at=old)
    assert "Deleted: 0 results, 0 typed customers, 0 lookup records" in pruned()


def test_lookup_records_expire_with_the_audit_trail(lookup: Lookup, agent: User) -> None:
    signed_in(agent).get(f"/lookups/{lookup.uuid}/export.md")
    assert ExportRecord.objects.count() == 1
    expire(lookup)
    old = timezone.now() - timedelta(days=401)
    Lookup.objects.filter(pk=lookup.pk).update(created_at=old)
    assert "1 lookup record" in pruned()
    assert (Lookup.objects.count(), ExportRecord.objects.count()) == (0, 0)


def test_expired_sessions_are_deleted(agent: User) -> None:
    signed_in(agent)
    browser = Client()
    browser.force_login(agent)
    Session.objects.filter(pk=browser.session.session_key).update(expire_date=timezone.now())
    assert "1 session," in pruned()
    assert Session.objects.count() == 1


def test_a_worker_prunes_once_a_day(lookup: Lookup) -> None:
    expire(lookup)
    job = enqueue("periodic.pruning")
    assert work()
    assert Entry.objects.filter(action="pruned").get().origin == "system"
    assert not work()
    job.refresh_from_db()
    assert job.due_at - timezone.now() == pytest.approx(timedelta(days=1), abs=HALF_A_MINUTE)


def test_a_worker_ends_expired_sessions_and_shares_every_hour(
    lookup: Lookup, agent: User, other_agent: User
) -> None:
    Client().force_login(agent)
    now = timezone.now()
    for end in (now - timedelta(minutes=9), now + timedelta(hours=9), None):
        LookupShare.objects.create(lookup=lookup, user=other_agent, until=end)
    job = enqueue("periodic.expiry")
    assert work()
    assert Session.objects.count() == 1
    ended = {share.until: share.ended_at for share in LookupShare.objects.all()}
    assert all(at == (end if end and end < now else None) for end, at in ended.items())
    job.refresh_from_db()
    assert job.due_at - timezone.now() == pytest.approx(timedelta(hours=1), abs=HALF_A_MINUTE)
    Session.objects.update(expire_date=now)
    Job.objects.update(due_at=now)
    assert work()
    assert not Session.objects.exists()


def test_a_worker_counts_past_days_before_anyone_looks(lookup: Lookup) -> None:
    Lookup.objects.update(created_at=timezone.now() - timedelta(days=1))
    enqueue("periodic.day-counts")
    assert work()
    yesterday = timezone.now().date() - timedelta(days=1)
    ((_person, _outcome, _shared, lookups, *_rest),) = LookupDay.objects.get(day=yesterday).counts
    assert lookups == 1


def test_failed_pruning_is_retried_and_logged_without_its_message(
    lookup: Lookup, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object) -> None:
        raise DatabaseError("jane@example.com")

    expire(lookup)
    enqueue("periodic.pruning")
    with monkeypatch.context() as patched:
        patched.setattr(retention, "prune", fail)
        assert work()
    assert "periodic.pruning failed and will be tried again: DatabaseError" in caplog.text
    assert "jane" not in caplog.text
    assert not work()
    Job.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert work()
    assert Entry.objects.filter(action="pruned").exists()


def test_a_broken_audit_trail_is_a_failure_to_look_at(
    lookup: Lookup, monkeypatch: pytest.MonkeyPatch
) -> None:
    Entry.objects.update(at=timezone.now() - timedelta(days=999), digest=b"x" * 32)
    enqueue("periodic.pruning")
    assert work()
    job = Job.objects.get()
    assert job.state == "failed"
    assert job.problem.startswith("The audit trail could not be pruned. Nothing was pruned.")


def test_a_worker_prunes_without_cron(
    shell: Shell, demo_sentry: DemoSentry, tmp_path: Path
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    assert shell.lookup("1001", "--at", MOMENT.isoformat()).returncode == 0
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as database:
        left = "SELECT COUNT(*) FROM lookups_typedcustomer"
        assert database.execute(left).fetchone() == (1,)
        database.execute("UPDATE lookups_lookup SET expires_at = '2020-01-01 00:00:00'")
        command = [sys.executable, "manage.py", "run_huey"]
        with (tmp_path / "log").open("w") as log:
            worker = subprocess.Popen(
                command, cwd=ROOT, env=shell.environment, stdout=log, stderr=log
            )
            try:
                until(lambda: database.execute(left).fetchone() == (0,))
            finally:
                worker.terminate()
                assert worker.wait(timeout=30) == 0
    assert (tmp_path / "log").read_text() == ""
