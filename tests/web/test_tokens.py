"""Managing API tokens: creation, one-time display, states, and revocation."""

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


def create_token(client: Client, person: User, **changes: object) -> Any:
    form = {"name": "Zendesk", "user": person.pk, "scopes": ["lookup"], "days": 90, **changes}
    return client.post(f"{LIST}add/", form)


def shown_token(response: Any) -> str:
    found = re.search(r"triage_[\w-]{43}", response.content.decode())
    assert found, unescape(response.content.decode())
    return found[0]


def test_token_is_shown_once_after_creation(admin: User, agent: User) -> None:
    client = signed_in(admin)
    response = create_token(client, agent)
    token = shown_token(response)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert find_token(token).user == agent
    for page in (LIST, f"{LIST}{ApiToken.objects.get().pk}/change/", "/admin/"):
        assert token not in client.get(page).content.decode()


def test_token_is_not_stored_in_plain_text(
    admin: User, agent: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = signed_in(admin)
    response = create_token(client, agent)
    token = shown_token(response)
    assert token not in str(response.headers) + str(client.cookies)
    assert token not in caplog.text
    assert token not in repr([one.get_decoded() for one in Session.objects.all()])
    assert token not in repr(list(LogEntry.objects.values()))
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a table name
            assert token not in repr(cursor.fetchall()), table


def test_issuing_and_revoking_are_audited(admin: User, agent: User) -> None:
    client = signed_in(admin)
    create_token(client, agent, projects="web, checkout-api", scopes=["lookup", "read"])
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
def test_invalid_token_is_rejected(admin: User, agent: User, changes: dict[str, object]) -> None:
    assert "errornote" in create_token(signed_in(admin), agent, **changes).content.decode()
    assert not ApiToken.objects.exists()


def test_token_expires_after_chosen_days(admin: User, agent: User) -> None:
    create_token(signed_in(admin), agent, days=7)
    remaining = ApiToken.objects.get().expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < remaining <= timedelta(days=7)


def test_form_defaults_to_90_days_and_least_privilege(admin: User) -> None:
    page = signed_in(admin).get(f"{LIST}add/")
    form = page.context["adminform"].form
    assert (form["days"].value(), form["scopes"].value()) == (90, ["lookup"])


def test_admin_cannot_create_token_for_superuser(admin: User) -> None:
    root = User.objects.create_superuser("root")
    assert "errornote" in create_token(signed_in(admin), root).content.decode()
    assert not ApiToken.objects.exists()
    assert shown_token(create_token(signed_in(root), root))


def test_only_name_of_issued_token_can_be_changed(admin: User, agent: User) -> None:
    token_of(agent, scopes=["read"])
    before = ApiToken.objects.get()
    form = {"name": "New", "user": admin.pk, "scopes": ["lookup"], "days": 366, "token_hash": "x"}
    signed_in(admin).post(f"{LIST}{before.pk}/change/", form)
    after = ApiToken.objects.get()
    assert after.name == "New"
    unchanged = ("user", "scopes", "projects", "expires_at", "token_hash", "revoked_at")
    assert [getattr(after, one) for one in unchanged] == [getattr(before, one) for one in unchanged]


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
def test_list_filters_and_labels_token_states(
    admin: User, agent: User, changes: dict[str, Any], state: str, word: str
) -> None:
    token_of(agent)
    ApiToken.objects.update(**changes)
    client = signed_in(admin)
    for option in ("ends_soon", "unused", "expired", "revoked"):
        count = client.get(LIST, {"state": option}).context["cl"].result_count
        assert count == (option == state), option
    page = client.get(LIST, {"state": state}).content.decode()
    assert f"{word}</" in page


def test_agents_and_leads_cannot_create_tokens(agent: User, lead: User) -> None:
    for person in (agent, lead):
        assert create_token(signed_in(person), person).status_code == 403
    assert not ApiToken.objects.exists()
