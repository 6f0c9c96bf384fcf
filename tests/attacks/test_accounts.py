"""Account takeover through links, lookalike usernames, and unverified claims."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from apps.signin.oidc import read_claims
from apps.signin.oidc_config import Oidc
from tests.accounts.test_invitations import ADD, CHOSEN, PAGE, invite
from tests.accounts.test_people import PEOPLE, act, save
from tests.attacks.production import HOST
from tests.conftest import signed_in
from tests.lookups.background import until

pytestmark = pytest.mark.django_db


def accept_invitation(link: str, **chosen: str) -> int:
    browser = Client()
    browser.get(link)
    return browser.post(PAGE, {**CHOSEN, **chosen}).status_code


def new_password_link(admin: User, user: User) -> str:
    match = re.search(r"/accounts/invitation/[\w-]+/", act(admin, "new_password_link", user))
    assert match
    return match[0]


PLAIN, LISTED = f"http://{HOST}", f"http://{HOST}:8443"


def test_links_for_others_have_no_port_of_the_sender(
    admin: User, agent: User, settings: Settings, mailoutbox: list[Any]
) -> None:
    settings.ALLOWED_HOSTS, settings.TRIAGE_EMAIL = [HOST, "[::1]"], True
    User.objects.filter(pk=agent.pk).update(email="ana@example.org")
    browser = signed_in(admin)
    direct, proxied, socket = ("0", "192.0.2.1"), ("1", "192.0.2.1"), ("0", "")
    for at, origins, (proxies, address), expected in (
        (f"{HOST}:6666", [], direct, PLAIN),
        (f"{HOST}:8000", [], direct, f"{PLAIN}:8000"),  # the site's own
        ("[::1]:6666", [], direct, "http://[::1]"),
        (f"{HOST}:8000", [], proxied, PLAIN),
        (f"{HOST}:8000", [], socket, PLAIN),
        (f"{HOST}:6666", [LISTED], direct, LISTED),
        (f"{HOST}:8443", ["http://other.example.org", LISTED], proxied, LISTED),
        (HOST, [LISTED], proxied, LISTED),
        (HOST, [PLAIN, LISTED], proxied, PLAIN),
    ):
        settings.CSRF_TRUSTED_ORIGINS, settings.TRIAGE_BEHIND_PROXY = origins, int(proxies)
        sent: Any = {"HTTP_HOST": at, "SERVER_PORT": "8000", "REMOTE_ADDR": address}
        browser.post(ADD, {"name": "Jo", "email": "jo@example.org"}, **sent)
        cache.clear()
        Client().post("/accounts/password/reset/", {"email": "ana@example.org"}, **sent)
        until(lambda: len(mailoutbox) == 2)
        for mail in mailoutbox:
            [link] = re.findall(r"http\S+", mail.body)
            assert link.startswith(f"{expected}/accounts/"), (at, origins, proxies, link)
        mailoutbox.clear()


@pytest.mark.parametrize("is_active", [True, False])
def test_invitation_is_void_when_inviter_loses_rights(admin: User, is_active: bool) -> None:
    link = invite(admin, "admin")
    admin.groups.clear()
    User.objects.filter(pk=admin.pk).update(is_active=is_active)
    assert accept_invitation(link) == 410
    assert not User.objects.filter(username="jo").exists()


def test_password_link_is_void_when_its_user_outranks_issuer(admin: User, agent: User) -> None:
    link = new_password_link(admin, agent)
    User.objects.filter(pk=agent.pk).update(is_superuser=True)
    assert accept_invitation(link) == 410
    assert User.objects.get(pk=agent.pk).check_password("ana-password")


def test_invited_person_cannot_take_lookalike_username(admin: User, agent: User) -> None:
    User.objects.create_superuser("root", "root@example.org", "a password of root")
    for name in ("éva", "straße", "igor", "max"):
        User.objects.create_user(name)
    before = User.objects.count()
    link = invite(admin, "agent")
    names = [
        *("\uff21NA", "\uff41na", "ANA", "\uff52oot@example.org", "ROOT@example.org"),
        *("ÉVA", "E\u0301VA", "STRASSE", "\u0130gor", "\u0131gor", "IGOR"),  # SQLite knows A to Z
        *("\u0430na", "\u0391NA", "m\u0430\u0445", "\u0251na"),  # Cyrillic, Greek, phonetic
    ]
    for name in names:
        assert accept_invitation(link, username=name) == 200, name
    assert User.objects.count() == before
    assert accept_invitation(link, username="eva") == 303


@pytest.mark.parametrize("name", ["BEN", "\uff42en", "ben@example.org"])
def test_admin_cannot_assign_name_of_another_account(
    admin: User, agent: User, other_agent: User, name: str
) -> None:
    User.objects.filter(pk=other_agent.pk).update(email="ben@example.org")
    assert save(admin, agent, username=name) == 200
    assert User.objects.get(pk=agent.pk).username == "ana"
    assert save(admin, agent, username="ana.lopez") == 302


def test_plain_admin_cannot_act_on_superusers_or_become_one(admin: User) -> None:
    root = User.objects.create_superuser("root", "root@example.org", "a password of root")
    before = User.objects.filter(pk=root.pk).values().get()
    for action in ("deactivate", "reset_second_factor", "new_password_link"):
        assert "/accounts/invitation/" not in act(admin, action, root)
    assert save(admin, root, email="ada@example.org") == 403
    assert User.objects.filter(pk=root.pk).values().get() == before
    posted = {"is_superuser": "on", "user_permissions": "1", "password": "x", "groups": "1"}
    save(admin, admin, **posted)
    assert not User.objects.get(pk=admin.pk).is_superuser
    assert Client().get(f"{PEOPLE}{root.pk}/password/").status_code == 302


def verified_email(token: dict[str, Any], info: dict[str, Any]) -> str:
    provider = Oidc("https://p", "id", "secret", "sso", (), "groups", {}, False, True)
    id_token = {"iss": "https://p", "sub": "1", "nonce": "n", **token}
    return read_claims(
        {"id_token": id_token, "userinfo": {"sub": "1", **info}}, provider, "n"
    ).email


def test_email_is_verified_only_by_document_that_contains_it() -> None:
    own = {"email": "jo@example.org", "email_verified": True}
    assert verified_email(own, {"email": "root@example.org"}) == "jo@example.org"
    assert verified_email({"email": "root@example.org"}, {"email_verified": True}) == ""
    assert verified_email({"email_verified": True}, {"email": "root@example.org"}) == ""
    assert verified_email({}, own) == verified_email(own, {}) == "jo@example.org"
