"""Replays and feedback; logs and spans of customers without errors, and of some with errors.

Servers name the customer only in some rows, so most of theirs are found by the trace alone.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.demo.story.scene import Scene
from apps.demo.world import Event, Json, made_up_id, story_data

API = "https://api.shop.example"


# --- replays and feedback -----------------------------------------------------------------------


def add_replays_and_feedback(scenes: Mapping[str, Scene]) -> None:
    """Add all replays and feedback, in a fixed order."""
    for one in story_data("activity")["recorded"]:
        scene, feedback = scenes[one["customer"]], dict(one["feedback"])
        world, user = scene.world, one.get("user", scene.user)
        seen = _browser_errors(scene) if one.get("shows_errors") else []
        replay = world.add_replay(
            project="web-shop",
            when=scene.time(one["at"]),
            user=user,
            error_ids=[event.id for event in seen],
            replay_id=seen[-1].columns["replayId"] if seen else None,
            **one["replay"],
        )
        if feedback.pop("names_replay", False):
            feedback["replay_id"] = replay.id
        if seen:
            feedback["associated_event_id"] = seen[-1].id
        is_named = feedback.pop("names_user", True)
        when = scene.time(feedback.pop("at"))
        world.add_feedback(
            project="web-shop", when=when, user=user if is_named else None, **feedback
        )


def _browser_errors(scene: Scene) -> list[Event]:
    return [
        event
        for event in scene.world.events
        if event.columns["user.id"] == scene.user["id"]
        and event.project.slug == "web-shop"
        and event.columns["level"] == "error"
    ]


# --- logs and spans -----------------------------------------------------------------------------


def add_logs_and_spans(scenes: Mapping[str, Scene]) -> None:
    """Add all logs and spans, in a fixed order."""
    for part in story_data("activity")["activity"]:
        for row in part["rows"]:
            _add_row(scenes[part["customer"]], **row, trace=made_up_id(part["trace"]))
    _add_usual_searches(scenes["ines"])
    _add_ordinary_page(scenes["karl"], -90)
    for key in ("ada", "mia", "busy"):
        _add_ordinary_page(scenes[key], -150)
    _add_shared_trace(scenes["ada"], scenes["karl"])


def _add_row(scene: Scene, at: float, **fields: Any) -> None:
    """Add a row of `activity.toml`."""
    if fields.pop("nobody", False):
        fields["user"] = None
    if "call" in fields:
        _add_call(scene, at, Call(**fields))
    elif "open" in fields:
        _page(scene, at, fields["open"], fields["trace"])
    elif "log" in fields:
        scene.log(at, fields.pop("log"), **fields)
    else:
        scene.span(at, fields.pop("ms"), fields.pop("op"), fields.pop("span"), **fields)


def _page(scene: Scene, seconds: float, path: str, trace: str) -> None:
    own = {"browser.name": "Firefox", "sentry.origin": "auto.pageload.browser"}
    page: Json = {"project": "web-shop", "transaction": path, "trace": trace, "attributes": own}
    scene.span(seconds, 1240.5, "pageload", path, is_transaction=True, **page)


@dataclass(frozen=True)
class Call:
    """A request of the browser, and the project that responds to it unless it is given up."""

    call: str
    ms: float
    trace: str
    page: str = "/checkout"
    server: str = "checkout-api"
    transaction: str = ""
    http_status: int | None = None
    status: str | None = None


def _add_call(scene: Scene, seconds: float, one: Call) -> None:
    """Add the spans of the browser and the server."""
    method, path = one.call.split(" ", 1)
    address = f"{API}{path}"
    shared = {"trace": one.trace, "http_status": one.http_status}
    own = {"http.request.method": method, "url": address, "sentry.origin": "auto.http.browser"}
    browser: Json = {"project": "web-shop", **shared, "status": one.status, "attributes": own}
    browser["transaction"] = one.page
    scene.span(seconds, one.ms, "http.client", f"{method} {address}", **browser)
    if one.http_status:
        own = {"http.request.method": method, "sentry.origin": "auto.http.django"}
        handled: Json = {"project": one.server, **shared, "user": None, "attributes": own}
        handled |= {"transaction": one.transaction, "is_transaction": True}
        scene.span(seconds, one.ms - 12.25, "http.server", one.transaction, **handled)


def _add_usual_searches(scene: Scene) -> None:
    """Add quick searches of other people on the day before, for comparison with a slow one."""
    dice = random.Random(41)
    for number in range(9):
        scene.span(
            dice.uniform(-20, -2) * 3600,
            dice.uniform(310, 520),
            "http.server",
            "/search",
            transaction="/search",
            is_transaction=True,
            http_status=200,
            user={"id": str(7100 + number)},
            project="checkout-api",
        )


def _add_ordinary_page(scene: Scene, seconds: float) -> None:
    """Add a page with a few requests and logs, all of which went well."""
    trace = made_up_id("ordinary", scene.person["user_id"])
    _page(scene, seconds, "/cart", trace)
    for at, call in enumerate(("GET /cart", "GET /prices", "POST /cart/lines")):
        shared: Json = {"trace": trace, "page": "/cart", "http_status": 200}
        one = Call(call, 85 + 20 * at, transaction=call.partition(" ")[2], **shared)
        _add_call(scene, seconds + 2 + 9 * at, one)
    saved: Json = {"project": "checkout-api", "trace": trace, "attributes": {"lines": 3}}
    scene.log(seconds + 21, "Cart saved", **saved)


def _add_shared_trace(scene: Scene, other: Scene) -> None:
    """Add rows of another customer to a trace of this one: a worker took both orders at once."""
    trace = made_up_id("ada", "pay", 3)
    declined = "Charge declined, order A-20931 stays open"
    scene.log(-34, declined, "warn", project="checkout-api", trace=trace)
    batch: Json = {
        "project": "orders-worker",
        "trace": trace,
        "transaction": "job:confirmation",
        "is_transaction": True,
    }
    scene.span(-33, 210, "queue.process", "job:confirmation", **batch)
    scene.span(-33, 230, "queue.process", "job:confirmation", **batch, user=other.user)
    scene.log(-32, "Confirmation sent", project="orders-worker", trace=trace, user=other.user)
