"""The facts of an export, shared by all formats, and how much of them is selected."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

from apps.events.answer import Answer, CatalogEntry, Notice
from apps.events.event import ExceptionInfo
from apps.exports.escaping import KINDS, Neutralizer, truncate
from apps.exports.tokens import estimate_tokens


@dataclass(frozen=True, slots=True)
class Preset:
    """A named prompt: `label` is for the menu, `instruction` for the language model."""

    name: str
    label: str
    instruction: str

    @property
    def prompt(self) -> str:
        """The instruction with the blank line after it, or an empty string."""
        return f"{self.instruction}\n\n" if self.instruction else ""

    @property
    def tokens(self) -> int:
        return estimate_tokens(self.prompt)


NO_PRESET = Preset("none", "No prompt", "")


@dataclass(frozen=True, slots=True)
class Omission:
    """How many of what was left out, and where."""

    what: str
    count: int
    where: str


@dataclass(frozen=True, slots=True)
class Header:
    """The customer, the places searched, and the notices, as they are exported.

    `only_fields` are set if the customer was searched in no other fields, as typed.
    """

    lookup_id: str | None
    only_issue: str | None
    customer: str
    matched_on: tuple[str, ...]
    zone: str
    organization: str
    projects: tuple[str, ...]
    environments: tuple[str, ...]
    only_fields: tuple[str, ...]
    notices: tuple[Notice, ...]
    from_cache: bool
    issues_total: int


@dataclass(frozen=True, slots=True)
class IssueStatus:
    """The status of an issue. The field names are JSON keys.

    `last_day` counts the events of all customers in the last day; `fix` says in which release the
    issue is fixed, and which one the customer had.
    """

    status: str | None
    substatus: str | None
    fixed_in: str | None
    fix: str | None
    last_day: int | None

    @property
    def state(self) -> str:
        return ", ".join(filter(None, (self.status, self.substatus)))


@dataclass(frozen=True, slots=True)
class KnownError:
    """A known error that matches an issue; `entry` has its texts as they are exported.

    `fix` describes the state of the fix for this customer, and `why` lists the matching rules.
    """

    entry: CatalogEntry
    fix: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue. `events` counts this customer's events in the window."""

    id: str
    short_id: str | None
    title: str
    summary: str
    level: str | None
    project: str | None
    handled: bool | None
    events: int
    users_affected: int | None
    first_seen: datetime | None
    last_seen: datetime | None
    permalink: str | None
    status: IssueStatus | None
    known: tuple[KnownError, ...]

    @property
    def name(self) -> str:
        return self.short_id or self.id


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure: its sentence, the issue that caused it, and its other issues with the reasons.

    `events` are the IDs of the exported ones, newest first.
    `times` counts occurrences: two records of one request happened once.
    """

    sentence: str
    cause: str
    joined: tuple[tuple[str, str], ...]
    events: tuple[str, ...]
    times: int
    is_noise: bool

    @property
    def issues(self) -> tuple[str, ...]:
        """The IDs of all its issues, the cause's first."""
        return (self.cause, *(issue_id for issue_id, _reason in self.joined))


class EventDetail(NamedTuple):
    """A detail of an event, such as a tag. `section` is our word; a line of a list has no name."""

    section: str
    name: str | None
    value: str


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """A breadcrumb, with the ID of its event."""

    event_id: str
    timestamp: datetime | None
    category: str | None
    level: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """An event: the lead event of its issue, or a further one.

    The code of a frame is its own line; the crash frame also has the lines next to it.
    `message` is the one that goes with an exception. `delay` is a sentence about an event that
    Sentry received long after, or before, its time, and `received` is when.
    """

    id: str
    issue_id: str | None
    project: str | None
    timestamp: datetime
    is_lead: bool
    title: str | None
    culprit: str | None
    transaction: str | None
    level: str | None
    handled: bool | None
    release: str | None
    environment: str | None
    device: str | None
    trace_id: str | None
    method: str | None
    url: str | None
    permalink: str | None
    exceptions: tuple[ExceptionInfo, ...]
    message: str | None = None
    received: datetime | None = None
    delay: str | None = None
    details: tuple[EventDetail, ...] = ()


