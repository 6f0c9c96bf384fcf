"""The lookup form, problem pages, and error pages as rendered."""

from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string

from apps.lookups.problems import Problem, problem_of
from apps.sentry.errors import SentryRateLimited
from apps.web.forms import FormOptions, LookupForm, PreferencesForm, TicketForm
from tests.web.answers import lookup
from tests.web.pages import Page, rendered

BERLIN = ZoneInfo("Europe/Berlin")


def test_problem_page_keeps_input_and_hides_details_from_agents() -> None:
    limited = SentryRateLimited("Limited.", retry_after=40, detail="HTTP 429")
    record, problem = lookup(), problem_of(limited)
    for is_reviewer in (True, False):
        html = rendered(
            "problem.html", {"problem": problem, "lookup": record, "is_reviewer": is_reviewer}
        )
        assert "we've reached its limit on requests" in unescape(html)
        assert "anna &lt;b&gt;@example.org" in html
        assert 'value="2026-11-20 14:05:00"' in html
        assert ("HTTP 429" in html) is is_reviewer


def test_problem_page_without_lookup_links_to_new_lookup() -> None:
    html = rendered("problem.html", {"problem": Problem("x", "Not now.", "Later.")})

    assert "New lookup" in html


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "413", "500"])
def test_error_pages_need_no_context(name: str) -> None:
    html = render_to_string(f"{name}.html")

    assert "<h1" in html
    assert "{%" not in html


def test_form_shows_errors_with_fields_and_keeps_input() -> None:
    typed = {"customer": "x" * 300, "at": "<nonsense>", "zone": "Europe/Berlin", "window": "0"}
    form = LookupForm(typed, FormOptions(BERLIN, projects=("api", "web")))

    page = Page(rendered("lookups/_form.html", {"form": form}))

    inputs = {field["name"]: field for field in page.all("input") if "id" in field}
    assert inputs["customer"]["value"] == "x" * 300
    assert inputs["at"]["value"] == "<nonsense>"
    ids = {attributes.get("id") for _tag, attributes in page.tags}
    for name in ("customer", "at", "window"):
        assert inputs[name]["aria-invalid"] == "true"
        assert set(inputs[name]["aria-describedby"].split()) <= ids
    assert [select["name"] for select in page.all("select")] == ["zone", "project"]


def test_empty_form_focuses_customer_field() -> None:
    page = Page(rendered("lookups/_form.html", {"form": LookupForm(None, FormOptions(BERLIN))}))

    focused = [field["name"] for field in page.all("input") if "autofocus" in field]
    assert focused == ["customer"]


def test_every_visible_field_has_a_label() -> None:
    for html in (
        rendered("lookups/_form.html", {"form": LookupForm(None, FormOptions(BERLIN))}),
        rendered("lookups/_ticket.html", {"ticket": TicketForm(None, FormOptions(BERLIN))}),
        rendered("accounts/preferences.html", {"form": PreferencesForm()}),
    ):
        page = Page(html)
        labeled = {label["for"] for label in page.all("label")}
        fields = page.all("input") + page.all("select") + page.all("textarea")
        assert {f["id"] for f in fields if f.get("type") != "hidden"} <= labeled


def test_demo_customers_are_posted_in_hidden_fields() -> None:
    customer = {"identifier": "a\"b'c", "at": "2026-11-20 14:05", "zone": "UTC", "story": "Paid"}

    html = rendered("lookups/_demo.html", {"customers": [customer], "minutes": 5})

    hidden = {field["name"]: field["value"] for field in Page(html).all("input")}
    assert hidden == {"customer": "a\"b'c", "at": customer["at"], "zone": "UTC", "window": "5"}


def test_purged_page_offers_new_lookup() -> None:
    record = lookup()

    html = rendered("lookups/purged.html", {"lookup": record})

    assert f"/lookups/{record.uuid}/again/" in html
