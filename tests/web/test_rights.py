"""Access to pages, and the response headers of pages."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.lookups.models import Lookup
from apps.lookups.services import purge_answers
from tests.conftest import signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import form_data, look_up, text

pytestmark = pytest.mark.django_db


def test_pages_require_sign_in(connected: DemoSentry, client: Client) -> None:
    for address in ("/", "/accounts/preferences/", "/admin/lookups/lookup/"):
        response = client.get(address)
        assert response.status_code == 302
        assert "login" in response["Location"]


def test_health_and_sign_in_are_public(connected: DemoSentry, client: Client) -> None:
    connected.world.add_project("web")
    assert client.get("/accounts/login/").status_code == 200
    assert client.get("/healthz").json() == {"status": "ok"}
    states = client.get("/readyz").json()
    assert (states["database"], states["cache"], states["sentry"]) == ("ok", "ok", "ok")


def test_other_agents_lookup_returns_404(
    ana: Client, other_agent: User, admin: User, outsider: User
) -> None:
    address = look_up(ana)
    event = f"events/{'0' * 32}/"
    pages = (
        "",
        "export.md",
        "export/panel/",
        "table/",
        "progress",
        "newer",
        event,
        f"{event}brief/",
    )
    for path in (f"{address}{page}" for page in pages):
        assert signed_in(other_agent).get(path).status_code == 404
        assert signed_in(outsider).get(path).status_code == 404
    for act in ("again", "beside", "copied", "shown", "cancel"):
        assert signed_in(other_agent).post(f"{address}{act}/").status_code == 404
    moved = signed_in(other_agent).post(f"{address}move/", {"move": "now"})
    assert moved.status_code == 404
    assert signed_in(admin).get(address).status_code == 200


@pytest.mark.parametrize("end", ["purged", "cancelled"])
def test_purged_or_canceled_lookup_shows_nothing_and_makes_no_calls(
    ana: Client, connected: DemoSentry, end: str
) -> None:
    address = look_up(ana)
    lookup = Lookup.objects.get()
    if end == "purged":
        ana.get(address)
        purge_answers([lookup])
    else:
        ana.post(f"{address}cancel/")
    calls = len(connected.calls)
    event = f"events/{'0' * 32}/"
    for page in (
        "",
        "export.md",
        "export.json",
        "export/panel/",
        "table/",
        event,
        f"{event}brief/",
    ):
        response = ana.get(f"{address}{page}")
        assert response.status_code == {"purged": 410, "cancelled": 409}[end], page
        assert "declined" not in text(response)
    assert ana.post(f"{address}shown/").status_code in (409, 410)
    assert ana.get(f"{address}progress").json()["state"] == end
    assert ana.get(f"{address}newer").json()["new"] is None
    assert len(connected.calls) == calls


def test_account_without_role_cannot_look_up(outsider: User, connected: DemoSentry) -> None:
    client = signed_in(outsider)
    assert client.get("/").status_code == 403
    assert client.post("/lookups/", form_data()).status_code == 403


def test_pages_are_not_cached_and_policy_is_strict(ana: Client) -> None:
    response = ana.get(look_up(ana))
    assert response["Cache-Control"] == "no-store"
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<[^>]+ style=|<[^>]+ on\w+=|<script(?![^>]* src=)", text(response))


def test_password_sign_in(agent: User, connected: DemoSentry, client: Client) -> None:
    connected.world.add_project("web")
    wrong = client.post("/accounts/login/", {"username": "ana", "password": "wrong"})
    assert wrong.status_code == 200
    right = client.post("/accounts/login/", {"username": "ana", "password": "ana-password"})
    assert right["Location"] == "/"


@pytest.mark.parametrize("address", ["/", "/lookups/", "/accounts/login/"])
def test_form_in_unsupported_charset_returns_400(client: Client, address: str) -> None:
    kind = "application/x-www-form-urlencoded; charset=utf-7"
    assert client.post(address, "customer=a", content_type=kind).status_code == 400


def test_nul_in_url_returns_400(ana: Client) -> None:
    assert ana.get("/?customer=%00").status_code == 400


def test_head_requests_are_allowed(ana: Client) -> None:
    address = look_up(ana)
    assert ana.head(address).status_code == 200
    assert ana.head(f"{address}export.md").status_code == 200
