"""The store of everything the demo Sentry knows. Safe to fill while it is being served."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Unpack

from apps.demo.bodies import full_body, metadata_of, tags_of
from apps.demo.columns import columns_of
from apps.demo.drafts import Draft, EventFields, completed, culprit_of, title_of
from apps.demo.feedback import FeedbackFields, feedback_draft, feedback_issue
from apps.demo.model import Event, History, Issue, Json, Project, Release, Replay
from apps.demo.recording import ReplayFields, recorded

FIRST_PROJECT_ID = 4_501_001
FIRST_ISSUE_ID = 6_500_000_001


class World:
    """Projects, issues, events, replays and feedback.

    Ids are repeatable: they depend on the seed and the order. Errors, replays and feedback are
    counted apart, so that one more of one kind changes no id of another.
    """

    def __init__(self, seed: str = "demo") -> None:
        """An empty world; two worlds of one seed filled alike have the same ids."""
        self._seed = seed
        self._lock = threading.RLock()
        self._projects: dict[str, Project] = {}
        self._issues: dict[tuple[str, str], Issue] = {}
        self._events: list[Event] = []
        self._by_id: dict[str, Event] = {}
        self._replays: list[Replay] = []
        self._feedback: list[Event] = []
        self._releases: dict[tuple[str, str], Release] = {}
        self._histories: dict[int, History] = {}
        self._counter = 0

    @property
    def events(self) -> tuple[Event, ...]:
        """All events but feedback, in the order they were added."""
        with self._lock:
            return tuple(self._events)

    @property
    def projects(self) -> tuple[Project, ...]:
        """All projects in the order they were made."""
        with self._lock:
            return tuple(self._projects.values())

    @property
    def issues(self) -> tuple[Issue, ...]:
        """All issues but feedback, in the order they were made."""
        with self._lock:
            return tuple(self._issues.values())

    @property
    def replays(self) -> tuple[Replay, ...]:
        """All replays in the order they were added."""
        with self._lock:
            return tuple(self._replays)

    @property
    def feedback(self) -> tuple[Event, ...]:
        """The event of each feedback, in the order they were added."""
        with self._lock:
            return tuple(self._feedback)

    @property
    def all_issues(self) -> tuple[Issue, ...]:
        """The issues of errors, then those of feedback."""
        return (*self.issues, *(event.issue for event in self.feedback))

    def clear(self) -> None:
        """Forget everything; ids start anew."""
        with self._lock:
            self._projects.clear()
            self._issues.clear()
            self._events.clear()
            self._by_id.clear()
            self._replays.clear()
            self._feedback.clear()
            self._releases.clear()
            self._histories.clear()
            self._counter = 0

    def add_project(self, slug: str, platform: str = "python", name: str | None = None) -> Project:
        """The project of that slug, made if need be."""
        with self._lock:
            if slug not in self._projects:
                number = FIRST_PROJECT_ID + len(self._projects)
                named = name or slug.replace("-", " ").title()
                self._projects[slug] = Project(number, slug, named, platform)
            return self._projects[slug]

    def add_event(self, **fields: Unpack[EventFields]) -> Event:
        """A new event; whatever is not said gets a sensible default (see `Draft`).

        The project and the issue are made when they do not exist yet. The issue is `issue`
        inside the project, else the exception's type, else the title.
        """
        with self._lock:
            draft, issue = self._prepare(Draft(**fields))
            event = _event(draft, issue)
            return self.add(event)

    def add_raw(
        self, body: Json, *, row: Json | None = None, **fields: Unpack[EventFields]
    ) -> Event:
        """An event whose body is served exactly as given, however odd.

        The table row is made from `fields` like any other event's, with `row` laid over it.
        The event is found under `event_id`, else under the body's `eventID`.
        """
        told = fields.get("event_id") or body.get("eventID")
        with self._lock:
            draft, issue = self._prepare(Draft(**fields))
            if isinstance(told, str):
                draft = replace(draft, event_id=told)
            event = _event(draft, issue)
            columns = event.columns | (row or {})
            return self.add(replace(event, body=body, columns=columns, verbatim=True))

    def add(self, event: Event) -> Event:
        """Store an event that was put together elsewhere; an id known already is replaced."""
        with self._lock:
            if event.id in self._by_id:
                self._events.remove(self._by_id[event.id])
            self._events.append(event)
            self._by_id[event.id] = event
            return event

    def add_replay(self, **fields: Unpack[ReplayFields]) -> Replay:
        """A new replay; see `ReplayFields`. Its project is made when it does not exist yet."""
        with self._lock:
            project = self.add_project(fields.get("project", "web"), "javascript")
            replay = recorded(fields, project, self._seed, len(self._replays) + 1)
            self._replays.append(replay)
            return replay

    def add_feedback(self, **fields: Unpack[FeedbackFields]) -> Event:
        """What somebody wrote about their trouble, see `FeedbackFields`: an issue of its own.

        It is no error: `events` and `issues` do not have it, `feedback` and `all_issues` do.
        """
        with self._lock:
            number = len(self._feedback) + 1
            project = self.add_project(fields.get("project", "web"), "javascript")
            draft = feedback_draft(fields, project, self._seed, number)
            own = sum(event.project.slug == project.slug for event in self._feedback)
            event = _event(draft, feedback_issue(draft, project, number, own + 1))
            self._feedback.append(event)
            self._by_id[event.id] = event
            return event

    def find_event(self, event_id: str) -> Event | None:
        """The event of that id (dashes and case do not matter), if there is one."""
        with self._lock:
            return self._by_id.get(event_id.replace("-", "").lower())

    def find_issue(self, issue_id: str) -> Issue | None:
        """The issue of that numeric id or short id, if there is one."""
        names = (issue_id, issue_id.upper())
        return next(
            (one for one in self.all_issues if str(one.id) in names or one.short_id in names), None
        )

    def find_project(self, name: str) -> Project | None:
        """The project of that slug or numeric id, if there is one."""
        return next((one for one in self.projects if name in (one.slug, str(one.id))), None)

    def events_of(self, issue: Issue) -> list[Event]:
        """The issue's events, oldest first."""
        among = self.among(issue)
        own = [event for event in among if event.issue.id == issue.id]
        return sorted(own, key=lambda event: (event.timestamp, event.id))

    def among(self, issue: Issue) -> tuple[Event, ...]:
        """All events of the issue's category: the errors, or the feedback."""
        return self.feedback if issue.category == "feedback" else self.events

    def tell_history(self, issue: Issue, history: History) -> None:
        """What the issue has behind it, beside its events."""
        with self._lock:
            self._histories[issue.id] = history

    def history_of(self, issue: Issue) -> History:
        """What was told of it; nothing by default."""
        with self._lock:
            return self._histories.get(issue.id, History())

    def add_release(
        self,
        version: str,
        created: datetime,
        *,
        project: str = "web",
        released: datetime | None = None,
        deployed: datetime | None = None,
        environment: str = "production",
    ) -> Release:
        """A release as its own dates tell it. Its project is made when it does not exist yet."""
        with self._lock:
            where = environment if deployed else None
            made = Release(version, self.add_project(project), created, released, deployed, where)
            self._releases[version, project] = made
            return made

    def releases(self) -> list[Release]:
        """Those that were added, and each that an event names.

        Of the latter the demo takes it that they were made and released an hour before.
        """
        first: dict[tuple[str, str], Event] = {}
        for event in sorted(self.events, key=lambda one: one.timestamp):
            version = event.columns["release"]
            if isinstance(version, str) and version:
                first.setdefault((version, event.project.slug), event)
        seen = {
            (version, slug): _released(version, event.project, event.second - timedelta(hours=1))
            for (version, slug), event in first.items()
        }
        return list((seen | self._releases).values())

    def _prepare(self, draft: Draft) -> tuple[Draft, Issue]:
        """The finished draft and its issue. Counts the event."""
        self._counter += 1
        project = self.add_project(draft.project, draft.platform or "python")
        placed = replace(draft, platform=draft.platform or project.platform)
        full = completed(placed, self._seed, self._counter, datetime.now(UTC))
        return full, self._issue_for(full, project)

    def _issue_for(self, draft: Draft, project: Project) -> Issue:
        key = draft.issue or draft.outermost.get("type") or title_of(draft)
        place = (project.slug, str(key))
        if place not in self._issues:
            number = len(self._issues)
            own = sum(1 for slug, _ in self._issues if slug == project.slug)
            self._issues[place] = Issue(
                id=FIRST_ISSUE_ID + 37 * number,
                short_id=f"{project.slug.upper()}-{own + 1:X}",
                key=str(key),
                project=project,
                title=title_of(draft),
                culprit=culprit_of(draft),
                level=draft.level,
                kind=draft.kind or "error",
                platform=draft.platform or project.platform,
                logger=draft.logger,
                status=draft.issue_status,
                metadata=metadata_of(draft),
            )
        return self._issues[place]


def _released(version: str, project: Project, at: datetime) -> Release:
    return Release(version, project, created=at, released=at)


def _event(draft: Draft, issue: Issue) -> Event:
    """The stored event of a finished draft."""
    tags = tags_of(draft)
    return Event(
        id=str(draft.event_id),
        project=issue.project,
        issue=issue,
        timestamp=draft.when,
        columns=columns_of(draft, issue),
        tags=tags,
        body=full_body(draft, issue, tags),
    )
