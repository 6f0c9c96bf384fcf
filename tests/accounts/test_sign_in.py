"""Signing in with a password, lockouts, and the length of sessions."""

import time
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from apps.audit.models import Action, Entry
from apps.audit.trail import PERSON_LIMIT, _warn_once, client_address
from tests.conftest import signed_in
from tests.lookups.background import until

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


def enter(client: Client, login: str, password: str, **more: Any) -> Any:
    return client.post(LOGIN, {"login": login, "password": password}, **more)


def is_in(client: Client) -> bool:
    return client.get("/accounts/preferences/").status_code == 200


def trail(action: Action) -> list[tuple[str, Any]]:
    return [(entry.target, entry.detail) for entry in Entry.objects.filter(action=action)]


@pytest.mark.parametrize("login", ["ana", "ANA", "ana@example.org", " ana "])
def test_username_and_email_work(agent: User, client: Client, login: str) -> None:
    User.objects.filter(pk=agent.pk).update(email="ana@example.org")
    assert enter(client, login, "ana-password")["Location"] == "/"
    assert is_in(client)
    assert trail(Action.SIGNED_IN) == [
        (f"account {agent.pk}", {"account": "ana", "how": "password"})
    ]


def test_unknown_user_and_wrong_password_are_indistinguishable(
    agent: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(pk=agent.pk).update(email="ana@example.org")
    hashed: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def counted(hasher: hashers.MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(hasher, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)
    pages = set()
    for login in ("ana", "ana@example.org", "nobody", "nobody@example.org"):
        page = enter(Client(), login, "wrong-password").content.decode()
        start = page.index("<form method")
        assert "The username or password is incorrect." in page
        pages.add(page[start:].replace(login, "LOGIN").count("LOGIN"))
        assert len(hashed) == 1
        hashed.clear()
    assert len(pages) == 1


def test_only_existing_names_are_recorded(agent: User, client: Client) -> None:
    enter(client, "ana", "wrong")
    enter(client, "my secret password", "ana")
    assert trail(Action.SIGN_IN_FAILED) == [
        ("unknown account", {"how": "password"}),
        (f"account {agent.pk}", {"how": "password", "account": "ana"}),
    ]
    assert not Entry.objects.filter(actor="ana").exists()


def test_five_failures_lock_the_account_for_their_network(
    agent: User, other_agent: User, client: Client
) -> None:
    User.objects.filter(pk=agent.pk).update(email="ana@example.org")
    for number in range(5):
        enter(client, "ana" if number % 2 else "ana@example.org", "wrong")
    for name in ("ana", "ana@example.org"):
        refused = enter(client, name, "ana-password")
        assert b"Too many attempts" in refused.content
    assert not is_in(client)
    assert trail(Action.LOCKED_OUT) == [(f"account {agent.pk}", {"account": "ana"})]
    assert enter(client, "ben", "ben-password").status_code == 302
    assert enter(Client(), "ana", "ana-password", REMOTE_ADDR="10.9.9.9").status_code == 302


def test_hundred_failures_from_many_networks_lock_the_account(agent: User) -> None:
    for number in range(100):
        enter(Client(), "ana", "wrong", REMOTE_ADDR=f"192.0.2.{number // 4}")
    failures = trail(Action.SIGN_IN_FAILED)
    assert PERSON_LIMIT <= len(failures) <= 2 * PERSON_LIMIT  # a minute may end in the meantime
    refused = enter(Client(), "ana", "ana-password", REMOTE_ADDR="10.9.9.9")
    assert b"Too many attempts" in refused.content


def test_an_ip_address_is_locked_across_accounts(agent: User, client: Client) -> None:
    for number in range(30):
        enter(client, f"name{number}", "wrong", REMOTE_ADDR="10.1.1.1")
    refused = enter(client, "ana", "ana-password", REMOTE_ADDR="10.1.1.1")
    assert b"Too many attempts" in refused.content
    assert enter(client, "ana", "ana-password", REMOTE_ADDR="10.1.1.2").status_code == 302


@pytest.mark.parametrize(
    ("hops", "header", "value", "address"),
    [
        (1, "x-forwarded-for", "10.0.0.1, 192.0.2.7", "192.0.2.7"),
        (2, "x-forwarded-for", "203.0.113.1, 192.0.2.7, 10.0.0.1", "192.0.2.7"),
        (2, "x-forwarded-for", "192.0.2.7", "192.0.2.7"),
        (1, "x-forwarded-for", "192.0.2.7:40001", "192.0.2.7"),
        (1, "x-forwarded-for", "[2001:db8::7]:40001", "2001:db8::7"),
        (1, "x-forwarded-for", "2001:db8::7", "2001:db8::7"),
        (1, "x-forwarded-for", "::ffff:192.0.2.7", "192.0.2.7"),
        (1, "x-forwarded-for", "unknown", ""),
        (1, "x-forwarded-for", "", "127.0.0.1"),
        (0, "x-forwarded-for", "192.0.2.7", "127.0.0.1"),
        (1, "forwarded", 'for=10.0.0.1, proto=https;For="[2001:db8::7]:4711"', "2001:db8::7"),
        (1, "forwarded", "for=203.0.113.1, proto=https;by=10.0.0.2", ""),
        (2, "forwarded", "for=192.0.2.7;by=10.0.0.2, for=10.0.0.1", "192.0.2.7"),
    ],
)
def test_address_is_the_one_that_the_outermost_proxy_added(
    settings: Settings, hops: int, header: str, value: str, address: str
) -> None:
    settings.TRIAGE_BEHIND_PROXY = hops
    settings.TRIAGE_PROXY_HEADER = header
    other = {"x-forwarded-for": "Forwarded", "forwarded": "X-Forwarded-For"}[header]
    headers = {header: value, other: "for=203.0.113.99"}
    assert client_address(RequestFactory().get("/", headers=headers)) == address


def test_forwarded_private_address_is_logged_once(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    _warn_once.cache_clear()
    for _ in range(2):
        client_address(RequestFactory().get("/", headers={"X-Forwarded-For": "192.0.2.7"}))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "TRIAGE_BEHIND_PROXY (now 0)" in caplog.text


def test_behind_a_proxy_its_header_gives_the_address(
    agent: User, settings: Settings, client: Client
) -> None:
    settings.TRIAGE_BEHIND_PROXY = 1
    for number in range(30):
        forwarded = f"10.0.0.{number}, 192.0.2.7"
        enter(client, f"name{number}", "wrong", HTTP_X_FORWARDED_FOR=forwarded)
    forwarded = "10.0.0.99, 192.0.2.7"
    refused = enter(client, "ana", "ana-password", HTTP_X_FORWARDED_FOR=forwarded)
    assert b"Too many attempts" in refused.content
    other = enter(client, "ana", "ana-password", HTTP_X_FORWARDED_FOR="192.0.2.7, 192.0.2.8")
    assert other.status_code == 302


def test_sign_in_renews_the_session(agent: User, client: Client) -> None:
    client.get("/?customer=1001")
    session = client.session
    session["prefill"] = {"customer": "1001"}
    session.save()
    planted = client.cookies["sessionid"].value
    enter(client, "ana", "ana-password")
    assert client.cookies["sessionid"].value != planted
    attacker = Client()
    attacker.cookies["sessionid"] = planted
    assert not is_in(attacker)


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "javascript:alert(1)",
        "https:evil.test",
    ],
)
def test_sign_in_and_out_redirect_within_the_site_only(
    agent: User, client: Client, wanted: str
) -> None:
    given = {"login": "ana", "password": "ana-password", "next": wanted}
    assert client.post(LOGIN, given)["Location"] == "/"
    assert client.get(LOGIN, {"next": wanted})["Location"] == "/"
    assert client.post("/accounts/logout/", {"next": wanted})["Location"] == LOGIN


def test_signing_out_needs_a_post_and_is_recorded(agent: User) -> None:
    client = signed_in(agent)
    assert client.get("/accounts/logout/").status_code == 405
    assert is_in(client)
    assert client.post("/accounts/logout/")["Location"] == LOGIN
    assert not is_in(client)
    assert trail(Action.SIGNED_OUT) == [(f"account {agent.pk}", {"account": "ana", "why": "asked"})]


def test_the_admin_has_no_sign_in_of_its_own(admin: User, client: Client) -> None:
    address = reverse("admin:login")
    for response in (
        client.get(address),
        client.post(address, {"username": "ada", "password": "ada-password"}),
    ):
        assert response["Location"].startswith(LOGIN)
    assert not is_in(client)
    changed = signed_in(admin).post(reverse("admin:password_change"), {"new_password1": "x"})
    assert changed["Location"] == "/accounts/password/change/"


@pytest.mark.parametrize(
    "path",
    [
        *(
            "signup/",
            "email/",
            "confirm-email/",
            "confirm-email/x/",
            "password/set/",
            "login/code/",
        ),
        *("password/reset/", "password/reset/key/1-set-password/", "phone/verify/", "social/"),
        *("3rdparty/", "3rdparty/signup/", "2fa/webauthn/signup/", "2fa/passkeys/"),
        *(
            "2fa/recovery-codes/download/",
            "2fa/trust/",
            "oidc/other/callback/",
            "login/code/",
            "login/code/confirm/",
        ),
    ],
)
def test_unused_pages_do_not_exist(agent: User, path: str) -> None:
    for client in (Client(), signed_in(agent)):
        assert client.get(f"/accounts/{path}").status_code in (302, 404)
        assert client.get(f"/accounts/{path}", follow=True).status_code in (200, 404)
    assert signed_in(agent).get(f"/accounts/{path}").status_code == 404


def test_an_idle_session_ends(
    agent: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, now = signed_in(agent), time.time()
    monkeypatch.setattr(time, "time", lambda: now + 59 * 60)
    assert is_in(client)
    monkeypatch.setattr(time, "time", lambda: now + 118 * 60)
    client.get("/accounts/preferences/", HTTP_SEC_FETCH_DEST="empty")
    assert is_in(client)
    monkeypatch.setattr(time, "time", lambda: now + 179 * 60)
    assert not is_in(client)
    assert trail(Action.SIGNED_OUT)[0][1]["why"] == "idle"


def test_background_requests_do_not_extend_a_session(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, now = signed_in(agent), time.time()
    for minutes in (30, 59):
        monkeypatch.setattr(time, "time", lambda minutes=minutes: now + minutes * 60)
        client.get("/accounts/preferences/", HTTP_SEC_FETCH_DEST="empty")
    monkeypatch.setattr(time, "time", lambda: now + 61 * 60)
    assert not is_in(client)


def test_no_session_lasts_longer_than_twelve_hours(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, now = signed_in(agent), time.time()
    for half_hour in range(1, 24):
        monkeypatch.setattr(time, "time", lambda at=half_hour: now + at * 30 * 60)
        assert is_in(client)
    monkeypatch.setattr(time, "time", lambda: now + 12 * 60 * 60)
    assert not is_in(client)


def test_a_new_password_ends_all_other_sessions(agent: User) -> None:
    here, elsewhere = signed_in(agent), signed_in(agent)
    new = "some hay for the cow"
    given = {"oldpassword": "ana-password", "password1": new, "password2": new}
    assert here.post("/accounts/password/change/", given)["Location"] == "/accounts/preferences/"
    assert is_in(here)
    assert not is_in(elsewhere)
    assert enter(Client(), "ana", new).status_code == 302
    assert trail(Action.ACCOUNT_CHANGED)[0][1]["what"] == "password changed"


@pytest.mark.parametrize("new", ["short pass", "password1234", "ana-ana-ana1", "wrong repeat"])
def test_weak_passwords_are_rejected(agent: User, new: str) -> None:
    User.objects.filter(pk=agent.pk).update(username="ana-ana-ana")
    repeated = "another one, quite long" if new == "wrong repeat" else new
    given = {"oldpassword": "ana-password", "password1": new, "password2": repeated}
    answer = signed_in(agent).post("/accounts/password/change/", given)
    assert answer.status_code == 200
    assert b"errorlist" in answer.content


def test_all_other_sessions_can_be_ended(agent: User) -> None:
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        enter(client, "ana", "ana-password")
    assert b"Another browser" in here.get("/accounts/sessions/").content
    here.post("/accounts/sessions/")
    assert is_in(here)
    assert not is_in(elsewhere)
    assert Session.objects.count() == 1


def test_a_password_reset_does_not_reveal_accounts(
    agent: User, settings: Settings, client: Client, mailoutbox: list[Any]
) -> None:
    settings.TRIAGE_EMAIL = True
    User.objects.filter(pk=agent.pk).update(email="ana@example.org")
    elsewhere = signed_in(agent)
    address = "/accounts/password/reset/"
    answers = [client.post(address, {"email": f"{who}@example.org"}) for who in ("ana", "nobody")]
    assert {answer["Location"] for answer in answers} == {"/accounts/password/reset/done/"}
    until(lambda: bool(mailoutbox))
    assert [mail.to for mail in mailoutbox] == [["ana@example.org"]]
    link = mailoutbox[0].body.split("http://testserver")[1].split()[0]
    form = client.get(link)["Location"]
    new = {"password1": "some hay for the cow", "password2": "some hay for the cow"}
    assert client.post(form, new)["Location"] == LOGIN
    assert not is_in(elsewhere)
    assert b"This link no longer works" in Client().get(link).content
    assert enter(Client(), "ana", new["password1"]).status_code == 302
