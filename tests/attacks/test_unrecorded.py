"""Acts whose entry in the trail cannot be written: they must not happen."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from apps.accounts.models import ApiToken, Invitation, Team
from apps.demo.server import DemoSentry
from apps.lookups.models import Lookup, LookupShare
from tests.accounts.test_invitations import CHOSEN, PAGE, invite
from tests.accounts.test_people import PEOPLE
from tests.conftest import person, signed_in
from tests.web.reviewing import LIST, looked_up, team
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db

Ready = Callable[[Client, User], tuple[str, dict[str, Any]]]

_TRAIL_REFUSES = """
CREATE TRIGGER trail_refuses BEFORE INSERT ON audit_entry
BEGIN SELECT RAISE(ABORT, 'no space left'); END
"""


def _of_ben(action: str) -> Ready:
    def ready(_browser: Client, _admin: User) -> tuple[str, dict[str, Any]]:
        ben = User.objects.get(username="ben")
        return PEOPLE, {"action": action, "_selected_action": [ben.pk]}

    return ready


def _revoked_invitation(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    invite(admin, "agent")
    chosen = [Invitation.objects.get().pk]
    return "/admin/accounts/invitation/", {"action": "revoke", "_selected_action": chosen}


def _revoked_token(_browser: Client, _admin: User) -> tuple[str, dict[str, Any]]:
    token_of(User.objects.get(username="ben"))
    chosen = [ApiToken.objects.get().pk]
    return "/admin/accounts/apitoken/", {"action": "revoke", "_selected_action": chosen}


def _accepted(browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    browser.get(invite(admin, "agent"))
    return PAGE, CHOSEN


def _new_password(_browser: Client, _admin: User) -> tuple[str, dict[str, Any]]:
    new = "some hay for the cow"
    given = {"oldpassword": "ada-password", "password1": new, "password2": new}
    return "/accounts/password/change/", given


def _no_app(browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    TOTP.activate(admin, "JBSWY3DPEHPK3PXP")
    browser.post("/accounts/reauthenticate/", {"password": "ada-password"})
    return "/accounts/2fa/totp/deactivate/", {}


def _purged(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    return LIST, {"action": "purge", "_selected_action": [looked_up(admin).pk]}


def _extended(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    return LIST, {"action": "extend", "days": "5", "_selected_action": [looked_up(admin).pk]}


def _shared(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    return f"/lookups/{looked_up(admin).uuid}/share/", {"reader": "ben"}


def _cancelled(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    lookup = looked_up(admin, outcome="pending", has_answer=False)
    return f"/lookups/{lookup.uuid}/cancel/", {}


def _forgotten(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    looked_up(admin)
    return "/review/forget/", {"names": "1001", "confirmed": "1"}


def _team_removed(_browser: Client, admin: User) -> tuple[str, dict[str, Any]]:
    team("Payments", admin)
    return f"/admin/accounts/team/{Team.objects.get().pk}/delete/", {"post": "yes"}


def everything() -> list[list[Any]]:
    kinds = (User, Authenticator, Invitation, ApiToken, Lookup, LookupShare, Team)
    return [list(kind.objects.order_by("pk").values()) for kind in kinds]


@pytest.mark.parametrize(
    "ready",
    [
        _of_ben("deactivate"),
        _of_ben("reset_second_factor"),
        _of_ben("new_password_link"),
        *(_revoked_invitation, _revoked_token, _accepted, _new_password, _no_app),
        *(_purged, _extended, _shared, _cancelled, _forgotten, _team_removed),
    ],
)
def test_what_the_trail_does_not_take_does_not_happen(
    connected: DemoSentry, admin: User, ready: Ready
) -> None:
    TOTP.activate(person("ben", "agent"), "JBSWY3DPEHPK3PXP")
    browser = signed_in(admin)
    browser.raise_request_exception = False
    address, given = ready(browser, admin)
    with connection.cursor() as cursor:
        cursor.execute(_TRAIL_REFUSES)
    before = everything()
    assert browser.post(address, given).status_code == 500
    assert everything() == before
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER trail_refuses")
    assert browser.post(address, given).status_code in (200, 302, 303)
