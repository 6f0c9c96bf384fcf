"""What can be done with many lookups at once, and what the audit trail says of it."""

import csv
import json
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from apps.audit.models import Action, Entry
from apps.demo.server import DemoSentry
from apps.lookups.admin import lookup as admin_lookup
from apps.lookups.models import Lookup, LookupIssue, LookupProject
from tests.conftest import person, signed_in
from tests.web.reviewing import LIST, act, ago, looked_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def review(admin: User) -> Client:
    """The admin's browser."""
    return signed_in(admin)


def exported(review: Client, action: str, *lookups: Lookup) -> str:
    form = {"action": action, "index": 0, "_selected_action": [one.pk for one in lookups]}
    response = review.post(LIST, form)
    assert "attachment" in response["Content-Disposition"]
    return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]


def test_purging_takes_what_was_found_with_the_answer_and_is_recorded(
    review: Client, agent: User, admin: User
) -> None:
    lookup, other = looked_up(agent, found={"7": "shop"}), looked_up(agent, found={"7": "shop"})
    assert "Results deleted: 1." in act(review, "purge", lookup)
    lookup.refresh_from_db()
    assert lookup.snapshot is None
    assert lookup.purged_at is not None
    assert [one.lookup_id for one in LookupIssue.objects.all()] == [other.pk]
    assert [one.lookup_id for one in LookupProject.objects.all()] == [other.pk]
    entry = Entry.objects.get(action=Action.PURGED)
    assert (entry.actor, entry.target) == ("ada", lookup.audit_target)
    assert entry.customer_hash == lookup.customer_hash
    assert entry.address == "127.0.0.1"


def test_purging_all_that_match_asks_first_and_takes_only_those(
    review: Client, agent: User
) -> None:
    looked_up(agent, outcome="failed")
    kept = looked_up(agent)
    form = {"action": "purge", "index": 0, "_selected_action": 0, "select_across": 1}
    page = review.post(f"{LIST}?outcome=failed", form).content.decode()
    assert "Delete the stored results of 1 lookup?" in page
    assert not Lookup.objects.exclude(purged_at=None).exists()
    review.post(f"{LIST}?outcome=failed", {**form, "confirmed": 1})
    assert Lookup.objects.get(purged_at=None) == kept


def test_more_than_a_bound_are_refused_whole(
    review: Client, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_lookup, "MAX_PURGED", 2)
    lookups = [looked_up(agent) for _ in range(3)]
    assert "up to 2 lookups" in act(review, "purge", *lookups)
    assert not Lookup.objects.exclude(purged_at=None).exists()


def test_of_more_than_a_hundred_each_is_still_named_in_the_trail(
    review: Client, agent: User
) -> None:
    lookups = [looked_up(agent) for _ in range(101)]
    act(review, "purge", *lookups)
    entries = Entry.objects.filter(action=Action.PURGED)
    assert entries.count() == 2
    named = {target for entry in entries for target in entry.detail["targets"]}
    assert named == {str(lookup.uuid) for lookup in lookups}


def test_extending_moves_the_end_of_what_is_still_kept(review: Client, agent: User) -> None:
    kept, gone = looked_up(agent), looked_up(agent, expires_at=ago(days=1))
    ends = kept.expires_at
    assert ends is not None
    assert "Results kept for 7 more days: 1." in act(review, "extend", kept, gone, days=7)
    kept.refresh_from_db()
    gone.refresh_from_db()
    assert kept.expires_at == ends + timedelta(days=7)
    assert gone.expires_at is not None
    assert gone.expires_at < timezone.now()
    assert Entry.objects.get(action=Action.EXTENDED).detail["days"] == 7


@pytest.mark.parametrize("days", ["", "0", "366", "-1", "1e3", "99999999999"])
def test_a_number_of_days_that_makes_no_sense_is_refused(
    review: Client, agent: User, days: str
) -> None:
    assert "Enter a number of days" in act(review, "extend", looked_up(agent), days=days)
    assert not Entry.objects.filter(action=Action.EXTENDED).exists()


def test_nothing_chosen_is_told(review: Client, agent: User) -> None:
    looked_up(agent)
    for action in ("refresh", "purge", "export_csv"):
        assert "Select lookups first." in act(review, action)


def test_an_erased_customer_cannot_be_asked_for_again(
    review: Client, agent: User, connected: DemoSentry
) -> None:
    page = act(review, "refresh", looked_up(agent, ""))
    assert "One customer's data was erased" in unescape(page)
    assert Lookup.objects.count() == 1


def test_the_list_as_csv_holds_no_customer_and_no_formula(review: Client, agent: User) -> None:
    lookup = looked_up(None, "jane@example.com", origin="cli", system_user='=HYPERLINK("x")')
    told = exported(review, "export_csv", lookup)
    assert "jane" not in told
    (row,) = csv.DictReader(StringIO(told))
    assert row["customer_hash"] == lookup.customer_hash
    assert row["system_user"] == '\'=HYPERLINK("x")'
    entry = Entry.objects.get(action=Action.REVIEWED)
    assert (entry.detail["lookups"], entry.detail["customers"]) == (1, False)


@pytest.mark.parametrize(
    "typed",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "\N{FULLWIDTH EQUALS SIGN}1", "|x"],
)
def test_a_customer_that_a_spreadsheet_would_run_gets_an_apostrophe(
    review: Client, agent: User, typed: str
) -> None:
    told = exported(review, "export_named", looked_up(agent, typed))
    (row,) = csv.DictReader(StringIO(told, newline=""))
    assert row["customer"] == f"'{typed}"


def test_json_lines_hold_an_object_for_each_lookup(review: Client, agent: User) -> None:
    lookups = [looked_up(agent, "jane"), looked_up(agent, "joe", outcome="failed")]
    told = [
        json.loads(line) for line in exported(review, "export_json_lines", *lookups).splitlines()
    ]
    assert {one["lookup"] for one in told} == {str(lookup.uuid) for lookup in lookups}
    assert {one["outcome"] for one in told} == {"found", "failed"}
    assert "jane" not in str(told)


def test_customers_as_typed_are_for_those_who_may_export_unredacted(
    agent: User, admin: User
) -> None:
    reader = person("rita")
    reader.is_staff = True
    reader.save()
    reader.user_permissions.add(Permission.objects.get(codename="view_lookup"))
    lookup = looked_up(agent, "jane@example.com")
    assert "No action selected" in act(signed_in(reader), "export_named", lookup)
    assert "jane@example.com" in exported(signed_in(admin), "export_named", lookup)
    taken = Entry.objects.get(action=Action.REVIEWED, detail__format="csv")
    assert taken.detail["customers"] is True


@pytest.mark.parametrize("action", ["refresh", "purge", "extend"])
def test_who_may_only_read_can_do_nothing(agent: User, action: str) -> None:
    reader = person("rita")
    reader.is_staff = True
    reader.save()
    reader.user_permissions.add(Permission.objects.get(codename="view_lookup"))
    lookup = looked_up(agent)
    assert "No action selected" in act(signed_in(reader), action, lookup, days=7)
    assert not Entry.objects.exclude(action=Action.REVIEWED).exists()
