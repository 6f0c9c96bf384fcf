"""The demo's own endpoints under `/_demo/`, for tests and trials. They need no token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, cast

from apps.demo.calls import CallLog
from apps.demo.drafts import Draft, EventFields
from apps.demo.exchange import Answer, ApiError, as_object, bad, missing
from apps.demo.faults import Faults, fault_from
from apps.demo.model import Event, Json
from apps.demo.settings import Settings
from apps.demo.world import World

FIELD_NAMES = frozenset(one.name for one in fields(Draft))


class Control:
    """Changes the world, the settings and the faults of a running server."""

    def __init__(self, world: World, settings: Settings, faults: Faults, calls: CallLog) -> None:
        """Holds on to the parts it changes."""
        self.world = world
        self.settings = settings
        self.faults = faults
        self.calls = calls

    def handle(self, method: str, path: str, payload: Any) -> Answer:
        """Answer one control request; `payload` is the request's JSON or None."""
        actions: dict[tuple[str, str], Callable[[Any], Answer]] = {
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda _: self._done(self.faults.clear),
            ("GET", "calls"): lambda _: Answer([asdict(call) for call in self.calls.all()]),
            ("DELETE", "calls"): lambda _: self._done(self.calls.clear),
            ("POST", "events"): self._add_events,
            ("DELETE", "events"): lambda _: self._done(self.world.clear),
            ("GET", "settings"): lambda _: Answer(self.settings.as_json()),
            ("PUT", "settings"): self._change_settings,
        }
        action = actions.get((method, path.removeprefix("/_demo/").rstrip("/")))
        try:
            return missing().answer() if action is None else action(payload)
        except ApiError as error:
            return error.answer()

    def _done(self, act: Callable[[], None]) -> Answer:
        act()
        return Answer(status=204, text="")

    def _add_faults(self, payload: Any) -> Answer:
        told = [fault_from(as_object(item)) for item in _listed(payload)]
        for fault in told:
            self.faults.add(fault)
        return Answer({"added": len(told)}, status=201)

    def _add_events(self, payload: Any) -> Answer:
        made = [self._add_event(as_object(item)) for item in _listed(payload)]
        return Answer(
            [{"id": one.id, "issue.id": one.issue.id, "project": one.project.slug} for one in made],
            status=201,
        )

    def _add_event(self, told: Json) -> Event:
        """One event: the fields of `World.add_event`, or `raw` with `row` beside them."""
        raw, row = told.get("raw"), told.get("row")
        named = event_fields({key: told[key] for key in told if key not in ("raw", "row")})
        if raw is None:
            return self.world.add_event(**named)
        return self.world.add_raw(as_object(raw), row=row, **named)

    def _change_settings(self, payload: Any) -> Answer:
        try:
            self.settings.change(as_object(payload))
        except KeyError as error:
            raise bad(f"Unknown setting: {error.args[0]}.") from error
        return Answer(self.settings.as_json())


def _listed(payload: Any) -> list[Any]:
    return payload if isinstance(payload, list) else [payload]


def event_fields(told: Json) -> EventFields:
    """Event fields from JSON: times are ISO texts. Raises ApiError 400 for what is unknown."""
    unknown = sorted(set(told) - FIELD_NAMES)
    if unknown:
        raise bad(f"Unknown event fields: {', '.join(unknown)}.")
    read = dict(told)
    for name in ("timestamp", "received"):
        if isinstance(read.get(name), str):
            try:
                read[name] = datetime.fromisoformat(read[name])
            except ValueError as error:
                raise bad(f"{name} is no ISO time.") from error
    return cast(EventFields, read)
