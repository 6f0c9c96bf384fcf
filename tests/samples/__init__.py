"""Sample events as Sentry's API answers them; README.md tells how they came to be."""

import json
from functools import cache
from pathlib import Path
from typing import Any, TypedDict, cast

FOLDER = Path(__file__).parent

Body = dict[str, Any]


class CrashFrame(TypedDict):
    """The frame to show first. A frame without a name has its address for `function`."""

    file: str | None
    line: int | None
    function: str | None
    code: str | None


class Request(TypedDict):
    """The HTTP request during which it happened."""

    method: str | None
    url: str | None


class Facts(TypedDict):
    """What an export must keep of one sample, and what happened in plain words."""

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
    """One made-up secret or personal detail: exactly this text, and where it stands."""

    kind: str
    value: str
    where: str


def load(name: str) -> Body:
    """The body of one sample, named as in the index: `known/django_duplicate_email.json`."""
    return cast(Body, _read(name))


@cache
def index() -> dict[str, Facts]:
    """The facts of every sample by its name."""
    return cast(dict[str, Facts], _read("index.json"))


@cache
def planted() -> dict[str, list[Planted]]:
    """What was planted in which sample; one without any is not named."""
    return cast(dict[str, list[Planted]], _read("planted.json"))


def known() -> list[str]:
    """The samples that rules may be written from."""
    return _names("known")


def held_out() -> list[str]:
    """The samples that rules are judged by, and that nobody reads while writing them."""
    return _names("held_out")


def _names(folder: str) -> list[str]:
    return sorted(f"{folder}/{path.name}" for path in (FOLDER / folder).glob("*.json"))


def _read(name: str) -> object:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))
