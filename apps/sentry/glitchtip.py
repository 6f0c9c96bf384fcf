"""A customer's events from GlitchTip, which has no events table.

Each project's list is read back to the window. Where that is a long way, the issues that carry
the customer as a tag are found first and only their lists are read.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from apps.events.answer import Notice, NoticeCode
from apps.events.event import Event, Issue
from apps.events.grouping import nearest_first
from apps.events.query import CustomerKind, Question
from apps.sentry.client import SentryClient
from apps.sentry.errors import SentryError, SentryNotFound
from apps.sentry.glitchtip_api import GlitchTip
from apps.sentry.glitchtip_event import find_event
from apps.sentry.glitchtip_issues import tag_limits, tag_terms, tagged_issues
from apps.sentry.glitchtip_pages import AskPage, Pager
from apps.sentry.glitchtip_strip import Strip
from apps.sentry.listing import Listing, capped, newest_first
from apps.sentry.notices import skipped_notices
from apps.sentry.parallel import outcomes
from apps.sentry.parsing import Project
from apps.sentry.search import matched_fields

# Pages of one project beyond which its issues are asked for first.
SCAN_PAGES: Final = 10


def list_glitchtip_events(
    client: SentryClient,
    pool: ThreadPoolExecutor,
    question: Question,
    asked: Sequence[Project],
) -> Listing:
    """The customer's events in the window, those nearest the moment with their bodies.

    Raises a `SentryError` when nothing could be read at all.
    """
    if not asked:
        raise SentryNotFound("The token sees none of the projects.")
    if question.customer.kind == CustomerKind.EVENT:
        return find_event(client, pool, question, asked, Listing())
    listing = _Reading(client, pool, question, tuple(asked)).listing()
    if not listing.events and question.customer.hex_id:
        return find_event(client, pool, question, asked, listing)
    return listing


@dataclass
class _Reading:
    """What one question has read so far."""

    client: SentryClient
    pool: ThreadPoolExecutor
    question: Question
    asked: tuple[Project, ...]
    strips: list[Strip] = field(default_factory=list)
    issues: dict[str, Issue] = field(default_factory=dict)
    skipped: list[tuple[str, SentryError]] = field(default_factory=list)
    failed: list[SentryError] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    unreadable: int = 0

    def __post_init__(self) -> None:
        self.server = GlitchTip(self.client)
        self.slugs = {project.id: project.slug for project in self.asked}

    def listing(self) -> Listing:
        """All events, by the shorter of both ways for each project."""
        self._read_first_pages()
        self._check_empty_projects()
        terms = tag_terms(self.question)
        far = [strip for strip in self.strips if strip.pages_ahead > SCAN_PAGES] if terms else []
        near = [strip for strip in self.strips if strip not in far and not strip.is_done]
        if far:
            near += self._issue_strips(terms, far)
        ended = outcomes(self.client, self.pool, [strip.read_on for strip in near])
        self.failed += [outcome for outcome in ended if isinstance(outcome, SentryError)]
        self.failed += [strip.failed for strip in near if strip.failed]
        return self._result()

    def _strip(self, ask: AskPage, project: str | None) -> Strip:
        return Strip(Pager(ask), self.question, self.slugs, project, self.client.course.saw_page)

    def _read_first_pages(self) -> None:
        strips = [
            self._strip(partial(self.server.project_events, project.slug), project.slug)
            for project in self.asked
        ]
        started = outcomes(self.client, self.pool, [strip.start for strip in strips])
        for project, strip, outcome in zip(self.asked, strips, started, strict=True):
            if isinstance(outcome, SentryError):
                self.skipped.append((project.slug, outcome))
            else:
                self.strips.append(strip)
        if not self.strips:
            raise self.skipped[0][1]

    def _check_empty_projects(self) -> None:
        """A project that is gone answers with an empty list, as does one without any event."""
        empty = [strip.project for strip in self.strips if strip.project and strip.is_empty]
        if not empty or self.client.projects_are_fresh:
            return
        try:
            present = {project.slug for project in self.client.projects()}
        except SentryError as error:
            self.skipped += [(slug, error) for slug in empty]
            return
        gone = SentryNotFound("the server does not know it any more.")
        self.skipped += [(slug, gone) for slug in empty if slug not in present]

    def _issue_strips(self, terms: Sequence[str], far: Sequence[Strip]) -> list[Strip]:
        """The lists of the customer's issues in the projects that are too long to read."""
        wanted = {strip.project for strip in far}
        project_ids = [project.id for project in self.asked if project.slug in wanted]
        since = min(strip.since for strip in far)
        self.limits += tag_limits(self.question)
        calls = [partial(tagged_issues, self.server, term, project_ids) for term in terms]
        for outcome in outcomes(self.client, self.pool, calls):
            if isinstance(outcome, SentryError):
                self.failed.append(outcome)
                continue
            self.issues.update(outcome.issues)
            self.limits += outcome.limits
            self.unreadable += outcome.unreadable
        strips = [
            self._strip(partial(self.server.issue_events, issue.id), issue.project)
            for issue in self.issues.values()
            if issue.last_seen is None or issue.last_seen >= since
        ]
        for strip in strips:
            strip.since = since
        self.strips += strips
        return strips

    def _result(self) -> Listing:
        found = {event.id: event for strip in self.strips for event in tuple(strip.found.values())}
        if not found and self.failed:
            raise self.failed[0]
        own = {event.issue_id for event in found.values()}
        notices = (*skipped_notices(self.skipped), *self._flavor_notices(), *self._gaps())
        listing = Listing(
            events=self._lightened(newest_first(found.values())),
            total=None if notices else len(found),
            notices=notices,
            issues=tuple(issue for issue in self.issues.values() if issue.id in own),
        )
        limit = self.client.config.max_events
        return capped(listing, limit) if len(found) > limit else listing

    def _flavor_notices(self) -> list[Notice]:
        told = [*self.limits, *(limit for strip in self.strips for limit in strip.limits)]
        return [
            Notice(NoticeCode.FLAVOR_LIMITS, f"GlitchTip cannot be searched like Sentry. {limit}")
            for limit in dict.fromkeys(told)
        ]

    def _gaps(self) -> list[Notice]:
        told = [f"A list broke off: {error.message}" for error in self.failed]
        unreadable = self.unreadable + sum(strip.unreadable for strip in self.strips)
        if unreadable:
            told.append(f"{unreadable} rows of the server's lists could not be read.")
        return [Notice(NoticeCode.INCOMPLETE_LIST, sentence) for sentence in dict.fromkeys(told)]

    def _lightened(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """With the bodies of as many events as are kept of any answer; the rest waits."""
        nearest = nearest_first(events, self.question.window.moment)
        kept = {event.id for event in nearest[: self.client.config.max_bodies]}
        customer = self.question.customer
        return tuple(
            replace(
                event,
                matched_on=matched_fields(event, customer),
                body=event.body if event.id in kept else None,
            )
            for event in events
        )
