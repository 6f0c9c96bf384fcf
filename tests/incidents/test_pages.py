"""Incidents through the site: checking the list, asking, reading, and everything around it."""

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.utils import timezone

from apps.accounts.models import LEAD, Team
from apps.audit.models import Action, Entry
from apps.audit.trail import SYSTEM
from apps.audit.verification import verify_trail
from apps.crypto import hash_customer
from apps.exports.tokens import estimate_tokens
from apps.incidents.models import Incident, IncidentBatch, IncidentLine
from apps.incidents.services import BATCH, run_batch
from apps.jobs.engine import Lease, LeaseLost, handlers, work
from apps.jobs.models import Job
from apps.lookups.access import Requester, may_read, share_lookup
from apps.lookups.models import Lookup, Origin
from apps.lookups.retention import count_expired, prune
from apps.redaction import engine
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry, add_raw
from tests.incidents.conftest import LIST
from tests.web.asking import AT, look_up, text
from tests.web.records import stored_texts
from tests.web.teams import team


def sent(**changes: object) -> dict[str, object]:
    return {"customers": LIST, "at": AT, "zone": "Europe/Berlin", "window": 10, **changes}


def begin(client: Client, **changes: object) -> str:
    """Confirm a list and return the URL of the incident."""
    response = client.post("/incidents/", sent(confirmed="1", **changes))
    assert response.status_code == 303, text(response)
    return str(response["Location"])


def ask(client: Client, **changes: object) -> str:
    """Begin an incident, and do its jobs."""
    url = begin(client, **changes)
    while work():
        pass
    return url


def exported(client: Client, url: str) -> Any:
    return json.loads(client.get(f"{url}export.json").content)


def test_a_list_is_checked_before_anything_is_asked(lea: Client, connected: DemoSentry) -> None:
    page = text(lea.post("/incidents/", sent()))
    for expected in (
        "7 customers to look up",
        "<bdi>Customer ID</bdi>",
        "The same customer as in line 2.",
        "<td>9</td><td><bdi>10.0.0.1</bdi></td>",
    ):
        assert expected in page
    assert not Incident.objects.exists()
    assert not any("events" in call.path for call in connected.calls)


def test_the_list_shows_which_part_of_a_line_is_looked_up(lea: Client) -> None:
    listed = "anna\nname 27\nJane <jane@example.com>\n1001"
    page = text(lea.post("/incidents/", sent(customers=listed)))
    assert "Only a part is looked up (2)" in page
    assert "<td><bdi>name 27</bdi></td><td><bdi>27</bdi></td>" in page
    assert "<td><bdi>jane@example.com</bdi></td>" in page


def test_a_form_sent_again_leads_to_the_first_incident(lea: Client, other_agent: User) -> None:
    """After a double click, or by going back when the list has ended; but not a new form."""

    def named() -> str:
        page = text(lea.post("/incidents/", sent()))
        return str(re.findall(r'name="form" value="(\w+)"', page)[0])

    form = named()
    first = ask(lea, form=form)
    assert begin(lea, form=form) == first
    assert begin(lea, form=named()) != first
    assert begin(lea, form=form, customers="1001") != first
    other_agent.groups.add(Group.objects.get(name=LEAD))
    assert begin(signed_in(other_agent), form=form) != first
    assert Incident.objects.count() == 4


def test_an_uploaded_file_is_read_by_its_column(lea: Client) -> None:
    table = "name;account\nJane;1001\nAnn;1004\n".encode("utf-16")
    page = text(
        lea.post("/incidents/", sent(customers="", file=SimpleUploadedFile("a.csv", table)))
    )
    assert "2 customers to look up" in page
    assert '<option value="1" selected>account, for example 1001</option>' in page
    url = ask(lea, customers=table.decode("utf-16"), column="1")
    assert exported(lea, url)["asked"] == 2
    for refused in ({"customers": ""}, {"customers": "\n" * 3}, {"customers": "1\n" * 4001}):
        assert lea.post("/incidents/", sent(**refused)).status_code == 400


