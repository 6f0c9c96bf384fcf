"""The believable world behind the demo: some customers, a crowd, and some hundred events.

What a customer's errors do not tell, replays and feedback do (`signals`), and who is not found at
their moment (`elsewhere`) is told last: ids go by order, and those of the errors are to stay.
"""

from __future__ import annotations

from datetime import datetime

from apps.demo.story import cases, shop
from apps.demo.story.scene import Scene, people
from apps.demo.world import World, customers

TELLERS = {
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


def build_world(now: datetime, world: World | None = None) -> World:
    """The whole story, ending at `now` (UTC). The same `now` gives the same world, ids included.

    Fills the given world, or a new one.
    """
    filled = world or World(seed="story")
    shop.projects(filled)
    scenes = {one.key: Scene(filled, one.moment, people()[one.key]) for one in customers(now)}
    for key, teller in TELLERS.items():
        teller(scenes[key])
    shop.crowd(filled)
    cases.signals(scenes)
    shop.elsewhere(scenes)
    shop.histories(filled, scenes)
    return filled
