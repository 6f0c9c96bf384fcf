"""Save the databases of a release: `python -m tests.upgrades.build 1.0.0 20c774c`.

Checks out the commit, makes a small site with its own commands, on SQLite and PostgreSQL, and
writes both as SQL next to this file. Run it once for each release, with the packages of that time.
"""

import base64
import io
import lzma
import os
import re
import sqlite3
import subprocess
import sys
import tarfile
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import django

HERE = Path(__file__).parent
KEYS = {
    "SECRET_KEY": "secret-of-a-release-" * 3,
    "TRIAGE_HASH_KEY": "hash-of-a-release-" * 3,
    "TRIAGE_DATA_KEYS": "data-of-a-release-" * 3,
}
CUSTOMERS = ("1001", "zoë@example.org", "nobody@example.org")
SECRET, TOKEN, BODY, UUID = "JBSWY3DPEHPK3PXP", "triage_of-a-release", b'{"text": "Zoe"}', "7" * 32
# Names of models and fields never change, unlike those of modules.
FILL = """
import hashlib, os
from base64 import b64decode
from django.apps import apps
from django.contrib.auth.models import Group, User
def add(model, **values): return apps.get_model(model).objects.create(**values)
ana = User.objects.create_user("ana", "Ana@Example.org", "ana-password-1")
ana.groups.add(Group.objects.get(name="lead"), group := Group.objects.create(name="Payments"))
add("accounts.Team", group=group, projects=["shop"])
add("accounts.Preference", user=ana, time_zone="Europe/Paris")
add("accounts.ApiToken", name="Desk", user=ana, scopes=["lookup", "read"],
    token_hash=hashlib.sha256(os.environ["TOKEN"].encode()).hexdigest())
add("mfa.Authenticator", user=ana, type="totp", data={"secret": os.environ["SECRET"]})
add("known_errors.KnownError", slug="card-declined", title="Card declined", reply="Try again.",
    pattern={"message": {"contains": "declined"}}, explanation="The bank refused.", changed_by=ana)
lookup = apps.get_model("lookups.Lookup").objects.order_by("pk").first()
add("lookups.LookupShare", lookup=lookup, user=ana)
add("answers.Feedback", known_error_id=1, lookup=lookup, issue_id="1", user=ana, helped=True)
add("answers.Handover", lookup=lookup, kind="reply", by=ana, uuid=os.environ["UUID"],
    sealed=b64decode(os.environ["BODY"]))
"""


def build(version: str, commit: str) -> None:
    """Write the two files."""
    from apps.crypto import seal, seal_as  # noqa: PLC0415 - after Django's setup
    from apps.demo.world import World  # noqa: PLC0415
    from tests.conftest import MOMENT  # noqa: PLC0415
    from tests.demo_sentry import DemoSentry  # noqa: PLC0415
    from tests.postgres import running_postgres  # noqa: PLC0415

    world = World()
    for second, customer in enumerate(CUSTOMERS[:2]):
        for _ in range(2):
            at = MOMENT + timedelta(seconds=second)
            world.add_event(user_id=customer, timestamp=at)
    sealed = {
        "SECRET": base64.b64encode(seal(SECRET.encode())).decode(),
        "BODY": base64.b64encode(seal_as(f"msg_{UUID}", BODY)).decode(),
    }
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME")},
        **(KEYS | sealed | {"TOKEN": TOKEN, "UUID": UUID, "TRIAGE_ENV_FILE": os.devnull}),
        "SENTRY_AUTH_TOKEN": "demo-token",
        "SENTRY_ORG": "acme",
        "TRIAGE_SIGNALS": "none",
    }
    with TemporaryDirectory() as folder, DemoSentry(world) as demo, running_postgres() as url:
        archive = subprocess.run(["git", "archive", commit], check=True, stdout=subprocess.PIPE)
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="data")
        for database in (f"sqlite:///{folder}/release.sqlite3", url):
            environment |= {"DATABASE_URL": database, "SENTRY_BASE_URL": demo.url}
            for command in (
                ["migrate", "-v", "0"],
                *(
                    ["lookup", who, "--at", MOMENT.isoformat(), "--reason", "Ticket 7"]
                    for who in CUSTOMERS
                ),
                ["shell", "-v", "0", "-c", FILL],
            ):
                subprocess.run(
                    [sys.executable, "manage.py", *command],
                    cwd=folder,
                    env=environment,
                    check=command[0] != "lookup",
                    stdout=subprocess.DEVNULL,
                )
        _save(
            f"{version}.sqlite", "\n".join(sqlite3.connect(f"{folder}/release.sqlite3").iterdump())
        )
        _save(f"{version}.postgresql", _dump_of(url))


def _dump_of(url: str) -> str:
    from tests.postgres import _program  # noqa: PLC0415

    options = ["--no-owner", "--no-privileges", "--no-comments", "--rows-per-insert=100", url]
    dump = subprocess.run([_program("pg_dump"), *options], check=True, stdout=subprocess.PIPE)
    return re.sub(r"(?m)^(--|SET |\\).*\n|^\n", "", dump.stdout.decode())


def _save(name: str, sql: str) -> None:
    (HERE / f"{name}.sql.xz").write_bytes(lzma.compress(sql.encode(), preset=9))


if __name__ == "__main__":
    os.environ |= KEYS | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    django.setup()
    from django.conf import settings

    settings.TRIAGE_DATA_KEYS = (KEYS["TRIAGE_DATA_KEYS"],)
    build(*sys.argv[1:])
