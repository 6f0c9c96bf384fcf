"""Empty results: errors at other times, wider windows, and no false claims."""

import html
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from pytest_django import Settings

from apps.lookups.models import Lookup
from tests.conftest import MOMENT, NOW, just_now
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text
from tests.web.pages import Page

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
NEVER = "We found no errors for this customer"
JANE = "jane@example.com"


def add_errors(demo: DemoSentry, *minutes: int, **fields: str) -> None:
    for minute in minutes:
        demo.world.add_event(
            email=JANE,
            timestamp=MOMENT + minute * MINUTE,
            project="web",
            environment="production",
            exception=("PaymentDeclined", "Card declined"),
            **fields,  # type: ignore[arg-type]
        )


def result_page(browser: Client, **changes: object) -> str:
    return text(browser.get(look_up(browser, **{"customer": JANE, **changes})))


def page_text(page: str) -> str:
    """Return the page's text with whitespace collapsed."""
    return " ".join(Page(page).text.split())


def lookup_forms(page: str) -> list[dict[str, str]]:
    """Return the data that each lookup form of the page posts, per button."""
    found = []
    below = page.split('class="nothing"')[1]
    for form in re.findall(r'<form method="post" action="/lookups/".*?</form>', below, re.DOTALL):
        tags = Page(form)
        values = {one["name"]: one["value"] for one in tags.all("input")}
        for button in tags.all("button"):
            own = {button["name"]: button["value"]} if button.get("name") else {}
            found.append({**values, **own})
    return found


def click(browser: Client, posted: dict[str, str]) -> str:
    """Submit the form and return the result page."""
    posted.pop("csrfmiddlewaretoken", None)
    response = browser.post("/lookups/", posted)
    assert response.status_code == 303
    return text(browser.get(response["Location"]))


def test_most_recent_error_and_its_time_are_shown(ana: Client, connected: DemoSentry) -> None:
    add_errors(connected, -19)
    page = page_text(result_page(ana))
    assert "No errors, and Sentry has no logs or requests from this customer" in page
    assert "This customer’s most recent error was on" in page
    assert "(14 min before the window)" in page
    assert "The payment was declined." in page
    assert "We found no errors after the window, up to" in page
    assert NEVER not in page


def test_buttons_open_nearest_error_before_and_after(ana: Client, connected: DemoSentry) -> None:
    add_errors(connected, -300, -19, 70, 400)
    before, after, *_wider = lookup_forms(result_page(ana, window=7))
    for posted, minutes in ((before, -19), (after, 70)):
        page = click(ana, posted)
        assert "The payment was declined." in page
        lookup = Lookup.objects.latest("created_at")
        assert (lookup.customer, lookup.minutes, lookup.zone) == (JANE, 7, "Europe/Berlin")
        assert lookup.moment == MOMENT + minutes * MINUTE


def test_buttons_search_the_wider_windows_that_reach_an_error(
    ana: Client, connected: DemoSentry
) -> None:
    add_errors(connected, -40)
    nearest, hour, day = lookup_forms(result_page(ana))
    assert [one["window"] for one in (nearest, hour, day)] == ["5", "60", "1440"]
    assert "The payment was declined." in click(ana, hour)


def test_button_keeps_chosen_project_and_environment(ana: Client, connected: DemoSentry) -> None:
    add_errors(connected, -19)
    click(ana, lookup_forms(result_page(ana, project="web", environment="production"))[0])
    lookup = Lookup.objects.latest("created_at")
    assert (lookup.projects, lookup.environments) == (["web"], ["production"])


def test_near_names_come_from_own_lookups_with_errors(ana: Client, connected: DemoSentry) -> None:
    connected.world.add_event(email="jane.roe@example.org", timestamp=MOMENT)
    for name in ("jane.roe@example.org", "jane.rod@example.org"):
        ana.get(look_up(ana, customer=name))
    page = page_text(text(ana.get(look_up(ana, customer="jane.roe@example.com"))))
    assert "looked up a similar identifier and found errors: jane.roe@example.org" in page
    assert "jane.rod" not in page