def test_shared_failures_are_counted_and_the_rest_is_named(lea: Client) -> None:
    url = ask(lea)
    page = text(lea.get(url))
    assert "3 of 7 customers hit the same failure: The payment was declined." in page
    assert "<strong>3 of 7 checked</strong>" in page
    assert "Reply for these customers" in page
    result = exported(lea, url)
    first, second = result["failures"]
    assert first["lines"] == [2, 3, 4]
    assert first["releases"] == ["=shop@2.0.0", "=shop@2.1.0"]
    assert second["lines"] == [5]
    assert (result["without_errors"], result["never_seen"]) == ([6], [7, 10])
    assert (result["asked"], result["answered"], result["complete"]) == (7, 7, True)
    event = text(lea.get(f"{url}events/{first['representatives'][0]}/"))
    assert "jane@example.com" not in event
    assert "PaymentDeclined" in event


def test_what_was_only_noted_is_not_called_a_failure(lea: Client, connected: DemoSentry) -> None:
    connected.world.clear()
    connected.world.add_project("api")
    for number in range(3):
        connected.world.add_event(
            user_id=str(1001 + number), timestamp=MOMENT, level="info", message="Signed in"
        )
    page = text(lea.get(ask(lea, project="web")))
    assert "3 of 7 customers had the same event: Our server only logged a note." in page
    assert "<li>in web</li>" in page
    assert "Never seen in these projects, as far back as Sentry keeps events (4)" in page


def test_customers_with_only_what_is_usual_are_named(lea: Client, connected: DemoSentry) -> None:
    for number in range(30):
        connected.world.add_event(
            user_id=f"x{number}",
            timestamp=MOMENT - timedelta(minutes=15),
            project="api",
            exception=("KeyError", "x"),
        )
    connected.world.add_event(
        user_id="1001", timestamp=MOMENT, project="api", exception=("KeyError", "x")
    )
    page = text(lea.get(ask(lea)))
    assert (
        "1 failure that was about as common before and is probably noise; "
        "the most widespread: 2 of 7" in page
    )
    assert "With only failures that were about as common before (1)" in page
    assert "With these failures (3)" in page
    assert "30 of 30 other customers with errors had it in the 20 minutes before" in page
    assert "none of 30 other customers with errors had it in the 20 minutes before" in page


def test_exports_name_lines_and_run_no_formula(lea: Client) -> None:
    url = ask(lea)
    rows = list(csv.DictReader(io.StringIO(text(lea.get(f"{url}export.csv")))))
    assert [row["line"] for row in rows] == ["2", "3", "4", "5", "6", "7", "10"]
    assert rows[0]["releases"] == "'=shop@2.0.0"
    assert {row["state"] for row in rows} == {"with_errors", "without_errors", "never_seen"}
    markdown = text(lea.get(f"{url}export.md?budget=2000"))
    assert "1. The payment was declined." in markdown
    for export in (markdown, json.dumps(exported(lea, url)), str(rows)):
        assert "1001" not in export.replace("<email-1001>", "")
        assert "jane@" not in export
    assert lea.get(f"{url}export.md?budget=1").status_code == 400


def test_the_largest_sets_are_asked_about_first(lea: Client) -> None:
    """The page shows what they share while others wait."""
    emails = (f"a-long-name-of-someone-{number}@example.com" for number in range(40))
    url = begin(lea, customers="\n".join((*emails, *map(str, range(1001, 1090)))))
    sizes = [batch.lines.count() for batch in IncidentBatch.objects.order_by("pk")]
    assert len(sizes) > 1
    assert sizes == sorted(sizes, reverse=True)
    assert work()
    page = text(lea.get(url))
    asked = sizes[0]
    assert f"<strong>3 of {asked} checked, {sum(sizes) - asked} not checked yet</strong>" in page
    assert "not compared yet" in page


