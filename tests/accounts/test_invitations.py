"""Invitations are created by admins and used once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import Invitation, Team
from apps.audit.models import Action, Entry
from tests.conftest import signed_in
from tests.servers import free_port

pytestmark = pytest.mark.django_db

ADD = "/admin/accounts/invitation/add/"
PAGE = "/accounts/invitation/"
PASSWORD = "some hay for the cow"
CHOSEN = {"username": "jo", "password1": PASSWORD, "password2": PASSWORD}


def invite(admin: User, *groups: str, **values: Any) -> str:
    """Create an invitation, and return the path of its link."""
    numbers = Group.objects.filter(name__in=groups).values_list("pk", flat=True)
    given = {"name": "Jo", "email": "", "groups": list(numbers), **values}
    page = signed_in(admin).post(ADD, given, follow=True).content.decode()
    found = re.search(r"http://testserver(/accounts/invitation/[\w-]+/)", page)
    assert found, page
    return found[1]


def test_an_invited_person_gets_an_account_with_roles_and_teams(
    admin: User, client: Client
) -> None:
    Team.objects.create(group=Group.objects.create(name="shop"))
    link = invite(admin, "lead", "shop")
    assert client.get(link)["Location"] == PAGE
    assert b"Welcome to Triage" in client.get(PAGE).content
    assert client.post(PAGE, CHOSEN)["Location"] == "/accounts/login/"
    jo = User.objects.get(username="jo")
    assert set(jo.groups.values_list("name", flat=True)) == {"lead", "shop"}
    assert (jo.is_staff, jo.is_superuser) == (False, False)
    assert client.post("/accounts/login/", {"login": "jo", "password": PASSWORD})["Location"] == "/"
    made, used = Entry.objects.filter(action__in=(Action.INVITED, Action.ACCOUNT_CHANGED)).order_by(
        "sequence"
    )
    assert (made.actor, made.detail["roles"]) == ("ada", ["lead", "shop"])
    assert used.detail["account"] == "jo"


def test_a_link_works_once_and_its_token_is_not_stored(admin: User, client: Client) -> None:
    link = invite(admin, "agent")
    client.get(link)
    client.post(PAGE, CHOSEN)
    other = Client()
    other.get(link)
    assert other.get(PAGE).status_code == 410
    assert other.post(PAGE, {**CHOSEN, "username": "mo"}).status_code == 410
    assert not User.objects.filter(username="mo").exists()
    token = link.split("/")[3]
    assert token not in str(list(Invitation.objects.values()))
    assert token not in str(list(Entry.objects.values("target", "detail")))


@pytest.mark.parametrize("end", ["old", "revoked"])
def test_an_expired_or_revoked_link_does_not_work(admin: User, client: Client, end: str) -> None:
    client.get(invite(admin, "agent"))
    if end == "old":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        chosen = {"action": "revoke", "_selected_action": [Invitation.objects.get().pk]}
        signed_in(admin).post("/admin/accounts/invitation/", chosen)
    assert client.post(PAGE, CHOSEN).status_code == 410
    assert not User.objects.filter(username="jo").exists()


def test_an_invitation_is_valid_for_three_days(admin: User) -> None:
    invite(admin)
    made = Invitation.objects.get()
    assert timedelta(days=2, hours=23) < made.expires_at - timezone.now() <= timedelta(days=3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "ADA"},
        {"username": "ada@example.org"},
        {"username": "jo smith"},
        {"password2": "something else"},
        {"password1": "too short", "password2": "too short"},
        {"password1": "password1234", "password2": "password1234"},
    ],
)
def test_a_taken_name_and_a_weak_password_can_be_corrected(
    admin: User, client: Client, wrong: dict[str, str]
) -> None:
    User.objects.filter(pk=admin.pk).update(email="ada@example.org")
    client.get(invite(admin, "agent"))
    refused = client.post(PAGE, {**CHOSEN, **wrong})
    assert refused.status_code == 200
    assert b"errorlist" in refused.content
    assert client.post(PAGE, CHOSEN).status_code == 303


def test_unexpected_fields_are_ignored(admin: User, client: Client) -> None:
    client.get(invite(admin, "agent"))
    more = {"is_superuser": "1", "is_staff": "1", "groups": "3", "email": "x@example.org"}
    client.post(PAGE, {**CHOSEN, **more})
    jo = User.objects.get(username="jo")
    assert (jo.is_staff, jo.is_superuser, jo.email) == (False, False, "")
    assert [group.name for group in jo.groups.all()] == ["agent"]


def test_an_invitation_is_emailed_if_email_is_configured(
    admin: User, settings: Settings, mailoutbox: list[Any], client: Client
) -> None:
    invite(admin, "agent", email="jo@example.org")
    assert not mailoutbox
    settings.TRIAGE_EMAIL = True
    numbers = Group.objects.filter(name="agent").values_list("pk", flat=True)
    given = {"name": "Jo", "email": "jo@example.com", "groups": list(numbers)}
    page = signed_in(admin).post(ADD, given, follow=True).content.decode()
    assert "The link was sent to jo@example.com." in page
    assert [mail.to for mail in mailoutbox] == [["jo@example.com"]]
    link = re.search(r"http://testserver(/accounts/invitation/[\w-]+/)", mailoutbox[0].body)
    assert link
    assert link[1] not in page
    assert client.get(link[1])["Location"] == PAGE


def test_a_link_leads_to_the_host_that_everyone_can_open(admin: User, settings: Settings) -> None:
    settings.TRIAGE_ADMIN_HOST, settings.TRIAGE_SITE_HOST = (
        "review.example.org",
        "triage.example.org",
    )
    settings.ALLOWED_HOSTS = ["review.example.org", "triage.example.org"]
    settings.TRIAGE_EMAIL = False
    agents = list(Group.objects.filter(name="agent").values_list("pk", flat=True))
    given = {"name": "Jo", "email": "jo@example.org", "groups": agents}
    host = {"Host": "review.example.org"}
    page = signed_in(admin).post(ADD, given, follow=True, headers=host).content.decode()
    assert re.search(r"http://triage\.example\.org/accounts/invitation/[\w-]+/", page)


def test_a_failing_mail_server_leaves_the_link_on_the_page(
    admin: User, agent: User, settings: Settings
) -> None:
    User.objects.filter(pk=agent.pk).update(email="ana@example.org")
    settings.TRIAGE_EMAIL, settings.EMAIL_TIMEOUT = True, 2
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    invite(admin, "agent", email="jo@example.org")
    chosen = {"action": "new_password_link", "_selected_action": [agent.pk]}
    page = signed_in(admin).post("/admin/auth/user/", chosen, follow=True).content.decode()
    assert "The email to ana@example.org was not sent" in page
    assert re.search(r"http://testserver/accounts/invitation/[\w-]+/", page)
    assert Invitation.objects.count() == 2


def test_only_admins_invite_and_only_into_roles_and_teams(admin: User, lead: User) -> None:
    assert signed_in(lead).get(ADD).status_code in (302, 403)
    wild = Group.objects.create(name="wild")
    page = signed_in(admin).post(ADD, {"name": "Jo", "groups": [wild.pk]})
    assert page.status_code == 200
    assert not Invitation.objects.exists()


def test_there_are_no_invitations_with_single_sign_on_only(
    admin: User, settings: Settings, client: Client
) -> None:
    client.get(invite(admin, "agent"))
    settings.OIDC_ONLY = True
    assert client.post(PAGE, CHOSEN).status_code == 410
    assert signed_in(admin).get(ADD).status_code == 403
