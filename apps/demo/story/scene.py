"""What the story is told with: a customer's moment, frames with code, breadcrumbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Unpack, cast

from apps.demo.world import Event, EventFields, Json, Person, World

Crumb = tuple[float, str, str | None, Json | None]

CRUMB_KINDS = {"xhr": "http", "fetch": "http", "http": "http", "navigation": "navigation"}


@dataclass(frozen=True)
class Scene:
    """One customer around one moment."""

    world: World
    at: datetime
    person: EventFields

    @property
    def user(self) -> Person:
        """The customer as replays and feedback name people."""
        told = self.person
        return {
            "id": told.get("user_id"),
            "email": told.get("email"),
            "username": told.get("username"),
            "ip_address": told.get("ip"),
        }

    def moment(self, seconds: float) -> datetime:
        """The scene's moment and so many seconds; negative is before."""
        return self.at + timedelta(seconds=seconds)

    def add(self, seconds: float, **fields: Unpack[EventFields]) -> Event:
        """An event of this customer, `seconds` after the scene's moment."""
        told = {"timestamp": self.moment(seconds), **self.person, **fields}
        return self.world.add_event(**cast(EventFields, told))

    def crumbs(self, seconds: float, told: Sequence[Crumb]) -> list[Json]:
        """Breadcrumbs from `(seconds before the event, category, message, data)`, as told."""
        return [
            {
                "timestamp": self.moment(seconds - before),
                "category": category,
                "type": CRUMB_KINDS.get(category, "default"),
                "level": "error" if category == "error" else "info",
                "message": message,
                "data": data,
            }
            for before, category, message, data in told
        ]


def call(before: float, method: str, url: str, status: int, *, category: str = "http") -> Crumb:
    """The breadcrumb of an HTTP call, so many seconds before the event."""
    return (before, category, None, {"method": method, "url": url, "status_code": status})


def moved(before: float, start: str, end: str) -> Crumb:
    """The breadcrumb of a change of page."""
    return (before, "navigation", None, {"from": start, "to": end})


def frame(filename: str, function: str, line: int, code: str = "", **more: Any) -> Json:
    """A frame of the company's own code.

    `code` is the source around the line. The line itself starts with `>`, the others with a
    blank, so that the numbers can be told. `more` takes the API's other frame keys.
    """
    return {
        "filename": filename,
        "absPath": more.pop("absPath", f"/srv/app/{filename}"),
        "function": function,
        "lineNo": line,
        "context": numbered(code, line),
        "inApp": True,
        **more,
    }


def library(filename: str, function: str, line: int, **more: Any) -> Json:
    """A frame of somebody else's code, without source."""
    return {"filename": filename, "function": function, "lineNo": line, "inApp": False, **more}


def numbered(code: str, line: int) -> list[list[int | str]]:
    """Source lines with their numbers; the one marked `>` has number `line`."""
    lines = code.strip("\n").split("\n") if code else []
    marked = next((at for at, text in enumerate(lines) if text.startswith(">")), 0)
    return [[line - marked + at, text[1:]] for at, text in enumerate(lines)]


def people() -> dict[str, EventFields]:
    """Who the customers are, as their apps report them."""
    return {
        "ada": {
            "user_id": "1001",
            "email": "ada.lovett@example.com",
            "username": "ada",
            "ip": "203.0.113.24",
            "user": {"geo": {"country_code": "GB", "city": "Leeds", "region": "United Kingdom"}},
        },
        "leo": {"user_id": "1742", "email": "leo.martin@example.fr", "ip": "198.51.100.7"},
        "mia": {"user_id": "1893", "email": "mia+shop@example.org", "username": "mia.wolf"},
        "mallory": {"user_id": "6660", "email": "mallory@example.net", "username": "mallory"},
        "kowalski": {"username": "CORP\\kowalski", "email": "p.kowalski@corp.example"},
        "nadia": {"user_id": "2208", "email": "NADIA.HADDAD@EXAMPLE.COM"},
        "oda": {"user_id": "3003", "username": "oda"},
        "pepe": {"user_id": "2950", "username": 'José "Pepe" Muñoz'},
        "busy": {"user_id": "20417", "email": "einkauf@grosskunde.example"},
        "yara": {"user_id": "9b2f6c1e-4d7a-4f0e-8a53-2c6d1e9b7f10", "ip": "2001:db8::5:17"},
        "sakura": {"user_id": "4471", "username": "sakura_田中"},
        "hanna": {"user_id": "3310", "email": "hanna.berg@example.se"},
        "nils": {"user_id": "3311", "email": "nils@berg.example"},
        "beatriz": {"user_id": "3120", "email": "beatriz.costa@example.pt"},
    }
