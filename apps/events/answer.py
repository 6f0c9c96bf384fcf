"""What Sentry answered, and how far the answer can be trusted."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from apps.events.beside import Beside
from apps.events.event import Event, Issue
from apps.events.known import KnownErrors
from apps.events.nearby import Nearby
from apps.events.question import Question


class NoticeCode(StrEnum):
    """Why an answer is less than complete, or not what one might take it for."""

    STALE = "stale"
    PARTIAL_BODIES = "partial_bodies"
    CAPPED = "capped"
    WINDOW_OPEN = "window_open"
    RETENTION = "retention"
    PROJECT_SKIPPED = "project_skipped"
    ENVIRONMENT_UNKNOWN = "environment_unknown"
    SIGNAL_MISSING = "signal_missing"
    OUTSIDE_WINDOW = "outside_window"
    INCOMPLETE_LIST = "incomplete_list"
    FLAVOR_LIMITS = "flavor_limits"
    OTHER_PROJECTS = "other_projects"


@dataclass(frozen=True, slots=True)
class Notice:
    """A plain sentence for the agent about the answer."""

    code: NoticeCode
    message: str


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to Sentry, for the admin. `status` is None when no answer came."""

    path: str
    status: int | None
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Searched:
    """Where was looked. `projects` are slugs, every one that was asked."""

    organization: str
    projects: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything Sentry said to one question. `events` are newest first.

    `complete` is true only when each page of each project was read, nothing was capped, and the
    window is over and inside what Sentry keeps. `events_total` is `None` when more events exist
    than were listed and Sentry could not count them. `notices` and `call_log` are about the events
    alone; what was found beside them speaks for itself. `nearby` is None where it was not asked:
    there are events, or it is not sure that there are none. `known` is what the catalogue says of
    it when it is read, and is kept nowhere.
    """

    question: Question
    searched: Searched
    events: tuple[Event, ...]
    issues: tuple[Issue, ...]
    complete: bool
    fetched_at: datetime
    events_total: int | None
    notices: tuple[Notice, ...] = ()
    call_log: tuple[Call, ...] = ()
    duration_ms: int = 0
    redaction: dict[str, int] = field(default_factory=dict)
    redaction_version: int = 0
    beside: Beside = field(default_factory=Beside)
    nearby: Nearby | None = None
    known: KnownErrors = field(default_factory=KnownErrors)

    @property
    def bodies_read(self) -> int:
        """How many of the listed events were read in full."""
        return sum(1 for event in self.events if event.body is not None)

    @property
    def calls(self) -> int:
        """How many requests were sent for it, tries included."""
        return len(self.call_log)

    @property
    def matched_on(self) -> tuple[str, ...]:
        """The fields the customer was found in, each once, in order of first sight."""
        return tuple(dict.fromkeys(name for event in self.events for name in event.matched_on))

    @property
    def all_notices(self) -> tuple[Notice, ...]:
        """What to know about the events, then which of the things beside them were not read."""
        missing = (Notice(NoticeCode.SIGNAL_MISSING, one.message) for one in self.beside.unread)
        return (*self.notices, *missing)

    @property
    def only_waits(self) -> bool:
        """Whether nothing is missing but what may still come in."""
        return {notice.code for notice in self.notices} == {NoticeCode.WINDOW_OPEN}

    def has_notice(self, code: NoticeCode) -> bool:
        """Whether a notice of this kind is part of the answer."""
        return any(notice.code == code for notice in self.notices)