def test_every_line_is_accounted_for(lea: Client, connected: DemoSentry) -> None:
    """On the page to check, on the result, and in JSON, also while some aren't asked yet."""
    listed = f"{LIST}\n\n1007"
    expected = "12 lines: 8 customers, 1 repeated, 1 that can’t be looked up, 1 empty, 1 heading"
    assert expected in text(lea.post("/incidents/", sent(customers=listed)))
    url = begin(lea, customers=listed)
    page = text(lea.get(url))
    assert f"{expected}." in page
    assert "Not checked yet (8)" in page
    unreadable = {"id": "?"}
    add_raw(
        connected.world, {}, row=unreadable, event_id="a" * 32, timestamp=MOMENT, user_id="1007"
    )
    while work():
        pass
    page = text(lea.get(url))
    counts = re.findall(
        r"<summary>([^<]+) \((\d+)\)</summary>", page.partition("customers-title")[2]
    )
    assert sum(int(count) for _title, count in counts) == 8, counts
    result = exported(lea, url)
    expected_input = {"repeated": 1, "unreadable": 1, "heading": 1, "empty": 1}
    assert result["input"] == {"lines": 12, "customers": 8, **expected_input}


def test_a_failure_says_where_it_failed_and_what_comes_next(lea: Client) -> None:
    page = text(lea.get(ask(lea)))
    card = page.partition('id="failure-1"')[2].partition("</article>")[0]
    for expected in (
        "<dt>Where it failed</dt><dd><bdi>the customer’s bank</bdi></dd>",
        "<dt>Stopped them</dt>",
        "<strong>Reply; escalate if it continues.</strong>",
        "WEB-1</bdi></a>, 3 customers",
        "3 customers</summary>",
    ):
        assert expected in card, (expected, card)
    second = page.partition('id="failure-2"')[2].partition("</article>")[0]
    assert "<bdi>our server</bdi>" in second
    assert "<strong>Escalate, then reply.</strong>" in second


def test_a_failure_is_escalated_as_on_a_result(lea: Client) -> None:
    url = ask(lea)
    failure = exported(lea, url)["failures"][0]
    address = f"{url}escalation/{failure['issues'][0]}/"
    page = text(lea.get(address))
    for expected in (
        "The payment was declined.",
        "Customers who had it: 3 of 7 checked; from",
        "These 2 of 3 events represent a failure of 3 customers.",
        "Back to the incident",
    ):
        assert expected in page, expected
    for hidden in ("1001", "jane@", "This customer had it"):
        assert hidden not in page.replace("email-1001", "").partition("<main")[2], hidden
    plain = text(lea.post(address, {"format": "text", "template": "short-note"}))
    assert "Full result: http://testserver/incidents/" in plain
    kept = text(lea.post(address, {"do": "keep", "text": "Edited", "subject": "S"}))
    assert "Edited</textarea>" in kept
    used = lea.post(f"{url}drafted/", {"kind": "escalation", "how": "copied"})
    assert used.status_code == 204
    assert Entry.objects.filter(action=Action.DRAFTED, target__startswith="incident").exists()
    assert lea.post(f"{url}drafted/", {"kind": "x", "how": "copied"}).status_code == 400
    assert lea.get(f"{url}escalation/404/").status_code == 404


@override_settings(TRIAGE_LOOKUPS_PER_MINUTE=2)
def test_reading_lists_counts_like_lookups(lea: Client) -> None:
    """Reading takes time itself, also of a list that is refused."""
    for _time in range(2):
        assert lea.post("/incidents/", sent(customers="1\n" * 4001)).status_code == 400
    page = lea.post("/incidents/", sent())
    assert page.status_code == 429
    assert "a lot of lookups" in text(page)
    assert page["Retry-After"]


def test_the_text_for_a_model_uses_its_limit(lea: Client, connected: DemoSentry) -> None:
    """Unless everything is in it."""
    for number in range(60):
        connected.world.add_event(
            user_id=str(1001 + number % 6),
            timestamp=MOMENT,
            project="web",
            issue=f"Issue {number % 5}",
            exception=(f"Odd{'abcde'[number % 5]}Error", "x"),
            tags={f"tag-{one}": f"value {one}" for one in range(20)},
        )
    url = ask(lea)
    for budget in (700, 1000, 1700, 2600, 40_000):
        markdown = text(lea.get(f"{url}export.md?budget={budget}"))
        share = estimate_tokens(markdown) / budget
        assert share <= 1, budget
        assert share >= 0.92 or "eft out" not in markdown, (budget, share)


