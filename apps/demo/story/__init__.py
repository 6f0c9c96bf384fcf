"""The believable world behind the demo: some hundred events of a dozen customers and a crowd."""

from __future__ import annotations

from datetime import datetime

from apps.demo.customers import customers
from apps.demo.story import beginnings, busy, checkout, crowd, hostile, odd, offices, phones, shop
from apps.demo.story.scene import Scene, people
from apps.demo.world import World

TELLERS = {
    "ada": shop.ada,
    "leo": checkout.leo,
    "mia": checkout.mia,
    "mallory": hostile.mallory,
    "kowalski": offices.kowalski,
    "nadia": phones.nadia,
    "oda": odd.oda,
    "pepe": offices.pepe,
    "busy": busy.busy,
    "yara": phones.yara,
    "sakura": phones.sakura,
    "beatriz": offices.beatriz,
}


def build_world(now: datetime, world: World | None = None) -> World:
    """The whole story, ending at `now` (UTC). The same `now` gives the same world, ids included.

    Fills the given world, or a new one.
    """
    filled = world or World(seed="story")
    beginnings.projects(filled)
    for customer in customers(now):
        TELLERS[customer.key](Scene(filled, customer.moment, people()[customer.key]))
    crowd.crowd(filled)
    return filled