@dataclass(frozen=True, slots=True)
class RelatedEntry:
    """Feedback, a session replay, an error of the same trace, a release, a log entry, or a span.

    A release has no ID. A log entry and a span also have a `state`: the severity, or the response
    and status. With a `sentence`, in our words, they show trouble, which happened `times`.
    """

    kind: str
    id: str | None
    timestamp: datetime
    project: str | None
    text: str
    permalink: str | None = None
    state: str | None = None
    duration_ms: float | None = None
    usual_ms: float | None = None
    trace_id: str | None = None
    names_customer: bool | None = None
    details: tuple[tuple[str, str], ...] = ()
    sentence: str | None = None
    times: int | None = None
    known: tuple[KnownError, ...] = ()


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One of the customer's errors outside the window; `distance` is in words."""

    id: str
    timestamp: datetime
    distance: str
    project: str | None
    level: str | None
    title: str | None
    summary: str
    permalink: str | None


@dataclass(frozen=True, slots=True)
class OtherOccurrences:
    """The errors nearest to an empty window, searched from `since` to `until` (UTC).

    `fields` are the Sentry fields that were searched. `is_never` means that there are certainly
    none. With a `problem`, an error that is None is unknown.
    """

    since: datetime
    until: datetime
    before: Occurrence | None
    after: Occurrence | None
    last: Occurrence | None
    fields: tuple[str, ...]
    is_never: bool
    problem: str | None


@dataclass(frozen=True, slots=True)
class Document:
    """Everything an export contains, in order. `events` are newest first.

    Of the `answer`, only times and numbers are exported: its texts are not neutralized. `note` says
    what `activity` shows instead of errors.

    A larger limit has what was `omitted`, and `least_budget` is the least that has all of it; what
    is `elsewhere` is in no export with a limit. `datamarking` marks each word of recorded text.
    `slim` means that the limit barely fits an error, so that even JSON has no empty keys in it.
    """

    answer: Answer
    preset: Preset
    marker: str
    header: Header
    problems: tuple[Problem, ...]
    issues: tuple[Issue, ...]
    events: tuple[Event, ...]
    breadcrumbs: tuple[Breadcrumb, ...]
    related: tuple[RelatedEntry, ...]
    activity: tuple[RelatedEntry, ...]
    note: str
    other_occurrences: OtherOccurrences | None
    omitted: tuple[Omission, ...]
    elsewhere: tuple[Omission, ...]
    hidden: dict[str, int]
    neutralized: dict[str, int]
    slim: bool = False
    least_budget: int | None = None
    datamarking: bool = False

    def events_of(self, issue: Issue) -> tuple[Event, ...]:
        """Return the issue's events: the lead, then the others, newest first."""
        own = [event for event in self.events if (event.issue_id or "unknown") == issue.id]
        return tuple(sorted(own, key=lambda event: not event.is_lead))

    def causes_of(self, issue: Issue) -> Iterator[tuple[str, str]]:
        """Yield the names of the issues that caused the same failures, with the reasons."""
        for problem in self.problems:
            for issue_id, reason in problem.joined:
                if issue_id == issue.id:
                    names = (one.name for one in self.issues if one.id == problem.cause)
                    yield next(names, problem.cause), reason


