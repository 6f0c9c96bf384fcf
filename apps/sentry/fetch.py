"""One question, answered: which calls, in parallel, merged, and honest about what is missing.

Whether an answer is complete is decided here and nowhere else.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

from apps.events.answer import Answer, Beside, Nearby, Notice, NoticeCode, Searched, Signal
from apps.events.event import Event, EventBody, Issue
from apps.events.grouping import nearest_first
from apps.events.query import Question
from apps.sentry.client import ISSUES_PER_CALL, Scope, SentryClient, with_link
from apps.sentry.config import (
    Flavor,
    SentryConfig,
    SentryOneProjectOnly,
    SentryProjectUnseen,
    SentryUnknownRoute,
)
from apps.sentry.glitchtip import GlitchTip, list_glitchtip_events
from apps.sentry.listing import (
    Listing,
    Wanted,
    crew,
    detail_notices,
    environment_notices,
    list_events,
    merge_body,
    parted,
    read_bodies,
    read_single_body,
    window_notices,
    within,
)
from apps.sentry.parsing import Project
from apps.sentry.search import Search, search_for
from apps.sentry.signals import SIGNALS_TIMEOUT_S, Around, Asides, find_nearby

# Facts of the problems that were found, in as few calls as the kind of server allows.

Ask = Callable[[], list[Issue]]


def fact_calls(
    client: SentryClient, listing: Listing, scope: Scope, asked: Sequence[Project]
) -> list[Ask]:
    """What to call for the facts that did not come with the list. Each raises a `SentryError`."""
    known = {issue.id for issue in listing.issues}
    homes = {
        event.issue_id: event.project
        for event in listing.events
        if event.issue_id and event.issue_id not in known
    }
    ids = list(homes)
    chunks = [ids[place : place + ISSUES_PER_CALL] for place in range(0, len(ids), ISSUES_PER_CALL)]
    if client.flavor == Flavor.GLITCHTIP:
        return [partial(GlitchTip(client).issue_facts, chunk) for chunk in chunks]
    project_ids = {project.slug: project.id for project in asked}
    if client.one_project:
        return [
            partial(client.issues, own, (home,))
            for chunk in chunks
            for home, own in _by_project(chunk, homes, project_ids).items()
        ]
    return [
        partial(_at_once, client, chunk, scope, _by_project(chunk, homes, project_ids))
        for chunk in chunks
    ]


def _at_once(
    client: SentryClient, chunk: Sequence[str], scope: Scope, by_project: Mapping[str, list[str]]
) -> list[Issue]:
    """One call for all, or one for each project where several at once are refused."""
    try:
        return client.issues(chunk, scope.project_ids)
    except SentryOneProjectOnly:
        client.one_project = True
    return [issue for home, own in by_project.items() for issue in client.issues(own, (home,))]


def _by_project(
    issue_ids: Sequence[str], homes: Mapping[str, str | None], project_ids: Mapping[str, str]
) -> dict[str, list[str]]:
    """The issues' ids by the id of their project; those of an unknown one are left out."""
    found: dict[str, list[str]] = {}
    for issue_id in issue_ids:
        project_id = project_ids.get(homes[issue_id] or "")
        if project_id:
            found.setdefault(project_id, []).append(issue_id)
    return found


_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that the steps of one answer have in common."""

    client: SentryClient
    pool: ThreadPoolExecutor
    question: Question
    search: Search
    scope: Scope
    asked: tuple[Project, ...]


@dataclass(frozen=True, slots=True)
class Details:
    """What was read beside the list: bodies by event id, and the issues' facts."""

    bodies: dict[str, EventBody]
    issues: tuple[Issue, ...]


