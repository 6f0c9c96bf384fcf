"""Breadcrumbs in words that an agent can say."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.events.event import Breadcrumb, Event
from apps.events.spoken import Actor, Spoken, label_of, spoken

BROWSER = Event("a" * 32, datetime(2026, 11, 20, tzinfo=UTC), platform="javascript")
SERVER = Event("b" * 32, datetime(2026, 11, 20, tzinfo=UTC), platform="python")


def said(event: Event = BROWSER, **crumb: Any) -> Spoken:
    return spoken(Breadcrumb(**crumb), event)


@pytest.mark.parametrize(
    ("target", "label"),
    [
        ("button.accept-cookies", "accept cookies"),
        ("a.related-product > img", "related product"),
        ("input#filter", "filter"),
        ("openSpending:", "open spending"),
        ("Touch event within element: StartShift", "start shift"),
        ("add_dish", "add dish"),
        ('button.btn.btn-primary[name="pay"] > span', "pay"),
        ('button.pay[type="submit"] > span', "pay"),
        ('button.btn.btn-large.checkout[type="submit"]', "checkout"),
        ("div#app > form.checkout > button.pay-now", "pay now"),
        ('button[aria-label="Pay now"]', "Pay now"),
        ("Pay now", "Pay now"),
        ("body > div", "body > div"),
        ("gallery: picture 14 of 31", "gallery: picture 14 of 31"),
    ],
)
def test_what_was_clicked_is_called_as_a_person_would(target: str, label: str) -> None:
    assert label_of(target) == label


@pytest.mark.parametrize(
    ("crumb", "words", "text"),
    [
        ({"category": "ui.click", "message": "button.pay"}, "clicked", "pay"),
        ({"category": "touch", "message": "buyCoins:"}, "tapped", "buy coins"),
        ({"category": "ui.input", "message": "input#email"}, "typed into", "email"),
        (
            {"category": "navigation", "data": {"from": "/", "to": "/cart?voucher=A"}},
            "went to",
            "/cart",
        ),
        ({"category": "ui.lifecycle", "data": {"screen": "Start"}}, "saw", "Start"),
    ],
)
def test_what_the_customer_did(crumb: dict[str, Any], words: str, text: str) -> None:
    told = said(**crumb)
    assert (told.actor, told.words, told.text) == (Actor.CUSTOMER, words, text)


@pytest.mark.parametrize(
    ("event", "data", "told"),
    [
        (
            BROWSER,
            {"method": "POST", "url": "https://shop.example/pay?card=1", "status_code": 500},
            ("sent to", "shop.example/pay", "the server answered 500", True),
        ),
        (
            BROWSER,
            {"method": "GET", "url": "/cart", "status_code": 200},
            ("asked for", "/cart", "", False),
        ),
        (
            BROWSER,
            {"method": "POST", "url": "/cart", "status_code": "201"},
            ("sent to", "/cart", "the server said yes", False),
        ),
        (
            SERVER,
            {"http.method": "POST", "url": "https://card.example/", "status_code": 402},
            ("sent to", "card.example/", "it answered 402", True),
        ),
        (BROWSER, {"method": "GET", "url": "http://[broken"}, None),
    ],
)
def test_what_a_request_came_to(
    event: Event, data: dict[str, Any], told: tuple[str, str, str, bool] | None
) -> None:
    spoken_of = said(event, category="fetch", type="http", data=data)
    found = (spoken_of.words, spoken_of.text, spoken_of.outcome, spoken_of.has_failed)
    assert found == (told or ("asked for", "http://[broken", "", False))
    assert spoken_of.actor is (Actor.PAGE if event is BROWSER else Actor.SERVER)


def test_a_request_without_an_answer_says_so() -> None:
    told = said(category="xhr", type="http", level="error", data={"url": "/pay"})
    assert (told.outcome, told.has_failed) == ("no answer came", True)


def test_notes_are_those_of_the_program_on_its_side() -> None:
    query = said(SERVER, category="query", message="SELECT 1")
    assert (query.actor, query.words) == (Actor.SERVER, "asked the database")
    noted = said(category="console", message="odd", level="error")
    assert (noted.actor, noted.words, noted.has_failed) == (Actor.PAGE, "noted", True)


def test_an_empty_crumb_is_no_trouble() -> None:
    assert said() == Spoken(Actor.PAGE, "noted", "")
