"""Ways into more than one's own account: by links, by names that look alike, by half a claim."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.signin.oidc import read_claims
from apps.signin.oidc_config import Oidc
from tests.accounts.test_invitations import CHOSEN, PAGE, invite
from tests.accounts.test_people import PEOPLE, act, save

pytestmark = pytest.mark.django_db


def accepted(link: str, **chosen: str) -> int:
    browser = Client()
    browser.get(link)
    return browser.post(PAGE, {**CHOSEN, **chosen}).status_code


def renewal(admin: User, whom: User) -> str:
    found = re.search(r"/accounts/invitation/[\w-]+/", act(admin, "new_password_link", whom))
    assert found
    return found[0]


@pytest.mark.parametrize("is_active", [True, False])
def test_an_invitation_ends_with_the_rights_of_who_made_it(admin: User, is_active: bool) -> None:
    link = invite(admin, "admin")
    admin.groups.clear()
    User.objects.filter(pk=admin.pk).update(is_active=is_active)
    assert accepted(link) == 410
    assert not User.objects.filter(username="jo").exists()


def test_a_link_to_a_new_password_ends_when_its_person_becomes_mightier_than_its_maker(
    admin: User, agent: User
) -> None:
    link = renewal(admin, agent)
    User.objects.filter(pk=agent.pk).update(is_superuser=True)
    assert accepted(link) == 410
    assert User.objects.get(pk=agent.pk).check_password("ana-password")


@pytest.mark.parametrize(
    "name", ["\uff21NA", "\uff41na", "ANA", "\uff52oot@example.org", "ROOT@example.org"]
)
def test_an_invited_person_takes_no_name_that_is_read_as_anothers(
    admin: User, agent: User, name: str
) -> None:
    User.objects.create_superuser("root", "root@example.org", "a password of root")
    assert accepted(invite(admin, "agent"), username=name) == 200
    assert User.objects.count() == 3


@pytest.mark.parametrize("name", ["BEN", "\uff42en", "ben@example.org"])
def test_an_admin_gives_nobody_the_name_that_another_signs_in_with(
    admin: User, agent: User, other_agent: User, name: str
) -> None:
    User.objects.filter(pk=other_agent.pk).update(email="ben@example.org")
    assert save(admin, agent, username=name) == 200
    assert User.objects.get(pk=agent.pk).username == "ana"
    assert save(admin, agent, username="ana.lopez") == 302


def test_an_admin_who_is_no_superuser_gets_nothing_of_one(admin: User) -> None:
    root = User.objects.create_superuser("root", "root@example.org", "a password of root")
    before = User.objects.filter(pk=root.pk).values().get()
    for action in ("deactivate", "reset_second_factor", "new_password_link"):
        assert "/accounts/invitation/" not in act(admin, action, root)
    assert save(admin, root, email="ada@example.org") == 403
    assert User.objects.filter(pk=root.pk).values().get() == before
    given = {"is_superuser": "on", "user_permissions": "1", "password": "x", "groups": "1"}
    save(admin, admin, **given)
    assert not User.objects.get(pk=admin.pk).is_superuser
    assert Client().get(f"{PEOPLE}{root.pk}/password/").status_code == 302


def claims(token: dict[str, Any], info: dict[str, Any]) -> str:
    provider = Oidc("https://p", "id", "secret", "sso", (), "groups", {}, False, True)
    told = {"iss": "https://p", "sub": "1", "nonce": "n", **token}
    return read_claims({"id_token": told, "userinfo": {"sub": "1", **info}}, provider, "n").email


def test_an_address_is_verified_by_the_document_that_names_it() -> None:
    own = {"email": "jo@example.org", "email_verified": True}
    assert claims(own, {"email": "root@example.org"}) == "jo@example.org"
    assert claims({"email": "root@example.org"}, {"email_verified": True}) == ""
    assert claims({"email_verified": True}, {"email": "root@example.org"}) == ""
    assert claims({}, own) == claims(own, {}) == "jo@example.org"
