"""The export panel of a result: its fragment, its form, and single problems."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.lookups import cache, store
from apps.lookups.models import ExportPreset, Lookup
from apps.lookups.services import purge_answers
from tests.conftest import MOMENT, person, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text
from tests.web.pages import Page
from tests.web.teams import errors_in_two_projects, team

pytestmark = pytest.mark.django_db

CHOICE = {"preset": "explain", "format": "json", "budget": "2000"}


def test_fragment_matches_page_without_layout(ana: Client) -> None:
    address = look_up(ana)
    page, fragment = ana.get(address, CHOICE), ana.get(f"{address}export/panel/", CHOICE)
    assert fragment.context["export"].text == page.context["export"].text
    assert text(fragment).strip() in text(page).replace(
        str(page.context["csrf_token"]), str(fragment.context["csrf_token"])
    )
    assert "<html" not in text(fragment)


def test_download_link_matches_preview(ana: Client) -> None:
    address = look_up(ana)
    for format_ in ("markdown", "json"):
        fragment = ana.get(f"{address}export/panel/", {**CHOICE, "format": format_})
        links = Page(text(fragment)).all("a")
        (link,) = [link for link in links if link.get("data-part") == "download"]
        assert text(ana.get(link["href"])) == fragment.context["export"].text


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"budget": "5"}, "budget", "The token limit must be from 400 to 1,000,000 tokens."),
        ({"budget": "<b>"}, "budget", "Enter the token limit as a whole number."),
        ({"preset": "nope"}, "preset", "There is no prompt with that name."),
        ({"format": "yaml"}, "format", "Choose Markdown or JSON."),
        ({"issue": "999"}, "budget", "no problem with that ID"),
    ],
)
def test_invalid_choice_is_reported_for_its_field(
    ana: Client, changes: dict[str, str], field: str, sentence: str
) -> None:
    response = ana.get(f"{look_up(ana)}export/panel/", {**CHOICE, **changes})
    assert response.status_code == 400
    assert Page(text(response)).tags == [("p", {"data-refused": field})]
    assert sentence in text(response)


@pytest.mark.parametrize("typed", ["2000", "2,000", "2 000", " 2\u202f000 "])
def test_token_limit_accepts_thousands_separators(ana: Client, typed: str) -> None:
    fragment = ana.get(f"{look_up(ana)}export/panel/", {"budget": typed})
    assert fragment.context["choice"].budget == 2000


def test_size_button_overrides_typed_token_limit(ana: Client) -> None:
    """Without JavaScript, the button submits both values, the typed one first."""
    response = ana.get(f"{look_up(ana)}?preset=none&format=markdown&budget=6000&budget=2000")
    assert response.context["choice"].budget == 2000


@pytest.fixture
def two_problems(ana: Client, connected: DemoSentry) -> str:
    """Return the URL of a result with two problems."""
    connected.world.add_event(
        user_id="1001", timestamp=MOMENT, project="web", exception=("CartBroke", "No price")
    )
    return look_up(ana)


def test_problem_export_contains_only_that_problem(ana: Client, two_problems: str) -> None:
    page = ana.get(two_problems, CHOICE)
    links = [link for link in Page(text(page)).all("a") if "data-problem" in link]
    assert len(links) == 2
    exports = [text(ana.get(link["href"])) for link in links]
    for own, other in (("CartBroke", "PaymentDeclined"), ("PaymentDeclined", "CartBroke")):
        (export,) = [export for export in exports if own in export]
        assert other not in export
        assert export.startswith("Explain to a support agent")


def test_panel_requires_access_to_lookup(
    ana: Client, two_problems: str, other_agent: User, lead: User, outsider: User, client: Client
) -> None:
    url = f"{two_problems}export/panel/"
    for stranger in (other_agent, outsider):
        assert signed_in(stranger).get(url).status_code == 404
        assert signed_in(stranger).post(f"{two_problems}copied/", CHOICE).status_code == 404
    assert signed_in(lead).get(url).status_code == 200
    assert "login" in client.get(url)["Location"]


def test_keyboard_shortcut_can_be_turned_off(ana: Client) -> None:
    address = look_up(ana)
    assert "data-shortcut" in text(ana.get(address))
    ana.post("/accounts/preferences/", {"time_zone": ""})
    assert "data-shortcut" not in text(ana.get(address))
    assert "checked" not in text(ana.get("/accounts/preferences/"))
    ana.post("/accounts/preferences/", {"time_zone": "", "shortcuts": "on"})
    assert "data-shortcut" in text(ana.get(address))


def test_stored_export_is_used_only_while_nothing_has_changed(
    ana: Client, admin: User, connected: DemoSentry
) -> None:
    address = look_up(ana)
    first = text(ana.get(f"{address}export.md"))
    assert text(ana.get(f"{address}export.md")) == first
    assert text(ana.get(f"{address}export.md", {"marking": "1"})) != first
    ExportPreset.objects.filter(name="bug").update(instruction="A new prompt.")
    assert "A new prompt." in text(ana.get(f"{address}export.md", {"preset": "bug"}))
    ExportPreset.objects.filter(name="bug").update(instruction="A newer prompt.")
    assert "A newer prompt." in text(ana.get(f"{address}export.md", {"preset": "bug"}))
    lookup = Lookup.objects.get()
    keys = list(store.keys_of_lookup(lookup))
    assert cache.get(f"export/{lookup.uuid}")
    purge_answers([lookup])
    assert not cache.get_many(keys)


def test_tokens_are_counted_for_the_chosen_family(
    ana: Client, connected: DemoSentry, settings: Settings
) -> None:
    address = look_up(ana)
    panel = f"{address}export/panel/"
    settings.TRIAGE_EXPORT_MODEL = "gemini"
    for query, label in (({}, "Gemini"), ({"model": "claude"}, "Claude")):
        page = text(ana.get(panel, query))
        assert f"</strong> tokens for {label}" in page
        assert f'value="{label.lower()}" selected' in page
    refused = ana.get(panel, {"model": "parrot"})
    assert refused.status_code == 400
    assert 'data-refused="model"' in text(refused)


def test_stored_export_of_one_reader_is_not_shown_to_another(
    connected: DemoSentry, lead: User
) -> None:
    hidden = errors_in_two_projects(connected.world)
    team("all", ["web", "api-secret"], lead)
    other = person("other-lead", "lead")
    team("web", ["web"], other)
    address = look_up(signed_in(lead))
    assert hidden in text(signed_in(lead).get(f"{address}export.md"))
    share = signed_in(lead).post(f"{address}share/", {"reader": "other-lead", "days": ""})
    assert share.status_code == 303
    assert hidden not in text(signed_in(other).get(f"{address}export.md"))
    assert hidden in text(signed_in(lead).get(f"{address}export.md"))
