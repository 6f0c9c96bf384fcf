"""The counts, charts, and repeated issues above the list of lookups."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.lookups.admin.statistics import Charts
from apps.lookups.cache import cache
from apps.lookups.models import Lookup, LookupDay
from tests.conftest import signed_in
from tests.web.reviewing import LIST, ago, make_lookup, team

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(admin: User) -> Client:
    """The admin's browser."""
    return signed_in(admin)


def charts(browser: Client, **chosen: str) -> Charts:
    cache.clear()
    shown = browser.get(LIST, chosen).context["charts"]
    assert isinstance(shown, Charts)
    return shown


def test_calls_made_calls_saved_and_cache_hit_rate_are_shown(browser: Client, agent: User) -> None:
    make_lookup(agent, calls=6)
    for _ in range(3):
        make_lookup(agent, calls=0, calls_saved=6, from_cache=True, created_at=ago(days=3))
    shown = charts(browser)
    assert (shown.total, shown.hit_rate, shown.calls, shown.saved) == ("4", "75%", "6", "18")


def test_each_of_last_thirty_days_has_column(browser: Client, agent: User) -> None:
    make_lookup(agent, created_at=ago(days=3))
    make_lookup(agent, created_at=ago(days=3))
    make_lookup(agent, created_at=ago(days=40))
    shown = charts(browser)
    assert len(shown.columns) == 30
    assert [column.number for column in shown.columns if column.number] == [2]
    assert shown.columns[-4].number == 2
    assert shown.columns[-4].height == shown.height


def test_repeated_issue_is_shown(browser: Client, agent: User) -> None:
    for customer in ("a", "b", "b"):
        make_lookup(agent, customer, found={"77": "shop"})
    make_lookup(agent, "c", found={"5": "shop"})
    (repeat,) = charts(browser).repeats
    assert (repeat.label, repeat.note) == ("Title of 77", "shop")
    assert repeat.number == "3 lookups, 2 customers"
    assert browser.get(LIST + repeat.href).context["cl"].result_count == 3


def test_slowest_lookup_busiest_people_and_top_customers_are_shown(
    browser: Client, agent: User, other_agent: User
) -> None:
    slow = make_lookup(other_agent, "jane", duration_ms=9000)
    make_lookup(agent, "jane")
    make_lookup(agent, "joe")
    shown = charts(browser)
    assert shown.slowest[0].href == f"{LIST}{slow.pk}/change/"
    assert [bar.label for bar in shown.people] == ["ana", "ben"]
    (most,) = shown.asked_about
    assert (most.label, most.number) == ("jane", "2")
    assert "jane" not in most.href


def test_counts_follow_filters(browser: Client, agent: User, other_agent: User) -> None:
    make_lookup(agent)
    make_lookup(agent, outcome="failed")
    make_lookup(other_agent, outcome="failed")
    assert charts(browser, who=str(agent.pk)).total == "2"
    assert charts(browser, outcome="failed").total == "2"
    assert charts(browser, outcome="failed", team=str(team("T", other_agent).pk)).total == "1"


def test_past_day_is_counted_once(browser: Client, agent: User) -> None:
    make_lookup(agent, created_at=ago(days=3))
    assert charts(browser).total == "1"
    Lookup.objects.all().delete()
    assert charts(browser).total == "1"
    assert LookupDay.objects.count() == 29


def test_past_day_with_new_lookups_is_recounted(browser: Client, agent: User) -> None:
    make_lookup(agent, created_at=ago(days=3))
    assert charts(browser).total == "1"
    make_lookup(agent, created_at=ago(days=3))
    make_lookup(agent, created_at=ago(days=5))
    assert charts(browser).total == "3"


def test_empty_list_explains_what_appears_there(browser: Client) -> None:
    page = browser.get(LIST).content.decode()
    assert "The first one appears here as soon as someone looks up a customer" in page
