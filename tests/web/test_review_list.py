"""The list of lookups: what it tells, what it can be narrowed by, and what it costs."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Action
from apps.audit.trail import Actor, record
from apps.lookups.admin import lookup as admin_lookup
from tests.conftest import signed_in
from tests.web.reviewing import LIST, ago, ahead, customers, looked_up, team

pytestmark = pytest.mark.django_db


@pytest.fixture
def review(admin: User) -> Client:
    """The admin's browser."""
    return signed_in(admin)


def test_a_row_tells_who_whom_how_it_ended_what_it_cost_and_why(
    review: Client, agent: User
) -> None:
    team("Payments", agent)
    lookup = looked_up(
        agent, "jane@example.com", cached_until=ahead(hours=3.5), expires_at=ahead(days=20.5)
    )
    told = Actor("web", agent.pk, "ana")
    record(Action.LOOKED_UP, told, target=lookup.audit_target, words="Ticket 4711")
    (row,) = review.get(LIST).context["cl"].rows
    assert (row.who, row.teams, row.customer) == ("ana", "Payments", "jane@example.com")
    assert (row.found, row.reason) == ("3\xa0events, 1\xa0issue", "Ticket 4711")
    assert row.cost == "4\xa0calls, 250\xa0ms"
    assert (row.state, row.retention) == ("fresh", "for 3\xa0h, stored for 20\xa0days")


def test_a_customer_that_was_erased_is_called_so(review: Client, agent: User) -> None:
    looked_up(agent, "")
    assert "erased" in review.get(LIST).content.decode()


def test_each_lookup_is_in_one_state_and_found_by_it(review: Client, agent: User) -> None:
    looked_up(agent, "is fresh", cached_until=ahead(hours=3))
    looked_up(agent, "is stale", cached_until=ago(hours=1))
    looked_up(agent, "is expired", expires_at=ago(days=1))
    looked_up(agent, "is purged", purged_at=ago(hours=1))
    looked_up(agent, "is none", has_answer=False, outcome="failed")
    for state in ("fresh", "stale", "expired", "purged", "none"):
        name = "erased" if state == "expired" else f"is {state}"
        assert customers(review, state=state) == [name]
    kinds = {row.customer: row.state_kind for row in review.get(LIST).context["cl"].rows}
    assert kinds.pop("erased") == "expired"
    assert all(customer == f"is {kind}" for customer, kind in kinds.items())


def test_filters_find_who_team_project_age_door_and_what_was_shown(
    review: Client, agent: User, other_agent: User
) -> None:
    payments = team("Payments", agent)
    looked_up(agent, "ana's", found={"1": "shop"})
    looked_up(other_agent, "ben's", found={"1": "shop", "2": "api"}, redacted=False)
    looked_up(None, "old", origin="cli", system_user="root", created_at=ago(days=40))
    assert customers(review, who=str(other_agent.pk)) == ["ben's"]
    assert customers(review, team=str(payments.pk)) == ["ana's"]
    assert customers(review, project="api") == ["ben's"]
    assert customers(review, project="shop") == ["ben's", "ana's"]
    assert customers(review, issue="2") == ["ben's"]
    assert customers(review, age="older") == ["old"]
    assert customers(review, age="week") == ["ben's", "ana's"]
    assert customers(review, origin="cli") == ["old"]
    assert customers(review, redacted="no") == ["ben's"]
    assert customers(review, project="shop", who=str(agent.pk)) == ["ana's"]


@pytest.mark.parametrize(
    "chosen",
    [{"who": "x"}, {"team": "x"}, {"state": "x"}, {"age": "x"}, {"before": "x"}, {"q": "jane"}],
)
def test_a_choice_that_does_not_exist_finds_nothing(
    review: Client, agent: User, chosen: dict[str, str]
) -> None:
    looked_up(agent)
    assert customers(review, **chosen) == []


def test_a_customer_is_refused_as_a_filter_in_the_address(review: Client) -> None:
    assert review.get(LIST, {"customer": "jane@example.com"}).status_code == 400


def test_a_search_keeps_the_filters_and_names_nobody_in_the_address(
    review: Client, agent: User
) -> None:
    looked_up(agent, "jane@example.com")
    looked_up(agent, "jane@example.com", outcome="failed")
    address = review.post(f"{LIST}?outcome=failed", {"find": "Jane@Example.com"})["Location"]
    assert "jane" not in address.lower()
    assert review.get(LIST + address).context["cl"].result_count == 1


def test_the_list_is_counted_no_further_than_its_bound_and_goes_on_behind_it(
    review: Client, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_lookup, "MAX_COUNTED", 100)
    for number in range(120):
        looked_up(agent, f"customer {number}", created_at=ago(minutes=number))
    first = review.get(LIST)
    assert "More than 100 lookups" in first.content.decode()
    last = review.get(LIST, {"p": 2}).context["cl"]
    onwards = review.get(LIST + last.older).context["cl"]
    assert [row.customer for row in onwards.rows] == [f"customer {n}" for n in range(100, 120)]


def test_the_number_of_queries_is_the_same_for_ten_lookups_and_for_two_hundred(
    review: Client, agent: User, other_agent: User
) -> None:
    team("Payments", agent, other_agent)

    def queries() -> int:
        review.get(LIST)  # what is counted once a day, and kept for a minute
        with CaptureQueriesContext(
            connection,
        ) as counted:
            assert review.get(LIST, {"project": "shop"}).status_code == 200
        return len(counted)

    for number in range(10):
        looked_up(agent, f"customer {number}", found={"1": "shop"})
    few = queries()
    for number in range(190):
        looked_up(other_agent, f"customer {number}", found={str(number % 7): "shop"})
    assert queries() == few


def test_agents_and_leads_have_no_review(agent: User, lead: User) -> None:
    for person in (agent, lead):
        person.is_staff = True
        person.save()
        assert signed_in(person).get(LIST).status_code == 403
