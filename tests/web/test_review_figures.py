"""What stands above the list: counts, small charts and what repeats."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from apps.lookups.admin.statistics import Charts
from apps.lookups.models import Lookup, LookupDay
from tests.conftest import signed_in
from tests.web.reviewing import LIST, ago, looked_up, team

pytestmark = pytest.mark.django_db


@pytest.fixture
def review(admin: User) -> Client:
    """The admin's browser."""
    return signed_in(admin)


def charts(review: Client, **chosen: str) -> Charts:
    cache.clear()
    shown = review.get(LIST, chosen).context["charts"]
    assert isinstance(shown, Charts)
    return shown


def test_calls_made_calls_saved_and_the_share_of_shared_answers_are_told(
    review: Client, agent: User
) -> None:
    looked_up(agent, calls=6)
    for _ in range(3):
        looked_up(agent, calls=0, calls_saved=6, from_cache=True, created_at=ago(days=3))
    shown = charts(review)
    assert (shown.total, shown.hit_rate, shown.calls, shown.saved) == ("4", "75%", "6", "18")


def test_each_of_the_last_thirty_days_has_a_column_and_a_row(review: Client, agent: User) -> None:
    looked_up(agent, created_at=ago(days=3))
    looked_up(agent, created_at=ago(days=3))
    looked_up(agent, created_at=ago(days=40))
    shown = charts(review)
    assert len(shown.columns) == 30
    assert [column.number for column in shown.columns if column.number] == [2]
    assert shown.columns[-4].number == 2
    assert shown.columns[-4].height == shown.height


def test_the_same_issue_of_several_lookups_and_customers_is_told(
    review: Client, agent: User
) -> None:
    for customer in ("a", "b", "b"):
        looked_up(agent, customer, found={"77": "shop"})
    looked_up(agent, "c", found={"5": "shop"})
    (repeat,) = charts(review).repeats
    assert (repeat.label, repeat.note) == ("Title of 77", "shop")
    assert repeat.number == "3 lookups, 2 customers"
    assert review.get(LIST + repeat.href).context["cl"].result_count == 3


def test_the_slowest_the_busiest_and_the_most_asked_about_are_named(
    review: Client, agent: User, other_agent: User
) -> None:
    slow = looked_up(other_agent, "jane", duration_ms=9000)
    looked_up(agent, "jane")
    looked_up(agent, "joe")
    shown = charts(review)
    assert shown.slowest[0].href == f"{LIST}{slow.pk}/change/"
    assert [bar.label for bar in shown.people] == ["ana", "ben"]
    (most,) = shown.asked_about
    assert (most.label, most.number) == ("jane", "2")
    assert "jane" not in most.href


def test_the_counts_follow_person_team_and_outcome(
    review: Client, agent: User, other_agent: User
) -> None:
    looked_up(agent)
    looked_up(agent, outcome="failed")
    looked_up(other_agent, outcome="failed")
    assert charts(review, who=str(agent.pk)).total == "2"
    assert charts(review, outcome="failed").total == "2"
    assert charts(review, outcome="failed", team=str(team("T", other_agent).pk)).total == "1"


def test_a_day_that_is_over_is_counted_once(review: Client, agent: User) -> None:
    looked_up(agent, created_at=ago(days=3))
    assert charts(review).total == "1"
    Lookup.objects.all().delete()
    assert charts(review).total == "1"
    assert LookupDay.objects.count() == 29


def test_a_day_that_got_lookups_later_is_counted_anew(review: Client, agent: User) -> None:
    looked_up(agent, created_at=ago(days=3))
    assert charts(review).total == "1"
    looked_up(agent, created_at=ago(days=3))
    looked_up(agent, created_at=ago(days=5))
    assert charts(review).total == "3"


def test_without_any_lookup_the_page_says_what_will_stand_there(review: Client) -> None:
    page = review.get(LIST).content.decode()
    assert "The first one appears here as soon as someone looks up a customer" in page
