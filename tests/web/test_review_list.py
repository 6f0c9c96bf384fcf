"""The list of lookups: its columns, filters, and query count."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.audit import admin as audit_admin
from apps.audit.models import Action
from apps.audit.trail import Actor, record
from tests.conftest import signed_in
from tests.web.reviewing import LIST, ago, ahead, customers, make_lookup, team

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(admin: User) -> Client:
    """The admin's browser."""
    return signed_in(admin)


def test_row_shows_person_customer_outcome_cost_and_reason(browser: Client, agent: User) -> None:
    team("Payments", agent)
    lookup = make_lookup(
        agent, "jane@example.com", cached_until=ahead(hours=3.5), expires_at=ahead(days=20.5)
    )
    actor = Actor("web", agent.pk, "ana")
    record(Action.LOOKED_UP, actor, target=lookup.audit_target, words="Ticket 4711")
    (row,) = browser.get(LIST).context["cl"].rows
    assert (row.who, row.teams, row.customer) == ("ana", "Payments", "jane@example.com")
    assert (row.found, row.reason) == ("3\xa0events, 1\xa0issue", "Ticket 4711")
    assert row.cost == "4\xa0calls, 250\xa0ms"
    assert (row.state, row.retention) == ("fresh", "for 3\xa0h, stored for 20\xa0days")


def test_erased_customer_is_labeled(browser: Client, agent: User) -> None:
    make_lookup(agent, "")
    assert "erased" in browser.get(LIST).content.decode()


def test_state_filter_matches_each_state(browser: Client, agent: User) -> None:
    make_lookup(agent, "is fresh", cached_until=ahead(hours=3))
    make_lookup(agent, "is stale", cached_until=ago(hours=1))
    make_lookup(agent, "is expired", expires_at=ago(days=1))
    make_lookup(agent, "is purged", purged_at=ago(hours=1))
    make_lookup(agent, "is none", has_answer=False, outcome="failed")
    for state in ("fresh", "stale", "expired", "purged", "none"):
        name = "erased" if state == "expired" else f"is {state}"
        assert customers(browser, state=state) == [name]
    kinds = {row.customer: row.state for row in browser.get(LIST).context["cl"].rows}
    assert kinds.pop("erased") == "expired"
    assert all(customer == f"is {kind}" for customer, kind in kinds.items())


def test_filters_match_person_team_project_age_source_and_redaction(
    browser: Client, agent: User, other_agent: User
) -> None:
    payments = team("Payments", agent)
    make_lookup(agent, "ana's", found={"1": "shop"})
    make_lookup(other_agent, "ben's", found={"1": "shop", "2": "api"}, redacted=False)
    make_lookup(None, "old", origin="cli", system_user="root", created_at=ago(days=40))
    assert customers(browser, who=str(other_agent.pk)) == ["ben's"]
    assert customers(browser, team=str(payments.pk)) == ["ana's"]
    assert customers(browser, project="api") == ["ben's"]
    assert customers(browser, project="shop") == ["ben's", "ana's"]
    assert customers(browser, issue="2") == ["ben's"]
    assert customers(browser, age="older") == ["old"]
    assert customers(browser, age="week") == ["ben's", "ana's"]
    assert customers(browser, origin="cli") == ["old"]
    assert customers(browser, redacted="no") == ["ben's"]
    assert customers(browser, project="shop", who=str(agent.pk)) == ["ana's"]


@pytest.mark.parametrize(
    "chosen",
    [{"who": "x"}, {"team": "x"}, {"state": "x"}, {"age": "x"}, {"before": "x"}, {"q": "jane"}],
)
def test_unknown_filter_value_matches_nothing(
    browser: Client, agent: User, chosen: dict[str, str]
) -> None:
    make_lookup(agent)
    assert customers(browser, **chosen) == []


def test_customer_filter_in_url_is_rejected(browser: Client) -> None:
    assert browser.get(LIST, {"customer": "jane@example.com"}).status_code == 400


def test_search_keeps_filters_and_customer_out_of_url(browser: Client, agent: User) -> None:
    make_lookup(agent, "jane@example.com")
    make_lookup(agent, "jane@example.com", outcome="failed")
    address = browser.post(f"{LIST}?outcome=failed", {"find": "Jane@Example.com"})["Location"]
    assert "jane" not in address.lower()
    found = browser.get(LIST + address)
    assert found.context["cl"].result_count == 1
    assert "1 lookup for “<bdi>jane@example.com</bdi>”" in found.content.decode()
    assert "(failed)</span>" in found.content.decode()
    page = browser.post(LIST, {"find": "<b>Jane"}).content.decode()
    assert "0 lookups for “<bdi>&lt;b&gt;Jane</bdi>”" in page
    assert 'name="find" value="&lt;b&gt;Jane"' in page
    assert "Enter the complete email, ID, or username" in page
    assert "(all customers)</span>" in page


def test_count_stops_at_limit_and_pagination_continues(
    browser: Client, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_admin, "MAX_LISTED", 100)
    for number in range(120):
        make_lookup(agent, f"customer {number}", created_at=ago(minutes=number))
    first = browser.get(LIST)
    assert "More than 100 lookups" in first.content.decode()
    last = browser.get(LIST, {"p": 2}).context["cl"]
    onwards = browser.get(LIST + last.older).context["cl"]
    assert [row.customer for row in onwards.rows] == [f"customer {n}" for n in range(100, 120)]


def test_query_count_does_not_grow_with_lookups(
    browser: Client, agent: User, other_agent: User
) -> None:
    team("Payments", agent, other_agent)

    def queries() -> int:
        browser.get(LIST)  # warms the daily and per-minute caches
        with CaptureQueriesContext(
            connection,
        ) as counted:
            assert browser.get(LIST, {"project": "shop"}).status_code == 200
        return len(counted)

    for number in range(10):
        make_lookup(agent, f"customer {number}", found={"1": "shop"})
    few = queries()
    for number in range(50):
        make_lookup(other_agent, f"customer {number}", found={str(number % 7): "shop"})
    assert queries() == few


def test_agents_and_leads_cannot_open_list(agent: User, lead: User) -> None:
    for person in (agent, lead):
        person.is_staff = True
        person.save()
        assert signed_in(person).get(LIST).status_code == 403
