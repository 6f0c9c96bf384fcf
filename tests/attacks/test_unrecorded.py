"""Actions are rolled back if their audit trail entry can't be written."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from apps.accounts.models import ApiToken, Invitation, Team
from apps.lookups.models import Lookup, LookupShare
from tests.accounts.test_invitations import CHOSEN, PAGE, invite
from tests.accounts.test_people import PEOPLE
from tests.conftest import person, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.reviewing import LIST, make_lookup, team
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db

Prepare = Callable[[Client, User], tuple[str, dict[str, Any]]]

_REFUSE_ENTRIES = """
CREATE TRIGGER trail_refuses BEFORE INSERT ON audit_entry
BEGIN SELECT RAISE(ABORT, 'no space left'); END
"""


def _action_on_ben(action: str) -> Prepare:
    def prepare(_browser: Client, _admin: User) -> tuple[str, dict[str, Any]]:
        ben = User.objects.get(username="ben")
        return PEOPLE, {"action": action, "_selected_action": [ben.pk]}

    return prepare


def _revoke_invitation(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    invite(admin, "agent")
    selected = [Invitation.objects.get().pk]
    return "/admin/accounts/invitation/", {"action": "revoke", "_selected_action": selected}


def _revoke_token(_browser: Client, _admin: User) -> tuple[str, dict[str, Any]]:
    token_of(User.objects.get(username="ben"))
    selected = [ApiToken.objects.get().pk]
    return "/admin/accounts/apitoken/", {"action": "revoke", "_selected_action": selected}


def _accept_invitation(browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    browser.get(invite(admin, "agent"))
    return PAGE, CHOSEN


def _change_password(_browser: Client, _admin: User) -> tuple[str, dict[str, Any]]:
    new = "some hay for the cow"
    data = {"oldpassword": "ada-password", "password1": new, "password2": new}
    return "/accounts/password/change/", data


def _deactivate_app(browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    TOTP.activate(admin, "JBSWY3DPEHPK3PXP")
    browser.post("/accounts/reauthenticate/", {"password": "ada-password"})
    return "/accounts/2fa/totp/deactivate/", {}


def _purge(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    return LIST, {"action": "purge", "_selected_action": [make_lookup(admin).pk], "confirmed": "1"}


def _extend(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    return LIST, {"action": "extend", "days": "5", "_selected_action": [make_lookup(admin).pk]}


def _share(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    return f"/lookups/{make_lookup(admin).uuid}/share/", {"reader": "ben"}


def _cancel(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    lookup = make_lookup(admin, outcome="pending", has_answer=False)
    return f"/lookups/{lookup.uuid}/cancel/", {}


def _forget(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    make_lookup(admin)
    return "/review/forget/", {"names": "1001", "confirmed": "1"}


def _delete_team(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    team("Payments", admin)
    return f"/admin/accounts/team/{Team.objects.get().pk}/delete/", {"post": "yes"}


def all_rows() -> list[list[Any]]:
    models = (User, Authenticator, Invitation, ApiToken, Lookup, LookupShare, Team)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize(
    "prepare",
    [
        _action_on_ben("deactivate"),
        _action_on_ben("reset_second_factor"),
        _action_on_ben("new_password_link"),
        *(_revoke_invitation, _revoke_token, _accept_invitation, _change_password, _deactivate_app),
        *(_purge, _extend, _share, _cancel, _forget, _delete_team),
    ],
)
def test_unrecorded_actions_are_rolled_back(
    connected: DemoSentry, admin: User, prepare: Prepare
) -> None:
    TOTP.activate(person("ben", "agent"), "JBSWY3DPEHPK3PXP")
    browser = signed_in(admin)
    browser.raise_request_exception = False
    url, data = prepare(browser, admin)
    with connection.cursor() as cursor:
        cursor.execute(_REFUSE_ENTRIES)
    before = all_rows()
    assert browser.post(url, data).status_code == 500
    assert all_rows() == before
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER trail_refuses")
    assert browser.post(url, data).status_code in (200, 302, 303)
