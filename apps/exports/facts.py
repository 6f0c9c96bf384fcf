"""What an export says: chosen once, written by every format. All texts are already harmless."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from apps.exports.escaping import Neutraliser, cut
from apps.exports.tokens import estimate_tokens

# The question that goes before the data. A preset never changes the facts.

# Held back from every budget, whatever the question, so that the facts stay the same: a tenth, and
# no less than the usual questions take.
MOST_QUESTION_TOKENS = 100
_LEAST_HELD_BACK = 50


@dataclass(frozen=True, slots=True)
class Preset:
    """A named question: `label` is what people choose, `instruction` what a model is told."""

    name: str
    label: str
    instruction: str

    @property
    def question(self) -> str:
        """What stands before the data, with the blank line between; empty without a question."""
        return f"{self.instruction}\n\n" if self.instruction else ""

    @property
    def tokens(self) -> int:
        """About how many tokens the question takes."""
        return estimate_tokens(self.question)


def held_back(budget: int) -> int:
    """How many tokens of a budget are for the question, used or not."""
    return min(MOST_QUESTION_TOKENS, max(_LEAST_HELD_BACK, budget // 10))


NO_PRESET = Preset("none", "No prompt", "")


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


# How much of an answer is written, from everything down to the bare header.

UNLIMITED = 1 << 31


@dataclass(frozen=True, slots=True)
class Detail:
    """The most there is of each thing; a fact that is cut is cut in every format.

    `crumbs` and `further_crumbs` count back from each event; `texts` and `codes` are characters
    of one text and one line of code. `ids` are the links of events and the traces of further
    events, `references` the links of issues and their traces. `places` says whether each omission
    names its place, `omissions` how many are told apart; `titles` is whether an event whose
    exception is told has its title too, `culprits` the same for where it broke. `issue_titles` are
    the characters of a title in the summary, `standings` is whether it says how an issue stands.
    `known` are the known errors told of one issue, `known_texts` the characters of one text of
    theirs.
    `bare` leaves an event its error and where it broke. `plain` leaves every text as it came, for
    programs.
    """

    crumbs: int = 100
    further_crumbs: int = 100
    crumb_texts: int = 300
    library_frames: int = 60
    in_app_frames: int = 60
    exceptions: int = 20
    issues: int = 200
    summary_rows: int = 200
    occurrences: int = 300
    texts: int = 3000
    names: int = 300
    codes: int = 160
    ids: bool = True
    references: bool = True
    searched: int = 100
    notices: int = 20
    notice_texts: int = 400
    counts: int = 40
    places: bool = True
    bare: bool = False
    titles: bool = True
    culprits: bool = True
    devices: bool = True
    last_seen: bool = True
    standings: bool = True
    issue_titles: int = 160
    omissions: int = 60
    asides: int = 30
    known: int = 5
    known_texts: int = 4000
    known_links: int = 10
    plain: bool = False


EVERYTHING = Detail(
    crumbs=UNLIMITED,
    further_crumbs=UNLIMITED,
    exceptions=UNLIMITED,
    issues=UNLIMITED,
    summary_rows=UNLIMITED,
    occurrences=UNLIMITED,
    searched=UNLIMITED,
    issue_titles=UNLIMITED,
    notices=UNLIMITED,
    counts=UNLIMITED,
    omissions=UNLIMITED,
    asides=UNLIMITED,
    known=UNLIMITED,
    known_links=UNLIMITED,
    plain=True,
)

# What goes first when space is short: whole stories before the last steps, what the program's
# libraries did before its own code, what is said twice before what is said once. An error's type,
# message and crash frame, and the last thing before it, go last.
_STEPS: tuple[dict[str, int | bool], ...] = (
    {"further_crumbs": 30, "crumbs": 60},
    {"library_frames": 20, "texts": 2000, "known_texts": 2000},
    {"further_crumbs": 10, "crumbs": 40},
    {"library_frames": 6, "occurrences": 100, "asides": 15, "known": 3},
    {"further_crumbs": 3, "crumbs": 25, "crumb_texts": 200},
    {"titles": False, "ids": False},
    {"library_frames": 2, "texts": 1200, "in_app_frames": 30, "known_texts": 1000},
    {"further_crumbs": 0, "crumbs": 15},
    {"library_frames": 0, "in_app_frames": 15, "occurrences": 40, "last_seen": False},
    {"crumbs": 10, "texts": 800, "crumb_texts": 160, "known": 1},
    {"occurrences": 20, "in_app_frames": 8, "places": False, "asides": 8},
    {"texts": 500, "exceptions": 8, "occurrences": 10, "issue_titles": 100},
    {"crumbs": 7, "in_app_frames": 5, "crumb_texts": 120, "issues": 100, "summary_rows": 100},
    {"culprits": False, "crumbs": 5, "in_app_frames": 3, "texts": 350, "names": 160},
    {"searched": 30, "occurrences": 5, "exceptions": 4, "crumb_texts": 90, "asides": 4},
    {"known_texts": 500, "known_links": 2},
    {"devices": False, "in_app_frames": 2, "crumbs": 3, "texts": 240, "names": 120},
    {"codes": 120, "issue_titles": 60, "exceptions": 3, "references": False},
    {"known_texts": 300},
    {"in_app_frames": 1, "crumbs": 2, "issues": 50, "occurrences": 2, "summary_rows": 60},
    {"texts": 160, "names": 90, "exceptions": 2, "crumb_texts": 70, "searched": 10},
    {"crumbs": 1, "asides": 2, "issues": 30, "summary_rows": 40, "codes": 90},
    {"texts": 120, "exceptions": 1, "notice_texts": 240, "occurrences": 1, "issue_titles": 60},
    {"codes": 80, "names": 80, "notices": 10, "counts": 12, "crumb_texts": 50},
    {"occurrences": 0, "texts": 100, "asides": 1, "issues": 20, "summary_rows": 25},
    {"issues": 10, "summary_rows": 14, "omissions": 8, "known_texts": 160},
    {"standings": False, "issues": 6, "summary_rows": 8, "names": 70, "searched": 5},
    {"issues": 4, "summary_rows": 5, "notices": 6, "omissions": 4, "asides": 0},
    {"issues": 2, "summary_rows": 3, "texts": 80, "codes": 60, "notice_texts": 160},
    {"known_texts": 80},
    {"issues": 1, "summary_rows": 2, "names": 50, "crumb_texts": 40},
    {"summary_rows": 1, "texts": 60, "names": 40, "codes": 40, "searched": 3, "counts": 4},
    {"known": 0},
    {"bare": True},
    {"crumbs": 0, "texts": 40, "notices": 4, "notice_texts": 100, "omissions": 1},
    {"issues": 0, "names": 30, "counts": 2},
    {"summary_rows": 0, "searched": 2, "notices": 3, "notice_texts": 80, "counts": 0},
    {"names": 20, "searched": 1, "notices": 2, "notice_texts": 60},
    {"names": 12, "notices": 1, "notice_texts": 40},
    {"names": 8, "searched": 0, "notice_texts": 20},
    {"notices": 0},
)


def _ladder() -> tuple[Detail, ...]:
    """One rung for each small cut, so that a budget is used up well."""
    rungs = [Detail()]
    for step in _STEPS:
        for name, least in step.items():
            for value in _on_the_way(getattr(rungs[-1], name), least):
                rungs.append(replace(rungs[-1], **{name: value}))  # type: ignore[arg-type]
    return tuple(rungs)


def _on_the_way(now: int, least: int) -> Iterator[int]:
    """From a number down to a smaller one by a fifth at a time, or by one where that is less."""
    if isinstance(least, bool):
        yield least
        return
    while now > least:
        now = max(least, min(now * 4 // 5, now - 1))
        yield now


LADDER = _ladder()


# Taking at most so much of everything, harmless, and keeping account of what was left out.

T = TypeVar("T")
EVERYWHERE = "the export"


class Selection:
    """One run of choosing facts: the detail to choose by and what did not get in."""

    def __init__(self, detail: Detail, marker: str) -> None:
        self.detail = detail
        self._neutraliser = Neutraliser(marker)
        self._omitted: Counter[tuple[str, str]] = Counter()

    def text(self, raw: str, limit: int, where: str) -> str:
        """The text made harmless and cut to so many characters; left as it came when plain."""
        if self.detail.plain:
            return raw
        # Cleaning at most halves a text (line ends), so what is beyond twice the limit cannot show.
        shown = self._neutraliser.clean(raw[: 2 * limit + 64])
        if len(shown) > limit:
            self.leave_out("ends of long texts", 1, where)
        return cut(shown, limit)

    def maybe_text(self, raw: str | None, limit: int, where: str) -> str | None:
        """The same for a text that may not be known."""
        return None if raw is None else self.text(raw, limit, where)

    def name(self, raw: str | None, where: str) -> str | None:
        """A short text: a release, a function, a field's name."""
        return self.maybe_text(raw, self.detail.names, where)

    def link(self, raw: str | None, where: str, *, wanted: bool) -> str | None:
        """An address in full or not at all: half of one leads nowhere."""
        if raw is None or (wanted and len(raw) <= 300) or self.detail.plain:
            return self.maybe_text(raw, 700, where)
        self.leave_out("links", 1, where)
        return None

    def reference(self, raw: str | None, what: str, where: str, *, wanted: bool) -> str | None:
        """An id that helps to look further, when it is wanted."""
        if raw is None or wanted:
            return self.maybe_text(raw, max(self.detail.names, 40), where)
        self.leave_out(what, 1, where)
        return None

    def first(self, items: Sequence[T], limit: int, what: str, where: str) -> tuple[T, ...]:
        """So many from the front; the others are counted as left out."""
        self.leave_out(what, len(items) - limit, where)
        return tuple(items[:limit])

    def leave_out(self, what: str, count: int, where: str) -> None:
        """Note that so many are missing; nothing is noted for none."""
        if count > 0:
            self._omitted[what, where if self.detail.places else EVERYWHERE] += count

    @property
    def omitted(self) -> tuple[Omission, ...]:
        """What was left out, in the order it was noticed; what is too much to list in one sum."""
        told = [Omission(what, count, where) for (what, where), count in self._omitted.items()]
        room = self.detail.omissions
        if len(told) <= room:
            return tuple(told)
        rest = sum(left_out.count for left_out in told[room - 1 :])
        return (*told[: room - 1], Omission("other things", rest, EVERYWHERE))

    @property
    def neutralised(self) -> dict[str, int]:
        """How many characters of each kind were spelled out or broken up."""
        counts = {kind: count for kind, count in self._neutraliser.counts.items() if count}
        return self.counted(counts)

    def counted(self, counts: dict[str, int]) -> dict[str, int]:
        """The counts by kind, or their sum where there are more kinds than there is room for."""
        if len(counts) <= self.detail.counts:
            return {
                self.text(kind, max(self.detail.names, 30), EVERYWHERE): n
                for kind, n in counts.items()
            }
        return {"of any kind": sum(counts.values())}
