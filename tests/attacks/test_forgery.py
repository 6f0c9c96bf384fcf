"""CSRF, open redirects, host header attacks, path traversal, and session fixation."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from apps.lookups.models import Lookup
from tests.attacks.production import HOST, Production
from tests.conftest import signed_in

# Routes that accept a POST without a CSRF token, and why that is safe.
EXEMPT = {
    "": "only fills the form; a lookup needs a POST with a token",
    "api/v1/lookups/": "programs send an API token, never a cookie",
    "api/v1/lookups/<uuidstr:lookup_id>/": "the same",
    "api/v1/lookups/<uuidstr:lookup_id>/events/<event_id>/": "the same",
    "api/v1/known-errors/": "the same",
    "api/v1/status/": "the same",
    "api/v1/incidents/": "the same",
    "api/v1/incidents/<uuidstr:incident_id>/": "the same",
    "^api/": "no page there",
    "mcp": "programs send an API token, never a cookie",
}
EXTERNAL_URLS = [
    *(
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
    ),
    *(
        "javascript:alert(1)",
        "https:evil.example",
        "http://127.0.0.1@evil.example/",
        "/%0d%0aX:1//evil.example",
    ),
    *("\t//evil.example", "https://evil.example\r\nSet-Cookie: pwned=1", "//evil.example%2f.."),
]


def all_routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Yield every route of the URL configuration."""
    for pattern in patterns:
        route = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from all_routes(pattern.url_patterns, route)
        else:
            yield route


def route_path(route: str) -> str:
    """Return a path for the route, with a value for each placeholder."""
    for placeholder, value in (
        ("<uuid:lookup_id>", "5f9d2a3e-0000-4000-8000-000000000000"),
        ("<uuid:incident_id>", "5f9d2a3e-0000-4000-8000-000000000000"),
        ("<slug:event_id>", "0" * 32),
        ("<slug:suffix>", "md"),
    ):
        route = route.replace(placeholder, value)
    return "/" + "".join(
        "1" if part.startswith("<") else part
        for part in _split_route(route.lstrip("^").rstrip("$"))
    )


def _split_route(route: str) -> list[str]:
    parts, rest = [], route
    while "<" in rest:
        text, _, rest = rest.partition("<")
        name, _, rest = rest.partition(">")
        parts += [text, f"<{name}>"]
    return [*parts, rest]


