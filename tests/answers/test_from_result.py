"""Known errors started from a problem of a result, and suggestions."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from apps.answers.catalogue.forms import stable_part
from apps.audit.models import Action, Entry
from apps.known_errors.models import KnownError
from apps.lookups.models import Lookup
from apps.lookups.services import purge_answers
from tests.answers.forms import ADD, LIST, filled, sent
from tests.conftest import MOMENT, person, signed_in
from tests.demo_sentry import DemoSentry
from tests.known_errors.entries import create_entry
from tests.web.asking import look_up, text
from tests.web.pages import Page
from tests.web.teams import team

pytestmark = pytest.mark.django_db

SUGGESTIONS = f"{LIST}suggestions/"
MESSAGE = "The bank declined the charge for jane@example.com (order 20931)"


def met(demo: DemoSentry, agent: User, *customers: str, project: str = "web") -> str:
    """Add a declined card for each customer, look them up, and return the last result's URL."""
    address = ""
    for customer in customers:
        demo.world.add_event(
            user_id=customer,
            timestamp=MOMENT,
            project=project,
            exception=("PaymentDeclined", MESSAGE),
        )
    client = signed_in(agent)
    for customer in customers:
        address = look_up(client, customer=customer)
        client.get(address)
    return address


def link_of(page: str) -> str:
    """Return the target of `Add as a known error`."""
    links = [a["href"] for a in Page(page).all("a") if "/knownerror/add/" in a.get("href", "")]
    return links[0]


def test_saving_leads_back_to_the_result(lead: User, agent: User, connected: DemoSentry) -> None:
    client, address = signed_in(lead), met(connected, agent, "1001")
    link = link_of(text(client.get(address))).replace("&amp;", "&")
    saved = client.post(link, {**filled(), "_save": "1"})
    assert (saved.status_code, saved["Location"]) == (302, address)
    assert "added successfully" in text(client.get(address))
    for other in ("?lookup=nonsense", f"?lookup={uuid4()}", ""):
        values = filled(slug=f"other-{len(other)}", title=f"Other {len(other)}")
        assert client.post(f"{ADD}{other}", {**values, "_save": "1"})["Location"] == LIST


def test_a_problem_prefills_the_form(lead: User, agent: User, connected: DemoSentry) -> None:
    client = signed_in(lead)
    link = link_of(text(client.get(met(connected, agent, "1001"))))
    assert link.partition("?")[2].replace("&amp;", "&").count("=") == 2
    form = client.get(link).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    assert values["type_text"] == "PaymentDeclined"
    assert values["message_text"] == "The bank declined the charge for"
    assert values["project"] == "web"
    assert "jane" not in str(values)
    assert not any("<" in value for value in values.values() if type(value) is str)
    assert values["explanation"].endswith(".")
    seen = Entry.objects.filter(action=Action.VIEWED, actor="lea").latest("sequence")
    assert seen.detail == {"by": "catalogue"}
    typed = {name: value for name, value in values.items() if isinstance(value, str)}
    sent(client, ADD, **{**typed, "slug": ""})
    assert KnownError.objects.get().pattern["message"] == {"contains": values["message_text"]}


def test_links_lead_to_the_admins_own_host_and_back(
    lead: User, agent: User, connected: DemoSentry, settings: Settings
) -> None:
    address = met(connected, agent, "1001", "1002")
    settings.ALLOWED_HOSTS = ["triage.example.org", "review.example.org"]
    settings.TRIAGE_ADMIN_HOST = "review.example.org"
    settings.TRIAGE_SITE_HOST = "triage.example.org"
    client = signed_in(lead)
    link = link_of(text(client.get(address, headers={"host": "triage.example.org"})))
    host, _slash, path = link.removeprefix("http://").partition("/")
    assert host == "review.example.org"
    form = client.get(f"/{path}", headers={"host": host}).context["adminform"].form
    assert form["type_text"].value() == "PaymentDeclined"
    page = text(client.get(SUGGESTIONS, headers={"host": host}))
    assert f"http://triage.example.org{address}" in page


def test_agents_get_no_link_to_the_form(agent: User, connected: DemoSentry) -> None:
    page = text(signed_in(agent).get(met(connected, agent, "1001")))
    assert "Add as a known error" not in page


