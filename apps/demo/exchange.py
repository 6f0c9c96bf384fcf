"""One request as the endpoints see it, and what they answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.demo.model import Json, Project
from apps.demo.settings import Settings
from apps.demo.world import World

SEVERAL = "You cannot view events from multiple projects."


@dataclass(frozen=True)
class Answer:
    """A complete answer. `text` goes out as it is; otherwise `payload` goes out as JSON."""

    payload: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    content_type: str = "application/json"

    @property
    def content(self) -> bytes:
        """The body in bytes, UTF-8."""
        if self.text is not None:
            return self.text.encode()
        return json.dumps(self.payload, default=str, ensure_ascii=False).encode()


class ApiError(Exception):
    """An error answer of the API: a status and Sentry's `detail`."""

    def __init__(self, status: int, detail: Any, headers: dict[str, str] | None = None) -> None:
        """`detail` is a text, or an object of `code`, `message` and `extra`."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}

    def answer(self) -> Answer:
        """The error as it goes over the wire."""
        return Answer({"detail": self.detail}, status=self.status, headers=self.headers)


def bad(detail: str) -> ApiError:
    """A 400 with that text."""
    return ApiError(400, detail)


def missing(detail: str = "The requested resource does not exist") -> ApiError:
    """A 404 with Sentry's standing text, or another."""
    return ApiError(404, detail)


def forbidden(headers: dict[str, str] | None = None) -> ApiError:
    """A 403 with Sentry's standing text."""
    return ApiError(403, "You do not have permission to perform this action.", headers)


@dataclass(frozen=True)
class Ask:
    """One authorised request: where to, with what, and the world it is asked of."""

    path: str
    params: dict[str, list[str]]
    args: dict[str, str]
    base_url: str
    organization: str
    world: World
    settings: Settings

    @property
    def now(self) -> datetime:
        """The server's present moment."""
        return self.settings.clock()

    def one(self, name: str) -> str | None:
        """The parameter's last value, as Sentry's web framework reads it, or None."""
        values = self.params.get(name)
        return values[-1] if values else None

    def many(self, name: str) -> list[str]:
        """All values of a repeated parameter."""
        return self.params.get(name, [])

    def is_on(self, name: str) -> bool:
        """True for exactly `1` or `true` (Sentry API: the `full` parameter)."""
        return self.one(name) in ("1", "true")

    def visible_projects(self) -> list[Project]:
        """The projects the token sees."""
        allowed = self.settings.visible_projects
        return [one for one in self.world.projects if allowed is None or one.slug in allowed]

    def project(self) -> Project:
        """The project named in the path. Raises ApiError when there is none to see."""
        found = self.world.find_project(self.args["project"])
        if found is None:
            raise missing()
        if found not in self.visible_projects():
            raise forbidden()
        return found

    def chosen_projects(self, refusal: str = SEVERAL) -> list[Project]:
        """The projects a list is asked about: repeated numeric ids, `-1` or none for all.

        Raises ApiError: 400 for a slug, 403 for an id the token cannot see, 400 when several
        are meant and the plan refuses that, with this endpoint's words.
        """
        visible = self.visible_projects()
        try:
            numbers = {int(value) for value in self.many("project")}
        except ValueError as error:
            raise bad("Invalid project parameter. Values must be numbers.") from error
        if not numbers or -1 in numbers:
            chosen = visible
        elif numbers - {one.id for one in visible}:
            raise forbidden()
        else:
            chosen = [one for one in visible if one.id in numbers]
        if len(chosen) > 1 and not self.settings.multi_project:
            raise bad(refusal)
        return chosen


def as_object(value: Any) -> Json:
    """A JSON value that must be an object. Raises ApiError 400 when it is not."""
    if not isinstance(value, dict):
        raise bad("An object is expected.")
    return value
