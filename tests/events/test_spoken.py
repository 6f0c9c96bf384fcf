"""Breadcrumbs in words that an agent can say."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.events.breadcrumb_text import Actor, Spoken, label_of, spoken
from apps.events.event import Breadcrumb, Event

BROWSER = Event("a" * 32, datetime(2026, 11, 20, tzinfo=UTC), platform="javascript")
PHONE = Event("c" * 32, datetime(2026, 11, 20, tzinfo=UTC), platform="android")
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
        ("button#btn-book-now", "book now"),
        ('button[data-cy="start-selfie"]', "start selfie"),
        ("button.sc-bdVaJa.kYxqPf", "a button"),
        ("button.mt-4.flex.items-center.rounded-lg.px-3.5.text-white.hover:bg-red-500", "a button"),
        ("button.w-[32px].checkout > svg", "checkout"),
        ("button.MuiButton-root.MuiButton-contained", "a button"),
        ("button.hidden-md", "a button"),
        ("a.fixed-top.inline-flex", "a link"),
        ("button.hidden-sm-down.checkout", "checkout"),
        ("button.open-account", "open account"),
        ("button.group-chat", "group chat"),
        ("button.selected-plan", "selected plan"),
        ('a[href="/reports?from=1"]', "the link to /reports"),
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
            ("sent to", "shop.example/pay", "the server answered 500 (it failed)", True),
        ),
        (
            BROWSER,
            {"method": "GET", "url": "/cart", "status_code": 200},
            ("asked for", "/cart", "", False),
        ),
        (
            BROWSER,
            {"method": "POST", "url": "/cart", "status_code": "201"},
            ("sent to", "/cart", "the server answered", False),
        ),
        (
            SERVER,
            {"http.method": "POST", "url": "https://card.example/", "status_code": 402},
            ("sent to", "card.example/", "it answered 402 (payment needed)", True),
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
    assert (told.outcome, told.has_failed) == ("no response", True)


def test_notes_are_those_of_the_program_on_its_side() -> None:
    query = said(SERVER, category="query", message="SELECT 1")
    assert (query.actor, query.words) == (Actor.SERVER, "asked the data store")
    noted = said(category="console", message="odd", level="error")
    assert (noted.actor, noted.words, noted.has_failed) == (Actor.PAGE, "recorded an error", True)
    assert said(PHONE, category="log", message="odd").actor is Actor.APP


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ('SELECT "shop_order"."id" FROM "shop_order" WHERE id = %s', ("looked up", "shop order")),
        ("insert into `orders` (`id`) values (?)", ("saved", "orders")),
        ("UPDATE [dbo].[Carts] SET x = 1", ("changed", "carts")),
        ("DELETE FROM public.seats WHERE id = $1", ("removed", "seats")),
        ("BEGIN", ("asked the data store", "BEGIN")),
    ],
)
def test_a_query_is_told_by_what_was_done_and_where(query: str, told: tuple[str, str]) -> None:
    found = said(SERVER, category="db.sql.query", message=query)
    assert (found.words, found.text) == told


@pytest.mark.parametrize(
    ("crumb", "told"),
    [
        ({"category": "app.lifecycle", "data": {"state": "background"}}, "left the app"),
        ({"category": "app.lifecycle", "data": {"state": "foreground"}}, "switched to the app"),
        (
            {"category": "ui.lifecycle", "data": {"state": "resumed", "screen": "CartActivity"}},
            "saw Cart",
        ),
        (
            {"category": "ui.lifecycle", "data": {"state": "paused", "screen": "CartActivity"}},
            "left Cart",
        ),
        (
            {"category": "network.event", "data": {"action": "NETWORK_LOST"}},
            "heard from the device the connection is lost",
        ),
        ({"category": "redux.action", "message": "cart/add"}, "did cart/add"),
        ({"category": "ui.click", "data": {"view.id": "btn_pay_now"}}, "clicked pay now"),
        (
            {"category": "ui.click", "message": "InkWell", "data": {"label": "Pay now"}},
            "clicked Pay now",
        ),
    ],
)
def test_what_an_app_notes_is_told_as_a_person_would(crumb: dict[str, Any], told: str) -> None:
    found = said(PHONE, **crumb)
    assert f"{found.words} {found.text}".strip() == told


def test_a_call_that_our_server_made_is_not_told_as_the_customers_sign_in() -> None:
    data = {"method": "POST", "url": "https://mail.example/send", "status_code": 401}
    assert said(SERVER, category="http", data=data).outcome.endswith("(it did not let us in)")


def test_a_call_with_status_zero_got_no_answer() -> None:
    told = said(category="xhr", data={"method": "POST", "url": "/pay", "status_code": 0})
    assert (told.outcome, told.has_failed) == ("no response", True)


def test_a_graphql_call_is_told_by_its_name() -> None:
    data = {"method": "POST", "url": "/graphql", "graphql.operation": "mutation AddToCart"}
    assert said(category="fetch", data=data).text == "/graphql (mutation AddToCart)"


def test_an_empty_crumb_is_no_trouble() -> None:
    assert said() == Spoken(Actor.PAGE, "noted", "")
