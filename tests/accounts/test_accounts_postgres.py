"""Accounts on PostgreSQL, whose locks are stricter than SQLite's."""

from pathlib import Path

from tests.postgres import Postgres
from tests.shell import Shell

BEGIN = """
import re
from django.contrib.auth.models import Group, User
from django.test import Client
root = User.objects.create_superuser("root", "root@example.org", "hay for the cow at noon")
def signed_in(name, password):
    client = Client(headers={"host": "triage.example.org"})
    form = {"login": name, "password": password}
    assert client.post("/accounts/login/", form, secure=True).status_code == 302
    return client
def link_in(page):
    return re.search(r"https://triage.example.org(/accounts/invitation/[\\w-]+/)", page)[1]
def accept(link, password, **name):
    client = Client(headers={"host": "triage.example.org"})
    client.get(link, secure=True)
    chosen = {"password1": password, "password2": password, **name}
    return client.post("/accounts/invitation/", chosen, secure=True).status_code
admin = signed_in("root", "hay for the cow at noon")
def invited(email):
    form = {"name": "Jo", "email": email, "groups": [Group.objects.get(name="agent").pk]}
    made = admin.post("/admin/accounts/invitation/add/", form, secure=True, follow=True)
    return link_in(made.content.decode())
"""

# The person accepts, signs in, and later gets a link to a new password.
WALK = """
assert accept(invited(""), "some hay for the cow", username="jo") == 303
signed_in("jo", "some hay for the cow")
jo = User.objects.get(username="jo")
form = {"action": "new_password_link", "_selected_action": [jo.pk]}
made = admin.post("/admin/auth/user/", form, secure=True, follow=True)
assert accept(link_in(made.content.decode()), "other hay for the cow") == 303
signed_in("jo", "other hay for the cow")
"""

# Two requests accept one invitation, or two to the same address, at once: both find it unused
# before either gets the lock.
RACE = """
import time
from concurrent.futures import ThreadPoolExecutor
from django.db import connection, connections, transaction
from apps.audit.models import End
def accept_as(link, name):
    try:
        return accept(link, "some hay for the cow", username=name)
    finally:
        connections.close_all()
def race(*links):
    names = [f"jo{number}" for number in range(len(links))]
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            End.objects.select_for_update().get()
            accepting = [pool.submit(accept_as, *one) for one in zip(links, names)]
            with connection.cursor() as cursor:
                while cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted").rowcount < 2:
                    assert not any(one.done() for one in accepting)
                    time.sleep(0.05)
        statuses = sorted(one.result() for one in accepting)
    return statuses, User.objects.filter(username__in=names).count()
assert race(*[invited("")] * 2) == ([303, 410], 1)
User.objects.filter(username__startswith="jo").update(username="other")
assert race(invited("jo@example.org"), invited("jo@example.org")) == ([200, 303], 1)
"""


def test_invitations_and_password_links_work_on_postgresql(
    tmp_path: Path, postgres: Postgres
) -> None:
    shell = Shell(tmp_path, "http://127.0.0.1:9")
    shell.environment.update(DATABASE_URL=postgres.migrated(), ALLOWED_HOSTS="triage.example.org")
    done = shell.run("shell", "-v", "0", "-c", BEGIN + WALK)
    assert done.returncode == 0, done.stderr


def test_accepting_invitations_at_once_makes_one_account(
    tmp_path: Path, postgres: Postgres
) -> None:
    shell = Shell(tmp_path, "http://127.0.0.1:9")
    shell.environment.update(DATABASE_URL=postgres.migrated(), ALLOWED_HOSTS="triage.example.org")
    done = shell.run("shell", "-v", "0", "-c", BEGIN + RACE)
    assert done.returncode == 0, done.stderr
