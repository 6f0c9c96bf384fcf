"""How the company's problems stand: old and new ones, back again, fixed, and in whose hands.

And which releases went live, so that some of it can be told by them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from apps.demo.story.scene import Scene
from apps.demo.world import History, World

HOURS = 24

# By project and issue: how long ago it began, in days, how many more people and events, and how
# many of these in the last day. What is not told began with the story.
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
STANDINGS: dict[tuple[str, str], History] = {
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


def histories(world: World, scenes: Mapping[str, Scene]) -> None:
    """Tell them of all issues that are there, and add the releases."""
    now = scenes["ada"].moment(25 * 60)
    for issue in world.issues:
        place = (issue.project.slug, issue.key)
        told = STANDINGS.get(place, History())
        if place in OLD:
            days, users, events, lately = OLD[place]
            told = replace(
                told,
                first_seen=now - timedelta(days=days),
                earlier_users=users,
                earlier_events=events,
                day=_day(lately, seed=issue.id),
            )
        world.tell_history(issue, told)
    _releases(world, scenes)


def _day(events: int, *, seed: int) -> tuple[int, ...]:
    """So many events over 24 hours, more of them towards the end."""
    dice = random.Random(seed)
    hours = [0] * HOURS
    weights = [1.2 + math.sin(hour / 4) + hour / 8 for hour in range(HOURS)]
    for hour in dice.choices(range(HOURS), weights, k=events):
        hours[hour] += 1
    return tuple(hours)


def _releases(world: World, scenes: Mapping[str, Scene]) -> None:
    """Two that broke something for Mia, and the one that mends the cart, a little late for Ada."""
    ada, mia, busy = scenes["ada"], scenes["mia"], scenes["busy"]
    hour = timedelta(hours=1)
    for version, project, live in (
        ("web-shop@2026.11.5", "web-shop", ada.moment(4 * 60)),
        ("web-shop@2026.11.4", "web-shop", mia.moment(-35 * 60)),
        ("checkout-api@7.3.1", "checkout-api", mia.moment(-12 * 60)),
        ("edge@88", "edge", busy.moment(-20 * 60)),
        ("orders-worker@31.2.0", "orders-worker", busy.moment(-90 * 60)),
        ("web-shop@2026.11.3", "web-shop", busy.moment(-144 * 3600)),
        ("checkout-api@7.3.0", "checkout-api", busy.moment(-70 * 3600)),
        ("back-office@3.19.5", "back-office", busy.moment(-300 * 3600)),
        ("invoices@4.0.2+build.88", "invoices", busy.moment(-30 * 3600)),
    ):
        world.add_release(
            version, live - hour, project=project, released=live - hour / 4, deployed=live
        )
