"""The demo's incident: a list of customers who wrote in, seven failures, and three decoys.

Decoys are errors that are as common among other customers as among those on the list. Some
customers had several failures, some none, and some are not known to the shop at all.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.demo.world import Json, World, made_up_id, story_data

HOURS_AGO = 12
MINUTES = 30
SIZE = 160
OTHERS = 150


@dataclass(frozen=True)
class DemoIncident:
    """The list of customers to paste, one per line, and the time in the middle (UTC)."""

    moment: datetime
    minutes: int
    customers: tuple[str, ...]


def incidents(now: datetime) -> tuple[DemoIncident, ...]:
    """Return the incidents of the story that starts at `now` (UTC)."""
    names = [one for _line, one in _people()]
    rubbish = (names[3], names[8].upper(), "see attachment, thanks!!", "", "*")
    return (DemoIncident(now - timedelta(hours=HOURS_AGO), MINUTES, (*names, *rubbish)),)


def add_incident(world: World, now: datetime) -> None:
    """Add the incident's events, and those of other customers in and before its window."""
    dice = random.Random(29)
    failures = story_data("incident")["failures"]
    moment = incidents(now)[0].moment
    for line, identifier in _people():
        if line % 11 == 0:  # not known to the shop
            continue
        person = _person(dice, identifier)
        for number, (key, failure) in enumerate(failures.items()):
            if dice.random() < failure["share"]:
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
    names = story_data("incident")["names"]
    for line in range(1, SIZE + 1):
        name = names[line % len(names)]
        kinds = (str(52_000 + 7 * line), f"{name}.{line}@example.org", f"{name}{line}")
        yield line, kinds[line % 5 % 3]


def _person(dice: random.Random, identifier: str) -> Json:
    """Return the person as the shop's apps report them, who write names in their own way."""
    if "@" in identifier:
        return {"email": dice.choice((identifier, identifier.title(), identifier.lower()))}
    return {"user_id" if identifier.isdigit() else "username": identifier}


def _add_decoys(world: World, dice: random.Random, person: Json, moment: datetime) -> None:
    for key, decoy in story_data("incident")["decoys"].items():
        if dice.random() < decoy["share"]:
            when = moment + timedelta(seconds=dice.randrange(-1700, 1700))
            world.add_event(timestamp=when, issue=key, **person, **decoy["event"])


def _fail(world: World, key: str, when: datetime, person: Json, seed: str) -> None:
    """Add a failure; a hanging gateway fails in the browser as well."""
    event = story_data("incident")["failures"][key]["event"]
    trace = made_up_id("incident", key, seed)
    request: Json = {}
    if event["project"] == "checkout-api":
        step = "pay" if key == "gateway-hangs" else "reserve"
        url = f"https://api.shop.example/orders/{made_up_id('order', seed)[:6]}/{step}"
        request = {"method": "POST", "url": url}
    world.add_event(
        timestamp=when, issue=key, trace_id=trace, request=request or None, **person, **event
    )
    if key == "gateway-hangs":
        call = {**request, "status_code": 500}
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
