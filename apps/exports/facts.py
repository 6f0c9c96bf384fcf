"""What an export says: chosen once, written by every format. All texts are already harmless."""

from dataclasses import dataclass
from datetime import date, datetime

from apps.exports.presets import Preset


@dataclass(frozen=True, slots=True)
class Omission:
    """What was left out: of what, how many, where."""

    what: str
    count: int
    where: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A notice of the answer: its code and its plain sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Header:
    """Who, when, where was looked, and how far the list of events can be trusted."""

    lookup_id: str | None
    only_issue: str | None
    customer: str
    matched_on: tuple[str, ...]
    moment: datetime
    local_moment: datetime
    zone: str
    start: datetime
    end: datetime
    minutes: int
    organization: str
    projects: tuple[str, ...]
    environments: tuple[str, ...]
    complete: bool
    notices: tuple[Remark, ...]
    fetched_at: datetime
    from_cache: bool
    events_total: int | None
    issues_total: int
    events_listed: int
    bodies_read: int
    known_unchecked: int


@dataclass(frozen=True, slots=True)
class StandingFacts:
    """How an issue stands. `last_day` is how often it came to all customers in the day before it
    was read; `fix` says in words in which release it is fixed, and which one the customer had.
    """

    status: str | None
    substatus: str | None
    fixed_in: str | None
    fix: str | None
    last_day: int | None

    @property
    def state(self) -> str:
        """The status with what Sentry says more closely, empty where neither is known."""
        return ", ".join(filter(None, (self.status, self.substatus)))


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """Where people wrote that more can be read."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class KnownFacts:
    """A known error that an issue is taken for, and why. The support team wrote it, no event did.

    `fix` says in words how the fix stands for this customer.
    """

    slug: str
    title: str
    explanation: str
    reply: str
    workaround: str
    state: str
    planned_for: date | None
    fixed_in: str
    owner: str
    links: tuple[LinkFacts, ...]
    fix: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """One row of the summary. `events` are this customer's in the window."""

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
    standing: StandingFacts | None
    known: tuple[KnownFacts, ...]

    @property
    def name(self) -> str:
        """What the issue is called in an export."""
        return self.short_id or self.id


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """One call. `code` is the frame's own line; `crash` marks the frame to look at first."""

    file: str | None
    line: int | None
    function: str | None
    in_app: bool
    code: str | None
    crash: bool


@dataclass(frozen=True, slots=True)
class ExceptionFacts:
    """One exception of a chain."""

    type: str | None
    value: str | None
    frames: tuple[FrameFacts, ...]


@dataclass(frozen=True, slots=True)
class CrumbFacts:
    """One entry of the story. `seconds` count from the moment, negative before it."""

    event_id: str
    timestamp: datetime | None
    seconds: float | None
    category: str | None
    level: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class EventFacts:
    """One event. `leads` tells the one its issue is told by from its further occurrences."""

    id: str
    issue_id: str | None
    project: str | None
    timestamp: datetime
    seconds: float
    leads: bool
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
    exceptions: tuple[ExceptionFacts, ...]


@dataclass(frozen=True, slots=True)
class AsideFacts:
    """Something beside the errors: feedback, a recording, an error of the same trace, a release.

    A release has no id.
    """

    kind: str
    id: str | None
    timestamp: datetime
    seconds: float
    project: str | None
    text: str
    permalink: str | None


@dataclass(frozen=True, slots=True)
class SightFacts:
    """An error of the customer outside the window; `distance` is how far from it, in words."""

    id: str
    timestamp: datetime
    distance: str
    project: str | None
    level: str | None
    title: str | None
    summary: str
    permalink: str | None


@dataclass(frozen=True, slots=True)
class NearbyFacts:
    """The errors nearest to an empty window, looked for from `since` to `until` (UTC).

    `fields` are those the customer was looked for in. `is_never`: there surely is none. With a
    `problem` what is None is not known.
    """

    since: datetime
    until: datetime
    before: SightFacts | None
    after: SightFacts | None
    last: SightFacts | None
    fields: tuple[str, ...]
    is_never: bool
    problem: str | None


@dataclass(frozen=True, slots=True)
class Document:
    """Everything an export says, in the order it says it. `events` are newest first."""

    preset: Preset
    marker: str
    header: Header
    issues: tuple[IssueFacts, ...]
    events: tuple[EventFacts, ...]
    story: tuple[CrumbFacts, ...]
    asides: tuple[AsideFacts, ...]
    nearby: NearbyFacts | None
    omitted: tuple[Omission, ...]
    hidden: dict[str, int]
    neutralised: dict[str, int]
    budget: int | None

    def events_of(self, issue: IssueFacts) -> tuple[EventFacts, ...]:
        """The issue's events in this document: the one it is told by, then newest first."""
        own = [event for event in self.events if (event.issue_id or "unknown") == issue.id]
        return tuple(sorted(own, key=lambda event: not event.leads))
