"""The choice of light and dark, and what pages weigh on the wire."""

import gzip

import pytest
from django.test import Client

from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db


def test_a_theme_is_kept_and_can_be_given_back(ana: Client) -> None:
    response = ana.post("/accounts/theme/", {"theme": "dark", "next": "/accounts/preferences/"})
    assert (response.status_code, response["Location"]) == (303, "/accounts/preferences/")
    assert '<html lang="en" data-theme="dark">' in text(ana.get("/"))
    ana.post("/accounts/theme/", {"theme": "", "next": "/"})
    assert '<html lang="en">' in text(ana.get("/"))


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_choice_leads_to_no_other_site(ana: Client, back: str) -> None:
    response = ana.post("/accounts/theme/", {"theme": "dark", "next": back})
    assert response["Location"] == "/"


def test_a_cookie_of_any_other_value_is_no_theme(ana: Client) -> None:
    ana.cookies["triage_theme"] = '"><script>'
    assert '<html lang="en">' in text(ana.get("/"))


def test_pages_and_the_stylesheet_go_over_the_wire_packed(ana: Client) -> None:
    asking = {"Accept-Encoding": "gzip"}
    page = ana.get(look_up(ana), headers=asking)
    assert page["Content-Encoding"] == "gzip"
    assert b"The payment was declined." in gzip.decompress(page.content)
    style = ana.get("/static/web/triage.css", headers=asking)
    assert style["Content-Encoding"] == "gzip"
    style.close()
