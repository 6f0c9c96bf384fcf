"""Logs and spans: of customers without errors, and a few of some who have errors.

Their shapes are those of sentry-javascript and sentry-python. Servers name the customer only in
some rows, so most of theirs are found by the trace alone.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from apps.demo.story.scene import API_RELEASE, SHOP_RELEASE, Scene
from apps.demo.world import Json, made_up_id

API = "https://api.shop.example"
SHOP: Json = {"project": "web-shop", "release": SHOP_RELEASE}
CHECKOUT: Json = {"project": "checkout-api", "release": API_RELEASE}
OFFICE: Json = {"project": "back-office", "release": "back-office@3.19.5"}


def add_logs_and_spans(scenes: Mapping[str, Scene]) -> None:
    """Add all logs and spans, in a fixed order."""
    _hung_upload(scenes["tom"])
    _switched_off(scenes["priya"])
    _missing_webhook(scenes["jonas"])
    _slow_search(scenes["ines"])
    _refused_coupon(scenes["bea"])
    _ordinary(scenes["karl"], -90)
    for key in ("ada", "mia", "busy"):
        _ordinary(scenes[key], -150)
    _shared_trace(scenes["ada"], scenes["karl"])


def _page(scene: Scene, seconds: float, path: str, trace: str, **fields: Any) -> None:
    """Add the browser's root span of a page."""
    own = {"browser.name": "Firefox", "sentry.origin": "auto.pageload.browser"}
    page = SHOP | {"transaction": path, "trace": trace, "attributes": own} | fields
    scene.span(seconds, 1240.5, "pageload", path, is_transaction=True, **page)


def _call(
    scene: Scene, seconds: float, milliseconds: float, request: str, transaction: str, **fields: Any
) -> None:
    """Add a request of the browser, and the server's span, which names nobody.

    `request` is the method and the path. A server span is left out if the request was given up.
    """
    method, path = request.split(" ", 1)
    address = f"{API}{path}"
    shared = {"trace": fields["trace"], "http_status": fields.get("http_status")}
    own = {"http.request.method": method, "url": address, "sentry.origin": "auto.http.browser"}
    browser = {**SHOP, **shared, "status": fields.get("status"), "attributes": own}
    page = fields.get("page", "/checkout")
    scene.span(
        seconds, milliseconds, "http.client", f"{method} {address}", transaction=page, **browser
    )
    if not fields.get("http_status"):
        return
    own = {"http.request.method": method, "sentry.origin": "auto.http.django"}
    server = {**fields.get("server", CHECKOUT), **shared, "user": None, "attributes": own}
    ms = milliseconds - 12.25
    scene.span(
        seconds,
        ms,
        "http.server",
        transaction,
        transaction=transaction,
        is_transaction=True,
        **server,
    )


def _hung_upload(scene: Scene) -> None:
    """Add an upload that is given up after a minute, and one that is refused."""
    path, trace = "/claims/77/upload", made_up_id("tom", "upload")
    rest = {"trace": trace, "page": "/claims/:id", "server": OFFICE}
    _page(scene, -95, "/claims/:id", trace)
    scene.log(-80, "Upload of damage.heic started", **SHOP, trace=trace)
    _call(scene, -80, 60_004, f"POST {path}", "", status="cancelled", **rest)
    gave_up = {"file.size": 32_505_856, "upload.progress": 96}
    scene.log(
        -20,
        "Upload got no answer for 60 s, gave up",
        "warn",
        **SHOP,
        trace=trace,
        attributes=gave_up,
    )
    _call(scene, 0, 4_180, f"POST {path}", "ClaimsController#attach", http_status=413, **rest)
    scene.log(
        4,
        "Upload refused: 31 MB is more than the limit of 10 MB",
        "warn",
        **OFFICE,
        trace=trace,
        user=None,
        attributes={"logger.name": "claims", "limit": 10_485_760},
    )


def _switched_off(scene: Scene) -> None:
    """Add a button's request that a feature flag refuses."""
    trace = made_up_id("priya", "express")
    _page(scene, -40, "/checkout", trace)
    _call(scene, 0, 96, "POST /express/start", "/express/start", trace=trace, http_status=403)
    scene.log(
        0.1,
        "Feature flag express-checkout is off for this account",
        **CHECKOUT,
        trace=trace,
        attributes={"flag.name": "express-checkout", "flag.enabled": False},
    )


