"""Second factors: required, verified, locked, and encrypted."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.audit.models import Action, Entry
from tests.accounts.codes import code_now
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db

KEY = "JBSWY3DPEHPK3PXP"
STEP = "/accounts/2fa/authenticate/"


@pytest.fixture
def with_app(agent: User) -> User:
    """Return Ana, who has an authenticator app."""
    TOTP.activate(agent, KEY)
    return agent


def show_password(client: Client) -> Any:
    given = {"login": "ana", "password": "ana-password", "next": "/accounts/sessions/"}
    return client.post("/accounts/login/", given)


def is_in(client: Client) -> bool:
    return client.get("/accounts/preferences/").status_code == 200


def hows(action: Action) -> list[Any]:
    return [entry.detail.get("how") for entry in Entry.objects.filter(action=action)]


def test_a_password_alone_is_not_enough_with_a_second_factor(
    with_app: User, client: Client
) -> None:
    assert show_password(client)["Location"] == STEP
    assert not is_in(client)
    assert client.post(STEP, {"code": code_now(KEY)})["Location"] == "/accounts/sessions/"
    assert is_in(client)
    assert hows(Action.SIGNED_IN) == ["password, totp"]


def test_a_code_works_once(with_app: User) -> None:
    code = code_now(KEY)
    first, second = Client(), Client()
    for client in (first, second):
        show_password(client)
        client.post(STEP, {"code": code})
    assert is_in(first)
    assert not is_in(second)


def test_a_code_used_early_does_not_work_again(
    with_app: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time() // 30 * 30
    monkeypatch.setattr(time, "time", lambda: now)
    code = code_now(KEY, ahead=1)
    first, second = Client(), Client()
    show_password(first)
    first.post(STEP, {"code": code})
    assert is_in(first)
    monkeypatch.setattr(time, "time", lambda: now + 45)
    show_password(second)
    second.post(STEP, {"code": code})
    assert not is_in(second)


def test_the_same_person_is_confirmed_by_a_code(with_app: User, client: Client) -> None:
    client.force_login(with_app)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    page = client.get("/accounts/2fa/reauthenticate/").content.decode()
    assert "Code from your app, or a recovery code" in page


def test_codes_tolerate_a_small_clock_offset_only(
    with_app: User,
) -> None:
    near, far = Client(), Client()
    for client, ahead in ((near, 1), (far, 3)):
        show_password(client)
        client.post(STEP, {"code": code_now(KEY, ahead=ahead)})
    assert is_in(near)
    assert not is_in(far)


def test_failed_codes_lock_the_account(with_app: User, client: Client) -> None:
    show_password(client)
    for _attempt in range(5):
        client.post(STEP, {"code": "000000"})
    assert b"Too many attempts" in client.post(STEP, {"code": code_now(KEY)}).content
    assert not is_in(client)
    assert hows(Action.SIGN_IN_FAILED) == ["second factor"] * 5
    assert Entry.objects.filter(action=Action.LOCKED_OUT).count() == 1


def test_the_second_step_needs_the_first(with_app: User, client: Client) -> None:
    for response in (client.get(STEP), client.post(STEP, {"code": code_now(KEY)})):
        assert response["Location"] == "/accounts/login/"
    assert not is_in(client)


def test_secrets_are_encrypted_in_the_database(with_app: User) -> None:
    stored = str(list(Authenticator.objects.values("data")))
    assert KEY not in stored


@pytest.mark.parametrize(
    ("wanted", "who", "led"),
    [
        ("none", "admin", False),
        ("staff", "agent", False),
        ("staff", "lead", True),
        ("staff", "admin", True),
        ("all", "agent", True),
    ],
)
def test_a_required_second_factor_comes_before_anything_else(
    settings: Settings, request: pytest.FixtureRequest, wanted: str, who: str, led: bool
) -> None:
    settings.TRIAGE_REQUIRE_SECOND_FACTOR = wanted
    user: User = request.getfixturevalue(who)
    client = signed_in(user)
    for page in ("/accounts/preferences/", "/accounts/sessions/"):
        response = client.get(page)
        assert (response.status_code == 302) is led
    assert client.post("/lookups/", {}).status_code == (302 if led else 400)
    index = client.get("/accounts/2fa/")
    assert (b"To continue, set up a second factor" in index.content) is led
    TOTP.activate(user, KEY)
    assert is_in(client)


def test_setting_up_the_first_factor_returns_to_the_start(
    agent: User, settings: Settings, client: Client
) -> None:
    settings.TRIAGE_REQUIRE_SECOND_FACTOR = "all"
    show_password(client)
    start = "/accounts/2fa/totp/activate/"
    response = client.get(start)
    assert response["Location"].startswith("/accounts/reauthenticate/")
    client.post(response["Location"], {"password": "ana-password"})
    key = client.get(start).context["form"].secret
    shown = client.post(start, {"code": code_now(key)})
    codes = client.get(shown["Location"])
    assert len(codes.context["unused_codes"]) == 10
    assert is_in(client)


def test_changing_factors_requires_the_password_again(with_app: User) -> None:
    client = signed_in(with_app)
    for page in ("totp/deactivate/", "passkeys/add/", "recovery-codes/generate/"):
        response = client.post(f"/accounts/2fa/{page}")
        assert response["Location"].startswith("/accounts/reauthenticate/"), page
    assert Authenticator.objects.count() == 1
    for _attempt in range(5):
        client.post("/accounts/reauthenticate/", {"password": "wrong"})
    locked = client.post("/accounts/reauthenticate/", {"password": "ana-password"})
    assert b"Too many attempts" in locked.content


UNREADABLE = [
    *("", "{}", "[]", "null", "1", '"x"', '[{"id": 1}]', '{"id": "x"}'),
    '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {}}',
    '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {"clientDataJSON": "e30",'
    ' "authenticatorData": "AA", "attestationObject": "AA", "signature": "AA",'
    ' "userHandle": "MQ"}}',
]


@pytest.mark.parametrize("credential", UNREADABLE)
def test_an_invalid_passkey_is_rejected(with_app: User, client: Client, credential: str) -> None:
    options = client.get("/accounts/2fa/passkeys/login/").json()
    assert options["request_options"]["publicKey"]["userVerification"] == "required"
    given = {"credential": credential, "next": "https://evil.test/"}
    refused = client.post("/accounts/2fa/passkeys/login/", given)
    assert refused["Location"] == "/accounts/login/"
    show_password(client)
    assert client.post(STEP, given).status_code == 200
    assert not is_in(client)


@pytest.mark.parametrize("credential", UNREADABLE)
def test_a_forged_passkey_is_not_added(agent: User, client: Client, credential: str) -> None:
    show_password(client)
    address = "/accounts/2fa/passkeys/add/"
    client.post(client.get(address)["Location"], {"password": "ana-password"})
    client.get(address)
    assert client.post(address, {"name": "x", "credential": credential}).status_code == 200
    assert not Authenticator.objects.exists()


def test_factors_of_others_cannot_be_removed(with_app: User, other_agent: User) -> None:
    passkey = Authenticator.objects.create(
        user=with_app, type=Authenticator.Type.WEBAUTHN, data={"name": "x", "credential": {}}
    )
    client = Client()
    client.post("/accounts/login/", {"login": "ben", "password": "ben-password"})
    address = f"/accounts/2fa/passkeys/{passkey.pk}/remove/"
    client.post(client.get(address)["Location"], {"password": "ben-password"})
    assert client.post(address).status_code == 404
    assert Authenticator.objects.filter(pk=passkey.pk).exists()
