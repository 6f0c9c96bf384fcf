"""Fixtures: people with roles, databases, management commands, and the demo Sentry."""

import fcntl
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import caches
from django.db import connection, connections
from django.test import Client, TransactionTestCase
from playwright.sync_api import Browser
from pytest_django import DjangoDbBlocker, Settings

from apps import redis_outage
from apps.audit import models, trail
from apps.demo.world import World
from apps.events.identifier import parse_customer
from apps.events.once import rule_cache
from apps.events.query import Question, Window
from apps.lookups import records
from apps.lookups.management.commands.lookup import prepare_database
from apps.sentry.config import SentryConfig
from apps.signin import sessions
from tests.browser import site
from tests.demo_sentry import DemoSentry
from tests.examples import examples  # noqa: F401 - loads the profile
from tests.postgres import Postgres, running_postgres
from tests.shell import DATABASE, CommandLine, Shell
from tests.suite import (  # noqa: F401 - hooks
    pytest_collection,
    pytest_collection_modifyitems,
    pytest_ignore_collect,
    pytest_terminal_summary,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)

NOW = datetime.now(UTC).replace(microsecond=0)
MOMENT = (NOW - timedelta(days=2)).replace(minute=5, second=0)


def just_now() -> datetime:
    """Return the current time; `NOW` is the start of the tests, minutes ago."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, one for all tests of a process."""
    with site.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    """A migrated SQLite file to copy, created by the first process that needs it.

    The process creates it as `manage.py lookup` does on first use.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    file = folder / "migrated.sqlite3"
    with (folder / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            making = folder / DATABASE
            with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
                patch.setitem(connection.settings_dict, "NAME", str(making))
                prepare_database()
                connection.close()
            making.rename(file)
    return file


@pytest.fixture(scope="session")
def django_db_setup(
    migrated: Path,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """A copy of the migrated file. After a test that commits, it is replaced instead of flushed.

    The triggers of the audit trail are removed, so tests can tamper with it.
    """
    folder = tmp_path_factory.mktemp("database")
    used, clean = folder / "test.sqlite3", folder / "clean.sqlite3"
    copyfile(migrated, used)
    connection.close()
    connection.settings_dict["NAME"] = str(used)
    with django_db_blocker.unblock():
        models.remove_triggers(connection)
        connection.close()
    copyfile(used, clean)

    def restore(_case: TransactionTestCase) -> None:
        connections.close_all()
        for file in folder.glob(f"{used.name}*"):  # threads still running keep their copy
            file.unlink()
        copyfile(clean, used)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", restore)
        yield


@pytest.fixture
def demo_sentry() -> Iterator[DemoSentry]:
    """An empty world, served on a free port."""
    with DemoSentry(World()) as demo:
        yield demo


@pytest.fixture
def config(demo_sentry: DemoSentry) -> SentryConfig:
    """A client configuration for the demo."""
    return SentryConfig(base_url=demo_sentry.url, organization="acme", token="demo-token")


@pytest.fixture
def connected(demo_sentry: DemoSentry, settings: Settings) -> DemoSentry:
    """The demo, configured as the site's Sentry."""
    settings.SENTRY_BASE_URL = demo_sentry.url
    settings.SENTRY_ORG = "acme"
    settings.SENTRY_AUTH_TOKEN = "demo-token"
    return demo_sentry


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server; each test creates its own database."""
    with running_postgres() as url:
        yield Postgres(url, tmp_path_factory.mktemp("postgres"))


@pytest.fixture
def fresh_shell(tmp_path: Path, demo_sentry: DemoSentry) -> Shell:
    """A shell without a database."""
    return Shell(tmp_path, demo_sentry.url)


@pytest.fixture
def shell(fresh_shell: Shell, tmp_path: Path, migrated: Path) -> Shell:
    """A shell with a migrated database."""
    copyfile(migrated, tmp_path / DATABASE)
    return fresh_shell


@pytest.fixture
def command_line(connected: DemoSentry, db: None, settings: Settings) -> CommandLine:
    """Management commands inside the test, with its database and the demo."""
    return CommandLine(settings)


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Reset caches and counters between tests."""
    vars(redis_outage.outage).update(vars(redis_outage.Outage()))
    for cache in caches.all():
        cache.clear()
    trail._counts.clear()


def lists_asked(demo: DemoSentry) -> int:
    """Return how often the customer's events were listed, without related errors."""
    tables = [call.query for call in demo.calls if call.path.endswith("/acme/events/")]
    lists = [query for query in tables if query["dataset"] == ["errors"]]
    return sum("!has:" not in query["query"][0] for query in lists)


def question(customer: str, *, minutes: int = 5, moment: datetime = MOMENT) -> Question:
    """Return a lookup for the customer around `MOMENT`."""
    return Question(customer=parse_customer(customer), window=Window(moment, minutes))


def person(name: str, *groups: str) -> User:
    """Create an account in the groups."""
    user = User.objects.create_user(name, password=f"{name}-password")
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


@pytest.fixture
def agent(db: None) -> User:
    """Can look up customers and open their own lookups."""
    return person("ana", "agent")


@pytest.fixture
def other_agent(db: None) -> User:
    """Another agent, who can't see Ana's lookups."""
    return person("ben", "agent")


@pytest.fixture
def admin(db: None) -> User:
    """Can use Manage."""
    return person("ada", "admin")


@pytest.fixture
def lead(db: None) -> User:
    """Can open the lookups of their teams, and export without redaction."""
    return person("lea", "lead")


@pytest.fixture
def auditor(db: None) -> User:
    """Can read the audit trail, but no customer data."""
    return person("uli", "auditor")


@pytest.fixture
def outsider(db: None) -> User:
    """Has an account and no role."""
    return person("otto")


def signed_in(user: User) -> Client:
    """Return a client signed in as the person."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def one_request() -> Iterator[None]:
    """Find what the rules say only once, as in a request."""
    with rule_cache():
        yield


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock by which things are counted per minute, so that no minute ends in a test."""
    now = time.time()
    clock = SimpleNamespace(time=lambda: now, monotonic=time.monotonic)
    for module in (redis_outage, records, sessions):
        monkeypatch.setattr(module, "time", clock)
