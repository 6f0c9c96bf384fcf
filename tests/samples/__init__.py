"""Sample events as returned by Sentry's API; see README.md for their origin."""

import json
from functools import cache
from pathlib import Path
from typing import Any, TypedDict, cast

FOLDER = Path(__file__).parent

Body = dict[str, Any]


class CrashFrame(TypedDict):
    """The frame to show first; `function` is its address if it has no name."""

    file: str | None
    line: int | None
    function: str | None
    code: str | None


class Request(TypedDict):
    """The HTTP request of the event."""

    method: str | None
    url: str | None


class Facts(TypedDict):
    """The facts an export must contain, and what happened in plain words."""

    platform: str
    happened: str
    held_out: bool
    type: str | None
    value: str | None
    crash_frame: CrashFrame | None
    handled: bool | None
    request: Request | None
    release: str | None
    environment: str | None
    trace_id: str | None
    last_breadcrumb: str | None


class Planted(TypedDict):
    """A made-up secret or personal detail: its exact text and its location."""

    kind: str
    value: str
    where: str


def load(name: str) -> Body:
    """Return the body of a sample, such as `known/django_duplicate_email.json`."""
    return cast(Body, _read(name))


@cache
def index() -> dict[str, Facts]:
    """Return the facts of all samples by name."""
    return cast(dict[str, Facts], _read("index.json"))


@cache
def planted() -> dict[str, list[Planted]]:
    """Return the planted texts by sample; samples without any are missing."""
    return cast(dict[str, list[Planted]], _read("planted.json"))


def known() -> list[str]:
    """Return the samples for writing rules."""
    return _names("known")


def held_out() -> list[str]:
    """Return the samples for evaluating rules, not to be read while writing them."""
    return _names("held_out")


def _names(folder: str) -> list[str]:
    return sorted(f"{folder}/{path.name}" for path in (FOLDER / folder).glob("*.json"))


def _read(name: str) -> object:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))