def fetch_answer(
    client: SentryClient,
    question: Question,
    *,
    projects: Sequence[Project],
    now: datetime | None = None,
) -> Answer:
    """Ask Sentry the question and return all of the customer's events in the window.

    `projects` are those the token can see (`client.projects()`); `now` is aware and defaults to
    the present. The answer is raw: redact it before it is kept or shown. While it is under way,
    `client.course` tells how far it is.

    Raises a `SentryError` when not even the list of events could be read.
    """
    now = now or datetime.now(UTC)
    started = monotonic()
    asked, skipped = _choose_projects(question, client.config, projects)
    scope = _scope(client, question, asked)
    plan = _Plan(client, crew(client), question, search_for(question), scope, tuple(asked))
    asides = Asides(client, question, scope, asked)
    try:
        asides.ask_of_customer(client.config.signals)
        listing = within(client, plan.pool.submit(_list, plan))
        asides.ask_of_customer(client.config.signals)  # a server that was not known before
        asides.ask_of_traces(client.config.signals, listing.events)
        asides.ask_of_releases(client.config.signals, listing.events)
        details, missing = _read_details(plan, listing)
        notices = (
            *skipped,
            *environment_notices(question, asked),
            *window_notices(question, client.config, now),
            *listing.notices,
            *missing,
        )
        nearby, arrived = _look_around(plan, listing, notices, now)
        duration_ms = round((monotonic() - started) * 1000)
        beside = asides.gather(client.config.signals_wait_s)
    finally:
        plan.pool.shutdown(wait=False, cancel_futures=True)
        asides.close()
    notices = (*notices, *arrived)
    return Answer(
        question=question,
        searched=Searched(
            organization=client.config.organization,
            projects=tuple(sorted({project.slug for project in asked})),
            environments=question.environments,
        ),
        events=_finish_events(listing.events, details, client.config),
        issues=details.issues,
        complete=_is_complete(listing, notices),
        fetched_at=now,
        events_total=listing.total,
        notices=tuple(dict.fromkeys(notices)),
        call_log=client.call_log,
        duration_ms=duration_ms,
        beside=beside,
        nearby=nearby,
    )


def fetch_beside(
    client: SentryClient,
    question: Question,
    signals: Sequence[Signal],
    events: Sequence[Event],
    *,
    projects: Sequence[Project],
) -> Beside:
    """These signals alone, for an answer whose events are known, and with time for it.

    What was asked for before can be there: a server of unknown kind is taken for a Sentry.
    """
    if client.flavor == Flavor.AUTO:
        client.flavor = Flavor.SENTRY
    asked, _skipped = _choose_projects(question, client.config, projects)
    asides = Asides(client, question, _scope(client, question, asked), asked)
    try:
        asides.ask_of_customer(signals)
        asides.ask_of_traces(signals, events)
        asides.ask_of_releases(signals, events)
        return asides.gather(SIGNALS_TIMEOUT_S)
    finally:
        asides.close()


def fetch_ids(
    client: SentryClient, question: Question, *, projects: Sequence[Project]
) -> frozenset[str]:
    """The ids of the customer's events and nothing else. Raises a `SentryError`."""
    asked, _skipped = _choose_projects(question, client.config, projects)
    scope = _scope(client, question, asked)
    plan = _Plan(client, crew(client), question, search_for(question), scope, tuple(asked))
    try:
        return frozenset(event.id for event in within(client, plan.pool.submit(_list, plan)).events)
    finally:
        plan.pool.shutdown(wait=False, cancel_futures=True)


def fetch_event(client: SentryClient, event: Event) -> Event:
    """A listed event with its body, read on its own. Raises a `SentryError`."""
    return merge_body(event, read_single_body(client, event))


_INCOMPLETE = frozenset(
    (
        NoticeCode.CAPPED,
        NoticeCode.WINDOW_OPEN,
        NoticeCode.RETENTION,
        NoticeCode.PROJECT_SKIPPED,
        NoticeCode.ENVIRONMENT_UNKNOWN,
        NoticeCode.INCOMPLETE_LIST,
        NoticeCode.FLAVOR_LIMITS,
    )
)


def _is_complete(listing: Listing, notices: Sequence[Notice]) -> bool:
    return listing.complete and not any(notice.code in _INCOMPLETE for notice in notices)


def _look_around(
    plan: _Plan, listing: Listing, notices: Sequence[Notice], now: datetime
) -> tuple[Nearby | None, tuple[Notice, ...]]:
    """When a named customer had errors, asked only where there surely are none in the window."""
    is_nothing = not listing.events and _is_complete(listing, notices)
    if not is_nothing or not plan.question.customer.is_named:
        return None, ()
    around = Around(plan.question, plan.search, plan.scope, plan.asked, now)
    return find_nearby(plan.client, plan.pool, around)


def _scope(client: SentryClient, question: Question, asked: Sequence[Project]) -> Scope:
    """Where and when to look; projects are named only where not all of them are meant."""
    is_narrowed = bool(question.projects or client.config.projects)
    return Scope(
        start=question.window.start,
        end=question.window.end + _SECOND,
        project_ids=tuple(project.id for project in asked) if is_narrowed else (),
        environments=question.environments,
    )