def test_a_customer_is_one_click_from_their_own_lookup(lea: Client) -> None:
    url = ask(lea)
    first = lea.post(f"{url}lookup/", {"line": "3"})
    assert "The payment was declined" in text(lea.get(first["Location"]))
    assert lea.post(f"{url}lookup/", {"line": "3"})["Location"] == first["Location"]
    assert Lookup.objects.get().moment == MOMENT + timedelta(seconds=1)
    assert lea.post(f"{url}lookup/", {"line": "99"}).status_code == 404


def test_each_customer_is_in_the_audit_trail(lea: Client) -> None:
    ask(lea, reason="T-77")
    incident = Incident.objects.get()
    entries = Entry.objects.filter(action=Action.LOOKED_UP, target=incident.audit_target)
    assert entries.count() == 7
    assert entries.filter(customer_hash=hash_customer("anna"), actor="lea").exists()
    assert not verify_trail().broken
    assert "T-77" in text(lea.get(f"/incidents/{incident.uuid}/"))
    assert not [one for one in Lookup.objects.all() if one.customer]


def test_an_erased_customer_is_gone_from_incidents(lea: Client, admin: User) -> None:
    url = ask(lea)
    names = {"names": "1002", "confirmed": "1"}
    assert "lookup" in text(signed_in(admin).post("/review/forget/", names, follow=True))
    assert IncidentLine.objects.filter(sealed_finding=None).count() == 1
    result = exported(lea, url)
    assert result["unanswerable"] == [{"line": 3, "why": "This customer’s data was erased."}]
    assert not result["complete"]
    job = Job.objects.filter(kind=BATCH)
    job.update(state="waiting")
    while work():
        pass
    assert not any(re.search(r"\b1002\b", one) for one in stored_texts())


def test_an_expired_incident_is_refused_and_then_deleted(lea: Client) -> None:
    url = ask(lea)
    Incident.objects.update(expires_at=timezone.now())
    assert lea.get(url).status_code == 410
    assert lea.get(f"{url}export.json").status_code == 410
    assert count_expired().answers == prune(SYSTEM).answers == 7
    assert lea.get(url).status_code == 404


