"""Admins' permissions on other people's accounts."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.test import Client

from apps.audit.models import Action, Entry
from tests.conftest import person, signed_in

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/auth/user/"


def sign_in(name: str) -> Client:
    """Sign in with a session that the site tracks."""
    client = Client()
    client.post("/accounts/login/", {"login": name, "password": f"{name}-password"})
    return client


def is_in(client: Client) -> bool:
    return client.get("/accounts/preferences/").status_code == 200


def save(admin: User, who: User, **changed: Any) -> int:
    roles = list(who.groups.values_list("pk", flat=True))
    given = {"username": who.username, "is_active": "on", "roles": roles, **changed}
    given = {name: value for name, value in given.items() if value is not None}
    return int(signed_in(admin).post(f"{PEOPLE}{who.pk}/change/", given).status_code)


def act(admin: User, action: str, *people: User) -> str:
    chosen = {"action": action, "_selected_action": [one.pk for one in people]}
    return signed_in(admin).post(PEOPLE, chosen, follow=True).content.decode()


def entries() -> list[tuple[str, str, Any]]:
    entries = Entry.objects.filter(action=Action.ACCOUNT_CHANGED)
    return [(entry.actor, entry.target, entry.detail["what"]) for entry in entries]


def test_an_admin_sees_everyone_and_assigns_roles(admin: User, agent: User) -> None:
    assert b"ana" in signed_in(admin).get(PEOPLE).content
    number = Group.objects.get(name="auditor").pk
    assert save(admin, agent, roles=[number]) == 302
    agent.refresh_from_db()
    assert [group.name for group in agent.groups.all()] == ["auditor"]
    assert agent.is_staff
    assert entries() == [("ada", f"account {agent.pk}", "account")]
    assert Entry.objects.get(action=Action.ACCOUNT_CHANGED).detail["roles"] == ["auditor"]
    save(admin, agent, roles=[])
    agent.refresh_from_db()
    assert not agent.is_staff


def test_permissions_are_those_that_django_finds(admin: User, agent: User) -> None:
    own = person("own")
    own.user_permissions.add(Permission.objects.get(codename="view_team"))
    both = person("both", "agent", "auditor")
    both.user_permissions.add(Permission.objects.get(codename="view_team"))
    people = {
        "own": own,
        "of groups": admin,
        "both": both,
        "none": person("none"),
        "all": User.objects.create_superuser("all", password="all-password"),
        "closed": User.objects.create_user("closed", is_active=False),
    }
    for name, one in people.items():
        expected = ModelBackend().get_all_permissions(User.objects.get(pk=one.pk))
        assert User.objects.get(pk=one.pk).get_all_permissions() == expected, name
        assert bool(expected) == (name not in ("none", "closed")), name
    assert not AnonymousUser().has_perm("lookups.add_lookup")


def test_other_groups_cannot_be_changed(admin: User, agent: User) -> None:
    wild = Group.objects.create(name="wild")
    assert save(admin, agent, roles=[wild.pk]) == 200
    agent.groups.add(wild)
    save(admin, agent, roles=[])
    assert [group.name for group in agent.groups.all()] == ["wild"]


def test_an_admin_cannot_grant_superuser_or_permissions(admin: User, agent: User) -> None:
    right = Permission.objects.first()
    assert right
    save(
        admin,
        agent,
        is_superuser="on",
        is_staff="on",
        user_permissions=[right.pk],
        password="x",
        date_joined_0="2020-01-01",
    )
    agent.refresh_from_db()
    assert (agent.is_superuser, agent.is_staff) == (False, False)
    assert not agent.user_permissions.exists()
    assert agent.check_password("ana-password")


def test_an_admin_cannot_change_a_superuser(admin: User) -> None:
    root = User.objects.create_superuser("root", password="root-password")
    browser = sign_in("root")
    assert save(admin, root, is_active=None) == 403
    for action in ("deactivate", "reset_second_factor", "new_password_link"):
        assert "/accounts/invitation/" not in act(admin, action, root)
    root.refresh_from_db()
    assert root.is_active
    assert is_in(browser)
    assert not entries()


def test_a_superuser_can_grant_superuser(admin: User, agent: User) -> None:
    User.objects.filter(pk=admin.pk).update(is_superuser=True)
    admin.refresh_from_db()
    save(admin, agent, is_superuser="on")
    agent.refresh_from_db()
    assert agent.is_superuser
    assert agent.is_staff


@pytest.mark.parametrize("way", ["list", "page"])
def test_deactivation_ends_all_sessions(admin: User, agent: User, way: str) -> None:
    browser = sign_in("ana")
    if way == "list":
        act(admin, "deactivate", agent)
    else:
        save(admin, agent, is_active=None)
    assert not is_in(browser)
    refused = browser.post("/accounts/login/", {"login": "ana", "password": "ana-password"})
    assert refused["Location"] == "/accounts/inactive/"
    User.objects.update(is_active=True)
    assert not is_in(browser)


def test_people_cannot_deactivate_themselves(admin: User) -> None:
    act(admin, "deactivate", admin)
    save(admin, admin, is_active=None)
    admin.refresh_from_db()
    assert admin.is_active


def test_removing_a_second_factor_ends_all_sessions(admin: User, agent: User) -> None:
    browser = sign_in("ana")
    TOTP.activate(agent, "JBSWY3DPEHPK3PXP")
    act(admin, "reset_second_factor", agent)
    assert not Authenticator.objects.exists()
    assert not is_in(browser)
    assert entries() == [("ada", f"account {agent.pk}", "second factor removed")]


def test_a_password_link_works_once_and_ends_all_sessions(admin: User, agent: User) -> None:
    browser, other = sign_in("ana"), Client()
    first, second = (
        re.search(r"http://testserver(/accounts/invitation/[\w-]+/)", act(admin, action, agent))
        for action in ("new_password_link", "new_password_link")
    )
    assert first
    assert second
    other.get(first[1])
    assert other.get("/accounts/invitation/").status_code == 410
    other.get(second[1])
    assert b"Choose a new password" in other.get("/accounts/invitation/").content
    new = {"password1": "some hay for the cow", "password2": "some hay for the cow"}
    assert other.post("/accounts/invitation/", new)["Location"] == "/accounts/login/"
    assert not is_in(browser)
    agent.refresh_from_db()
    assert agent.check_password(new["password1"])
    assert [group.name for group in agent.groups.all()] == ["agent"]


def test_accounts_cannot_be_added_or_deleted_and_secrets_have_no_page(
    admin: User, agent: User
) -> None:
    User.objects.filter(pk=admin.pk).update(is_superuser=True)
    client = signed_in(admin)
    assert client.get(f"{PEOPLE}add/").status_code == 403
    assert client.post(f"{PEOPLE}{agent.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{PEOPLE}{agent.pk}/password/").status_code in (302, 404)
    for page in ("mfa/authenticator", "socialaccount/socialapp", "account/emailaddress"):
        assert client.get(f"/admin/{page}/").status_code == 404


@pytest.mark.parametrize("role", ["agent", "lead", "auditor"])
def test_other_roles_cannot_change_people(agent: User, role: str) -> None:
    somebody = person("somebody", role)
    client = signed_in(somebody)
    for address in (PEOPLE, f"{PEOPLE}{agent.pk}/change/"):
        assert client.get(address).status_code in (302, 403)
    client.post(f"{PEOPLE}{agent.pk}/change/", {"username": "taken"})
    agent.refresh_from_db()
    assert agent.username == "ana"


def test_one_email_address_belongs_to_one_account(
    admin: User, agent: User, other_agent: User
) -> None:
    User.objects.filter(pk=agent.pk).update(email="ana@example.org")
    client = signed_in(admin)
    for email in ("ANA@example.org", "ana@example.org"):
        page = client.post(f"{PEOPLE}{other_agent.pk}/change/", {"username": "ben", "email": email})
        assert b"Another account has this email address." in page.content
        page = client.post("/admin/accounts/invitation/add/", {"name": "Jo", "email": email})
        assert b"Another account has this email address." in page.content
    other_agent.refresh_from_db()
    assert other_agent.email == ""


def test_email_address_is_the_same_however_it_is_typed(admin: User, agent: User) -> None:
    save(admin, agent, email="Ana@Example.ORG")
    agent.refresh_from_db()
    assert agent.email == "ana@example.org"
    form = {"login": "ANA@example.org", "password": "ana-password"}
    assert Client().post("/accounts/login/", form).status_code == 302
    assert (
        User.objects.create_superuser("root", "Root@Example.org", "x").email == "root@example.org"
    )
