"""The demo's world: its customers, other users of the same shop, and some hundred events.

IDs depend on the order: add new events at the end to keep the IDs of the existing ones. The data
is in the TOML files of this folder.
"""

import math
import random
from collections.abc import Mapping
from datetime import datetime, timedelta

from apps.demo.incident import add_incident
from apps.demo.story import signals
from apps.demo.story.scene import HOLLOW, Scene, busy_hour, errors_of
from apps.demo.world import Event, History, Json, World, customers, story_data

# The customers with errors, in the order in which these are added.
WITH_ERRORS = (
    *("ada", "leo", "mia", "mallory", "kowalski", "nadia"),
    *("oda", "pepe", "busy", "yara", "sakura", "beatriz"),
)


def build_world(now: datetime) -> World:
    """Return the world as of `now` (UTC). The same `now` gives the same world, including IDs."""
    world = World(seed="story")
    for one in story_data("projects")["projects"]:
        world.add_project(one["slug"], one["platform"], one["name"])
    people = {one["key"]: one["person"] for one in story_data("customers")["customers"]}
    scenes = {one.key: Scene(world, one.moment, people[one.key]) for one in customers(now)}
    for key in WITH_ERRORS:
        scenes[key].add(*(busy_hour() if key == "busy" else errors_of(key)))
        if key == "oda":
            scenes[key].add(*HOLLOW)
    _add_other_users(world)
    signals.add_replays_and_feedback(scenes)
    scenes["mia"].add(*errors_of("mias-payment"))
    scenes["hanna"].add(*errors_of("hanna"))
    _set_histories(world, now)
    _add_releases(world, scenes)
    signals.add_logs_and_spans(scenes)
    add_incident(world, now)
    return world


# --- other users: the same issues in the same minutes, to catch careless queries ----------------

PER_ISSUE = 4


def _add_other_users(world: World) -> None:
    """Add a few events of other users and of no user around the first event of every issue."""
    dice = random.Random(71)
    others = story_data("customers")["others"]
    first: dict[int, Event] = {}
    for event in world.events:
        first.setdefault(event.issue.id, event)
    for event in first.values():
        for number in range(PER_ISSUE):
            if number == 0 or dice.random() < 0.8:
                seconds = timedelta(seconds=dice.randint(-120, 120))
                _repeat(world, event, others[dice.randrange(len(others))], seconds)


def _repeat(world: World, event: Event, user: Json, later: timedelta) -> None:
    columns = event.columns
    same = ("platform", "title", "level", "environment", "release", "transaction")
    error: Json = {
        "timestamp": event.timestamp + later,
        "project": event.project.slug,
        "issue": event.issue.key,
        "kind": columns["event.type"],
        "handled": columns["error.handled"],
        **{name: columns[name] for name in same},
    }
    data = {entry["type"]: entry["data"] for entry in event.body["entries"]}
    chain = [
        value and {**value, "frames": (value["stacktrace"] or {}).get("frames")}
        for value in data.get("exception", {"values": []})["values"]
    ]
    content = {"exceptions": chain} if chain else {"message": columns["message"]}
    world.add_event(**error | user | content)


# --- status of the issues, and releases ---------------------------------------------------------


def _set_histories(world: World, now: datetime) -> None:
    """Set the histories of all issues; those without a row started with the story."""
    known = {one["place"]: one for one in story_data("projects")["issues"]}
    for issue in world.issues:
        fields = dict(known.get(f"{issue.project.slug}/{issue.key}", {}))
        fields.pop("place", None)
        if "days" in fields:
            fields["first_seen"] = now - timedelta(days=fields.pop("days"))
            fields["day"] = _day(fields.pop("last_day"), seed=issue.id)
        world.set_history(issue, History(**fields))


def _day(events: int, *, seed: int) -> tuple[int, ...]:
    """Return the events of each of 24 hours, more of them toward the end."""
    dice = random.Random(seed)
    hours = [0] * 24
    weights = [1.2 + math.sin(hour / 4) + hour / 8 for hour in range(24)]
    for hour in dice.choices(range(24), weights, k=events):
        hours[hour] += 1
    return tuple(hours)


def _add_releases(world: World, scenes: Mapping[str, Scene]) -> None:
    hour = timedelta(hours=1)
    for one in story_data("projects")["releases"]:
        live = scenes[one["customer"]].time(one["minutes"] * 60)
        version, project = one["version"], one["project"]
        world.add_release(
            version, live - hour, project=project, released=live - hour / 4, deployed=live
        )