@dataclass(frozen=True, slots=True)
class Detail:
    """Limits of what is selected; they apply to every format alike.

    Counts per event: `crumbs` of a lead event, `further_crumbs` of a further one (both counted
    back from the event), `exceptions`, `in_app_frames`, `library_frames`, and `around` (lines on
    each side of a crash), and `details` (tags and the like). Per list of it: `lists` (threads and
    the like). Per issue: `further_events` and `known` (known errors, each with up to
    `known_links`).

    Characters: `texts`, `names`, `codes` (a line of code), `crumb_texts`, `notice_texts`,
    `detail_texts`, `issue_titles` (in the summary), and `known_texts`.

    In all: `ids` (links of events, and traces of further ones), `activity` (logs and requests that
    show trouble), and `ordinary` (those that don't). Switches: `references` for the
    links and traces of issues, `places` for the place of each omission, `titles` and `culprits`
    for those of events that have an exception. `bare` reduces an event to its error and its crash
    frame, and `slim` makes room for these in the header and the summary. `plain` leaves every text
    unchanged, for programs.
    """

    crumbs: int = 100
    further_crumbs: int = 100
    crumb_texts: int = 300
    library_frames: int = 60
    in_app_frames: int = 60
    exceptions: int = 20
    issues: int = 200
    summary_rows: int = 200
    further_events: int = 300
    texts: int = 3000
    names: int = 300
    codes: int = 160
    ids: int = 400
    references: bool = True
    searched: int = 100
    notice_texts: int = 400
    counts: int = 40
    places: bool = True
    bare: bool = False
    titles: bool = True
    culprits: bool = True
    devices: bool = True
    last_seen: bool = True
    statuses: bool = True
    issue_titles: int = 160
    omissions: int = 60
    related: int = 30
    activity: int = 40
    ordinary: int = 30
    known: int = 5
    known_texts: int = 4000
    known_links: int = 10
    details: int = 150
    detail_texts: int = 600
    lists: int = 40
    around: int = 2
    slim: bool = False
    plain: bool = False


_COUNTS = tuple(one.name for one in fields(Detail) if one.type is int and one.name != "around")
NO_LIMITS = replace(Detail(), **dict.fromkeys(_COUNTS, 1 << 31))  # type: ignore[arg-type]
EVERYTHING = replace(NO_LIMITS, plain=True)


@cache
def ladder() -> tuple[tuple[Detail, ...], tuple[str, ...]]:
    """Return the levels, from everything down, and the name of the limit that each one cut."""
    rungs, names = [NO_LIMITS], [""]
    cuts = tomllib.loads((Path(__file__).parent / "cuts.toml").read_text("utf-8"))["cuts"]
    for cut in ({name: getattr(Detail(), name) for name in _COUNTS}, *cuts):
        for name, target in cut.items():
            for value in _steps_down(getattr(rungs[-1], name), target):
                rungs.append(replace(rungs[-1], **{name: value}))  # type: ignore[arg-type]
                names.append(name)
    return tuple(rungs), tuple(names)


