"""Sharing a lookup with a person or a team: permissions, access, and expiration."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.audit.models import Action, Entry
from apps.lookups.models import Lookup, LookupShare
from tests.conftest import person, signed_in
from tests.web.asking import look_up, text
from tests.web.pages import Page
from tests.web.teams import team

pytestmark = pytest.mark.django_db


def share(client: Client, address: str, reader: str, days: str = "") -> int:
    return client.post(f"{address}share/", {"reader": reader, "days": days}).status_code


def unshare(client: Client, address: str) -> int:
    number = LookupShare.objects.filter(ended_at=None).values_list("pk", flat=True).first()
    return client.post(f"{address}unshare/", {"share": number}).status_code


def test_shared_lookup_is_readable_until_sharing_stops(ana: Client, other_agent: User) -> None:
    address, ben = look_up(ana), signed_in(other_agent)
    assert ben.get(address).status_code == 404
    assert share(ana, address, "ben") == 303
    assert "Card declined" in text(ben.get(address))
    assert unshare(ana, address) == 303
    assert ben.get(address).status_code == 404


def test_sharing_and_unsharing_are_audited_without_customer(
    ana: Client, agent: User, other_agent: User
) -> None:
    address = look_up(ana)
    lookup = Lookup.objects.get()
    share(ana, address, "ben", days="7")
    unshare(ana, address)
    ended, shared = Entry.objects.filter(action__in=[Action.SHARED, Action.UNSHARED])
    assert (shared.action, ended.action) == (Action.SHARED, Action.UNSHARED)
    for entry in (shared, ended):
        assert entry.actor_id == agent.pk
        assert entry.target == f"lookup {lookup.uuid}"
        assert entry.customer_hash == lookup.customer_hash
        assert entry.detail["with"] == f"user {other_agent.pk}"
        assert "1001" not in str(entry.detail)


def test_share_expires_automatically(ana: Client, other_agent: User) -> None:
    address, ben = look_up(ana), signed_in(other_agent)
    share(ana, address, "ben", days="1")
    row = LookupShare.objects.get()
    assert row.until is not None
    assert timedelta(hours=23) < row.until - timezone.now() < timedelta(hours=25)
    assert ben.get(address).status_code == 200
    LookupShare.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert ben.get(address).status_code == 404
    assert "Shared with you" not in text(ben.get("/"))


def test_share_ends_with_the_owners_account(ana: Client, agent: User, other_agent: User) -> None:
    address, ben = look_up(ana), signed_in(other_agent)
    share(ana, address, "ben")
    assert ben.get(address).status_code == 200
    User.objects.filter(pk=agent.pk).update(is_active=False)
    assert ben.get(address).status_code == 404
    assert "Shared with you" not in text(ben.get("/"))


def test_team_share_is_readable_only_by_current_members(
    ana: Client, agent: User, other_agent: User
) -> None:
    group = team("Checkout", ["web", "api"], agent, other_agent)
    address, ben = look_up(ana), signed_in(other_agent)
    assert ben.get(address).status_code == 404
    assert share(ana, address, "team Checkout") == 303
    assert ben.get(address).status_code == 200
    group.user_set.remove(other_agent)
    assert ben.get(address).status_code == 404


def test_reader_can_export_but_not_share_or_cancel(ana: Client, other_agent: User) -> None:
    person("kim", "agent")
    address, ben = look_up(ana), signed_in(other_agent)
    share(ana, address, "ben")
    page = text(ben.get(address))
    assert 'id="share"' not in page
    assert ben.get(f"{address}export.md").status_code == 200
    assert ben.post(f"{address}copied/", {"format": "markdown"}).status_code == 204
    for act in ("share/", "unshare/", "cancel/"):
        refused = ben.post(f"{address}{act}", {"reader": "kim"})
        assert refused.status_code == 403
        assert "was shared with you to read" in text(refused)
    assert LookupShare.objects.count() == 1
    assert ben.get(f"{address}unredacted/").status_code == 403


def test_follow_up_of_shared_lookup_creates_own_lookup(
    ana: Client, agent: User, other_agent: User
) -> None:
    team("Both", ["web", "api"], agent)
    team("Few", ["web"], other_agent)
    address, ben = look_up(ana), signed_in(other_agent)
    share(ana, address, "ben")
    for act, posted in (("again/", {}), ("move/", {"move": "wider"})):
        response = ben.post(f"{address}{act}", posted)
        assert response.status_code == 303
        own = Lookup.objects.latest("created_at")
        assert own.user == other_agent
        assert own.projects == ["web"]


def test_shared_lookups_have_separate_list(ana: Client, agent: User, other_agent: User) -> None:
    address = look_up(ana)
    share(ana, address, "ben")
    page = text(signed_in(other_agent).get("/"))
    assert "Shared with you" in page
    assert "Your recent lookups" not in page
    assert f'href="{address}"' in page
    assert "by ana" in page
    assert "Shared with you" not in text(ana.get("/"))


def test_list_of_shared_lookups_takes_no_query_for_each(ana: Client, other_agent: User) -> None:
    reader, counts = signed_in(other_agent), []
    for customer in ("4711", "4712", "4713"):
        share(ana, look_up(ana, customer=customer), "ben")
        with CaptureQueriesContext(connection) as queries:
            assert customer in text(reader.get("/"))
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts


def test_only_teams_and_people_with_lookup_access_can_be_chosen(
    ana: Client, auditor: User, outsider: User, other_agent: User
) -> None:
    closed = person("closed", "agent")
    closed.is_active = False
    closed.save()
    address = look_up(ana)
    names = ("uli", "closed", "nobody-at-all", "otto", "team lead", "", "BEN")
    for name in names:
        refused = ana.post(f"{address}share/", {"reader": name})
        assert refused.status_code == 400, name
        assert "Not shared yet." in text(refused), name
        assert not LookupShare.objects.exists(), name
    options = Page(text(ana.get(address))).all("option")
    offered = [option["value"] for option in options if option.get("value")]
    assert not {*names} & {*offered}
    assert {"value": "ben"} in options


def test_large_site_uses_text_field_for_reader(ana: Client, other_agent: User) -> None:
    User.objects.bulk_create(User(username=f"p{number}") for number in range(60))
    people = User.objects.filter(username__startswith="p")
    for one in people:
        one.groups.set(other_agent.groups.all())
    address = look_up(ana)
    page = text(ana.get(address))
    assert "<datalist" not in page
    assert share(ana, address, "p59") == 303


def test_sharing_with_owner_is_rejected(ana: Client, agent: User, lead: User) -> None:
    address = look_up(ana)
    refused = signed_in(lead).post(f"{address}share/", {"reader": "ana"})
    assert refused.status_code == 400
    assert "This lookup already belongs to that person." in text(refused)


def test_sharing_again_replaces_expiration(ana: Client, other_agent: User) -> None:
    address = look_up(ana)
    share(ana, address, "ben", days="1")
    share(ana, address, "ben")
    [active] = LookupShare.objects.filter(ended_at=None)
    assert active.until is None
    rows = re.findall(r"<bdi>ben</bdi>", text(ana.get(address)))
    assert len(rows) == 1


def test_leads_share_for_their_team_and_admins_for_everyone(
    ana: Client, agent: User, lead: User, admin: User, other_agent: User
) -> None:
    team("Checkout", ["web"], agent, lead)
    address = look_up(ana)
    assert share(signed_in(lead), address, "ben") == 303
    assert unshare(signed_in(admin), address) == 303
    other_lead = person("lou", "lead")
    team("Elsewhere", ["web"], other_lead)
    assert share(signed_in(other_lead), address, "ben") == 404


def test_share_of_another_lookup_cannot_be_ended(ana: Client, other_agent: User) -> None:
    theirs = look_up(signed_in(other_agent))
    share(signed_in(other_agent), theirs, "ana")
    mine = look_up(ana)
    assert unshare(ana, mine) == 404
    assert ana.post(f"{mine}unshare/", {"share": "x" * 30}).status_code == 404
    assert LookupShare.objects.filter(ended_at=None).exists()
