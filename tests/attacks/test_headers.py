"""Security headers and cookie flags on every kind of response."""

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.web.middleware import PERMISSIONS
from tests.attacks.production import Production

# Path, arguments of the request, and expected status.
REQUESTS = [
    ("/accounts/login/", {}, 200),
    ("/", {}, 302),
    ("/static/web/triage.css", {}, 200),
    ("/static/web/icon.svg", {}, 200),
    ("/static/admin/css/base.css", {}, 200),
    ("/static/../manage.py", {}, 404),
    ("/nowhere", {}, 404),
    ("/admin/", {}, 302),
    ("/admin/nowhere/", {}, 302),
    ("/healthz", {}, 200),
    ("/healthz", {"headers": {"Host": "10.42.8.201:8000", "X-Forwarded-Proto": "http"}}, 200),
    ("/api/v1/openapi.json", {}, 401),
    ("/api/v1/lookups/", {}, 405),
    ("/?customer=%00", {}, 400),
    ("/accounts/login/", {"headers": {"Host": "evil.example"}}, 400),
    ("/accounts/login/", {"headers": {"X-Forwarded-Proto": "http"}}, 301),
    ("/accounts/login/", {"method": "POST", "data": {"username": "ana"}}, 403),
    ("/accounts/login/", {"method": "POST", "data": b"x" * 1_100_000}, 413),
    ("/api/v1/lookups/", {"method": "POST", "data": b"x" * 1_100_000}, 413),
]


@pytest.mark.parametrize(("path", "request_kwargs", "status"), REQUESTS)
def test_every_response_has_security_headers(
    production: Production, path: str, request_kwargs: dict[str, object], status: int
) -> None:
    response = production.send(path, **request_kwargs)  # type: ignore[arg-type]  # varies by row

    assert response.status_code == status
    _assert_security_headers(response)
    is_secure = "X-Forwarded-Proto" not in request_kwargs.get("headers", {})  # type: ignore[operator]
    assert ("Strict-Transport-Security" in response.headers) is is_secure


def _assert_security_headers(response: requests.Response) -> None:
    headers = response.headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "*" not in policy
    for part in (
        *("default-src 'none'", "script-src 'self'", "object-src 'none'", "base-uri 'none'"),
        *("frame-ancestors 'none'", "form-action 'self'", "upgrade-insecure-requests"),
    ):
        assert part in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Permissions-Policy"] == PERMISSIONS
    assert headers["Server"] == "gunicorn"
    assert "X-Powered-By" not in headers
    assert "Access-Control-Allow-Origin" not in headers


def test_pages_are_not_cached_but_static_files_are(production: Production) -> None:
    for path in ("/accounts/login/", "/nowhere", "/", "/healthz", "/api/v1/openapi.json"):
        assert "no-store" in production.send(path).headers["Cache-Control"]
    assert "max-age" in production.send("/static/web/triage.css").headers["Cache-Control"]


def test_cookies_are_host_only_secure_and_http_only(production: Production) -> None:
    jar = production.send("/accounts/login/").raw.headers.getlist("Set-Cookie")

    assert jar
    for cookie in jar:
        name, *flags = (part.strip().lower() for part in cookie.split(";"))
        assert name.startswith("__host-triage-")
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= set(flags)
        assert not any(flag.startswith("domain") for flag in flags)


def test_session_cookie_is_http_only(agent: User) -> None:
    client = Client()
    form = {"username": "ana", "password": "ana-password"}
    client.post("/accounts/login/", form)

    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_debug_page_is_never_shown(production: Production) -> None:
    for path in ("/nowhere", "/lookups/1/", "/accounts/login/?%ff"):
        text = production.send(path).text
        assert "DEBUG" not in text
        assert "Traceback" not in text
        assert "triage_site" not in text


@pytest.mark.django_db
def test_a_format_that_no_one_knows_gets_metrics_in_a_known_one(settings: Settings) -> None:
    settings.TRIAGE_METRICS_TOKEN = "m" * 16
    for accept in ("application/openmetrics-text;version=x", "text/plain;version;escaping=x", "é"):
        headers = {"Authorization": f"Bearer {settings.TRIAGE_METRICS_TOKEN}", "Accept": accept}
        response = Client().get("/metrics", headers=headers)
        assert response.status_code == 200, accept
        assert response.headers["Content-Type"].startswith("text/plain"), accept