def _steps_down(value: int, target: int) -> Iterator[int]:
    """Yield the values down to the target, each a fifth smaller, but at least by one."""
    if type(value) is not type(target):
        raise ValueError(f"A limit of {value!r} can't be cut to {target!r}.")
    if isinstance(target, bool):
        yield target
        return
    value = min(value, max(target, 1) << 10)
    while value > target:
        value = max(target, min(value * 4 // 5, value - 1))
        yield value


T = TypeVar("T")
_PATH_PARTS = re.compile(r"[/\\]?[^/\\]+|[/\\]")
EVERYWHERE = "the export"


@dataclass(frozen=True, slots=True)
class Selection:
    """Neutralizes and cuts the facts of one document, and counts what is left out, and where."""

    answer: Answer
    today: date
    detail: Detail
    neutralizer: Neutralizer
    where: str = EVERYWHERE
    _neutralized: Counter[str] = field(default_factory=Counter)
    _omitted: Counter[tuple[str, str]] = field(default_factory=Counter)
    _elsewhere: Counter[str] = field(default_factory=Counter)
    _taken: Counter[str] = field(default_factory=Counter)

    def at(self, where: str) -> "Selection":
        """Return the selection for one place, which shares all counts."""
        return replace(self, where=where)

    def seconds(self, at: datetime) -> float:
        """Return the seconds from the reported time, negative before it."""
        return (at - self.answer.question.window.moment).total_seconds()

    def at_most(self, limit: int) -> int:
        """Return a fixed limit, or a higher one as long as texts can be very long."""
        return max(limit, self.detail.texts // 32)

    def text(self, raw: str, limit: int) -> str:
        """Return the text neutralized and cut to `limit` characters; unchanged if plain."""
        if self.detail.plain:
            return raw
        cut = self.neutralizer.cut(raw, limit)
        if cut.is_shorter:
            self.leave_out("ends of long texts", 1)
        for kind, count in cut.counts.items():
            self._neutralized[kind] += count
        return cut.text

    def optional_text(self, raw: str | None, limit: int) -> str | None:
        """Do the same as `text`; None stays None."""
        return None if raw is None else self.text(raw, limit)

    def id(self, raw: str) -> str:
        """Return an ID."""
        return self.text(raw, self.at_most(40))

    def name(self, raw: str | None) -> str | None:
        """Return a short text, such as a release or a function name."""
        return self.optional_text(raw, self.detail.names)

    def path(self, raw: str | None) -> str | None:
        """Return a file's path, whose end says most: `…/checkout/views.py`."""
        limit = self.detail.names
        whole = self.optional_text(raw, max(limit, len(raw or "")))
        if whole is None or len(whole) <= limit or self.detail.plain:
            return whole
        self.leave_out("beginnings of long paths", 1)
        kept = ""
        for part in reversed(_PATH_PARTS.findall(whole)):
            if len(part) + len(kept) >= limit:
                break
            kept = f"{part}{kept}"
        return f"…{kept}" if kept else truncate(whole, limit)

    def takes_id(self, raw: str | None) -> bool:
        """Return whether one more link or trace of an event fits, and count it."""
        if raw is not None:
            self._taken["ids"] += 1
        return self._taken["ids"] <= self.detail.ids

    def link(self, raw: str | None, *, wanted: bool) -> str | None:
        """Return a URL in full or not at all, because half a URL is useless."""
        if raw is None or (wanted and len(raw) <= self.at_most(300)) or self.detail.plain:
            return self.optional_text(raw, self.at_most(700))
        self.leave_out("links", 1)
        return None

    def trace(self, raw: str | None, *, wanted: bool) -> str | None:
        """Return a trace ID for further research, if it is wanted."""
        kept = self.keep(raw, "trace IDs", wanted=wanted)
        return self.optional_text(kept, max(self.detail.names, 40))

    def first(self, items: Sequence[T], limit: int, what: str) -> tuple[T, ...]:
        """Return the first `limit` items; count the others as left out."""
        self.leave_out(what, len(items) - limit)
        return tuple(items[:limit])

    def keep(self, value: T | None, what: str, *, wanted: bool) -> T | None:
        """Return the value if it is wanted; else None, and count it as left out."""
        if not wanted:
            self.leave_out(what, 1 if value else 0)
        return value if wanted else None

    def leave_out(self, what: str, count: int) -> None:
        """Count an omission, unless the count is zero or less."""
        if count > 0:
            self._omitted[what, self.where if self.detail.places else EVERYWHERE] += count

    def leave_to_page(self, what: str, count: int) -> None:
        """Count what no limit brings into an export, unless the count is zero."""
        if count > 0:
            self._elsewhere[what] += count

    @property
    def elsewhere(self) -> tuple[Omission, ...]:
        return tuple(Omission(what, n, EVERYWHERE) for what, n in self._elsewhere.items())

    @property
    def omitted(self) -> tuple[Omission, ...]:
        """The omissions in order; the smallest, if they do not fit, are summed up in one."""
        omissions = [Omission(what, count, where) for (what, where), count in self._omitted.items()]
        room = self.detail.omissions
        if len(omissions) <= room:
            return tuple(omissions)
        omissions.sort(key=lambda omission: -omission.count)
        rest = sum(omission.count for omission in omissions[room - 1 :])
        return (*omissions[: room - 1], Omission("other items", rest, EVERYWHERE))

    @property
    def neutralized(self) -> dict[str, int]:
        """How many characters of each kind were spelled out or broken up."""
        return self.counted({kind: n for kind in KINDS if (n := self._neutralized[kind])})

    def counted(self, counts: dict[str, int]) -> dict[str, int]:
        """Return the counts by kind, or only their sum if there are too many kinds."""
        if len(counts) > self.detail.counts:
            return {"all kinds": sum(counts.values())}
        limit = max(self.detail.names, 30)
        return {self.text(kind, limit): n for kind, n in counts.items()}
