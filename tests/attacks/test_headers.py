"""What every answer tells the browser, whoever made the answer; cookies, framing and secrets."""

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client

from apps.web.middleware import PERMISSIONS
from tests.attacks.production import Production

# An address, how it is asked for, and the status it answers with.
ANSWERS = [
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
    ("/api/v1/openapi.json", {}, 401),
    ("/api/v1/lookups/", {}, 405),
    ("/?customer=%00", {}, 400),
    ("/accounts/login/", {"headers": {"Host": "evil.example"}}, 400),
    ("/accounts/login/", {"headers": {"X-Forwarded-Proto": "http"}}, 301),
    ("/accounts/login/", {"method": "POST", "data": {"username": "ana"}}, 403),
    ("/accounts/login/", {"method": "POST", "data": b"x" * 1_100_000}, 413),
    ("/api/v1/lookups/", {"method": "POST", "data": b"x" * 1_100_000}, 413),
]


@pytest.mark.parametrize(("path", "asked", "status"), ANSWERS)
def test_every_answer_carries_every_header(
    production: Production, path: str, asked: dict[str, object], status: int
) -> None:
    answer = production.send(path, **asked)  # type: ignore[arg-type]  # a table of calls

    assert answer.status_code == status
    _assert_guarded(answer)
    is_secure = asked.get("headers") != {"X-Forwarded-Proto": "http"}
    assert ("Strict-Transport-Security" in answer.headers) is is_secure


def _assert_guarded(answer: requests.Response) -> None:
    told = answer.headers
    policy = told["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "*" not in policy
    for part in (
        *("default-src 'none'", "script-src 'self'", "object-src 'none'", "base-uri 'none'"),
        *("frame-ancestors 'none'", "form-action 'self'", "upgrade-insecure-requests"),
    ):
        assert part in policy
    assert told["X-Frame-Options"] == "DENY"
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Referrer-Policy"] == "same-origin"
    assert told["Cross-Origin-Opener-Policy"] == "same-origin"
    assert told["Cross-Origin-Resource-Policy"] == "same-origin"
    assert told["Permissions-Policy"] == PERMISSIONS
    assert told["Server"] == "gunicorn"
    assert "X-Powered-By" not in told
    assert "Access-Control-Allow-Origin" not in told


def test_pages_are_kept_nowhere_and_files_are(production: Production) -> None:
    for path in ("/accounts/login/", "/nowhere", "/", "/healthz", "/api/v1/openapi.json"):
        assert "no-store" in production.send(path).headers["Cache-Control"]
    assert "max-age" in production.send("/static/web/triage.css").headers["Cache-Control"]


def test_cookies_stay_on_this_host_over_tls_and_out_of_scripts(production: Production) -> None:
    jar = production.send("/accounts/login/").raw.headers.getlist("Set-Cookie")

    assert jar
    for cookie in jar:
        name, *flags = (part.strip().lower() for part in cookie.split(";"))
        assert name.startswith("__host-triage-")
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= set(flags)
        assert not any(flag.startswith("domain") for flag in flags)


def test_the_cookie_of_a_signed_in_person_is_out_of_reach_of_scripts(agent: User) -> None:
    client = Client()
    form = {"username": "ana", "password": "ana-password"}
    client.post("/accounts/login/", form)

    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_page_of_settings_and_code_is_never_shown(production: Production) -> None:
    for path in ("/nowhere", "/lookups/1/", "/accounts/login/?%ff"):
        text = production.send(path).text
        assert "DEBUG" not in text
        assert "Traceback" not in text
        assert "triage_site" not in text
