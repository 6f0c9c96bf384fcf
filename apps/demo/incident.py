"""The demo's incident: a list of customers who wrote in, seven failures, and three decoys.

Decoys are errors as usual among other customers as among those of the list. Some customers had
several failures, some none, and some are not known to the shop at all.
"""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.demo.world import Json, World, made_up_id

HOURS_AGO = 12
MINUTES = 30
SIZE = 160
OTHERS = 150

NAMES = ("amelie", "ben", "carla", "dario", "Emil", "fatou", "greta", "hugo", "Ida", "José")


@dataclass(frozen=True)
class DemoIncident:
    """The list of customers to paste, one per line, and the time in the middle (UTC)."""

    moment: datetime
    minutes: int
    customers: tuple[str, ...]

    @property
    def csv(self) -> str:
        """The same list as a file with two columns."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("ticket", "customer"))
        writer.writerows((f"T-{4000 + at}", one) for at, one in enumerate(self.customers))
        return text.getvalue()


def incidents(now: datetime) -> tuple[DemoIncident, ...]:
    """Return the incidents of the story that starts at `now` (UTC)."""
    names = [one for _line, one in _people()]
    rubbish = (names[3], names[8].upper(), "see attachment, thanks!!", "", "*")
    return (DemoIncident(now - timedelta(hours=HOURS_AGO), MINUTES, (*names, *rubbish)),)


# By key: the project, the share of the customers, and the event.
# fmt: off
FAILURES: dict[str, tuple[str, float, Json]] = {
    "gateway-hangs": ("checkout-api", 0.22, {
        "exception": ("GatewayTimeout", "The payment gateway did not answer in 10 s"),
        "transaction": "/orders/{id}/pay", "release": "checkout-api@7.3.0"}),
    "stock-lock": ("checkout-api", 0.1, {
        "exception": ("OperationalError", "canceling statement due to lock timeout"),
        "transaction": "/orders/{id}/reserve", "release": "checkout-api@7.3.0"}),
    "missing-chunk": ("web-shop", 0.14, {
        "exception": ("ChunkLoadError", "Loading chunk 57 failed."),
        "transaction": "/account/orders", "release": "web-shop@2026.11.3"}),
    "login-state": ("back-office", 0.08, {
        "exception": ("OAuthStateError", "state mismatch in the callback"),
        "transaction": "SessionsController#callback"}),
    "tax-missing": ("invoices", 0.06, {
        "exception": ("System.NullReferenceException",
                      "Object reference not set to an instance of an object."),
        "transaction": "POST invoices/{id}"}),
    "scanner-crash": ("mobile-app", 0.07, {
        "exception": ("TypeError", "null is not an object (evaluating 'camera.ref')"),
        "level": "fatal", "transaction": "ScanScreen",
        "contexts": {"os": {"name": "iOS", "version": "18.1"}, "device": {"model": "iPhone15,2"}}}),
    "search-refused": ("edge", 0.12, {
        "exception": ("*net.OpError", "dial tcp 10.0.4.7:9200: connect: connection refused"),
        "transaction": "GET /search"}),
}
DECOYS: dict[str, tuple[str, float, Json]] = {
    "resize-observer": ("web-shop", 0.4, {
        "exception": ("Error", "ResizeObserver loop completed with undelivered notifications."),
        "transaction": "/"}),
    "browser-extension": ("web-shop", 0.15, {
        "exception": ("TypeError", "Cannot redefine property: ethereum"), "transaction": "/"}),
    "recommendations": ("storefront", 0.3, {
        "exception": ("RuntimeException", "No recommendations for an empty cart"),
        "handled": True, "level": "warning", "transaction": "home"}),
}
# fmt: on


def add_incident(world: World, now: datetime) -> None:
    """Add the incident's events, and those of other customers in and before its window."""
    dice = random.Random(29)
    moment = incidents(now)[0].moment
    for line, identifier in _people():
        if line % 11 == 0:  # not known to the shop
            continue
        person = _person(dice, identifier)
        for number, key in enumerate(FAILURES):
            if dice.random() < FAILURES[key][1]:
                when = moment + timedelta(seconds=dice.randrange(-1200, 1500))
                _fail(world, key, when, person, f"{identifier}{number}")
        _add_decoys(world, dice, person, moment)
    for number in range(OTHERS):
        person = {"user_id": f"8{number:03}", "email": f"someone{number}@example.net"}
        for start in (moment, moment - timedelta(minutes=2 * MINUTES)):
            _add_decoys(world, dice, person, start)
        if number % 40 == 0:
            _fail(world, "gateway-hangs", moment - timedelta(minutes=45), person, str(number))


def _people() -> Iterator[tuple[int, str]]:
    """Yield lines and identifiers: IDs, email addresses, and usernames."""
    for line in range(1, SIZE + 1):
        name = NAMES[line % len(NAMES)]
        kinds = (str(52_000 + 7 * line), f"{name}.{line}@example.org", f"{name}{line}")
        yield line, kinds[line % 5 % 3]


def _person(dice: random.Random, identifier: str) -> Json:
    """Return the person as the shop's apps report them, who write names in their own way."""
    if "@" in identifier:
        return {"email": dice.choice((identifier, identifier.title(), identifier.lower()))}
    return {"user_id" if identifier.isdigit() else "username": identifier}


def _add_decoys(world: World, dice: random.Random, person: Json, moment: datetime) -> None:
    for key, (project, share, fields) in DECOYS.items():
        if dice.random() < share:
            when = moment + timedelta(seconds=dice.randrange(-1700, 1700))
            world.add_event(timestamp=when, project=project, issue=key, **person, **fields)


def _fail(world: World, key: str, when: datetime, person: Json, seed: str) -> None:
    """Add a failure; a hanging gateway fails in the browser as well."""
    project, _share, fields = FAILURES[key]
    trace = made_up_id("incident", key, seed)
    world.add_event(
        timestamp=when, project=project, issue=key, trace_id=trace, **person, **_request(key, seed),
        **fields,
    )  # fmt: skip
    if key == "gateway-hangs":
        call = {"method": "POST", "url": _request(key, seed)["request"]["url"], "status_code": 500}
        world.add_event(
            timestamp=when + timedelta(seconds=1),
            project="web-shop",
            issue="pay-hangs",
            trace_id=trace,
            exception=("AxiosError", "Request failed with status code 500"),
            breadcrumbs=[{"timestamp": when, "category": "xhr", "type": "http", "data": call}],
            transaction="/checkout",
            release="web-shop@2026.11.3",
            **person,
        )


def _request(key: str, seed: str) -> Json:
    """Return the request of a failure in the checkout API."""
    if FAILURES[key][0] != "checkout-api":
        return {}
    order = made_up_id("order", seed)[:6]
    step = "pay" if key == "gateway-hangs" else "reserve"
    return {"request": {"method": "POST", "url": f"https://api.shop.example/orders/{order}/{step}"}}
