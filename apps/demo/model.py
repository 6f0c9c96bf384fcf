"""What the demo Sentry knows about: projects, issues, events and replays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
Person = Mapping[str, str | None]

PERSON_KEYS = ("id", "email", "username", "ip_address")


@dataclass(frozen=True)
class Project:
    """A project as the API names it: a numeric id, a slug, and the platform it was set up for."""

    id: int
    slug: str
    name: str
    platform: str


@dataclass(frozen=True)
class Issue:
    """A group of like events. `key` is the demo's own name for it inside its project.

    `category` is `error` or `feedback`; a feedback issue holds one message of one person.
    """

    id: int
    short_id: str
    key: str
    project: Project
    title: str
    culprit: str
    level: str
    kind: str
    platform: str
    logger: str | None
    status: str
    metadata: Json = field(default_factory=dict)
    category: str = "error"


@dataclass(frozen=True)
class History:
    """What an issue has behind it beside the events in the world.

    `earlier_users` and `earlier_events` are counted on top of those, `day` is how often more it
    came in each of the last 24 hours, the oldest first. `team` or `person` (a name and an e-mail)
    has it. `fixed_in` is a version, for issues of the status resolved.
    """

    substatus: str | None = None
    fixed_in: str | None = None
    fixed_in_next: bool = False
    team: str | None = None
    person: tuple[str, str] | None = None
    first_seen: datetime | None = None
    earlier_users: int = 0
    earlier_events: int = 0
    day: tuple[int, ...] = (0,) * 24


@dataclass(frozen=True)
class Release:
    """A version of one project. `deployed` is when it went live last, in `environment`."""

    version: str
    project: Project
    created: datetime
    released: datetime | None
    deployed: datetime | None = None
    environment: str | None = None

    @property
    def listed_by(self) -> datetime:
        """The time by which the list is in order."""
        return self.released or self.created


@dataclass(frozen=True)
class Event:
    """One stored event.

    `columns` and `tags` are what the events table and the search see, `body` is what the
    detail endpoints answer. They are kept apart, as in Sentry, so that a test can make them
    disagree. `verbatim` bodies are served exactly as given.
    """

    id: str
    project: Project
    issue: Issue
    timestamp: datetime
    columns: Json
    tags: dict[str, str]
    body: Json
    verbatim: bool = False

    @property
    def second(self) -> datetime:
        """The moment as the events table stores it: whole seconds, UTC."""
        return self.timestamp.replace(microsecond=0)

    @property
    def user_key(self) -> str | None:
        """The person as Sentry counts people: by the first identifier the event has."""
        names = ("user.id", "user.username", "user.email", "user.ip")
        return next((f"{name}:{self.columns[name]}" for name in names if self.columns[name]), None)


@dataclass(frozen=True)
class Replay:
    """One recorded session of one person. All ids are 32 hex digits without dashes.

    `user` has the keys of an event's user object. `dashed` says how the row prints its id.
    """

    id: str
    project: Project
    started_at: datetime
    duration_s: int
    user: dict[str, str | None]
    urls: tuple[str, ...]
    error_ids: tuple[str, ...]
    trace_ids: tuple[str, ...]
    count_errors: int
    dead_clicks: int
    rage_clicks: int
    release: str | None
    environment: str | None
    browser: Json
    archived: bool
    dashed: bool

    @property
    def finished_at(self) -> datetime:
        """When the recording ended."""
        return self.started_at + timedelta(seconds=self.duration_s)


def full_person(told: Person | None) -> dict[str, str | None]:
    """The four keys of a user object, None where nothing is told.

    Raises ValueError for another key: a misspelt one would make an anonymous person in silence.
    """
    unknown = set(told or {}) - set(PERSON_KEYS)
    if unknown:
        raise ValueError(f"A user has no {', '.join(sorted(unknown))}.")
    return {key: (told or {}).get(key) for key in PERSON_KEYS}


def iso_z(moment: datetime) -> str:
    """A moment as Sentry's bodies print it: UTC, with `Z`, a fraction only if there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def iso_offset(moment: datetime) -> str:
    """A moment as the events table prints it: whole seconds and `+00:00`."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()
