"""People who have not signed in can't fill the audit trail or the session table."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.audit.models import Entry
from apps.signin.oidc_config import Oidc, allauth_providers
from tests.conftest import MOMENT

pytestmark = pytest.mark.django_db

VALUES = {"customer": "jane@example.com", "at": MOMENT.isoformat(), "continued": "1"}


def test_failed_single_sign_ons_are_counted_not_listed_one_by_one(settings: Settings) -> None:
    settings.OIDC = Oidc(
        issuer="https://sso.example.org",
        client_id="triage",
        client_secret="a secret",
        name="Acme",
        allowed_domains=("example.org",),
        groups_claim="groups",
        roles={},
        teams=False,
        link_by_email=False,
    )
    settings.SOCIALACCOUNT_PROVIDERS = allauth_providers(settings.OIDC)
    for _ in range(100):
        Client().get("/accounts/oidc/sso/callback/")
    failures = Entry.objects.filter(action="sign_in_failed").order_by("sequence")
    assert [entry.detail.get("times_this_minute") for entry in failures] == [*[None] * 5, 10, 100]
    assert Entry.objects.count() < 15


def test_address_starts_a_limited_number_of_short_sessions(agent: User) -> None:
    statuses = [Client().post("/", VALUES).status_code for _ in range(70)]
    assert statuses == [302] * 60 + [429] * 10
    assert Client().post("/", VALUES, REMOTE_ADDR="192.0.2.9").status_code == 302
    assert Session.objects.count() == 61
    latest = Session.objects.latest("expire_date").expire_date
    assert latest < timezone.now() + timedelta(minutes=16)


def test_session_lasts_as_long_as_usual_after_sign_in(agent: User) -> None:
    client = Client()
    client.post("/", VALUES)
    client.post("/accounts/login/", {"login": "ana", "password": "ana-password"})
    session = Session.objects.get(session_key=client.cookies["sessionid"].value)
    assert session.expire_date > timezone.now() + timedelta(hours=11)
    assert b"jane@example.com" in client.get("/").content
