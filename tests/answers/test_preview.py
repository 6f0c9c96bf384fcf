"""Previews of a known error's matches."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Team
from apps.audit.models import Action, Entry
from apps.known_errors.models import KnownError
from apps.lookups.models import Lookup
from apps.lookups.services import purge_answers
from tests.answers.forms import ADD, LIST, sent
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.known_errors.entries import create_entry
from tests.web.asking import look_up
from tests.web.teams import team

pytestmark = pytest.mark.django_db


@pytest.fixture
def declined(connected: DemoSentry, agent: User) -> list[str]:
    """Two customers with a declined card in `web`, and one with another error in `api`; returns the
    URLs of an agent's lookups of them.
    """
    for customer, project, kind in (
        ("1001", "web", "PaymentDeclined"),
        ("1002", "web", "PaymentDeclined"),
        ("1003", "api", "StockMissing"),
    ):
        connected.world.add_event(
            user_id=customer,
            timestamp=MOMENT,
            project=project,
            exception=(kind, f"{kind} for order A-1"),
        )
    client = signed_in(agent)
    addresses = [look_up(client, customer=customer) for customer in ("1001", "1002", "1003")]
    for address in addresses:
        client.get(address)
    return addresses


def test_a_preview_shows_the_reply_with_its_variables_filled_in(
    lead: User, declined: list[str]
) -> None:
    page = previewed(
        signed_in(lead),
        reply="{greeting} your bank <b>said</b> no. It changes {planned_for}.",
        workaround="Pay by invoice.",
        state="planned",
        planned_for=f"{timezone.now().date() + timedelta(days=1)}",
    )
    reply = re.search(r'known-reply-preview">(.*?)</p>', page)
    assert reply
    assert "Hello Jane," in reply[1]
    assert "Your bank &lt;b&gt;said&lt;/b&gt; no. It changes tomorrow." in reply[1]
    assert "this can help: Pay by invoice." in reply[1]


def previewed(client: Client, **changes: str) -> str:
    return " ".join(sent(client, ADD, "_preview", **changes).split())


def test_a_preview_lists_matches_and_saves_nothing(lead: User, declined: list[str]) -> None:
    page = previewed(signed_in(lead))
    assert "It would have matched 2 lookups for 2 customers." in page
    assert "In the last 30 days, 3 lookups found something." in page
    assert declined[0] in page
    assert declined[1] in page
    assert declined[2] not in page
    assert "1001" not in page
    assert not KnownError.objects.exists()
    entry = Entry.objects.get(action=Action.REVIEWED)
    assert (entry.actor, entry.detail["lookups"], entry.detail["hit"]) == ("lea", 3, 2)


def test_a_preview_does_not_change_the_entry(lead: User, declined: list[str]) -> None:
    entry = create_entry()
    address = f"{LIST}{entry.pk}/change/"
    page = sent(signed_in(lead), address, "_preview", type_text="StockMissing", title="Other")
    assert "It would have matched 1 lookup for 1 customer." in page
    entry.refresh_from_db()
    assert entry.title == "The bank declines the card"
    assert entry.history.count() == 1


def test_an_invalid_pattern_is_not_previewed(lead: User, declined: list[str]) -> None:
    page = previewed(signed_in(lead), message_way="expression", message_text="(open")
    assert "An opening ( has no closing )." in page
    assert "It would have matched" not in page
    assert not Entry.objects.filter(action=Action.REVIEWED).exists()


def test_a_preview_mentions_results_no_longer_stored(lead: User, declined: list[str]) -> None:
    purge_answers(list(Lookup.objects.order_by("pk")[:1]))
    page = previewed(signed_in(lead))
    assert "It would have matched 1 lookup for 1 customer." in page
    assert "Of these, 1 couldn't be read because its result is no longer stored." in page


def test_a_preview_is_limited_to_the_leads_projects_and_team(
    lead: User, agent: User, declined: list[str]
) -> None:
    team("Shop", ["web"], lead)
    pattern = {"type_text": "", "message_text": "for order"}
    page = previewed(signed_in(lead), **pattern)
    assert "It would have matched 2 lookups for 2 customers." in page
    assert "no access" in page
    assert declined[0] not in page
    assert "StockMissing" not in page
    agent.groups.add(Team.objects.get().group)
    assert declined[0] in previewed(signed_in(lead), **pattern)


def test_a_preview_ignores_hidden_projects(lead: User, agent: User, connected: DemoSentry) -> None:
    for project, kind in (("web", "PaymentDeclined"), ("api", "StockMissing")):
        connected.world.add_event(
            user_id="1001", timestamp=MOMENT, project=project, exception=(kind, "No")
        )
    client = signed_in(agent)
    client.get(look_up(client))
    team("Shop", ["web"], lead, agent)
    lea = signed_in(lead)
    assert "It would have matched 1 lookup" in previewed(lea)
    assert "It would have matched none" in previewed(lea, type_text="StockMissing")


def test_the_time_of_a_preview_is_limited(
    lead: User, declined: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.answers.catalogue.suggestions.MAX_PREVIEW_S", 0.0)
    page = previewed(signed_in(lead))
    assert "there was no time for more" in page
