"""Ada pays, or tries to, in the web shop in front of the checkout API."""

from __future__ import annotations

from apps.demo.story.scene import Crumb, Scene, call, frame, moved
from apps.demo.story.shop_parts import (
    API_RELEASE,
    BROWSER,
    FIREFOX,
    PLACE_ORDER,
    SHOP_RELEASE,
    api_request,
)
from apps.demo.story.stacks import DJANGO, REACT
from apps.demo.world import made_up_id

PAY_URL = "https://api.shop.example/orders/A-20931/pay"

CHARGE = """
     def charge(self, order, card_token):
         reply = self.gateway.post("/charges", amount=order.total, source=card_token)
         if reply.status == "declined":
>            raise PaymentDeclined(reply.code, reply.message)
         order.mark_paid(reply.charge_id)
         return reply
"""
CART = """
   const lines = cart.lines.map((line) => {
     const price = prices[line.sku];
>    return { ...line, total: price.amount * line.quantity };
   });
   return sum(lines, "total");
"""

DECLINED_FRAMES = (
    *DJANGO,
    frame("checkout/views.py", "place_order", 118, PLACE_ORDER, module="checkout.views"),
    frame(
        "checkout/payments.py",
        "PaymentService.charge",
        64,
        CHARGE,
        module="checkout.payments",
        vars={"order": "<Order A-20931>", "card_token": "[Filtered]", "self": "<Payments>"},
    ),
)
CART_FRAMES = (
    *REACT,
    frame("src/cart/Cart.tsx", "Cart", 88, absPath="webpack:///src/cart/Cart.tsx", colNo=9),
    frame("src/cart/total.ts", "cartTotal", 23, CART, absPath="webpack:///src/cart/total.ts"),
)
DECLINED_CRUMBS: tuple[Crumb, ...] = (
    (0.9, "query", 'SELECT ... FROM "order" WHERE "id" = %s FOR UPDATE', None),
    call(0.2, "POST", "https://gateway.example/charges", 402),
)
PAY_CRUMBS: tuple[Crumb, ...] = (
    moved(6.0, "/cart", "/checkout"),
    (1.4, "ui.click", 'button.pay[type="submit"] > span', None),
    call(0.1, "POST", PAY_URL, 402, category="xhr"),
)
CART_CRUMBS: tuple[Crumb, ...] = (
    (31.0, "ui.click", 'button.pay[type="submit"] > span', None),
    (30.2, "console", "payment refused: do_not_honor", {"logger": "console"}),
    moved(9.5, "/checkout", "/cart"),
    (4.8, "ui.click", "button.remove-voucher", None),
    call(0.3, "GET", "/api/prices?cart=881", 500, category="xhr"),
    (0.0, "error", "TypeError: price is undefined", None),
)


def ada(scene: Scene) -> None:
    """Three declined payments in the API, each with its echo in the browser, then a broken cart."""
    codes = ("insufficient_funds", "insufficient_funds", "do_not_honor")
    for number, (seconds, code) in enumerate(zip((-190, -100, -35), codes, strict=True), start=1):
        trace = made_up_id("ada", "pay", number)
        _declined(scene, seconds, code, trace)
        _failed_call(scene, seconds + 0.4, trace)
    _broken_cart(scene, 0)
    scene.add(
        42,
        project="web-shop",
        level="warning",
        issue="slow-prices",
        message="Prices took 8.2 s to load",
        handled=None,
        logger="prices",
        release=SHOP_RELEASE,
        contexts=BROWSER,
    )


def _declined(scene: Scene, seconds: float, code: str, trace: str) -> None:
    order = {"order_id": "A-20931", "total": "84.90", "currency": "GBP"}
    scene.add(
        seconds,
        project="checkout-api",
        issue="payment-declined",
        exception=("PaymentDeclined", f"The bank declined the charge ({code})"),
        frames=DECLINED_FRAMES,
        breadcrumbs=scene.crumbs(seconds, DECLINED_CRUMBS),
        request=api_request("/orders/A-20931/pay", order),
        tags={"payment.code": code, "server_name": "api-5f9c"},
        transaction="/orders/{id}/pay",
        release=API_RELEASE,
        trace_id=trace,
        contexts={"runtime": {"name": "CPython", "version": "3.12.7"}},
        extra={"attempt": code, "gateway": "eu-west"},
    )


def _failed_call(scene: Scene, seconds: float, trace: str) -> None:
    scene.add(
        seconds,
        project="web-shop",
        issue="pay-failed",
        exception=("AxiosError", "Request failed with status code 402"),
        frames=[*REACT, frame("src/checkout/pay.ts", "submitPayment", 57)],
        handled=True,
        mechanism="instrument",
        breadcrumbs=scene.crumbs(seconds, PAY_CRUMBS),
        request={"url": "https://shop.example/checkout", "headers": [["User-Agent", FIREFOX]]},
        transaction="/checkout",
        release=SHOP_RELEASE,
        trace_id=trace,
        contexts=BROWSER,
    )


def _broken_cart(scene: Scene, seconds: float) -> None:
    scene.add(
        seconds,
        project="web-shop",
        issue="cart-total",
        issue_status="resolved",
        exception=("TypeError", 'can\'t access property "amount", price is undefined'),
        frames=CART_FRAMES,
        mechanism="onerror",
        breadcrumbs=scene.crumbs(seconds, CART_CRUMBS),
        request={
            "url": "https://shop.example/cart?voucher=SPRING",
            "query": [["voucher", "SPRING"]],
            "headers": [["User-Agent", FIREFOX], ["Referer", "https://shop.example/checkout"]],
        },
        transaction="/cart",
        release=SHOP_RELEASE,
        contexts={**BROWSER, "replay": {"replay_id": made_up_id("ada", "replay")}},
    )