def test_lookups_of_another_team_are_not_read(
    lead: User, agent: User, connected: DemoSentry
) -> None:
    met(connected, agent, "1001")
    lookup = Lookup.objects.get()
    issue = lookup.found_issues.get().issue_id
    team("Elsewhere", ["web"], lead)
    client = signed_in(lead)
    assert client.get(ADD, {"lookup": str(lookup.uuid), "issue": issue}).status_code == 404
    assert Entry.objects.filter(action=Action.REFUSED, actor="lea").count() == 1
    for lookup_id in ("x", "00000000-0000-4000-8000-000000000000"):
        assert client.get(ADD, {"lookup": lookup_id, "issue": issue}).status_code == 404


def test_issues_of_hidden_projects_are_not_found(
    lead: User, agent: User, connected: DemoSentry
) -> None:
    met(connected, agent, "1001", project="api")
    lookup = Lookup.objects.get()
    issue = lookup.found_issues.get().issue_id
    team("Shop", ["web"], lead, agent)
    page = signed_in(lead).get(ADD, {"lookup": str(lookup.uuid), "issue": issue})
    assert page.status_code == 404


def test_the_form_says_that_a_result_is_no_longer_stored(
    lead: User, agent: User, connected: DemoSentry
) -> None:
    met(connected, agent, "1001")
    lookup = Lookup.objects.get()
    issue = lookup.found_issues.get().issue_id
    purge_answers([lookup])
    page = text(signed_in(lead).get(ADD, {"lookup": str(lookup.uuid), "issue": issue}))
    assert "This lookup&#x27;s result is no longer stored." in page


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ("Card of <email-1> was declined by the bank", "was declined by the bank"),
        ("Request 8f3a-77 failed with status code 402", "failed with status code"),
        ("Cannot read 'Acme Ltd' properties of undefined", "properties of undefined"),
        ('can\'t access property "amount", price is undefined', "can't access property"),
        ("https://cdn.example/31.js could not be loaded", "could not be loaded"),
        ("<customer>", ""),
        ("12345", ""),
        ("short 1", ""),
        ("", ""),
    ],
)
def test_the_pattern_leaves_out_varying_parts(message: str, part: str) -> None:
    assert stable_part(message) == part


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (("The bank said no (do_not_honor)",), "The bank said no"),
        (("Kein Zugriff auf »Stiefel, rot« im Lager",), "Kein Zugriff auf"),
        (("接続が切断されました「注文番号」",), "接続が切断されました"),
        (("could not be read\u202eand turned\x07",), "could not be read"),
        (("no rate for currency JPY", "no rate for currency USD"), ""),
        (("took too long, 3 of Zurich waits", "took too long, 4 of Oslo waits"), "took too long"),
    ],
)
def test_the_pattern_matches_every_event_of_the_problem(
    messages: tuple[str, ...], expected: str
) -> None:
    assert stable_part(*messages) == expected


def test_issues_of_several_customers_are_suggested(
    lead: User, agent: User, connected: DemoSentry
) -> None:
    met(connected, agent, "1001", "1002")
    connected.world.add_event(
        user_id="1003", timestamp=MOMENT, project="web", exception=("Rare", "Once")
    )
    client = signed_in(agent)
    client.get(look_up(client, customer="1003"))
    lea = signed_in(lead)
    page = text(lea.get(SUGGESTIONS))
    assert "2 lookups, 2 customers" in page
    assert "PaymentDeclined" in page
    assert "Rare" not in page
    assert "1001" not in page
    assert lea.get(link_of(page)).context["adminform"].form["type_text"].value()
    assert Entry.objects.filter(target="suggestions of known errors", actor="lea").exists()
    entry = create_entry()
    assert "No suggestions right now" in text(lea.get(SUGGESTIONS))
    entry.is_active = False
    entry.save()
    assert "PaymentDeclined" in text(lea.get(SUGGESTIONS))


def test_suggestions_are_limited_to_the_leads_projects(
    lead: User, agent: User, connected: DemoSentry
) -> None:
    met(connected, agent, "1001", "1002", project="api")
    team("Shop", ["web"], lead)
    assert "PaymentDeclined" not in text(signed_in(lead).get(SUGGESTIONS))
    other = person("lou", "lead")
    team("Back", ["api"], other)
    page = text(signed_in(other).get(SUGGESTIONS))
    assert "PaymentDeclined" in page
    assert "You don't have access to its results." in page
