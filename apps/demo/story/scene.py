"""Read the errors of the story, and add rows of one customer to the world."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.demo.world import Json, Person, World, made_up_id, story_data

# An error with its times, in seconds around the scene's, and the fields of its draft.
Row = tuple[Sequence[float], Json]

CRUMB_KINDS = {"xhr": "http", "fetch": "http", "http": "http", "navigation": "navigation"}
RELEASES = {one["slug"]: one.get("release") for one in story_data("projects")["projects"]}


@dataclass(frozen=True)
class Scene:
    """One customer and one time, at which something goes wrong."""

    world: World
    at: datetime
    person: Json

    @property
    def user(self) -> Person:
        """The customer as the user object of replays and feedback."""
        names = {"id": "user_id", "email": "email", "username": "username", "ip_address": "ip"}
        return {key: self.person.get(name) for key, name in names.items()}

    def time(self, seconds: float) -> datetime:
        """Return the time some seconds after the scene's, or before it if negative."""
        return self.at + timedelta(seconds=seconds)

    def add(self, *rows: Row) -> None:
        """Add errors of the customer, overridden by what a row says; `nobody` names no customer."""
        for times, row in rows:
            fields = {"release": RELEASES[row["project"]]} | self.person | row
            fields["release"] = fields["release"] or None
            crumbs = fields.pop("crumbs", ())
            if isinstance(name := fields.get("contexts"), str):
                fields["contexts"] = story_data("errors")["contexts"][name]
            if fields.pop("nobody", False):
                fields = {name: one for name, one in fields.items() if name not in self.person}
            for seconds in times:
                breadcrumbs = [self._breadcrumb(seconds, **one) for one in crumbs]
                shown = {"breadcrumbs": breadcrumbs} if crumbs else {}
                self.world.add_event(timestamp=self.time(seconds), **fields | shown)

    def _breadcrumb(self, seconds: float, before: float, category: str, **fields: Any) -> Json:
        return {
            "timestamp": self.time(seconds - before),
            "category": category,
            "type": CRUMB_KINDS.get(category, "default"),
            "level": "error" if category == "error" else "info",
            **fields,
        }

    def log(self, seconds: float, message: str, severity: str = "info", **fields: Any) -> None:
        """Add a log entry of the customer, or of no one with `user=None`."""
        self.world.add_log(self.time(seconds), message, severity, **self._row(fields))

    def span(
        self, seconds: float, duration_ms: float, op: str, description: str, **fields: Any
    ) -> None:
        """Add a span of the customer, or of no one with `user=None`."""
        self.world.add_span(self.time(seconds), duration_ms, op, description, **self._row(fields))

    def _row(self, fields: Json) -> Json:
        return {"user": self.user, "release": RELEASES[fields["project"]], **fields}


# What a data file can't say: values that are missing.
HOLLOW: tuple[Row, ...] = (
    (
        (30,),
        {
            "project": "warehouse",
            "issue": "hollow",
            "title": "<unknown>",
            "tags": {"empty": ""},
            "exceptions": [None, {"type": None, "value": None, "frames": None}],
            "breadcrumbs": [{"timestamp": None, "message": None, "category": None}],
        },
    ),
    (
        (60,),
        {
            "project": "orders-worker",
            "issue": "lost",
            "exception": ("Error", "the server has lost the details"),
            "level": None,
            "environment": None,
            "trace_id": "",
            "is_lost": True,
        },
    ),
)

HALF_AN_HOUR_S = 1790
CORE_S = 270
CORE_SHARE = 0.78


def errors_of(part: str) -> Iterator[Row]:
    """Yield the rows of a part of `errors.toml`."""
    return map(_row, story_data("errors")["errors"][part])


def busy_hour() -> Iterator[Row]:
    """Yield 140 events within the hour around the reported time, most within nine minutes."""
    dice = random.Random(20417)
    noise = [one for one in story_data("errors")["noise"] for _ in range(one["count"])]
    dice.shuffle(noise)
    for number, raw in enumerate(noise):
        reach = CORE_S if dice.random() < CORE_SHARE else HALF_AN_HOUR_S
        at = dice.uniform(-reach, reach)
        yield _row(raw | {"at": at, "tags": {"batch": f"import-{number // 20}"}})


def _row(raw: Json) -> Row:
    """Return the row of an error in `errors.toml`, which explains its keys."""
    data = story_data("errors")
    whole = (data["templates"][raw["like"]] if "like" in raw else {}) | raw
    row: Json = _filled(whole, whole.get("with", {}) | data["texts"])
    for name in ("like", "with", "count"):
        row.pop(name, None)
    at = row.pop("at")
    row["project"], row["issue"] = row.pop("place").split("/")
    if "type" in row:
        row["exception"] = (row.pop("type"), row.pop("value"))
    elif "exceptions" not in row:
        row["handled"] = None
    if "frames" in row:
        row["frames"] = _frames(row["frames"])
    for one in (*row.get("exceptions", ()), *row.get("threads", ())):
        if "frames" in one:
            one["frames"] = _frames(one["frames"])
    if "request" in row:
        row["request"] = _request(row["request"])
    if "trace" in row:
        row["trace_id"] = made_up_id(row.pop("trace"))
    return at if isinstance(at, list) else [at], row


def _filled(value: Any, texts: Mapping[str, object]) -> Any:
    """Return a copy of the value with the texts for `{name}`, also in what it contains."""
    if isinstance(value, str):
        for name, text in texts.items():
            value = value.replace(f"{{{name}}}", str(text))
    elif isinstance(value, list):
        return [_filled(one, texts) for one in value]
    elif isinstance(value, dict):
        return {_filled(name, texts): _filled(one, texts) for name, one in value.items()}
    return value


def _request(raw: str | Json) -> Json:
    """Return a request of `METHOD address`, of an address, or of what a `base` lacks."""
    if isinstance(raw, str):
        method, _, url = raw.rpartition(" ")
        return {"method": method or None, "url": url}
    base: Json = story_data("errors")["requests"][raw.pop("base")] if "base" in raw else {}
    headers = [*base.get("headers", ()), *raw.get("headers", ())]
    return base | raw | {"url": base.get("url", "") + raw["url"], "headers": headers}


def _frames(listed: Sequence[str | Json]) -> list[Json]:
    """Return the frames of libraries, which are named, and the in-app frames, which are given."""
    data = story_data("errors")
    frames = []
    for one in listed:
        if isinstance(one, str):
            frames += [raw | {"inApp": False} for raw in data["libraries"][one]]
            continue
        own: Json = {"absPath": f"/srv/app/{one['filename']}", "inApp": True} | one
        source = data["code"][own.pop("code")] if "code" in own else ""
        code = source.strip("\n").splitlines()
        marked = next((at for at, text in enumerate(code) if text.startswith(">")), 0)
        first = own["lineNo"] - marked
        own["context"] = [[first + at, text[1:]] for at, text in enumerate(code)]
        depths = range(own.pop("repeat", 1))
        frames += [_filled(own, {"depth": depth}) for depth in depths]
    return frames
