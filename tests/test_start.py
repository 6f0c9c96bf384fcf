"""Values of settings: bad ones stop the start with one sentence that names the variable."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.backup.sites import site
from tests.shell import start_with

SECRET = "s3cr3t"
SENTRY = {"SENTRY_AUTH_TOKEN": "token", "SENTRY_ORG": "acme"}
MAIL = {"EMAIL_FROM": "triage@example.org"}
ENCODE = "Percent-encode"
ENDS = ("", "-wal", "-shm")

# fmt: off
# The variables, and what the sentence says besides the variable's name.
BAD: list[tuple[dict[str, str], str]] = [
    ({"TRIAGE_WINDOW_MINUTES": "many"}, "from 1 to 1440"),
    ({"TRIAGE_MAX_EVENTS": "0"}, "from 1 to 5000"),
    ({"DEBUG": "perhaps"}, "1 or 0"),
    ({"TIME_ZONE": "Mars/Olympus"}, "such as Europe/Berlin"),
    ({"SENTRY_BASE_URL": "sentry"}, "an address"),
    ({"SENTRY_BASE_URL": "http://["}, "an address"),
    ({"SENTRY_BASE_URL": "https://sentry.io/api/0"}, "without a path"),
    ({"SENTRY_BASE_URL": "https://sentry.io:99999"}, "an address"),
    ({"SENTRY_ORG": "Acme Inc"}, "slug"),
    ({"SENTRY_ORG": f"sntrys_{SECRET}="}, "slug"),
    ({"SENTRY_PROJECTS": "https://sentry.io/web"}, "slugs"),
    ({**SENTRY, "SENTRY_ORG": ""}, "slug"),
    ({"SENTRY_AUTH_TOKEN": f"{SECRET}\nlines"}, "Copy it again"),
    ({"SENTRY_AUTH_TOKEN": f"{SECRET}\u2603"}, "Copy it again"),
    ({"SECRET_KEY": "", "DATABASE_URL": "sqlite:///x"}, "Set it to a long random text"),
    ({"TRIAGE_CUSTOMER_FIELDS": "password"}, "tags[account_id]"),
    ({"TRIAGE_CUSTOMER_FIELDS": "tags[account:id]"}, "rename the tag"),
    ({"TRIAGE_CUSTOMER_FIELDS": "tags[größe]"}, "rename the tag"),
    ({"TRIAGE_BEHIND_PROXY": "many"}, "1 or 0"),
    ({"TRIAGE_PROXY_HEADER": "x-real-ip"}, "x-forwarded-for, or forwarded"),
    ({"CSRF_TRUSTED_ORIGINS": "triage.example.org"}, "https://triage.example.org"),
    ({"ALLOWED_HOSTS": "https://triage.example.org"}, "without https://"),
    ({"ALLOWED_HOSTS": "triage.example.org:8000"}, "without https://, port"),
    ({"SCRIPT_NAME": "https://example.org/triage"}, "such as /triage"),
    ({"SCRIPT_NAME": "/a/../b"}, "such as /triage"),
    ({"SCRIPT_NAME": "/lookups"}, "own paths"),
    ({"FORCE_SCRIPT_NAME": "/tri age"}, "such as /triage"),
    ({"SCRIPT_NAME": "/a", "FORCE_SCRIPT_NAME": "/b"}, "differ"),
    ({"TRIAGE_ENV_FILE": "/nowhere/.env"}, "doesn't exist"),
    ({"DATABASE_URL": "nonsense"}, ENCODE),
    ({"DATABASE_URL": "mysql://u@h/x"}, "postgres://"),
    ({"DATABASE_URL": f"postgres://u:{SECRET}/w@h/x"}, ENCODE),
    ({"DATABASE_URL": f"postgres://u:5432/{SECRET}@h/x"}, ENCODE),
    ({"DATABASE_URL": f"postgres://u:{SECRET}#w@h/x"}, ENCODE),
    ({"DATABASE_URL": f"postgres://u:{SECRET}?w@h/x"}, ENCODE),
    ({"DATABASE_URL": f"postgres://u:{SECRET}[w@h/x"}, ENCODE),
    ({"DATABASE_URL": f"postgres://u:{SECRET}@h:54x2/x"}, ENCODE),
    ({"DATABASE_URL": f"postgres://u:{SECRET}@h:5432"}, "doesn't name the database"),
    ({"DATABASE_URL": f"postgres://u:{SECRET}@h:5432/"}, "doesn't name the database"),
    ({"DATABASE_URL": f"postgres://u:{SECRET}@h/x?sslmod=require"}, "'sslmod'"),
    ({"DATABASE_URL": "sqlite://"}, "sqlite:////path"),
    ({"REDIS_URL": "localhost:6379"}, "redis://"),
    ({"REDIS_URL": f"redis://:{SECRET}/w#1@127.0.0.1:6379/2"}, ENCODE),
    ({"REDIS_URL": f"redis://:{SECRET}?w@127.0.0.1:6379/2"}, ENCODE),
    ({"REDIS_URL": f"redis://u:12/{SECRET}@127.0.0.1:6379/2"}, ENCODE),
    ({"REDIS_URL": f"redis://:{SECRET}]@127.0.0.1:6379/2"}, ENCODE),
    ({"REDIS_URL": "redis://127.0.0.1:64x1/0"}, "redis://"),
    ({"REDIS_URL": "redis://host/triage"}, "a number"),
    ({"REDIS_URL": "redis://host/-1"}, "a number"),
    ({"REDIS_URL": "redis://host?db=triage"}, "must be a number"),
    ({"REDIS_URL": "redis://host/0?timeout=3"}, "'timeout'"),
    ({"REDIS_URL": "redis://a:6379/0,redis://b:6379/0"}, "sentinels"),
    ({"REDIS_URL": "redis://host/99999999999"}, "a number"),
    ({"REDIS_URL": "redis://host/0?protocol=9"}, "2 or 3"),
    ({"REDIS_URL": "redis://ho st/0"}, "redis://"),
    ({"REDIS_URL": "redis://host/0?ssl_check_hostname=true"}, "begin with rediss"),
    ({"REDIS_URL": "rediss://host/0?ssl_ca_certs=/nowhere"}, "No such file"),
    ({"REDIS_URL": "rediss://host/0?ssl_ca_certs=/etc/hostname"}, "not certificates"),
    ({"REDIS_URL": "redis+sentinel://a:99999/main/0"}, "sentinels"),
    ({"REDIS_URL": "redis+sentinel://a,,b/main/0"}, "sentinels"),
    ({"REDIS_URL": f"redis+sentinel://:{SECRET}[@a/main/0"}, ENCODE),
    ({"REDIS_URL": "redis+sentinel://[::1/main/0"}, "sentinels"),
    ({"REDIS_URL": f"redis://host/0?password=a&{SECRET}"}, "an unknown option"),
    ({"DATABASE_URL": f"postgres://host/db?password=a&{SECRET}"}, "an unknown option"),
    ({"REDIS_URL": "rediss://host/0?ssl_cert_reqs=maybe"}, "none, optional, or required"),
    ({"REDIS_URL": "redis+sentinel://a:26379,b:26379"}, "sentinels"),
    ({"REDIS_URL": "redis+sentinel://a:26379/main/zero"}, "a number"),
    ({"REDIS_URL": "unix://"}, "redis://"),
    ({**MAIL, "EMAIL_URL": "mail.example.org"}, "smtp://"),
    ({**MAIL, "EMAIL_URL": "imap://mail.example.org"}, "smtp://"),
    ({**MAIL, "EMAIL_URL": f"smtp://u:25/{SECRET}@h"}, ENCODE),
    ({**MAIL, "EMAIL_URL": f"smtp://u:{SECRET}#w@h"}, ENCODE),
    ({**MAIL, "EMAIL_URL": "smtp://mail.example.org/path"}, "smtp://"),
    ({"EMAIL_URL": "smtp://mail.example.org"}, "EMAIL_FROM must be the sender's address"),
    ({"EMAIL_URL": "smtp://mail.example.org", "EMAIL_FROM": "Triage"}, "the sender's address"),
    ({"EMAIL_URL": "smtp://mail.example.org", "EMAIL_FROM": "T <t@example.org"}, "address"),
]
Check = Callable[[dict[str, Any]], bool]
GOOD: list[tuple[dict[str, str], Check]] = [
    ({"ALLOWED_HOSTS": "::1, triage.example.org,.example.com,10.0.0.1"},
     lambda s: s["ALLOWED_HOSTS"][:2] == ["[::1]", "triage.example.org"]),
    ({"SENTRY_BASE_URL": "http://[::1]:9000"}, lambda s: s["SENTRY_BASE_URL"].endswith("]:9000")),
    ({"CSRF_TRUSTED_ORIGINS": "https://[::1]:8443"}, lambda s: len(s["CSRF_TRUSTED_ORIGINS"]) == 1),
    ({"SCRIPT_NAME": "triage/"}, lambda s: s["STATIC_URL"] == "/triage/static/"),
    ({"FORCE_SCRIPT_NAME": "/a/b"}, lambda s: s["SESSION_COOKIE_PATH"] == "/a/b"),
    ({"DATABASE_URL": "postgres://u:p@ss%2Fw@[::1]:5432/x?sslmode=require"},
     lambda s: (s["DATABASES"]["default"]["HOST"], s["DATABASES"]["default"]["PASSWORD"])
     == ("::1", "p@ss/w")),
    ({"DATABASE_URL": "postgres://u@%2Frun%2Fpostgresql/x"},
     lambda s: s["DATABASES"]["default"]["HOST"] == "/run/postgresql"),
    ({"DATABASE_URL": "postgres:///x?host=/run/postgresql"},
     lambda s: s["DATABASES"]["default"]["OPTIONS"]["host"] == "/run/postgresql"),
    ({"REDIS_URL": "unix:///run/redis.sock?db=1"}, lambda s: bool(s["REDIS_URL"])),
    ({"REDIS_URL": "rediss://:p%40ss@[::1]:6380"}, lambda s: bool(s["REDIS_URL"])),
    ({"REDIS_URL": "redis+sentinel://:p@[::1]:26379,b/main/0?sentinel_password=x"},
     lambda s: bool(s["REDIS_URL"])),
    ({**MAIL, "EMAIL_URL": "smtp://u:p%40ss@[::1]"},
     lambda s: (s["EMAIL_HOST"], s["EMAIL_HOST_PASSWORD"]) == ("::1", "p@ss")),
]
# fmt: on


@pytest.fixture
def base(tmp_path: Path) -> dict[str, str]:
    """What every start has."""
    return {"TRIAGE_VAR_DIR": str(tmp_path), **SENTRY}


def test_a_bad_value_stops_the_start_with_a_sentence(base: dict[str, str]) -> None:
    for variables, sentence in BAD:
        done = start_with({**base, **variables})
        assert done.returncode == 2, variables
        assert any(name in done.stderr for name in variables), variables
        assert sentence in done.stderr, (variables, done.stderr)
        assert len(done.stderr.splitlines()) == 1, variables
        assert SECRET not in done.stderr, variables


def test_a_good_value_is_used(base: dict[str, str]) -> None:
    for variables, check in GOOD:
        done = start_with({**base, **variables})
        assert done.stderr == "", variables
        assert check(dict(done.settings)), variables


def test_unreadable_files_stop_the_start_with_a_sentence(tmp_path: Path) -> None:
    latin = tmp_path / "latin.env"
    latin.write_bytes("TIME_ZONE=größe\n".encode("latin-1"))
    folder = tmp_path / "secret_key"
    folder.mkdir()
    for variables, sentence in (
        ({"TRIAGE_ENV_FILE": str(latin)}, "UTF-8"),
        ({"TRIAGE_ENV_FILE": str(tmp_path)}, "can't be read"),
        ({"TRIAGE_VAR_DIR": str(latin)}, "TRIAGE_VAR_DIR"),
        ({"TRIAGE_VAR_DIR": str(tmp_path), "SECRET_KEY": ""}, "can't be read"),
    ):
        done = start_with(variables)
        assert done.returncode == 2, variables
        assert sentence in done.stderr, (variables, done.stderr)
        assert len(done.stderr.splitlines()) == 1, variables


def test_values_in_the_file_are_literal(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text(
        "TRIAGE_VAR_DIR=/tmp/${HOME}\nSENTRY_ORG=acme\nSENTRY_AUTH_TOKEN=a${HOME}b$HOME$$c#d\n"
        "export TRIAGE_METRICS_TOKEN='${SENTRY_ORG:-twenty-characters}'\nDEBUG=On\n"
    )
    read = start_with({"TRIAGE_ENV_FILE": str(file), "TRIAGE_VAR_DIR": str(tmp_path)}).settings
    assert read["SENTRY_AUTH_TOKEN"] == "a${HOME}b$HOME$$c#d"
    assert read["TRIAGE_METRICS_TOKEN"] == "${SENTRY_ORG:-twenty-characters}"
    assert read["DEBUG"] is True
    assert read["VAR_DIR"] == tmp_path, "the environment takes precedence"


@pytest.mark.django_db
def test_only_the_owner_can_read_a_database(tmp_path: Path) -> None:
    file = tmp_path / "var" / "triage.sqlite3"
    before = os.umask(0o022)
    try:
        for mode in (None, 0o644, 0o640):  # a new file, one of 1.0.0, and one shared on purpose
            if mode:
                file.chmod(mode)
            with site(f"sqlite:///{file}"), connection.cursor() as cursor:
                cursor.execute("CREATE TABLE IF NOT EXISTS a (b)")
                cursor.execute("INSERT INTO a VALUES (1)")
                modes = {one.name: one.stat().st_mode & 0o777 for one in file.parent.iterdir()}
            allowed = 0o640 if mode == 0o640 else 0o600
            assert modes == dict.fromkeys((f"{file.name}{end}" for end in ENDS), allowed), mode
    finally:
        os.umask(before)
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_removed_variable_is_reported_once(base: dict[str, str]) -> None:
    for name in ("TRIAGE_MOST_WAITING", "OIDC_NAME", "LLM_TIMEOUT_S"):
        done = start_with({**base, name: "3"})
        assert done.returncode == 0
        assert done.stderr.count(f"{name} has no effect anymore: ") == 1
        assert len(done.stderr.splitlines()) == 1
    child = start_with({**base, "OIDC_NAME": "Acme", "TRIAGE_WARNED_OF": " OIDC_NAME"})
    assert child.stderr == ""


def test_the_demo_shares_nothing_with_a_real_site(tmp_path: Path) -> None:
    site = {
        "TRIAGE_VAR_DIR": str(tmp_path),
        "SECRET_KEY": "k" * 50,
        "TRIAGE_DATA_KEYS": "d" * 50,
        "TRIAGE_HASH_KEY": "h" * 50,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATABASE_URL": f"sqlite:///{tmp_path}/triage.sqlite3",
        "ALLOWED_HOSTS": "triage.example.org",
    }
    real = start_with({**site, **SENTRY}).settings
    demo = start_with({**site, "TRIAGE_DEMO": "1"}).settings
    for name in ("SECRET_KEY", "TRIAGE_DATA_KEYS", "TRIAGE_HASH_KEY", "TRIAGE_QUEUE_FILE"):
        assert demo[name] != real[name], name
    assert demo["DATABASES"]["default"]["NAME"] != real["DATABASES"]["default"]["NAME"]
    assert not demo["REDIS_URL"]
    assert all("redis" not in cache["BACKEND"].lower() for cache in demo["CACHES"].values())
    assert demo["SESSION_COOKIE_NAME"] not in (real["SESSION_COOKIE_NAME"], "sessionid")
    assert demo["SECRET_KEY"] == start_with({**site, "TRIAGE_DEMO": "1"}).settings["SECRET_KEY"]
    assert not start_with({**site, **SENTRY, "TRIAGE_DEMO": "1"}).settings["DEMO"]
