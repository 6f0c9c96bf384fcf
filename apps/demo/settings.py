"""The knobs of the demo Sentry, each standing for something real servers differ in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

ALL_SCOPES = ("event:read", "org:read", "project:read")


@dataclass
class Settings:
    """Changed while the server runs, by tests or through `PUT /_demo/settings`.

    `flavor`: which server is played, `sentry` or `glitchtip`. `latency_s`: seconds every API
    answer waits. `retention_days`: how long events can be asked
    for, None for ever. `full_page_cap`: most full bodies on a page, None for servers without
    the cap. `row_page_cap`: most rows on a page of the events table, silently.
    `visible_projects`: slugs the token sees, None for all. `multi_project`: off for plans that
    refuse to search several projects at once. `events_table`: off for servers that lack the
    feature. `issue_events_empty`: the issue's event list answers `[]` although there are
    events. `scopes`: what the token may do. `rate_limit` requests per `rate_window_s` seconds
    are enforced only when `rate_limited` is on. `now`: a fixed clock in ISO form, else None.
    `replays_on` and `feedback_on`: off for servers without replays (404 with an empty body)
    and for those whose issue search does not know the category feedback (400).
    """

    flavor: str = "sentry"
    latency_s: float = 0.0
    retention_days: float | None = 90
    full_page_cap: int | None = 10
    row_page_cap: int | None = None
    visible_projects: list[str] | None = None
    multi_project: bool = True
    events_table: bool = True
    issue_events_empty: bool = False
    scopes: list[str] = field(default_factory=lambda: list(ALL_SCOPES))
    rate_limit: int = 1000
    rate_window_s: int = 300
    rate_limited: bool = False
    replays_on: bool = True
    feedback_on: bool = True
    now: str | None = None

    def clock(self) -> datetime:
        """The present moment, UTC."""
        return datetime.now(UTC) if self.now is None else datetime.fromisoformat(self.now)

    def change(self, values: dict[str, Any]) -> None:
        """Set the named knobs. Raises KeyError for a name that does not exist."""
        known = {one.name for one in fields(self)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise KeyError(", ".join(unknown))
        for name, value in values.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        """All knobs by name."""
        return asdict(self)
