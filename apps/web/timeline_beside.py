"""What stands along the line of time beside the errors: releases, and what the customer did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.events.answer import Deploy
from apps.events.filtering import NOT_KNOWN, Shown, Span
from apps.events.releases import short_release
from apps.web.clock import LocalTime, local_clock
from apps.web.timeline_axis import (
    NEAR,
    ClockNames,
    Label,
    Scale,
    across,
)
from apps.web.wording import clipped, counted, listed

BUCKETS = 60

_HEIGHT = 16
_LEAST = 3
_FLAG = 2.0
_LETTER = 0.9  # per cent of the drawing on a wide page; narrow ones show no labels
_LONGEST_VERSION = 18
_MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Release:
    """One or several releases that went live at about the same time, in words."""

    time: LocalTime
    text: str
    happened: str


@dataclass(frozen=True, slots=True)
class Releases:
    """The marks of releases, and all of them in words. A label is empty where there is no room."""

    marks: tuple[Label, ...] = ()
    told: tuple[Release, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Density:
    """How much the customer did when: bars as one path over `BUCKETS` by 16, and in words."""

    path: str
    steps: str
    description: str


def deploys_shown(deploys: Sequence[Deploy], span: Span, shown: Shown) -> tuple[Deploy, ...]:
    """Those inside the drawing, oldest first, of the chosen project and environment.

    One that names no project or environment may belong to any.
    """
    return tuple(
        deploy
        for deploy in sorted(deploys, key=lambda deploy: deploy.at)
        if span.contains(deploy.at)
        and shown.project in ("", NOT_KNOWN, deploy.project or shown.project)
        and shown.environment in ("", NOT_KNOWN, deploy.environment or shown.environment)
    )


def releases(deploys: Sequence[Deploy], scale: Scale) -> Releases:
    """Marks for deploys in order of time; those that would touch are joined to one."""
    together: list[list[Deploy]] = []
    for deploy in deploys:
        if together and scale.x(deploy.at) - scale.x(together[-1][0].at) < NEAR:
            together[-1].append(deploy)
        else:
            together.append([deploy])
    places = [scale.x(near[0].at) for near in together]
    marks: list[Label] = []
    free_from = 0.0
    for near, place, after in zip(together, places, [*places[1:], 200.0], strict=False):
        text = _mark_text(near)
        width = _FLAG + len(text) * _LETTER
        is_left = place + width > 100
        start, end = (place - width, place) if is_left else (place, place + width)
        has_room = start >= free_from and end <= after
        marks.append(Label(across(place), "end" if is_left else "start", text if has_room else ""))
        free_from = max(place, end) if has_room else place
    return Releases(
        marks=tuple(marks),
        told=tuple(_told(near, scale) for near in together[:_MOST_NAMED]),
        left_out=sum(len(near) for near in together[_MOST_NAMED:]),
    )


def release_text(deploy: Deploy) -> str:
    """The release and where it went live: 2.14.0 (web, production)."""
    where = ", ".join(clipped(part, 60) for part in (deploy.project, deploy.environment) if part)
    version = clipped(short_release(deploy.version), 80)
    return f"{version} ({where})" if where else version


def density(steps: Sequence[datetime], scale: Scale) -> Density | None:
    """Bars for the customer's steps inside the drawing; None where there are none."""
    span = scale.span
    length = (span.end - span.start).total_seconds() / BUCKETS
    counts = [0] * BUCKETS
    for step in steps:
        place = int((step - span.start).total_seconds() // length)
        if 0 <= place < BUCKETS or step == span.end:
            counts[min(place, BUCKETS - 1)] += 1
    most = max(counts)
    if not most:
        return None
    bars = (
        f"M{place} {_HEIGHT}v-{_LEAST + (_HEIGHT - _LEAST) * count / most:.0f}h1V{_HEIGHT}z"
        for place, count in enumerate(counts)
        if count
    )
    names = ClockNames(span, scale.zone, seconds=length < 10)
    busiest = span.start + (span.end - span.start) * ((counts.index(most) + 0.5) / BUCKETS)
    told = counted(sum(counts), "step")
    around = f", most around {names.full(busiest)}" if sum(counts) > 1 else ""
    return Density("".join(bars), told, f"What the customer did: {told}{around}")


def _mark_text(near: Sequence[Deploy]) -> str:
    versions = dict.fromkeys(deploy.version for deploy in near)
    if len(versions) > 1:
        return counted(len(versions), "release")
    version = short_release(near[0].version)
    short = version if len(version) <= _LONGEST_VERSION else f"{version[: _LONGEST_VERSION - 1]}…"
    return clipped(short, _LONGEST_VERSION)


def _told(near: Sequence[Deploy], scale: Scale) -> Release:
    first = near[0].at
    when = local_clock(first, scale.zone, day_of=scale.span.start)
    names = tuple(dict.fromkeys(release_text(deploy) for deploy in near))
    more = len(names) - _MOST_NAMED
    shown = names if more <= 0 else (*names[:_MOST_NAMED], f"{more} more")
    is_told = all(deploy.is_told for deploy in near)
    happened = "went live" if is_told else "went live or first appeared in Sentry"
    return Release(when, listed(shown), happened)
