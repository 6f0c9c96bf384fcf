"""Test breadcrumbs in plain words."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.events.breadcrumb_text import Actor, BreadcrumbPhrase, breadcrumb_phrase, label_of
from apps.events.event import Breadcrumb, Event, breadcrumb_message

BROWSER = Event("a" * 32, datetime(2026, 11, 20, tzinfo=UTC), platform="javascript")
PHONE = Event("c" * 32, datetime(2026, 11, 20, tzinfo=UTC), platform="android")
SERVER = Event("b" * 32, datetime(2026, 11, 20, tzinfo=UTC), platform="python")


def phrase(event: Event = BROWSER, **crumb: Any) -> BreadcrumbPhrase:
    return breadcrumb_phrase(Breadcrumb(**crumb), event)


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
def test_label_of_clicked_element(target: str, label: str) -> None:
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
def test_customer_action(crumb: dict[str, Any], words: str, text: str) -> None:
    result = phrase(**crumb)
    assert (result.actor, result.words, result.text) == (Actor.CUSTOMER, words, text)


@pytest.mark.parametrize(
    ("event", "data", "expected"),
    [
        (
            BROWSER,
            {"method": "POST", "url": "https://shop.example/pay?card=1", "status_code": 500},
            (
                "sent a request to",
                "shop.example/pay",
                "the server answered with 500 (it failed)",
                True,
            ),
        ),
        (
            BROWSER,
            {"method": "GET", "url": "/cart", "status_code": 200},
            ("asked for", "/cart", "", False),
        ),
        (
            BROWSER,
            {"method": "POST", "url": "/cart", "status_code": "201"},
            ("sent a request to", "/cart", "the server answered", False),
        ),
        (
            SERVER,
            {"http.method": "POST", "url": "https://card.example/", "status_code": 402},
            ("sent a request to", "card.example/", "it answered with 402 (payment required)", True),
        ),
        (BROWSER, {"method": "GET", "url": "http://[broken"}, None),
    ],
)
def test_request_has_outcome(
    event: Event, data: dict[str, Any], expected: tuple[str, str, str, bool] | None
) -> None:
    result = phrase(event, category="fetch", type="http", data=data)
    found = (result.words, result.text, result.outcome, result.has_failed)
    assert found == (expected or ("asked for", "http://[broken", "", False))
    assert result.actor is (Actor.PAGE if event is BROWSER else Actor.SERVER)


def test_request_without_response() -> None:
    result = phrase(category="xhr", type="http", level="error", data={"url": "/pay"})
    assert (result.outcome, result.has_failed) == ("no response", True)


def test_actor_depends_on_side() -> None:
    query = phrase(SERVER, category="query", message="SELECT 1")
    assert (query.actor, query.words) == (Actor.SERVER, "asked the data store")
    noted = phrase(category="console", message="odd", level="error")
    assert (noted.actor, noted.words, noted.has_failed) == (Actor.PAGE, "recorded an error", True)
    assert phrase(PHONE, category="log", message="odd").actor is Actor.APP
    unclear = replace(SERVER, platform="other")
    assert phrase(unclear, category="log", message="odd").actor is Actor.PROGRAM


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('SELECT "shop_order"."id" FROM "shop_order" WHERE id = %s', ("looked up", "shop order")),
        ("insert into `orders` (`id`) values (?)", ("saved", "orders")),
        ("UPDATE [dbo].[Carts] SET x = 1", ("changed", "carts")),
        ("DELETE FROM public.seats WHERE id = $1", ("removed", "seats")),
        ("BEGIN", ("asked the data store", "BEGIN")),
    ],
)
def test_sql_query_becomes_verb_and_table(query: str, expected: tuple[str, str]) -> None:
    found = phrase(SERVER, category="db.sql.query", message=query)
    assert (found.words, found.text) == expected


@pytest.mark.parametrize(
    ("crumb", "expected"),
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
def test_app_breadcrumb(crumb: dict[str, Any], expected: str) -> None:
    found = phrase(PHONE, **crumb)
    assert f"{found.words} {found.text}".strip() == expected


def test_server_call_with_401_is_not_about_customer_sign_in() -> None:
    data = {"method": "POST", "url": "https://mail.example/send", "status_code": 401}
    assert phrase(SERVER, category="http", data=data).outcome.endswith("(it did not let us in)")


def test_request_with_status_zero_has_no_response() -> None:
    result = phrase(category="xhr", data={"method": "POST", "url": "/pay", "status_code": 0})
    assert (result.outcome, result.has_failed) == ("no response", True)


def test_graphql_request_has_operation_name() -> None:
    data = {"method": "POST", "url": "/graphql", "graphql.operation": "mutation AddToCart"}
    assert phrase(category="fetch", data=data).text == "/graphql (mutation AddToCart)"


def test_empty_breadcrumb() -> None:
    assert phrase() == BreadcrumbPhrase(Actor.PAGE, "noted", "")


@pytest.mark.parametrize(
    ("message", "data", "expected"),
    [
        (None, {"method": "POST", "url": "/pay", "status_code": 500}, "POST /pay 500"),
        ("POST /pay 500", {"method": "POST", "url": "/pay", "status_code": 500}, "POST /pay 500"),
        ("paying", {"url": "/pay"}, "paying /pay"),
        (None, {"from": "/cart", "to": "/checkout"}, "/cart to /checkout"),
        (None, {"to": "/checkout"}, "to /checkout"),
        (None, {"http.method": "GET", "url": "/a", "http.response.status_code": 502}, "GET /a 502"),
        ("button.pay", {"x": 1}, "button.pay"),
        (None, {"x": 1}, None),
    ],
)
def test_request_or_navigation_is_not_repeated(
    message: str | None, data: dict[str, object], expected: str | None
) -> None:
    assert breadcrumb_message(Breadcrumb(message=message, data=data)) == expected
