"""Which problem an agent should see first, and which is only noise in the background."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.events.clues import CLIENT, side_of
from apps.events.deeds import is_behind_the_scenes
from apps.events.event import Event
from apps.events.rules import rule_for

NEAR = timedelta(minutes=1)
CLOSE = timedelta(minutes=5)

_OFTEN = 3
_SLIGHT = 5
_LEVEL = {"fatal": 4, "error": 2, "warning": 0, "info": -4, "debug": -6}


def worth(events: Sequence[Event], handled: bool | None, moment: datetime) -> int:
    """How much the events of one issue may have to do with the customer's trouble; more is more.

    `events` are newest first, `handled` is whether the program dealt with all of them.
    """
    level = max(_LEVEL.get(event.level or "error", 2) for event in events)
    caught = {False: 3, None: 1, True: 0}[handled]
    facing = 2 if faces_customer(events[0]) else 0
    again = 1 if len(events) >= _OFTEN else 0
    rule = rule_for(events[0])
    slight = -_SLIGHT if rule and rule.slight else 0
    return level + caught + facing + again + slight + _nearness(events, moment)


def is_noise(events: Sequence[Event], handled: bool | None, moment: datetime) -> bool:
    """Notes and warnings that the program went on from, and that are no known kind of failure.

    A warning of a known kind counts as noise unless it came within a minute of the moment, or
    tells that a payment or a sign-in failed: programs only warn of what they expect.
    """
    if handled is False or any(event.level not in _QUIET for event in events):
        return False
    rule = rule_for(events[0])
    if rule is None or rule.broad or rule.slight:
        return True
    tells_a_deed = rule.deed is not None and any(event.level == "warning" for event in events)
    return not (tells_a_deed or _distance(events, moment) <= NEAR)


_QUIET = frozenset(("warning", "info", "debug"))


def faces_customer(event: Event) -> bool:
    """Whether it happened where a customer waits: in their browser or app, or in an answer."""
    if is_behind_the_scenes(event):
        return False
    has_request = event.body is not None and event.body.request is not None
    return side_of(event) in CLIENT or has_request or "/" in (event.transaction or "")


def _nearness(events: Sequence[Event], moment: datetime) -> int:
    away = _distance(events, moment)
    return 4 if away <= NEAR else 2 if away <= CLOSE else 0


def _distance(events: Sequence[Event], moment: datetime) -> timedelta:
    return min(abs(event.timestamp - moment) for event in events)