def test_newer_rules_apply_to_older_incidents(lea: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    url = ask(lea)
    Incident.objects.update(redaction_version=0)
    event = exported(lea, url)["failures"][0]["representatives"][0]
    address = f"{url}events/{event}/"
    assert "Card declined" in text(lea.get(address))
    monkeypatch.setattr(engine, "redact_text", lambda *_args, **_kind: "<newer-rule>")
    assert "Card declined" not in text(lea.get(address))


def test_a_canceled_incident_keeps_what_was_found(lea: Client, connected: DemoSentry) -> None:
    url = begin(lea, customers="\n".join(map(str, range(1001, 1151))))
    assert "No worker is running" in lea.get(f"{url}progress").json()["sentence"]
    assert work()
    assert lea.get(f"{url}progress").json()["state"] == "changed"
    assert "4 of 100 customers checked had errors so far" in text(lea.get(url))
    assert lea.post(f"{url}cancel/").status_code == 303
    assert not work()
    result = exported(lea, url)
    assert (result["state"], result["answered"]) == ("cancelled", 100)
    assert len(result["not_asked"]) == 50
    assert "<li>canceled at " in text(lea.get(url))
    assert not result["complete"]


def test_a_batch_that_is_done_twice_counts_once(lea: Client) -> None:
    begin(lea)
    job = Job.objects.get(kind=BATCH)
    Job.objects.update(state="running", lease_holder="one")
    job.refresh_from_db()
    late = Lease(job, handlers()[BATCH])
    Job.objects.update(lease_holder="two")
    with pytest.raises(LeaseLost):
        run_batch(job, late)
    assert not IncidentLine.objects.filter(sealed_finding__isnull=False).exists()
    job.refresh_from_db()
    run_batch(job, Lease(job, handlers()[BATCH]))
    assert IncidentLine.objects.filter(sealed_finding__isnull=False).count() == 7


def test_what_sentry_refuses_is_not_called_error_free(lea: Client, connected: DemoSentry) -> None:
    url = begin(lea)
    connected.token = "changed"
    while work():
        pass
    result = exported(lea, url)
    assert result["not_asked"] == [2, 3, 4, 5, 6, 7, 10]
    assert not result["complete"]
    assert "not everyone’s errors could be read" in text(lea.get(url))


def test_nobody_is_error_free_where_errors_may_be_missing(lea: Client) -> None:
    """Not for programs, not on the page, and not in the table."""
    url = ask(lea, at=f"{timezone.now() - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}")
    result = exported(lea, url)
    assert (result["never_seen"], result["without_errors"]) == ([], [])
    assert len(result["capped"]) == result["answered"] == result["asked"] == 7
    assert "No errors found, but some may be missing (7)" in text(lea.get(url))
    rows = list(csv.DictReader(io.StringIO(text(lea.get(f"{url}export.csv")))))
    assert {row["state"] for row in rows} == {"capped"}
    assert all("goes back further" in row["note"] for row in rows)


def test_readers_see_only_their_own_projects(lea: Client, lead: User, other_agent: User) -> None:
    url = ask(lea)
    team("Web", ["web"], lead)
    team("API", ["api"], other_agent)
    lea.post(f"{url}share/", {"reader": "ben"})
    ben = signed_in(other_agent)
    page = text(ben.get(url))
    assert "payment" not in page
    result = exported(ben, url)
    assert [one["lines"] for one in result["failures"]] == [[5]]
    assert result["never_seen"] == []
    lookup = ben.post(f"{url}lookup/", {"line": "2"})
    assert "payment" not in text(ben.get(lookup["Location"]))
    assert ben.post(f"{url}lookup/", {"line": "2"})["Location"] == lookup["Location"]
    assert not result["complete"]


def test_reviewers_can_ask_about_the_lookups_of_the_last_hours(lea: Client, admin: User) -> None:
    look_up(lea, customer="1001")
    look_up(lea, customer="anna")
    ada = signed_in(admin)
    page = text(ada.post("/incidents/", sent(customers="", recent="2")))
    assert "2 customers to look up" in page
    assert Entry.objects.filter(action=Action.REVIEWED, actor="ada").exists()
    assert lea.post("/incidents/", sent(customers="", recent="2")).status_code == 400


def test_the_list_under_manage_has_what_its_reader_can_open(
    lea: Client, lead: User, other_agent: User, admin: User
) -> None:
    """Who can read an incident, by the rules for a lookup; others don't learn that it exists."""
    begin(lea, reason="T-77")
    lou = User.objects.create_user("lou", "lou@example.com")
    lou.groups.add(*lead.groups.all())
    address = "/admin/incidents/incident/"
    pages = {one: signed_in(one) for one in (lead, lou, admin)}
    for reader, has_teams, is_listed in (
        (lead, False, True),
        (lou, False, True),
        (lead, True, True),
        (lou, True, False),
        (admin, True, True),
    ):
        if has_teams and not Team.objects.exists():
            team("One", ["web"], lead)
            team("Two", ["web"], lou)
        incident = Incident.objects.get()
        listed = text(pages[reader].get(address))
        for shown in ("T-77", "7 customers", '<td class="field-who">lea'):
            assert (shown in listed) is is_listed, (reader, has_teams, shown)
        assert may_read(reader, incident) is is_listed
        opened = pages[reader].get(f"{address}{incident.pk}/change/")
        assert opened.status_code == (303 if is_listed else 404)
    for chosen in ("state=finished", "user__isnull=True"):
        assert "T-77" not in text(pages[lead].get(f"{address}?{chosen}")), chosen
    share_lookup(incident, lou, requester=Requester(Origin.WEB, lead))
    assert "T-77" in text(pages[lou].get(address))
    Incident.objects.update(expires_at=timezone.now())
    assert "T-77" not in text(pages[lead].get(address))
    assert signed_in(other_agent).get(address).status_code == 403
    assert "incidents/incident/" in text(lea.get("/incidents/"))
