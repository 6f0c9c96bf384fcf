"""Everybody else: the same issues in the same minutes, so that a careless query gets caught."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import cast

from apps.demo.world import Event, EventFields, Json, World

PER_ISSUE = 4

STRANGERS: tuple[EventFields, ...] = (
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


def crowd(world: World) -> None:
    """A few events of strangers and of nobody around the first event of every issue."""
    dice = random.Random(71)
    first: dict[int, Event] = {}
    for event in world.events:
        first.setdefault(event.issue.id, event)
    for event in first.values():
        for number in range(PER_ISSUE):
            if number == 0 or dice.random() < 0.8:
                seconds = timedelta(seconds=dice.randint(-120, 120))
                _echo(world, event, STRANGERS[dice.randrange(len(STRANGERS))], seconds)


def _echo(world: World, event: Event, stranger: EventFields, later: timedelta) -> None:
    """The same error once more, for someone else."""
    error: EventFields = {
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
    what: EventFields = {"exceptions": chain} if chain else {"message": event.columns["message"]}
    world.add_event(**cast(EventFields, {**error, **stranger, **what}))


def _chain_of(event: Event) -> list[Json | None]:
    """The exceptions of an event, in the form `World.add_event` takes."""
    for entry in event.body["entries"]:
        if entry["type"] == "exception":
            return [
                value and {**value, "frames": (value["stacktrace"] or {}).get("frames")}
                for value in entry["data"]["values"]
            ]
    return []
