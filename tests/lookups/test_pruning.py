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
from apps.demo.server import DemoSentry
from apps.lookups import retention, store
from apps.lookups.models import ExportRecord, Lease, Lookup, TypedCustomer
from apps.lookups.services import answer_lookup
from tests.conftest import MOMENT, signed_in
from tests.lookups.background import recorded, until
from tests.shell import DATABASE, ROOT, Shell

pytestmark = pytest.mark.django_db


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


@pytest.mark.django_db(transaction=True)
def test_processes_that_share_a_cache_prune_once_a_day(lookup: Lookup) -> None:
    expire(lookup)
    assert retention.prune_if_due()
    assert not retention.prune_if_due()
    assert Entry.objects.filter(action="pruned").get().origin == "system"


@pytest.mark.django_db(transaction=True)
def test_expired_sessions_are_deleted_more_often(agent: User) -> None:
    Client().force_login(agent)
    retention.end_expired_sessions()
    assert Session.objects.count() == 1
    Session.objects.update(expire_date=timezone.now())
    retention.end_expired_sessions()
    assert not Session.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_failed_pruning_is_retried_and_logged_without_its_message(
    lookup: Lookup, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_actor: object) -> None:
        raise DatabaseError("jane@example.com")

    with monkeypatch.context() as patched:
        patched.setattr(retention, "prune", fail)
        assert not retention.prune_if_due()
    assert "could not be deleted: DatabaseError" in caplog.text
    assert "jane" not in caplog.text
    assert retention.prune_if_due()


def test_a_server_without_cron_prunes_automatically(
    shell: Shell, demo_sentry: DemoSentry, tmp_path: Path
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    assert shell.lookup("1001", "--at", MOMENT.isoformat()).returncode == 0
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as database:
        left = "SELECT COUNT(*) FROM lookups_typedcustomer"
        assert database.execute(left).fetchone() == (1,)
        database.execute("UPDATE lookups_lookup SET expires_at = '2020-01-01 00:00:00'")
        command = [sys.executable, "-m", "gunicorn", "triage_site.wsgi", "--bind", "127.0.0.1:0"]
        environment = {**shell.environment, "ALLOWED_HOSTS": "localhost"}
        with (tmp_path / "log").open("w") as log:
            server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
            try:
                until(lambda: database.execute(left).fetchone() == (0,))
            finally:
                server.terminate()
                server.wait()