def test_post_requires_csrf_token(admin: User) -> None:
    admin.is_superuser = True
    admin.save()
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.force_login(admin)
    routes = {route for route in all_routes(get_resolver().url_patterns) if "(?P" not in route}
    assert len(routes) > 40

    accepted = {}
    for route in routes - EXEMPT.keys():
        status = strict.post(route_path(route), {"confirm": "1"}).status_code
        if status != 403:
            accepted[route] = status

    assert accepted == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"referer": "https://evil.example/"},
        {"x-http-method-override": "POST"},
    ],
)
def test_forged_token_is_rejected(agent: User, headers: dict[str, str]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(agent)
    secret = "x" * 32
    strict.cookies["csrftoken"] = secret
    data = {"customer": "1", "at": "now", "csrfmiddlewaretoken": secret}

    response = strict.post("/lookups/", data, headers=headers, secure=True)

    assert response.status_code == 403
    assert not Lookup.objects.exists()


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_post_starts_lookup(agent: User, method: str) -> None:
    browser = signed_in(agent)
    data = {"customer": "1", "at": "2026-11-20T14:05Z", "_method": "POST"}
    headers = {"x-http-method-override": "POST", "x-method-override": "POST"}

    status = getattr(browser, method)("/lookups/", data, headers=headers).status_code

    assert status == 405
    assert not Lookup.objects.exists()


@pytest.mark.parametrize("next_page", EXTERNAL_URLS)
def test_no_redirect_leaves_site(agent: User, next_page: str) -> None:
    browser = signed_in(agent)
    form = {"username": "ana", "password": "ana-password", "next": next_page}
    responses = [
        browser.post("/accounts/theme/", {"theme": "dark", "next": next_page}),
        Client().post("/accounts/login/", form),
        Client().post("/accounts/login/", form, query_params={"next": next_page}),
        Client().post("/admin/login/", form, query_params={"next": next_page}),
        browser.post("/accounts/logout/", {"next": next_page}),
        Client().get(f"/{next_page}"),
        Client().get("/accounts/preferences/", {"next": next_page}),
    ]

    for response in responses:
        location = response.headers.get("Location", "/")
        assert location.startswith("/")
        assert not location.startswith(("//", "/\\"))
        assert "\r" not in location
        assert "\n" not in location
        assert "pwned" not in response.cookies


@pytest.mark.parametrize(
    "header", ["X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "Forwarded", "X-Original-URL"]
)
def test_forwarding_headers_are_ignored(production: Production, header: str) -> None:
    value = "host=evil.example" if header == "Forwarded" else "evil.example"
    for path in ("/", "/accounts/login/", "/admin/", "/nowhere", "/static/web/triage.css"):
        plain = production.send(path)
        spoofed = production.send(path, headers={header: value})
        assert spoofed.status_code == plain.status_code
        assert "evil.example" not in f"{spoofed.headers} {spoofed.text}"


def test_unknown_host_is_refused(production: Production) -> None:
    for host in (
        "evil.example",
        f"{HOST}.evil.example",
        f"{HOST}:80@evil.example",
        "evil.example:443",
    ):
        response = production.send("/accounts/login/", headers={"Host": host})
        assert response.status_code == 400
        assert "Set-Cookie" not in response.headers
        assert "evil.example" not in response.text


@pytest.mark.parametrize(
    "path",
    [
        "/static/../triage_site/settings.py",
        "/static/..%2f..%2ftriage_site%2fsettings.py",
        "/static/%2e%2e/%2e%2e/manage.py",
        "/static//etc/passwd",
        "/static/....//....//manage.py",
        "/static/web/..\\..\\..\\manage.py",
        "/static/web/%00triage.css",
        "/static/web/",
        "/static/",
        "/.env",
        "/.git/config",
        "/var/triage.sqlite3",
    ],
)
def test_only_static_files_are_served(production: Production, path: str) -> None:
    response = production.send(path)

    assert response.status_code in (302, 400, 404)
    assert "DJANGO_SETTINGS_MODULE" not in response.text
    assert "root:" not in response.text


@pytest.mark.parametrize(
    "path", ["/", "/accounts/login/", "/healthz", "/nowhere", "/api/v1/lookups/"]
)
def test_trace_does_not_echo_headers(production: Production, path: str) -> None:
    response = production.send(path, "TRACE", headers={"X-Secret": "not-to-be-echoed"})

    assert response.status_code >= 300
    assert "not-to-be-echoed" not in response.text


def test_sign_in_replaces_planted_session(agent: User) -> None:
    victim = Client()
    victim.cookies["sessionid"] = "planted-by-somebody-else-0000000"
    victim.get("/accounts/login/")
    victim.post("/accounts/login/", {"username": "ana", "password": "ana-password"})
    assert victim.get("/").status_code == 200
    assert victim.cookies["sessionid"].value != "planted-by-somebody-else-0000000"

    attacker = Client()
    attacker.cookies["sessionid"] = "planted-by-somebody-else-0000000"
    assert attacker.get("/").status_code == 302


def test_sign_in_rotates_session_with_prefilled_form(agent: User, settings: Settings) -> None:
    settings.TRIAGE_PREFILL_LINKS = True
    browser = Client()
    browser.get("/", {"customer": "1001"})
    before = browser.cookies["sessionid"].value

    browser.post("/accounts/login/", {"username": "ana", "password": "ana-password"})

    assert browser.cookies["sessionid"].value != before
    stolen = Client()
    stolen.cookies["sessionid"] = before
    assert stolen.get("/").status_code == 302


def test_sign_out_ends_copied_sessions(agent: User) -> None:
    browser = signed_in(agent)
    stolen = Client()
    stolen.cookies["sessionid"] = browser.cookies["sessionid"].value
    assert stolen.get("/").status_code == 200

    browser.post("/accounts/logout/")

    assert stolen.get("/").status_code == 302


def test_prefill_link_redirects_only_to_form(agent: User, settings: Settings) -> None:
    settings.TRIAGE_PREFILL_LINKS = True
    data = {"customer": "//evil.example", "next": "//evil.example", "at": "\r\nX-Evil: 1"}

    response = signed_in(agent).get("/", data)

    assert response["Location"] == "/"
    assert "X-Evil" not in response.headers
