"""Requests that a browser is tricked into, and answers that are led astray."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from apps.lookups.models import Lookup
from tests.attacks.production import HOST, Production
from tests.conftest import signed_in

# Addresses that take a POST without a token of ours, and why that is no harm.
EXEMPT = {
    "": "only fills the form; asking takes a POST with a token",
    "api/v1/lookups/": "programs send a token of their own, never a cookie",
    "api/v1/lookups/<uuidstr:lookup_id>/": "the same",
    "^api/": "there is nothing",
}
ELSEWHERE = [
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


def addresses(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Every address of the site as the resolver has it, with something in each place."""
    for pattern in patterns:
        route = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        else:
            yield route


def filled(route: str) -> str:
    """The route with something in each place."""
    for place, value in (
        ("<uuid:lookup_id>", "5f9d2a3e-0000-4000-8000-000000000000"),
        ("<slug:event_id>", "0" * 32),
        ("<slug:suffix>", "md"),
    ):
        route = route.replace(place, value)
    return "/" + "".join(
        "1" if part.startswith("<") else part for part in _parts(route.lstrip("^").rstrip("$"))
    )


def _parts(route: str) -> list[str]:
    parts, rest = [], route
    while "<" in rest:
        text, _, rest = rest.partition("<")
        name, _, rest = rest.partition(">")
        parts += [text, f"<{name}>"]
    return [*parts, rest]


def test_no_address_takes_a_post_without_a_token(admin: User) -> None:
    admin.is_superuser = True
    admin.save()
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.force_login(admin)
    routes = {route for route in addresses(get_resolver().url_patterns) if "(?P" not in route}
    assert len(routes) > 40

    taken = {}
    for route in routes - EXEMPT.keys():
        status = strict.post(filled(route), {"confirm": "1"}).status_code
        if status != 403:
            taken[route] = status

    assert taken == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"referer": "https://evil.example/"},
        {"x-http-method-override": "POST"},
    ],
)
def test_a_token_from_elsewhere_does_not_help(agent: User, headers: dict[str, str]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(agent)
    secret = "x" * 32
    strict.cookies["csrftoken"] = secret
    asked = {"customer": "1", "at": "now", "csrfmiddlewaretoken": secret}

    answer = strict.post("/lookups/", asked, headers=headers, secure=True)

    assert answer.status_code == 403
    assert not Lookup.objects.exists()


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_a_post_looks_up(agent: User, method: str) -> None:
    browser = signed_in(agent)
    asked = {"customer": "1", "at": "2026-11-20T14:05Z", "_method": "POST"}
    told = {"x-http-method-override": "POST", "x-method-override": "POST"}

    status = getattr(browser, method)("/lookups/", asked, headers=told).status_code

    assert status == 405
    assert not Lookup.objects.exists()


@pytest.mark.parametrize("next_page", ELSEWHERE)
def test_nothing_leads_to_another_site(agent: User, next_page: str) -> None:
    browser = signed_in(agent)
    form = {"username": "ana", "password": "ana-password", "next": next_page}
    answers = [
        browser.post("/accounts/theme/", {"theme": "dark", "next": next_page}),
        Client().post("/accounts/login/", form),
        Client().post("/accounts/login/", form, query_params={"next": next_page}),
        Client().post("/admin/login/", form, query_params={"next": next_page}),
        browser.post("/accounts/logout/", {"next": next_page}),
        Client().get(f"/{next_page}"),
        Client().get("/accounts/preferences/", {"next": next_page}),
    ]

    for answer in answers:
        leads_to = answer.headers.get("Location", "/")
        assert leads_to.startswith("/")
        assert not leads_to.startswith(("//", "/\\"))
        assert "\r" not in leads_to
        assert "\n" not in leads_to
        assert "pwned" not in answer.cookies


@pytest.mark.parametrize(
    "header", ["X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "Forwarded", "X-Original-URL"]
)
def test_no_header_moves_or_poisons_a_page(production: Production, header: str) -> None:
    value = "host=evil.example" if header == "Forwarded" else "evil.example"
    for path in ("/", "/accounts/login/", "/admin/", "/nowhere", "/static/web/triage.css"):
        plain = production.send(path)
        led = production.send(path, headers={header: value})
        assert led.status_code == plain.status_code
        assert "evil.example" not in f"{led.headers} {led.text}"


def test_another_host_is_refused_before_anything_is_made(production: Production) -> None:
    for host in (
        "evil.example",
        f"{HOST}.evil.example",
        f"{HOST}:80@evil.example",
        "evil.example:443",
    ):
        answer = production.send("/accounts/login/", headers={"Host": host})
        assert answer.status_code == 400
        assert "Set-Cookie" not in answer.headers
        assert "evil.example" not in answer.text


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
def test_no_file_but_the_static_ones_is_served(production: Production, path: str) -> None:
    answer = production.send(path)

    assert answer.status_code in (302, 400, 404)
    assert "DJANGO_SETTINGS_MODULE" not in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "path", ["/", "/accounts/login/", "/healthz", "/nowhere", "/api/v1/lookups/"]
)
def test_trace_gives_no_headers_back(production: Production, path: str) -> None:
    answer = production.send(path, "TRACE", headers={"X-Secret": "not-to-be-echoed"})

    assert answer.status_code >= 300
    assert "not-to-be-echoed" not in answer.text


def test_a_session_that_was_planted_is_not_the_one_after_signing_in(agent: User) -> None:
    victim = Client()
    victim.cookies["sessionid"] = "planted-by-somebody-else-0000000"
    victim.get("/accounts/login/")
    victim.post("/accounts/login/", {"username": "ana", "password": "ana-password"})
    assert victim.get("/").status_code == 200
    assert victim.cookies["sessionid"].value != "planted-by-somebody-else-0000000"

    attacker = Client()
    attacker.cookies["sessionid"] = "planted-by-somebody-else-0000000"
    assert attacker.get("/").status_code == 302


def test_what_was_kept_before_signing_in_gets_a_new_session(
    agent: User, settings: Settings
) -> None:
    settings.TRIAGE_PREFILL_LINKS = True
    browser = Client()
    browser.get("/", {"customer": "1001"})
    before = browser.cookies["sessionid"].value

    browser.post("/accounts/login/", {"username": "ana", "password": "ana-password"})

    assert browser.cookies["sessionid"].value != before
    stolen = Client()
    stolen.cookies["sessionid"] = before
    assert stolen.get("/").status_code == 302


def test_signing_out_ends_the_session_everywhere_it_was_copied_to(agent: User) -> None:
    browser = signed_in(agent)
    stolen = Client()
    stolen.cookies["sessionid"] = browser.cookies["sessionid"].value
    assert stolen.get("/").status_code == 200

    browser.post("/accounts/logout/")

    assert stolen.get("/").status_code == 302


def test_a_link_that_fills_the_form_leads_to_the_form_alone(
    agent: User, settings: Settings
) -> None:
    settings.TRIAGE_PREFILL_LINKS = True
    asked = {"customer": "//evil.example", "next": "//evil.example", "at": "\r\nX-Evil: 1"}

    answer = signed_in(agent).get("/", asked)

    assert answer["Location"] == "/"
    assert "X-Evil" not in answer.headers
