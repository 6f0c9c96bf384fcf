"""Each kind of export writes exactly one record, without customer data."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.lookups.models import ExportRecord, Lookup
from tests.conftest import signed_in
from tests.web.asking import look_up, text
from tests.web.pages import Page
from tests.web.records import only_export_record
from tests.web.test_api import REQUEST, post
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db

LIST = "/admin/lookups/exportrecord/"
CHOICE = {"preset": "bug", "format": "json", "budget": "2,000"}


def values_of(record: ExportRecord) -> tuple[object, ...]:
    return (record.how, record.origin, record.format, record.preset, record.budget, record.redacted)


def test_viewing_a_result_or_its_panel_is_not_recorded(ana: Client) -> None:
    address = look_up(ana)
    ana.get(address, CHOICE)
    ana.get(f"{address}export/panel/", CHOICE)
    ana.head(f"{address}export.md")
    ana.get(f"{address}export.md", {"budget": "5"})
    assert not ExportRecord.objects.exists()


def test_download_is_recorded(ana: Client, agent: User) -> None:
    file = ana.get(f"{look_up(ana)}export.json", CHOICE)
    record = only_export_record()
    assert values_of(record) == ("downloaded", "web", "json", "bug", 2000, True)
    assert record.user == agent
    assert record.lookup == Lookup.objects.get()
    assert 0 < record.tokens <= len(text(file))


def test_copy_is_recorded(ana: Client) -> None:
    address = look_up(ana)
    preview = ana.get(address, CHOICE).context["export"]
    assert ana.post(f"{address}copied/", CHOICE).status_code == 204
    record = only_export_record()
    assert values_of(record) == ("copied", "web", "json", "bug", 2000, True)
    assert record.tokens == preview.tokens


def test_copy_of_one_problem_records_its_issue(ana: Client) -> None:
    address = look_up(ana)
    issue_id = ana.get(address).context["page"].groups[0].issue_id
    assert ana.post(f"{address}copied/", {**CHOICE, "issue": issue_id}).status_code == 204
    assert only_export_record().issue_id == issue_id


@pytest.mark.parametrize(
    "bad", [{"budget": "5"}, {"preset": "nope"}, {"format": "yaml"}, {"issue": "999"}]
)
def test_invalid_copy_is_refused_and_not_recorded(ana: Client, bad: dict[str, str]) -> None:
    address = look_up(ana)
    assert ana.post(f"{address}copied/", {**CHOICE, **bad}).status_code == 400
    assert ana.get(f"{address}copied/").status_code == 405
    assert not ExportRecord.objects.exists()


def test_recording_a_copy_requires_csrf_token(ana: Client, agent: User) -> None:
    address = look_up(ana)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(agent)
    assert strict.post(f"{address}copied/", CHOICE).status_code == 403
    (panel,) = [tag for _, tag in Page(text(strict.get(address))).tags if "data-csrf" in tag]
    token = {"X-CSRFToken": panel["data-csrf"]}
    allowed = strict.post(f"{address}copied/", CHOICE, headers=token)
    assert allowed.status_code == 204


def test_api_response_is_recorded(agent: User, ana: Client) -> None:
    data = post(token_of(agent), REQUEST).json()
    record = only_export_record()
    assert values_of(record) == ("printed", "api", "json", "none", None, True)
    assert (record.user, str(record.lookup.uuid)) == (agent, data["lookup_id"])


@pytest.fixture
def reviewed(ana: Client, admin: User) -> Client:
    """The admin's browser, after Ana copied once and downloaded once."""
    address = look_up(ana)
    ana.post(f"{address}copied/", CHOICE)
    ana.get(f"{address}export.json")
    return signed_in(admin)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 2),
        ({"how__exact": "copied"}, 1),
        ({"format__exact": "json"}, 2),
        ({"redacted__exact": "0"}, 0),
        ({"at__gte": "2020-01-01 00:00:00+00:00"}, 2),
    ],
)
def test_list_shows_and_filters_exports(
    reviewed: Client, query: dict[str, str], count: int
) -> None:
    response = reviewed.get(LIST, query)
    assert response.context["cl"].result_count == count
    assert 'id="searchbar"' not in text(response)


def test_lookup_shows_its_exports(reviewed: Client) -> None:
    page = reviewed.get(f"/admin/lookups/lookup/{Lookup.objects.get().pk}/change/")
    assert [who for _at, who, *_ in page.context["record"]["exports"]] == ["ana", "ana"]


def test_export_records_are_read_only(reviewed: Client, agent: User) -> None:
    address = f"{LIST}{ExportRecord.objects.latest('pk').pk}/"
    assert reviewed.get(f"{address}change/").status_code == 200
    assert reviewed.post(f"{address}change/", {"how": "copied"}).status_code == 403
    assert reviewed.post(f"{address}delete/", {"post": "yes"}).status_code == 403
    assert reviewed.get(f"{LIST}add/").status_code == 403
    agent.is_staff = True
    agent.save()
    assert signed_in(agent).get(LIST).status_code == 403


def test_file_of_one_problem_has_issue_in_filename_and_record(ana: Client) -> None:
    address = look_up(ana)
    issue_id = ana.get(address).context["page"].groups[0].issue_id
    file = ana.get(f"{address}export.md", {"issue": issue_id})
    assert file["Content-Disposition"].endswith(f'-{issue_id}.md"')
    assert only_export_record().issue_id == issue_id