def _missing_webhook(scene: Scene) -> None:
    """Add an order that waits for the payment provider's message in vain."""
    trace, order = made_up_id("jonas", "pay"), "A-31170"
    _page(scene, -70, "/checkout", trace)
    paid = f"POST /orders/{order}/pay"
    _call(scene, -62, 830, paid, "/orders/{id}/pay", trace=trace, http_status=202)
    scene.log(-61, f"Order {order} waits for the payment webhook", **CHECKOUT, trace=trace)
    for seconds in (-30, 0, 30):
        asked = f"GET /orders/{order}/status"
        _call(scene, seconds, 74, asked, "/orders/{id}/status", trace=trace, http_status=200)
    late = f"No payment webhook for order {order} after 3 minutes, the order stays unpaid"
    scene.log(119, late, "error", **CHECKOUT, trace=trace, attributes={"provider": "gateway"})


def _slow_search(scene: Scene) -> None:
    """Add a slow search, and quick ones of other people on the day before for comparison."""
    trace = made_up_id("ines", "search")
    _page(scene, -60, "/search", trace)
    search = {"page": "/search", "http_status": 200}
    _call(scene, -41, 41_220, "GET /search?q=bottes", "/search", trace=trace, **search)
    scene.span(
        -40.9,
        40_870,
        "db",
        "SELECT * FROM product WHERE name ILIKE %s ORDER BY rank DESC",
        transaction="/search",
        **CHECKOUT,
        trace=trace,
        user=None,
        attributes={"db.system": "postgresql"},
    )
    dice = random.Random(41)
    for number in range(9):
        other = {"id": str(7100 + number)}
        scene.span(
            dice.uniform(-20, -2) * 3600,
            dice.uniform(310, 520),
            "http.server",
            "/search",
            transaction="/search",
            is_transaction=True,
            http_status=200,
            user=other,
            **CHECKOUT,
        )


def _refused_coupon(scene: Scene) -> None:
    """Add a coupon that has expired, tried twice."""
    for number, seconds in enumerate((-25, 0)):
        trace = made_up_id("bea", "coupon", number)
        _call(
            scene,
            seconds,
            140,
            "POST /cart/coupon",
            "/cart/coupon",
            trace=trace,
            page="/cart",
            http_status=422,
        )
        refused = "Coupon SPRING25 refused: expired on 31 October"
        own = {"coupon": "SPRING25", "reason": "expired"}
        scene.log(seconds + 0.1, refused, **CHECKOUT, trace=trace, user=None, attributes=own)


def _ordinary(scene: Scene, seconds: float) -> None:
    """Add a page with a few requests and logs, all of which went well."""
    trace = made_up_id("ordinary", scene.person["user_id"])
    _page(scene, seconds, "/cart", trace)
    for at, (request, name) in enumerate(
        (("GET /cart", "/cart"), ("GET /prices", "/prices"), ("POST /cart/lines", "/cart/lines"))
    ):
        later = seconds + 2 + 9 * at
        _call(scene, later, 85 + 20 * at, request, name, trace=trace, page="/cart", http_status=200)
    scene.log(seconds + 21, "Cart saved", **CHECKOUT, trace=trace, attributes={"lines": 3})


def _shared_trace(scene: Scene, other: Scene) -> None:
    """Add rows of another customer to a trace of this one: a worker took both orders at once."""
    trace = made_up_id("ada", "pay", 3)
    scene.log(-34, "Charge declined, order A-20931 stays open", "warn", **CHECKOUT, trace=trace)
    batch = {"project": "orders-worker", "trace": trace, "transaction": "job:confirmation"}
    scene.span(-33, 210, "queue.process", "job:confirmation", is_transaction=True, **batch)
    someone = {**batch, "user": other.user}
    scene.span(-33, 230, "queue.process", "job:confirmation", is_transaction=True, **someone)
    scene.log(-32, "Confirmation sent", project="orders-worker", trace=trace, user=other.user)
