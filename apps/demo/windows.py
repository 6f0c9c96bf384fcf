"""Time windows as Sentry reads them from a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apps.demo.exchange import Ask, bad
from apps.demo.model import Event

FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d")
PLUS_OFFSET = re.compile(r"[+ ]\d{2}:?\d{2}$")
UNIX = re.compile(r"\d+(\.\d+)?")
PERIOD = re.compile(r"(\d+)([smhdw])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DEFAULT_SPAN = timedelta(days=90)


@dataclass(frozen=True)
class Window:
    """Half-open: `start <= timestamp < end` (Sentry API: end is exclusive)."""

    start: datetime
    end: datetime

    def holds(self, event: Event) -> bool:
        """Compares whole seconds, as the events table stores nothing finer."""
        return self.start <= event.second < self.end


def parse_moment(value: str) -> datetime:
    """A moment in UTC from ISO text, a date or unix seconds.

    A trailing `Z` or `+HH:MM` is stripped and ignored; a `-HH:MM` is not understood. Raises
    ApiError 400 with Sentry's text.
    """
    if UNIX.fullmatch(value):
        return datetime.fromtimestamp(float(value), tz=UTC)
    naive = PLUS_OFFSET.sub("", value.removesuffix("Z"))
    for shape in FORMATS:
        try:
            return datetime.strptime(naive, shape).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise bad(f"{value} is not a valid ISO8601 date query")


def asked_window(ask: Ask) -> Window | None:
    """The window of `statsPeriod`, which wins, or of `start` and `end`; None without any."""
    period, start, end = ask.one("statsPeriod"), ask.one("start"), ask.one("end")
    if period:
        match = PERIOD.fullmatch(period)
        if match is None:
            raise bad(f"Invalid statsPeriod: '{period}'")
        length = timedelta(**{UNITS[match.group(2)]: int(match.group(1))})
        return Window(ask.now - length, ask.now)
    if not start and not end:
        return None
    if not start or not end:
        raise bad("start and end are both required")
    window = Window(parse_moment(start), parse_moment(end))
    if window.start >= window.end:
        raise bad("start must be before end")
    return window


def window_of(ask: Ask) -> Window:
    """The window of a request, the last 90 days by default, cut to what is still kept.

    Raises ApiError 400 when nothing of it is kept any more.
    """
    window = asked_window(ask) or Window(ask.now - DEFAULT_SPAN, ask.now)
    if ask.settings.retention_days is None:
        return window
    edge = ask.now - timedelta(days=ask.settings.retention_days)
    if window.end <= edge:
        raise bad("Invalid date range. Please try a more recent date range.")
    return Window(max(window.start, edge), window.end)
