"""What errors alone do not tell: replays, feedback, and the half of a failure without a user."""

from __future__ import annotations

from collections.abc import Mapping

from apps.demo.story.scene import Crumb, Scene, call, frame
from apps.demo.story.shop_parts import API_RELEASE, BROWSER, FIREFOX, SHOP_RELEASE
from apps.demo.story.stacks import DJANGO, REACT
from apps.demo.world import Event, made_up_id

SHOP = "https://shop.example"

AUTHORISE = """
     def authorise(self, payment):
>        reply = self.session.post(GATEWAY, json=payment.body, timeout=10)
         return reply.json()["authorisation"]
"""
PAY_CRUMBS: tuple[Crumb, ...] = (
    (10.6, "ui.click", "button.zahlen", None),
    call(0.2, "POST", "https://api.shop.example/orders/B-11/pay", 504, category="xhr"),
)
ADA_SAYS = (
    "I clicked Pay three times and nothing happened. Was I charged? Please call me on "
    "+44 7700 900123 or write to ada.lovett@example.com. My order is A-20931.\n\nAda Lovett"
)
LEO_SAYS = (
    "J'appuie sur « Payer » et il ne se passe rien, aucun message. Rappelez-moi au "
    "+33 6 39 98 12 34 ou écrivez à leo.martin@example.fr. Léo Martin"
)
# Close to a customer, and somebody else: a careless query finds these too.
NEIGHBOUR = {"id": "10011", "email": "ada.lovett@example.com.invalid"}


def signals(scenes: Mapping[str, Scene]) -> None:
    """Three of the customers once more, told after everybody's errors. Their order is fixed."""
    ada(scenes["ada"])
    leo(scenes["leo"])
    mia(scenes["mia"])


def ada(scene: Scene) -> None:
    """A replay of all she did in the browser, and what she wrote when the cart broke."""
    seen = [event for event in scene.world.events if _is_in_the_browser(event, scene)]
    replay_id = made_up_id("ada", "replay")
    scene.world.add_replay(
        project="web-shop",
        when=scene.moment(-215),
        duration_s=290,
        user=scene.user,
        urls=[f"{SHOP}/cart", f"{SHOP}/checkout", f"{SHOP}/cart?voucher=SPRING"],
        error_ids=[event.id for event in seen],
        trace_ids=[event.columns["trace"] for event in seen],
        dead_clicks=2,
        rage_clicks=1,
        release=SHOP_RELEASE,
        browser=BROWSER["browser"],
        replay_id=replay_id,
    )
    scene.world.add_feedback(
        project="web-shop",
        when=scene.moment(55),
        message=ADA_SAYS,
        user=scene.user,
        contact_email="ada.lovett@example.com",
        name="Ada Lovett",
        url=f"{SHOP}/checkout",
        associated_event_id=seen[-1].id,
        replay_id=replay_id,
    )
    _neighbour(scene)


def _is_in_the_browser(event: Event, scene: Scene) -> bool:
    """One of the customer's own errors in the web shop; the warning about prices is none."""
    return (
        event.columns["user.id"] == scene.user["id"]
        and event.project.slug == "web-shop"
        and event.columns["level"] == "error"
    )


def _neighbour(scene: Scene) -> None:
    """The same minutes of somebody whose id and e-mail only begin alike."""
    scene.world.add_replay(
        project="web-shop",
        when=scene.moment(-60),
        duration_s=45,
        user=NEIGHBOUR,
        urls=[f"{SHOP}/cart"],
        dead_clicks=1,
        release=SHOP_RELEASE,
    )
    scene.world.add_feedback(
        project="web-shop",
        when=scene.moment(-30),
        message="The voucher field is too small for my voucher.",
        user=NEIGHBOUR,
        url=f"{SHOP}/cart",
    )


def leo(scene: Scene) -> None:
    """No error at all, but a button that does nothing: he hammers on it, then he writes.

    He was not asked to sign in for the form, so that it knows him by e-mail only.
    """
    replay = scene.world.add_replay(
        project="web-shop",
        when=scene.moment(-70),
        duration_s=150,
        user=scene.user,
        urls=[f"{SHOP}/fr/panier", f"{SHOP}/fr/paiement"],
        dead_clicks=6,
        rage_clicks=2,
        release=SHOP_RELEASE,
        browser={"name": "Safari", "version": "18.1"},
    )
    scene.world.add_feedback(
        project="web-shop",
        when=scene.moment(95),
        message=LEO_SAYS,
        contact_email="leo.martin@example.fr",
        name="Léo Martin",
        url=f"{SHOP}/fr/paiement",
        replay_id=replay.id,
    )


def mia(scene: Scene) -> None:
    """Her payment fails in the browser. The cause is in the API, which does not know who she is."""
    trace = made_up_id("mia", "pay")
    scene.world.add_event(
        timestamp=scene.moment(41.1),
        project="checkout-api",
        issue="gateway-timeout",
        exception=("ReadTimeout", "gateway.example: read timed out (10 s)"),
        frames=[
            *DJANGO,
            frame("checkout/gateway.py", "Gateway.authorise", 88, AUTHORISE),
        ],
        request={"method": "POST", "url": "https://api.shop.example/orders/B-11/pay"},
        transaction="/orders/{id}/pay",
        release=API_RELEASE,
        trace_id=trace,
    )
    scene.add(
        41.5,
        project="web-shop",
        issue="pay-timeout",
        exception=("AxiosError", "Zahlung fehlgeschlagen: Request failed with status code 504"),
        frames=[*REACT, frame("src/checkout/pay.ts", "submitPayment", 57)],
        handled=True,
        mechanism="instrument",
        breadcrumbs=scene.crumbs(41.5, PAY_CRUMBS),
        request={"url": f"{SHOP}/de/kasse", "headers": [["User-Agent", FIREFOX]]},
        tags={"lang": "de"},
        transaction="/de/kasse",
        release=SHOP_RELEASE,
        trace_id=trace,
        contexts=BROWSER,
    )
