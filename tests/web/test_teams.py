"""Project access by team membership, and managing teams."""

import json
from html import unescape

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from apps.accounts.models import ApiToken, Team
from apps.accounts.tokens import set_new_token
from apps.audit.models import Action, Entry
from apps.lookups.models import Lookup
from tests.conftest import person, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import AT, form_data, look_up, text
from tests.web.pages import Page
from tests.web.teams import team

pytestmark = pytest.mark.django_db

TEAMS = "/admin/accounts/team/"


def projects_asked(demo: DemoSentry) -> list[list[str]]:
    """Return the project IDs of each event list requested from Sentry."""
    tables = [call for call in demo.calls if call.path.endswith("/acme/events/")]
    return [call.query["project"] for call in tables]


def api_lookup(user: User, **changes: object) -> tuple[int, dict[str, object]]:
    token = ApiToken(name="Zendesk", user=user)
    sent = set_new_token(token)
    token.save()
    response = Client().post(
        "/api/v1/lookups/",
        json.dumps({"customer": "1001", "at": AT, **changes}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {sent}"},
    )
    return response.status_code, response.json()


def test_form_and_lookup_are_limited_to_team_projects(
    ana: Client, agent: User, connected: DemoSentry
) -> None:
    connected.world.add_event(user_id="3", project="docs", environment="testing")
    team("Checkout", ["web", "docs"], agent)
    page = Page(text(ana.get("/")))
    offered = {option["value"] for option in page.all("option")}
    assert {"web", "docs", "production", "testing"} <= offered
    assert not {"api", "staging"} & offered
    ana.get(look_up(ana))
    assert Lookup.objects.get().projects == ["docs", "web"]
    web, docs = (connected.world.find_project(slug) for slug in ("web", "docs"))
    assert web is not None
    assert docs is not None
    assert {frozenset(ids) for ids in projects_asked(connected)} == {
        frozenset((str(web.id), str(docs.id)))
    }


def test_project_outside_team_is_rejected_and_recorded(
    ana: Client, agent: User, connected: DemoSentry
) -> None:
    team("Checkout", ["web"], agent)
    refused = ana.post("/lookups/", form_data(project="api"))
    assert refused.status_code == 403
    assert "Your teams don't have access to this project: api." in unescape(text(refused))
    status, data = api_lookup(agent, projects=["web", "api"])
    assert (status, data["code"]) == (403, "project_not_allowed")
    assert not Lookup.objects.exists()
    assert not projects_asked(connected)
    entries = Entry.objects.filter(action=Action.REFUSED)
    assert [(entry.actor, entry.detail["projects"]) for entry in entries] == [("ana", ["api"])] * 2


def test_unknown_project_is_absent_from_audit_entry(ana: Client, agent: User) -> None:
    team("Checkout", ["web"], agent)
    api_lookup(agent, projects=["jane@example.com"])
    assert Entry.objects.get(action=Action.REFUSED).detail["projects"] == []


def test_api_token_is_limited_to_its_owners_projects(ana: Client, agent: User) -> None:
    team("Checkout", ["web"], agent)
    status, data = api_lookup(agent)
    assert status == 200
    assert data["searched"] == {"organization": "acme", "projects": ["web"], "environments": []}
    assert data["complete"] is True


def test_person_without_team_is_referred_to_admin(
    ana: Client, agent: User, other_agent: User
) -> None:
    team("Checkout", ["web"], other_agent)
    for response in (ana.get("/"), ana.post("/", form_data()), ana.post("/lookups/", form_data())):
        assert response.status_code == 403
        assert "You're not on a team yet" in unescape(text(response))
        assert "Ask your Triage admin" in text(response)
    status, data = api_lookup(agent)
    assert (status, data["code"]) == (403, "no_projects")
    assert not Lookup.objects.exists()


def test_projects_of_several_teams_combine(ana: Client, agent: User) -> None:
    team("One", ["web"], agent)
    team("Two", ["api"], agent)
    ana.get(look_up(ana))
    assert Lookup.objects.get().projects == ["api", "web"]
    Team.objects.filter(group__name="Two").update(all_projects=True)
    ana.get(look_up(ana))
    assert Lookup.objects.latest("created_at").projects == []


def test_team_project_unknown_to_sentry_is_reported(ana: Client, agent: User) -> None:
    team("Checkout", ["web", "gone"], agent)
    page = text(ana.get(look_up(ana)))
    assert "Not searched, because the token can't see it: gone." in unescape(page)
    assert "incomplete" in page


def test_lead_opens_team_lookups_or_all_without_teams(ana: Client, agent: User, lead: User) -> None:
    address, lea = look_up(ana), signed_in(lead)
    assert lea.get(address).status_code == 200
    team("Elsewhere", ["web"], lead)
    assert lea.get(address).status_code == 404
    team("Checkout", ["web"], lead, agent)
    assert lea.get(address).status_code == 200


def test_admin_creates_changes_and_deletes_team(
    admin: User, agent: User, connected: DemoSentry
) -> None:
    connected.world.add_project("web")
    ada = signed_in(admin)
    assert 'value="web"' in text(ada.get(f"{TEAMS}add/"))
    made = ada.post(
        f"{TEAMS}add/", {"name": "Checkout", "members": [agent.pk], "projects": ["web"]}
    )
    assert made.status_code == 302, text(made)
    group = Group.objects.get(name="Checkout")
    assert list(group.user_set.all()) == [agent]
    assert group.team.projects == ["web"]
    change = f"{TEAMS}{group.team.pk}/change/"
    assert 'value="Checkout"' in text(ada.get(change))
    assert ada.post(change, {"name": "Buying", "all_projects": "on"}).status_code == 302
    group.refresh_from_db()
    assert (group.name, group.user_set.count()) == ("Buying", 0)
    removed = ada.post(f"{TEAMS}{group.team.pk}/delete/", {"post": "yes"}, follow=True)
    assert "everyone can see every project" in text(removed)
    assert not Group.objects.filter(name="Buying").exists()
    entries = Entry.objects.filter(action=Action.SETTING_CHANGED)
    assert [entry.detail["what"].split()[0] for entry in entries] == ["removed", "changed", "made"]


@pytest.mark.parametrize("name", ["lead", "Admin", " auditor ", "Taken", "a,b", ""])
def test_team_name_must_be_valid_and_unique(name: str, admin: User, connected: DemoSentry) -> None:
    connected.world.add_project("web")
    team("taken", ["web"])
    refused = signed_in(admin).post(f"{TEAMS}add/", {"name": name, "projects": ["web"]})
    assert refused.status_code == 200
    assert Team.objects.count() == 1
    assert set(Group.objects.values_list("name", flat=True)) == {
        *("agent", "lead", "admin", "auditor", "taken")
    }


def test_project_slugs_are_typed_while_sentry_is_unavailable(admin: User) -> None:
    ada = signed_in(admin)
    assert "<textarea" in text(ada.get(f"{TEAMS}add/"))
    wrong = ada.post(f"{TEAMS}add/", {"name": "A", "projects": "web, not a/slug"})
    assert "letters, digits, dashes" in text(wrong)
    ada.post(f"{TEAMS}add/", {"name": "A", "projects": "web\r\napi, web"})
    assert Team.objects.get().projects == ["api", "web"]


def test_team_membership_grants_no_permissions(outsider: User, connected: DemoSentry) -> None:
    team("Checkout", ["web"], outsider)
    assert signed_in(outsider).get("/").status_code == 403


def test_manage_depends_on_permissions(
    agent: User, lead: User, admin: User, outsider: User, connected: DemoSentry
) -> None:
    for one in (agent, outsider):
        one.is_staff = True  # has no effect here
        one.save()
        assert signed_in(one).get("/admin/").status_code == 403
        assert signed_in(one).get("/admin/login/").status_code == 403
    lea = signed_in(lead)
    assert lea.get("/admin/known_errors/knownerror/").status_code == 200
    assert lea.get("/admin/lookups/lookup/").status_code == 403
    assert not admin.is_staff
    page = text(signed_in(admin).get("/admin/"))
    assert "/admin/lookups/lookup/" in page
    assert "/admin/accounts/team/" in page
    assert "/admin/auth/group/" not in page
    presets = person("pia", "agent")
    presets.groups.add(group_with_permission("questions", "view_exportpreset"))
    page = text(signed_in(presets).get("/admin/"))
    assert "/admin/lookups/exportpreset/" in page
    assert "/admin/lookups/lookup/" not in page


def group_with_permission(name: str, codename: str) -> Group:
    group = Group.objects.create(name=name)
    group.permissions.add(Permission.objects.get(codename=codename))
    return group


def test_roles_combine(connected: DemoSentry) -> None:
    both = person("bo", "agent", "auditor")
    assert both.has_perm("audit.view_entry")
    assert signed_in(both).get("/").status_code == 200


def test_auditor_cannot_open_lookups(ana: Client, auditor: User) -> None:
    address, uli = look_up(ana), signed_in(auditor)
    assert uli.get("/").headers["Location"] == "/admin/audit/entry/"
    assert uli.get(address).status_code == 404
    refused = uli.post("/lookups/", form_data())
    assert refused.status_code == 403
    assert "Ask your Triage admin" in text(refused)
