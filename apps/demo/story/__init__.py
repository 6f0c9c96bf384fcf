"""The demo's world: its customers, other users of the same shop, and some hundred events.

IDs depend on the order: add new events at the end to keep the IDs of the existing ones.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from apps.demo.incident import add_incident
from apps.demo.story import signals
from apps.demo.story.errors import ERRORS, HANNA, MIAS_PAYMENT
from apps.demo.story.scene import PEOPLE, Scene
from apps.demo.world import Event, History, Json, World, customers

PROJECTS = (
    ("checkout-api", "python", "Checkout API"),
    ("web-shop", "javascript", "Web Shop"),
    ("mobile-app", "javascript", "Mobile App"),
    ("storefront", "php", "Storefront"),
    ("back-office", "ruby", "Back Office"),
    ("invoices", "csharp", "Invoices"),
    ("warehouse", "java", "Warehouse"),
    ("edge", "go", "Edge Services"),
    ("orders-worker", "node", "Orders Worker"),
    ("realtime", "elixir", "Realtime"),
)


def build_world(now: datetime) -> World:
    """Return the world as of `now` (UTC). The same `now` gives the same world, including IDs."""
    world = World(seed="story")
    for slug, platform, name in PROJECTS:
        world.add_project(slug, platform, name)
    scenes = {one.key: Scene(world, one.moment, PEOPLE[one.key]) for one in customers(now)}
    for key, rows in ERRORS.items():
        scenes[key].add(*rows)
    _add_other_users(world)
    signals.add_replays_and_feedback(scenes)
    scenes["mia"].add(*MIAS_PAYMENT)
    scenes["hanna"].add(*HANNA)
    _set_histories(world, now)
    _add_releases(world, scenes)
    signals.add_logs_and_spans(scenes)
    add_incident(world, now)
    return world


# --- other users: the same issues in the same minutes, to catch careless queries ----------------

PER_ISSUE = 4

OTHER_USERS: tuple[Json, ...] = (
    {"user_id": "x OR level:error"},
    {"username": "*"},
    {"user_id": "a,b"},
    {"username": "[a,b]"},
    {"user_id": "10011", "email": "ada.lovett@example.com.invalid"},
    {"user_id": "204170", "username": "einkauf"},
    {"username": "CORP\\kowalska"},
    {"username": "CORPkowalski"},
    {"email": "mia@example.org"},
    {"email": "mia+shop@example.organic"},
    {"username": "José Muñoz"},
    {"user_id": "!=1001"},
    {"user_id": "5120", "username": "ole", "ip": "198.51.100.44"},
    {"user_id": "5121", "email": "greta@example.se"},
    {"ip": "192.0.2.77"},
    {},
    {},
)


def _add_other_users(world: World) -> None:
    """Add a few events of other users and of no user around the first event of every issue."""
    dice = random.Random(71)
    first: dict[int, Event] = {}
    for event in world.events:
        first.setdefault(event.issue.id, event)
    for event in first.values():
        for number in range(PER_ISSUE):
            if number == 0 or dice.random() < 0.8:
                seconds = timedelta(seconds=dice.randint(-120, 120))
                _repeat(world, event, OTHER_USERS[dice.randrange(len(OTHER_USERS))], seconds)


def _repeat(world: World, event: Event, user: Json, later: timedelta) -> None:
    """Add the same error for another user."""
    error: Json = {
        "timestamp": event.timestamp + later,
        "project": event.project.slug,
        "platform": event.columns["platform"],
        "issue": event.issue.key,
        "kind": event.columns["event.type"],
        "title": event.columns["title"],
        "level": event.columns["level"],
        "environment": event.columns["environment"],
        "release": event.columns["release"],
        "transaction": event.columns["transaction"],
        "handled": event.columns["error.handled"],
    }
    chain = _chain_of(event)
    content = {"exceptions": chain} if chain else {"message": event.columns["message"]}
    world.add_event(**error | user | content)


def _chain_of(event: Event) -> list[Json | None]:
    """Return the exceptions of an event as arguments of `World.add_event`."""
    for entry in event.body["entries"]:
        if entry["type"] == "exception":
            return [
                value and {**value, "frames": (value["stacktrace"] or {}).get("frames")}
                for value in entry["data"]["values"]
            ]
    return []


# --- status of the issues, and releases ---------------------------------------------------------

# By project and issue: the age in days, additional users, additional events, and how many of these
# in the last day. Other issues start with the story.
OLD: dict[tuple[str, str], tuple[float, int, int, int]] = {
    ("checkout-api", "payment-declined"): (212, 1840, 5230, 96),
    ("web-shop", "pay-failed"): (212, 1795, 5102, 93),
    ("web-shop", "slow-prices"): (31, 240, 911, 38),
    ("checkout-api", "lock-timeout"): (64, 51, 187, 29),
    ("checkout-api", "checkout-group"): (9, 6, 11, 0),
    ("web-shop", "chunk-load"): (145, 388, 1304, 57),
    ("checkout-api", "gateway-timeout"): (90, 77, 240, 61),
    ("edge", "search-down"): (18, 133, 2911, 240),
    ("edge", "too-many"): (300, 12, 8120, 310),
    ("orders-worker", "mail-template"): (4, 19, 260, 12),
    ("invoices", "issue-invoice"): (26, 14, 39, 3),
    ("invoices", "null-tax"): (120, 8, 17, 1),
    ("back-office", "upload-too-large"): (400, 96, 420, 9),
    ("back-office", "oauth-state"): (12, 41, 133, 17),
    ("mobile-app", "scanner-null"): (7, 22, 40, 6),
    ("mobile-app", "out-of-memory"): (53, 61, 118, 8),
}
STATUSES: dict[tuple[str, str], History] = {
    ("checkout-api", "payment-declined"): History(substatus="escalating", team="payments"),
    ("web-shop", "pay-failed"): History(team="payments"),
    ("web-shop", "cart-total"): History(fixed_in="web-shop@2026.11.5"),
    ("checkout-api", "lock-timeout"): History(substatus="regressed", team="stock"),
    ("web-shop", "pay-timeout"): History(substatus="new"),
    ("checkout-api", "gateway-timeout"): History(
        substatus="escalating", person=("Priya Nair", "priya.nair@shop.example")
    ),
    ("edge", "search-down"): History(substatus="escalating", team="platform"),
    ("orders-worker", "mail-template"): History(fixed_in_next=True, team="mail"),
    ("invoices", "null-tax"): History(fixed_in="invoices@4.0.1"),
    ("back-office", "oauth-state"): History(person=("Jo Berg", "jo.berg@shop.example")),
    ("mobile-app", "scanner-null"): History(fixed_in="com.example.shop@5.2.1+527"),
}


def _set_histories(world: World, now: datetime) -> None:
    """Set the histories of all issues."""
    for issue in world.issues:
        place = (issue.project.slug, issue.key)
        history = STATUSES.get(place, History())
        if place in OLD:
            days, users, events, last_day = OLD[place]
            history = replace(
                history,
                first_seen=now - timedelta(days=days),
                earlier_users=users,
                earlier_events=events,
                day=_day(last_day, seed=issue.id),
            )
        world.set_history(issue, history)


def _day(events: int, *, seed: int) -> tuple[int, ...]:
    """Return the events of each of 24 hours, more of them toward the end."""
    dice = random.Random(seed)
    hours = [0] * 24
    weights = [1.2 + math.sin(hour / 4) + hour / 8 for hour in range(24)]
    for hour in dice.choices(range(24), weights, k=events):
        hours[hour] += 1
    return tuple(hours)


def _add_releases(world: World, scenes: Mapping[str, Scene]) -> None:
    """Add releases: two that broke something for Mia, one that fixes the cart after Ada's."""
    ada, mia, busy = scenes["ada"], scenes["mia"], scenes["busy"]
    hour = timedelta(hours=1)
    for version, project, live in (
        ("web-shop@2026.11.5", "web-shop", ada.time(4 * 60)),
        ("web-shop@2026.11.4", "web-shop", mia.time(-35 * 60)),
        ("checkout-api@7.3.1", "checkout-api", mia.time(-12 * 60)),
        ("edge@88", "edge", busy.time(-20 * 60)),
        ("orders-worker@31.2.0", "orders-worker", busy.time(-90 * 60)),
        ("web-shop@2026.11.3", "web-shop", busy.time(-144 * 3600)),
        ("checkout-api@7.3.0", "checkout-api", busy.time(-70 * 3600)),
        ("back-office@3.19.5", "back-office", busy.time(-300 * 3600)),
        ("invoices@4.0.2+build.88", "invoices", busy.time(-30 * 3600)),
    ):
        world.add_release(
            version, live - hour, project=project, released=live - hour / 4, deployed=live
        )
