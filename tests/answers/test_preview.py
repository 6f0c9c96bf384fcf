"""What a pattern would have hit, before it is saved."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.accounts.models import Team
from apps.audit.models import Action, Entry
from apps.demo.server import DemoSentry
from apps.known_errors.models import KnownError
from apps.lookups.models import Lookup
from apps.lookups.services import purge_answers
from tests.answers.forms import ADD, LIST, sent
from tests.conftest import MOMENT, signed_in
from tests.known_errors.entries import kept
from tests.web.asking import look_up
from tests.web.teams import team

pytestmark = pytest.mark.django_db


@pytest.fixture
def declined(connected: DemoSentry, agent: User) -> list[str]:
    """Two customers whose card was declined in `web`, and one who met something in `api`; the
    addresses of an agent's lookups of them.
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


def previewed(client: Client, **changes: str) -> str:
    return " ".join(sent(client, ADD, "_preview", **changes).split())


def test_a_preview_lists_what_the_pattern_would_have_hit_and_saves_nothing(
    lead: User, declined: list[str]
) -> None:
    page = previewed(signed_in(lead))
    assert "It would have matched 2 lookups of 2 customers." in page
    assert "In the last 30 days 3 lookups found something." in page
    assert declined[0] in page
    assert declined[1] in page
    assert declined[2] not in page
    assert "1001" not in page
    assert not KnownError.objects.exists()
    told = Entry.objects.get(action=Action.REVIEWED)
    assert (told.actor, told.detail["lookups"], told.detail["hit"]) == ("lea", 3, 2)


def test_a_preview_of_a_changed_entry_leaves_it_as_it_is(lead: User, declined: list[str]) -> None:
    entry = kept()
    address = f"{LIST}{entry.pk}/change/"
    page = sent(signed_in(lead), address, "_preview", type_text="StockMissing", title="Other")
    assert "It would have matched 1 lookup of 1 customer." in page
    entry.refresh_from_db()
    assert entry.title == "The bank declines the card"
    assert entry.history.count() == 1


def test_a_refused_pattern_is_not_previewed(lead: User, declined: list[str]) -> None:
    page = previewed(signed_in(lead), message_way="expression", message_text="(open")
    assert "An opening ( has no closing )." in page
    assert "It would have matched" not in page
    assert not Entry.objects.filter(action=Action.REVIEWED).exists()


def test_answers_that_are_gone_are_said(lead: User, declined: list[str]) -> None:
    purge_answers(list(Lookup.objects.order_by("pk")[:1]))
    page = previewed(signed_in(lead))
    assert "It would have matched 1 lookup of 1 customer." in page
    assert "Of these, 1 couldn't be read because its result is no longer stored." in page


def test_a_lead_previews_their_own_projects_and_opens_only_their_teams_lookups(
    lead: User, agent: User, declined: list[str]
) -> None:
    team("Shop", ["web"], lead)
    pattern = {"type_text": "", "message_text": "for order"}
    page = previewed(signed_in(lead), **pattern)
    assert "It would have matched 2 lookups of 2 customers." in page
    assert "no access" in page
    assert declined[0] not in page
    assert "StockMissing" not in page
    agent.groups.add(Team.objects.get().group)
    assert declined[0] in previewed(signed_in(lead), **pattern)


def test_what_a_lookup_found_in_a_hidden_project_is_not_hit(
    lead: User, agent: User, connected: DemoSentry
) -> None:
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


def test_the_time_a_preview_takes_is_bounded_and_said(
    lead: User, declined: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.answers.catalogue.suggestions.SECONDS", 0.0)
    page = previewed(signed_in(lead))
    assert "there was no time for more" in page
