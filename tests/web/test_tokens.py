"""API tokens in the review: made, shown once, watched and revoked."""

import logging
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiToken
from apps.accounts.tokens import find_token
from apps.audit.models import Action, Entry
from tests.conftest import MOMENT, signed_in
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/apitoken/"


def make(client: Client, person: User, **changes: object) -> Any:
    form = {"name": "Zendesk", "user": person.pk, "scopes": ["lookup"], "days": 90, **changes}
    return client.post(f"{LIST}add/", form)


def shown(response: Any) -> str:
    found = re.search(r"triage_[\w-]{43}", response.content.decode())
    assert found, unescape(response.content.decode())
    return found[0]


def test_a_token_is_shown_once_in_the_answer_that_makes_it(admin: User, agent: User) -> None:
    client = signed_in(admin)
    response = make(client, agent)
    token = shown(response)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert find_token(token).user == agent
    for page in (LIST, f"{LIST}{ApiToken.objects.get().pk}/change/", "/admin/"):
        assert token not in client.get(page).content.decode()


def test_the_token_itself_is_kept_nowhere(
    admin: User, agent: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = signed_in(admin)
    response = make(client, agent)
    token = shown(response)
    assert token not in str(response.headers) + str(client.cookies)
    assert token not in caplog.text
    assert token not in repr([one.get_decoded() for one in Session.objects.all()])
    assert token not in repr(list(LogEntry.objects.values()))
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name from the database
            assert token not in repr(cursor.fetchall()), table


def test_issuing_and_revoking_are_in_the_trail(admin: User, agent: User) -> None:
    client = signed_in(admin)
    make(client, agent, projects="web, checkout-api", scopes=["lookup", "read"])
    token = ApiToken.objects.get()
    for _ in range(2):
        client.post(LIST, {"action": "revoke", "_selected_action": [token.pk]})
    revoked, issued = Entry.objects.filter(target=token.audit_target)
    assert (issued.action, revoked.action) == (Action.TOKEN_ISSUED, Action.TOKEN_REVOKED)
    assert issued.actor == "ada"
    assert issued.detail["for"] == "ana"
    assert issued.detail["projects"] == ["web", "checkout-api"]
    token.refresh_from_db()
    assert token.revoked_at is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"days": 0},
        {"days": 367},
        {"days": ""},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"name": ""},
        {"projects": "No Slug!"},
        {"projects": ",".join(f"p{number}" for number in range(101))},
    ],
)
def test_a_token_without_an_end_or_a_purpose_is_not_made(
    admin: User, agent: User, changes: dict[str, object]
) -> None:
    assert "errornote" in make(signed_in(admin), agent, **changes).content.decode()
    assert not ApiToken.objects.exists()


def test_a_token_ends_when_its_admin_said(admin: User, agent: User) -> None:
    make(signed_in(admin), agent, days=7)
    left = ApiToken.objects.get().expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_the_form_offers_90_days_and_the_least_right(admin: User) -> None:
    page = signed_in(admin).get(f"{LIST}add/")
    form = page.context["adminform"].form
    assert (form["days"].value(), form["scopes"].value()) == (90, ["lookup"])


def test_an_admin_makes_no_token_for_a_superuser(admin: User) -> None:
    root = User.objects.create_superuser("root")
    assert "errornote" in make(signed_in(admin), root).content.decode()
    assert not ApiToken.objects.exists()
    assert shown(make(signed_in(root), root))


def test_of_an_issued_token_only_the_name_can_be_changed(admin: User, agent: User) -> None:
    token_of(agent, scopes=["read"])
    before = ApiToken.objects.get()
    form = {"name": "New", "user": admin.pk, "scopes": ["lookup"], "days": 366, "token_hash": "x"}
    signed_in(admin).post(f"{LIST}{before.pk}/change/", form)
    after = ApiToken.objects.get()
    assert after.name == "New"
    kept = ("user", "scopes", "projects", "expires_at", "token_hash", "revoked_at")
    assert [getattr(after, one) for one in kept] == [getattr(before, one) for one in kept]


@pytest.mark.parametrize(
    ("changes", "state", "word"),
    [
        ({}, "works", "active"),
        ({"expires_at": timezone.now() + timedelta(days=13)}, "ends_soon", "expires soon"),
        ({"created_at": timezone.now() - timedelta(days=91)}, "unused", "unused"),
        ({"last_used_at": timezone.now() - timedelta(days=91)}, "unused", "unused"),
        ({"expires_at": MOMENT}, "expired", "expired"),
        ({"revoked_at": MOMENT}, "revoked", "revoked"),
    ],
)
def test_the_list_tells_what_needs_a_look(
    admin: User, agent: User, changes: dict[str, Any], state: str, word: str
) -> None:
    token_of(agent)
    ApiToken.objects.update(**changes)
    client = signed_in(admin)
    for offered in ("ends_soon", "unused", "expired", "revoked"):
        listed = client.get(LIST, {"state": offered}).context["cl"].result_count
        assert listed == (offered == state), offered
    page = client.get(LIST, {"state": state}).content.decode()
    assert f"{word}</" in page


def test_whoever_is_no_admin_makes_no_token(agent: User, lead: User) -> None:
    for person in (agent, lead):
        assert make(signed_in(person), person).status_code == 403
    assert not ApiToken.objects.exists()
