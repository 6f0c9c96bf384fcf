"""The panel beside a result: its pieces for the browser, its form, one problem alone."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.demo.server import DemoSentry
from tests.conftest import MOMENT, signed_in
from tests.web.asking import look_up, text
from tests.web.pages import Page

pytestmark = pytest.mark.django_db

CHOICE = {"preset": "explain", "format": "xml", "budget": "2000"}


def test_the_pieces_hold_what_the_page_would_and_nothing_around_it(ana: Client) -> None:
    address = look_up(ana)
    page, pieces = ana.get(address, CHOICE), ana.get(f"{address}export/panel/", CHOICE)
    assert pieces.context["export"].text == page.context["export"].text
    assert text(pieces).strip() in text(page).replace(
        str(page.context["csrf_token"]), str(pieces.context["csrf_token"])
    )
    assert "<html" not in text(pieces)


def test_the_download_beside_the_preview_is_the_preview(ana: Client) -> None:
    address = look_up(ana)
    for format_ in ("markdown", "xml", "json"):
        pieces = ana.get(f"{address}export/panel/", {**CHOICE, "format": format_})
        links = Page(text(pieces)).all("a")
        (link,) = [link for link in links if link.get("data-part") == "download"]
        assert text(ana.get(link["href"])) == pieces.context["export"].text


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"budget": "5"}, "budget", "The token limit must be from 400 to 1,000,000 tokens."),
        ({"budget": "<b>"}, "budget", "Enter the token limit as a whole number."),
        ({"preset": "nope"}, "preset", "There is no preset with that name."),
        ({"format": "yaml"}, "format", "Choose Markdown, XML, or JSON."),
        ({"issue": "999"}, "budget", "no problem with that ID"),
    ],
)
def test_a_choice_that_makes_no_sense_is_told_for_its_field(
    ana: Client, changes: dict[str, str], field: str, sentence: str
) -> None:
    response = ana.get(f"{look_up(ana)}export/panel/", {**CHOICE, **changes})
    assert response.status_code == 400
    assert Page(text(response)).tags == [("p", {"data-refused": field})]
    assert sentence in text(response)


@pytest.mark.parametrize("typed", ["2000", "2,000", "2 000", " 2\u202f000 "])
def test_a_budget_may_be_typed_with_signs_between_its_digits(ana: Client, typed: str) -> None:
    pieces = ana.get(f"{look_up(ana)}export/panel/", {"budget": typed})
    assert pieces.context["choice"].budget == 2000


def test_a_usual_size_goes_before_the_number_in_the_field(ana: Client) -> None:
    """Without JavaScript a click on it sends both, the field's number first."""
    response = ana.get(f"{look_up(ana)}?preset=none&format=markdown&budget=6000&budget=2000")
    assert response.context["choice"].budget == 2000


@pytest.fixture
def two_problems(ana: Client, connected: DemoSentry) -> str:
    """The address of a result with two problems."""
    connected.world.add_event(
        user_id="1001", timestamp=MOMENT, project="web", exception=("CartBroke", "No price")
    )
    return look_up(ana)


def test_the_text_of_one_problem_tells_that_problem_alone(ana: Client, two_problems: str) -> None:
    page = ana.get(two_problems, CHOICE)
    links = [link for link in Page(text(page)).all("a") if "data-problem" in link]
    assert len(links) == 2
    told = [text(ana.get(link["href"])) for link in links]
    for own, other in (("CartBroke", "PaymentDeclined"), ("PaymentDeclined", "CartBroke")):
        (alone,) = [export for export in told if own in export]
        assert other not in alone
        assert alone.startswith("Explain to a support agent")


def test_the_panel_is_for_whoever_may_open_the_lookup(
    ana: Client, two_problems: str, other_agent: User, lead: User, outsider: User, client: Client
) -> None:
    pieces = f"{two_problems}export/panel/"
    for stranger in (other_agent, outsider):
        assert signed_in(stranger).get(pieces).status_code == 404
        assert signed_in(stranger).post(f"{two_problems}copied/", CHOICE).status_code == 404
    assert signed_in(lead).get(pieces).status_code == 200
    assert "login" in client.get(pieces)["Location"]


def test_the_key_can_be_switched_off(ana: Client) -> None:
    address = look_up(ana)
    assert "data-shortcut" in text(ana.get(address))
    ana.post("/accounts/preferences/", {"time_zone": ""})
    assert "data-shortcut" not in text(ana.get(address))
    assert "checked" not in text(ana.get("/accounts/preferences/"))
    ana.post("/accounts/preferences/", {"time_zone": "", "shortcuts": "on"})
    assert "data-shortcut" in text(ana.get(address))
