"""The light and dark themes, and compression of responses."""

import gzip

import pytest
from django.test import Client

from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db


def test_theme_is_remembered_and_can_be_reset(ana: Client) -> None:
    response = ana.post("/accounts/theme/", {"theme": "dark", "next": "/accounts/preferences/"})
    assert (response.status_code, response["Location"]) == (303, "/accounts/preferences/")
    assert '<html lang="en" data-theme="dark">' in text(ana.get("/"))
    ana.post("/accounts/theme/", {"theme": "", "next": "/"})
    assert '<html lang="en">' in text(ana.get("/"))


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_theme_change_never_redirects_to_other_site(ana: Client, target: str) -> None:
    response = ana.post("/accounts/theme/", {"theme": "dark", "next": target})
    assert response["Location"] == "/"


def test_unknown_theme_cookie_is_ignored(ana: Client) -> None:
    ana.cookies["triage_theme"] = '"><script>'
    assert '<html lang="en">' in text(ana.get("/"))


def test_pages_and_stylesheet_are_gzipped(ana: Client) -> None:
    headers = {"Accept-Encoding": "gzip"}
    page = ana.get(look_up(ana), headers=headers)
    assert page["Content-Encoding"] == "gzip"
    assert b"The payment was declined." in gzip.decompress(page.content)
    style = ana.get("/static/web/triage.css", headers=headers)
    assert style["Content-Encoding"] == "gzip"
    style.close()
