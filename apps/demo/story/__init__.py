"""The demo's world: its customers, other users of the same shop, and some hundred events.

IDs depend on the order: add new events at the end to keep the IDs of the existing ones.
"""

from __future__ import annotations

from datetime import datetime

from apps.demo.story import cases, quiet, shop
from apps.demo.story.scene import PEOPLE, Scene
from apps.demo.world import World, customers

ERRORS = {
    "ada": shop.ada,
    "leo": shop.leo,
    "mia": shop.mia,
    "mallory": cases.mallory,
    "kowalski": cases.kowalski,
    "nadia": cases.nadia,
    "oda": cases.oda,
    "pepe": cases.pepe,
    "busy": shop.busy,
    "yara": cases.yara,
    "sakura": cases.sakura,
    "beatriz": cases.beatriz,
}


def build_world(now: datetime) -> World:
    """Return the world as of `now` (UTC). The same `now` gives the same world, including IDs."""
    world = World(seed="story")
    shop.add_projects(world)
    scenes = {one.key: Scene(world, one.moment, PEOPLE[one.key]) for one in customers(now)}
    for key, add_errors in ERRORS.items():
        add_errors(scenes[key])
    shop.add_other_users(world)
    cases.add_signals(scenes)
    shop.add_hannas_errors(scenes["hanna"])
    shop.set_histories(world, scenes["ada"])
    shop.add_releases(world, scenes)
    quiet.add_logs_and_spans(scenes)
    return world