def test_never_seen_shows_search_period_and_suggests_other_identifier(
    ana: Client, settings: Settings
) -> None:
    settings.SENTRY_RETENTION_DAYS = 30
    page = page_text(result_page(ana))
    since = (NOW - timedelta(days=30)).astimezone(ZoneInfo("Europe/Berlin"))
    day = f"{since.day} {since:%b %Y}"
    assert f"{NEVER} where we searched in the last 30 days (since {day})" in page
    assert "try the user ID instead of the email" in page
    assert f"keeps errors for 30 days, so we don’t know what happened before {day}." in page
    assert "try the email instead" in page_text(result_page(ana, customer="4711"))


def test_searched_fields_projects_and_environments_are_listed(ana: Client) -> None:
    page = result_page(ana, environment="staging")
    assert f"{JANE}, as user ID, email, and username" in page_text(page)
    assert "<dt>Projects</dt><dd>api and web</dd>" in page
    assert "<dt>Environments</dt><dd>staging</dd>" in page


@pytest.mark.parametrize("case", ["young", "old", "part"])
def test_incomplete_result_claims_nothing_about_other_times(
    ana: Client, connected: DemoSentry, case: str
) -> None:
    add_errors(connected, -19)
    changes: dict[str, object] = {}
    if case == "part":
        connected.fail(r"/acme/events/", times=1, body='{"data": [null]}', status=200)
    else:
        moment = just_now() - (2 * MINUTE if case == "young" else timedelta(days=90))
        changes = {"at": moment.isoformat()}
    shown = result_page(ana, **changes)
    page = page_text(shown)
    assert "This result is incomplete, for the reason above." in page
    assert NEVER not in page
    assert "most recent error" not in page
    assert [one["window"] for one in lookup_forms(shown)] == ["15", "60", "1440"]


def test_stale_result_claims_nothing_about_other_times(ana: Client, connected: DemoSentry) -> None:
    add_errors(connected, -19)
    address = look_up(ana, customer=JANE)
    assert "most recent error" in text(ana.get(address))
    connected.fail(r"/acme/events/", times=None, status=500)
    again = ana.post(f"{address}again/")["Location"]
    page = page_text(text(ana.get(again)))
    assert "This result is incomplete, for the reason above." in page
    assert "most recent error" not in page


def test_failed_check_of_other_times_is_reported(ana: Client, connected: DemoSentry) -> None:
    add_errors(connected, -19)
    connected.fail(r"/acme/events/.*per_page=25", times=None, status=400)
    page = page_text(result_page(ana))
    assert "We couldn't check whether this customer had errors at other times" in page
    assert "complete" in page
    assert NEVER not in page


def test_narrower_window_from_cache_needs_no_call_and_shows_no_most_recent_error(
    ana: Client, connected: DemoSentry
) -> None:
    add_errors(connected, -40)
    result_page(ana, window=60)
    connected.clear()
    shown = result_page(ana)
    page = page_text(shown)
    assert [call.path for call in connected.calls if "/events/" in call.path] == []
    assert "most recent error" not in page
    assert "35 min before the window" in page
    assert "We assume that Sentry keeps errors" not in page
    assert "The payment was declined." in click(ana, lookup_forms(shown)[0])


def test_hostile_errors_at_other_times_are_escaped_and_redacted(
    ana: Client, connected: DemoSentry
) -> None:
    connected.world.add_event(
        email=JANE,
        username="janedoe77",
        timestamp=MOMENT - 19 * MINUTE,
        project="<script>alert(1)</script>",
        exception=("<script>alert(1)</script>", "janedoe77 failed with card 4242 4242 4242 4242"),
    )
    address = look_up(ana, customer=JANE)
    for path in (address, f"{address}export.json", f"{address}export.md"):
        shown = text(ana.get(path))
        assert "4242 4242" not in shown
        assert "janedoe77" not in html.unescape(shown)
    assert "<script>alert" not in text(ana.get(address))


def test_customer_is_absent_from_urls(ana: Client, connected: DemoSentry) -> None:
    add_errors(connected, -19, 60)
    assert not re.findall(r'(?:href|action|src)="[^"]*jane', result_page(ana))
