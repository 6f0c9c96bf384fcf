"""The database of each release is migrated, and can be backed up before that.

`python -m tests.upgrades.build` saves the databases of a release.
"""

import lzma
import re
import sqlite3
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import Team
from apps.accounts.tokens import find_token
from apps.answers.models import Feedback, Handover
from apps.audit.verification import verify_trail
from apps.backup import restore
from apps.known_errors.models import KnownError
from apps.lookups.models import Lookup, LookupShare
from apps.lookups.records import reason_of
from apps.lookups.store import from_snapshot
from apps.signin.allauth_adapters import FactorAdapter
from tests.backup.conftest import Places
from tests.backup.conftest import place as place  # noqa: PLC0414 - a fixture
from tests.backup.sites import ACTOR, backed_up, opened, site
from tests.shell import ROOT
from tests.upgrades.build import BODY, CUSTOMERS, KEYS, SECRET, TOKEN
from triage_site.apps import check_later, check_now

pytestmark = pytest.mark.django_db
SAVED = sorted(Path(__file__).parent.glob("*.sql.xz"))


@pytest.fixture(params=SAVED, ids=lambda file: file.name.removesuffix(".sql.xz"))
def release(request: pytest.FixtureRequest, place: Places, settings: Settings) -> str:
    """The database of a site that used a release, with its keys."""
    settings.SECRET_KEY, settings.TRIAGE_HASH_KEY = KEYS["SECRET_KEY"], KEYS["TRIAGE_HASH_KEY"]
    settings.TRIAGE_DATA_KEYS = (KEYS["TRIAGE_DATA_KEYS"],)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    sql = lzma.decompress(request.param.read_bytes()).decode()
    kind = "postgresql" if "postgresql" in request.param.name else "sqlite"
    url = place.new(kind, tables=False)
    if kind == "sqlite":
        sqlite3.connect(url.removeprefix("sqlite:///")).executescript(sql).close()
    else:
        with psycopg.connect(url) as database:
            database.execute(sql.encode())
    return url


def check_everything() -> None:
    """Check that what was stored can be read, opened, and proved."""
    lookups = list(Lookup.objects.order_by("pk"))
    assert [one.customer for one in lookups] == list(CUSTOMERS)
    assert [reason_of(one) for one in lookups] == ["Ticket 7"] * len(CUSTOMERS)
    answers = [from_snapshot(one) for one in lookups]
    assert [answer and len(answer.events) for answer in answers] == [2, 2, 0]
    assert not verify_trail().broken
    ana = User.objects.get()
    assert (ana.email, ana.check_password("ana-password-1")) == ("ana@example.org", True)
    assert find_token(TOKEN).user == ana
    [factor] = Authenticator.objects.all()
    assert FactorAdapter().decrypt(factor.data["secret"]) == SECRET
    assert Handover.objects.get().body() == BODY
    assert KnownError.objects.get().entry.known.reply == "Try again."
    assert KnownError.history.count() == 1
    assert Team.objects.get().projects == ["shop"]
    assert Feedback.objects.get().lookup == LookupShare.objects.get().lookup == lookups[0]


def test_a_release_is_migrated_without_reading_the_large_table(release: str) -> None:
    """Even the constraint of a new column has a database read all stored results."""
    with site(release):
        with CaptureQueriesContext(connection) as queries:
            call_command("migrate", verbosity=0)
        large = re.compile(r'(?<!REFERENCES )"(?:new__)?lookups_lookup"')
        changes = [query["sql"] for query in queries if large.search(query["sql"])]
        assert changes
        for one in changes:
            assert re.fullmatch(r'ALTER TABLE "lookups_lookup" ADD COLUMN "\w+" \w+ NULL', one), one
        check_everything()
        out = StringIO()
        call_command("showmigrations", "--plan", stdout=out)
        assert "[ ]" not in out.getvalue()
        for model in apps.get_models():
            list(model._base_manager.all()[:1])


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_backup_made_before_an_upgrade_is_restored_after_it(
    release: str, target: str, place: Places
) -> None:
    with site(release):
        content, _manifest = backed_up()
    with site(place.new(target)):
        done = restore(opened(content), ACTOR)
        assert (done.broken, done.unreadable) == ("", 0)
        check_everything()


def test_each_release_has_saved_databases(settings: Settings) -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    current, *released = re.findall(r"(?m)^## ([0-9.]+) \((?:unreleased|[0-9-]+)\)$", changelog)
    assert f'version = "{current}"' in (ROOT / "pyproject.toml").read_text()
    assert current == settings.TRIAGE_VERSION
    kinds = ("postgresql", "sqlite")
    saved = {file.name for file in SAVED}
    assert {f"{one}.{kind}.sql.xz" for one in released for kind in kinds} <= saved


def test_foreign_keys_are_checked_once_after_all_migrations(place: Places) -> None:
    with site(place.new("sqlite")), connection.cursor() as cursor:
        check_later("default", [object()])
        with connection.constraint_checks_disabled():
            cursor.execute(
                "CREATE TABLE a (id integer PRIMARY KEY, b integer REFERENCES auth_user (id))"
            )
            cursor.execute("INSERT INTO a VALUES (1, 77)")
        connection.check_constraints()
        with pytest.raises(IntegrityError, match="invalid foreign key"):
            check_now("default")
        assert "check_constraints" not in vars(connection)


def test_pages_show_the_version(admin_client: Client, connected: object) -> None:
    for name in ("admin:index", "check_sentry"):
        page = admin_client.get(reverse(name)).content.decode()
        assert f"Triage {settings.TRIAGE_VERSION}" in page, name
