"""The admin page of the trail: permissions, search, and exports."""

import csv
import io
import json

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.audit import admin as audit_admin
from apps.audit.admin import escape_cell
from apps.audit.models import Action, Entry
from apps.audit.trail import Actor, record
from apps.crypto import hash_customer
from tests.audit.trails import ANA
from tests.conftest import person, signed_in
from tests.web.asking import text

pytestmark = pytest.mark.django_db

LIST = "/admin/audit/entry/"
JANE = hash_customer("jane@example.com")


@pytest.fixture
def auditor(db: None) -> Client:
    """A browser of an auditor, who can't see customers."""
    return signed_in(_staff(person("gus", "auditor")))


@pytest.fixture(autouse=True)
def trail(db: None) -> None:
    """Record three actions of two people and a program."""
    record(Action.LOOKED_UP, ANA, target="lookup 1", customer_hash=JANE, words="=HYPERLINK(1)")
    record(Action.EXPORTED, Actor("api", 8, "ben", "198.51.100.7"), detail={"format": "json"})
    record(Action.REFUSED, Actor("api", address="2001:db8::1"), detail={"why": "no valid token"})


def _staff(user: User) -> User:
    user.is_staff = True
    user.save()
    return user


def rows(page: object) -> list[str]:
    """Return the targets and names in the list."""
    entries = page.context["cl"].result_list  # type: ignore[attr-defined]
    return [entry.action for entry in entries if entry.action != "signed_in"]


def taken(client: Client, kind: str, query: str = "") -> str:
    response = client.post(f"{LIST}{query}", {"take": kind})
    assert isinstance(response, StreamingHttpResponse)
    assert "attachment" in response["Content-Disposition"]
    return b"".join(response).decode()


def test_an_auditor_sees_actions_but_no_customers(auditor: Client) -> None:
    page = text(auditor.get(LIST))
    for shown in ("ana", "web page, 203.0.113.9", "looked up a customer", "why: no valid token"):
        assert shown in page
    assert "HYPERLINK" not in page
    assert auditor.get("/admin/lookups/lookup/").status_code == 403
    assert "HYPERLINK" not in text(auditor.get(f"{LIST}1/change/"))


def test_people_who_see_customers_see_reasons(admin: User) -> None:
    ada = signed_in(admin)
    assert "=HYPERLINK(1)" in text(ada.get(LIST))
    assert "=HYPERLINK(1)" in text(ada.get(f"{LIST}1/change/"))


def test_agents_and_leads_cannot_read_the_trail(agent: User, lead: User) -> None:
    for user in (agent, lead):
        assert signed_in(_staff(user)).get(LIST).status_code == 403
        assert signed_in(user).post(LIST, {"take": "csv"}).status_code == 403


def test_entries_are_read_only(admin: User) -> None:
    ada = signed_in(admin)
    assert ada.post(f"{LIST}1/change/", {"actor": "eve"}).status_code == 403
    assert ada.post(f"{LIST}1/delete/", {"post": "yes"}).status_code == 403
    assert ada.get(f"{LIST}add/").status_code == 403


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?action__exact=exported", ["exported"]),
        ("?origin=api", ["refused", "exported"]),
        ("?at__gte=2020-01-01 00:00:00%2B00:00", ["refused", "exported", "looked_up"]),
        ("?at__lt=2020-01-01 00:00:00%2B00:00", []),
        ("?q=ben", ["exported"]),
        ("?q=be", []),
    ],
)
def test_filters_narrow_the_list(auditor: Client, query: str, shown: list[str]) -> None:
    assert rows(auditor.get(f"{LIST}{query}")) == shown


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ({"customer": " Jane@example.com "}, ["looked_up"]),
        ({"who": "ben"}, ["exported"]),
        ({"from": "2020-01-01", "to": "2020-12-31"}, []),
        ({"from": "2020-01-01", "to": "2099-12-31"}, ["refused", "exported", "looked_up"]),
        ({"from": "2020-99-01"}, ["refused", "exported", "looked_up"]),
        ({}, ["refused", "exported", "looked_up"]),
    ],
)
def test_searches_keep_customers_out_of_the_url(
    auditor: Client, form: dict[str, str], shown: list[str]
) -> None:
    page = auditor.post(LIST, form, follow=True)
    assert rows(page) == shown
    assert "jane" not in str(page.redirect_chain).lower()


def test_entries_are_found_by_lookup_id(auditor: Client) -> None:
    lookup = "0b0e6a5e-0000-4000-8000-0123456789ab"
    record(Action.VIEWED, ANA, target=f"lookup {lookup}")
    assert rows(auditor.post(LIST, {"on": f"lookup {lookup.upper()}"}, follow=True)) == ["viewed"]


def test_other_columns_cannot_be_filtered(auditor: Client) -> None:
    assert auditor.get(f"{LIST}?words__sealed__gt=a").status_code in (302, 400)


def test_a_long_list_is_truncated_and_not_counted(
    auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_admin, "MAX_LISTED", 2)
    with CaptureQueriesContext(connection) as queries:
        page = auditor.get(LIST)
    assert "Showing the newest 2 entries." in text(page)
    counts = [one["sql"] for one in queries if "COUNT(*)" in one["sql"] and "audit" in one["sql"]]
    assert counts
    assert all("LIMIT 3" in count for count in counts)
    assert taken(auditor, "jsonl").count("\n") >= 3


def test_the_list_takes_a_constant_number_of_queries(auditor: Client) -> None:
    auditor.get(LIST)
    with CaptureQueriesContext(connection) as few:
        auditor.get(LIST)
    for _ in range(30):
        record(Action.VIEWED, ANA, words="Ticket")
    with CaptureQueriesContext(connection) as many:
        auditor.get(LIST)
    assert len(many) == len(few) <= 10


def test_a_csv_export_has_the_filtered_entries_and_no_formulas(admin: User) -> None:
    lines = list(csv.DictReader(io.StringIO(taken(signed_in(admin), "csv", "?q=ana"))))
    (line,) = [line for line in lines if line["actor"] == "ana"]
    assert line["words"] == "'=HYPERLINK(1)"
    assert (line["action"], line["address"]) == ("looked_up", "203.0.113.9")


def test_a_json_export_can_be_verified(admin: User) -> None:
    lines = [json.loads(line) for line in taken(signed_in(admin), "jsonl").splitlines()]
    assert [line["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[0]["words"] == "=HYPERLINK(1)"
    assert lines[0]["digest"] == Entry.objects.get(sequence=1).digest


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_auditors_export_has_no_words(auditor: Client, kind: str) -> None:
    assert "HYPERLINK" not in taken(auditor, kind)


def test_exports_of_the_trail_are_recorded(auditor: Client) -> None:
    taken(auditor, "csv", "?origin=api")
    last = Entry.objects.latest("sequence")
    assert (last.action, last.actor) == ("reviewed", "gus")
    assert last.detail == {"format": "csv", "filters": ["origin=api"]}
    assert last.address == "127.0.0.1"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\uff1d"])
def test_cells_with_formulas_are_escaped(start: str) -> None:
    assert escape_cell(f"{start}1+1") == f"'{start}1+1"


def test_other_cells_are_unchanged() -> None:
    cells = ["jane", "1=1", 7, None, {"a": "=1"}]
    assert [escape_cell(cell) for cell in cells] == ["jane", "1=1", "7", "", '{"a": "=1"}']