def _choose_projects(
    question: Question, config: SentryConfig, projects: Sequence[Project]
) -> tuple[list[Project], tuple[Notice, ...]]:
    """The projects to ask, and a notice for each that was named but cannot be seen."""
    wanted = question.projects or config.projects
    if not wanted:
        return list(projects), ()
    visible = {project.slug: project for project in projects}
    asked = [visible[slug] for slug in wanted if slug in visible]
    unseen = sorted(set(wanted) - set(visible))
    if not asked:
        raise SentryProjectUnseen(f"The token sees none of these projects: {', '.join(unseen)}.")
    skipped = (
        Notice(NoticeCode.PROJECT_SKIPPED, f"Not searched, because the token can't see it: {slug}.")
        for slug in unseen
    )
    return asked, tuple(skipped)


def _list(plan: _Plan) -> Listing:
    """The list by the events table, or by GlitchTip's lists where there is no such table."""
    client, asked = plan.client, plan.asked
    if client.flavor != Flavor.GLITCHTIP:
        try:
            return list_events(client, plan.pool, plan.question, plan.search, plan.scope, asked)
        except SentryUnknownRoute:
            if client.flavor != Flavor.AUTO:
                raise
            client.flavor = Flavor.GLITCHTIP
    return list_glitchtip_events(client, plan.pool, plan.question, asked)


def _read_details(plan: _Plan, listing: Listing) -> tuple[Details, tuple[Notice, ...]]:
    """Bodies of the events nearest the moment and facts of all issues, side by side."""
    client, moment = plan.client, plan.question.window.moment
    nearest = nearest_first(listing.events, moment)[: client.config.max_bodies]
    wanted = [event for event in nearest if event.body is None]
    by_issue = _by_issue(wanted)
    listed = {event.id for event in listing.events}
    asking = fact_calls(client, listing, plan.scope, plan.asked)
    client.course.listed(listing.events, by_issue, others=len(asking))
    facts = [plan.pool.submit(client.course.step(call)) for call in asking]
    reads = {
        issue_id: partial(
            read_bodies, client, Wanted(issue_id, events, listed, plan.search, plan.scope)
        )
        for issue_id, events in by_issue.items()
    }
    details = [
        plan.pool.submit(client.course.reading(issue_id, read)) for issue_id, read in reads.items()
    ]
    found, facts_failed = parted(client, facts)
    parts, details_failed = parted(client, details)
    bodies = {event_id: body for part in parts for event_id, body in part.by_id.items()}
    failed = [*details_failed, *(error for part in parts for error in part.failed)]
    missing = len(wanted) - len(bodies)
    issues = (*listing.issues, *(issue for rows in found for issue in rows))
    where = _lacking(by_issue, bodies, listing.events, issues) if missing > 0 else ()
    return Details(bodies, issues), detail_notices(missing, where, failed, facts_failed)


def _lacking(
    by_issue: Mapping[str | None, Sequence[Event]],
    bodies: Mapping[str, EventBody],
    listed: Sequence[Event],
    issues: Sequence[Issue],
) -> tuple[str, ...]:
    """The issues of which fewer bodies were read than wanted, by the names that Sentry shows."""
    read = Counter(event.issue_id for event in listed if event.id in bodies)
    names = {issue.id: issue.short_id for issue in issues}
    return tuple(
        names.get(issue_id) or issue_id
        for issue_id, events in by_issue.items()
        if issue_id and read[issue_id] < len(events)
    )


def _by_issue(events: Sequence[Event]) -> dict[str | None, list[Event]]:
    grouped: dict[str | None, list[Event]] = {}
    for event in events:
        grouped.setdefault(event.issue_id, []).append(event)
    return grouped


def _finish_events(
    events: Sequence[Event], details: Details, config: SentryConfig
) -> tuple[Event, ...]:
    """The listed events with the bodies that were read and a link into Sentry each."""
    links = {issue.id: issue.permalink for issue in details.issues if issue.permalink}
    finished = []
    for event in events:
        body = details.bodies.get(event.id)
        whole = merge_body(event, body) if body else event
        finished.append(with_link(whole, links, config))
    return tuple(finished)
