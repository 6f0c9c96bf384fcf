"""Every action, from any source, is recorded once."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Action, Entry
from apps.audit.trail import words_for
from apps.lookups.models import ExportPreset, Lookup
from tests.audit.trails import sql, verdict
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.shell import CommandLine
from tests.web.asking import look_up, text
from tests.web.test_api import REQUEST, post
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db


def actions() -> list[str]:
    """Return all actions, oldest first, except signing in."""
    done = Entry.objects.exclude(action__in=("signed_in", "signed_out")).order_by("sequence")
    return list(done.values_list("action", flat=True))


def last() -> Entry:
    return Entry.objects.latest("sequence")


def test_a_lookup_and_each_view_are_recorded(ana: Client, agent: User) -> None:
    address = look_up(ana, reason="Ticket 42")
    ana.get(address)
    ana.get(address)
    assert actions() == ["looked_up", "viewed", "viewed"]
    entry, lookup = last(), Lookup.objects.get()
    assert (entry.actor, entry.actor_id, entry.origin, entry.address) == (
        *("ana", agent.pk),
        *("web", "127.0.0.1"),
    )
    assert (entry.target, entry.customer_hash) == (f"lookup {lookup.uuid}", lookup.customer_hash)
    assert words_for(entry.target, Action.LOOKED_UP) == "Ticket 42"


def test_page_fragments_are_recorded_with_their_page(ana: Client) -> None:
    address = look_up(ana)
    event = ana.get(address).context["page"].groups[0].nearest
    for piece in (f"events/{event}/brief/", "export/panel/", "progress", "newer"):
        assert ana.get(f"{address}{piece}").status_code == 200
    ana.head(address)
    assert actions() == ["looked_up", "viewed"]
    for page in (f"events/{event}/", "table/"):
        assert ana.get(f"{address}{page}").status_code == 200
    assert actions()[2:] == ["viewed", "viewed"]
    assert last().detail == {"page": "table"}


@pytest.mark.parametrize("piece", ["export/panel/", "events/{event}/brief/"])
def test_a_fragment_fetched_alone_is_recorded_as_a_view(
    ana: Client, lead: User, piece: str
) -> None:
    address = look_up(ana)
    event = ana.get(address).context["page"].groups[0].nearest
    assert signed_in(lead).get(f"{address}{piece.format(event=event)}").status_code == 200
    assert (last().action, last().actor) == ("viewed", "lea")


def test_exports_copies_and_refreshes_are_recorded(ana: Client) -> None:
    address = look_up(ana)
    ana.get(f"{address}export.json")
    assert (last().action, last().detail["format"]) == ("exported", "json")
    ana.post(f"{address}copied/", {"format": "json"})
    assert (last().action, last().detail["how"]) == ("copied", "copied")
    ana.post(f"{address}again/")
    assert (last().action, last().detail["fresh"]) == ("looked_up", True)
    ana.post(f"{address}cancel/")
    assert last().action == "cancelled"


def test_a_view_without_redaction_is_recorded_with_its_reason(lead: User, ana: Client) -> None:
    address = look_up(ana, reason="Ticket 42")
    lea = signed_in(lead)
    assert 'value="Ticket 42"' in text(lea.get(f"{address}unredacted/"))
    form = {"confirmed": "on", "format": "markdown", "reason": "Court order, jane@example.com"}
    assert lea.post(f"{address}unredacted/", form).status_code == 200
    assert actions()[-2:] == ["looked_up", "revealed"]
    reason = words_for(last().target, Action.REVEALED)
    assert reason.startswith("Court order, ")
    assert "jane" not in reason


def test_api_requests_are_recorded(agent: User, ana: Client) -> None:
    body = {**REQUEST, "reason": "Ticket 42"}
    assert post(token_of(agent), body).status_code == 200
    of_program = Entry.objects.filter(origin="api").order_by("sequence")
    assert [entry.action for entry in of_program] == ["looked_up", "exported"]
    assert words_for(last().target, Action.LOOKED_UP) == "Ticket 42"


def test_commands_are_recorded_with_the_system_user(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    done = command_line.lookup("1001", "--at", MOMENT.isoformat(), "--reason", "T 7", "--no-redact")
    assert done.returncode == 0, done.stderr
    entries = Entry.objects.order_by("sequence")
    assert [entry.action for entry in entries] == ["looked_up", "revealed"]
    for entry in entries:
        assert (entry.origin, entry.actor_id, bool(entry.actor)) == ("cli", None, True)
        assert words_for(entry.target, Action(entry.action)) == "T 7"


def test_admin_actions_are_recorded(ana: Client, admin: User) -> None:
    addresses = [look_up(ana), look_up(ana, customer="2")]
    for address in addresses:
        ana.get(address)
    ids = list(Lookup.objects.order_by("pk").values_list("pk", flat=True))
    ada = signed_in(admin)
    ada.post("/admin/lookups/lookup/", {"action": "refresh", "_selected_action": ids[:1]})
    assert actions()[-2:] == ["refreshed", "looked_up"]
    assert last().actor == "ada"
    ada.post(
        "/admin/lookups/lookup/", {"action": "purge", "_selected_action": ids, "confirmed": "1"}
    )
    assert actions()[-2:] == ["purged", "purged"]
    targets = [entry.target for entry in Entry.objects.filter(action="purged")]
    assert sorted(targets) == sorted(one.audit_target for one in Lookup.objects.filter(pk__in=ids))
    assert last().actor == "ada"


def test_only_plausible_origins_are_recorded(agent: User, connected: DemoSentry) -> None:
    body = {
        **REQUEST,
        "projects": ["web", "jane@example.com"],
        "environments": ["Prod-EU", "J. Doe"],
    }
    post(token_of(agent), body)

    entry = Entry.objects.get(action=Action.LOOKED_UP)
    assert (entry.detail["projects"], entry.detail["environments"]) == (["web"], ["Prod-EU"])


def test_preset_changes_are_recorded(ana: Client, admin: User) -> None:
    ada, preset = signed_in(admin), ExportPreset.objects.get(name="bug")
    address = f"/admin/lookups/exportpreset/{preset.pk}/"
    form = {"label": "A bug", "instruction": "Say what broke.", "position": 1, "is_active": "on"}
    assert ada.post(f"{address}change/", form).status_code == 302
    assert (last().action, last().target) == ("setting_changed", "export preset bug")
    assert last().detail["change"] == "saved"
    ada.post(f"{address}delete/", {"post": "yes"})
    assert last().detail["change"] == "removed"


@pytest.mark.parametrize("page", ["", "export.md", "table/", "export/panel/"])
def test_a_page_is_not_shown_if_its_view_cannot_be_recorded(ana: Client, page: str) -> None:
    address = look_up(ana)
    assert b"Card declined" in ana.get(address).content
    Entry.objects.filter(action="viewed").delete()
    ana.raise_request_exception = False
    sql(
        "CREATE TRIGGER full BEFORE INSERT ON audit_entry"
        " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    try:
        refused = ana.get(f"{address}{page}")
    finally:
        sql("DROP TRIGGER full")
    assert refused.status_code == 500
    assert b"Card declined" not in refused.content


def test_a_view_takes_one_entry_and_few_queries(ana: Client) -> None:
    address = look_up(ana)
    ana.get(address)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ana.get(address)
    of_the_trail = [one["sql"] for one in queries if "audit_" in one["sql"]]
    assert len(of_the_trail) <= 4
    assert verdict().startswith("End: ")
