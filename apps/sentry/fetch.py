"""Look up a customer in Sentry: list the events, read details in parallel, and merge them.

Only this module decides whether a result is complete.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from time import monotonic

from apps.events.answer import (
    Answer,
    Notice,
    NoticeCode,
    OtherOccurrences,
    RelatedData,
    SearchScope,
    Signal,
)
from apps.events.event import Event, Issue
from apps.events.grouping import nearest_first
from apps.events.query import Question
from apps.sentry import errors
from apps.sentry.activity import ActivityReader
from apps.sentry.client import ID_FIELDS, ISSUES_PER_CALL, Scope, SentryClient, with_permalink
from apps.sentry.config import Flavor, SentryConfig
from apps.sentry.glitchtip import GlitchTip, list_glitchtip_events, with_details
from apps.sentry.listing import (
    Fetch,
    Listing,
    batches_of,
    collect_bodies,
    detail_notices,
    environment_notices,
    identifier_notices,
    list_events,
    read_batch,
    read_single_body,
    window_notices,
)
from apps.sentry.parsing import Project, merge_body
from apps.sentry.signals import SIGNALS_TIMEOUT_S, OccurrenceSearch, SignalReader


def fetch_answer(
    client: SentryClient,
    question: Question,
    *,
    projects: Sequence[Project],
    now: datetime | None = None,
) -> Answer:
    """Return all of the customer's events in the window, with details.

    `projects` are those the token can see (`client.projects()`); `now` is aware and defaults to
    the present. The result is raw: redact it before storing or showing it. Meanwhile,
    `client.progress_tracker` has the progress.

    Raise a `SentryError` if not even the list of events could be read.
    """
    now = now or datetime.now(UTC)
    started = monotonic()
    signals = client.config.signals
    searched, skipped = choose_projects(question, client.config, projects)
    timing = window_notices(question, client.config, now)
    with (
        closing(Fetch(client, question, searched)) as fetch,
        closing(ActivityReader(fetch, signals)) as activity,
        closing(SignalReader(fetch, signals)) as signal_reader,
    ):
        list_future = fetch.pool.submit(_list, fetch)
        activity.start(both=bool(skipped or timing))
        signal_reader.start_customer_signals()
        listing = fetch.result(list_future)
        if client.flavor == Flavor.GLITCHTIP:
            listing = with_details(fetch, listing)
        activity.follow(listing.events, is_answer=not listing.events)
        signal_reader.start_customer_signals()  # if the flavor was unknown before
        signal_reader.start_event_signals(listing.events)
        events, issues, missing = _read_details(fetch, listing)
        notices = (
            *skipped,
            *environment_notices(question, searched, listing.events),
            *timing,
            *(() if listing.events else identifier_notices(question, projects)),
            *listing.notices,
            *missing,
        )
        occurrences: OtherOccurrences | None = None
        arrived: tuple[Notice, ...] = ()
        if question.customer.is_named and not events and _is_complete(listing, notices):
            occurrences, arrived = OccurrenceSearch(fetch).find(now)
        duration_ms = round((monotonic() - started) * 1000)
        found = activity.collect(client.config.signals_wait_s, elapsed_s=monotonic() - started)
        related = signal_reader.collect(client.config.signals_wait_s).merged_with(found)
    notices = (*notices, *arrived)
    return Answer(
        question=question,
        searched=SearchScope(
            organization=client.config.organization,
            projects=tuple(sorted({project.slug for project in searched})),
            environments=question.environments,
            server=client.flavor.product,
        ),
        events=events,
        issues=issues,
        complete=_is_complete(listing, notices),
        fetched_at=now,
        events_total=listing.total,
        notices=tuple(dict.fromkeys(notices)),
        call_log=client.call_log,
        duration_ms=duration_ms,
        beside=related,
        nearby=occurrences,
    )


def fetch_related(
    client: SentryClient,
    question: Question,
    signals: Sequence[Signal],
    events: Sequence[Event],
    *,
    projects: Sequence[Project],
    known: RelatedData | None = None,
) -> RelatedData:
    """Return only these signals, for a result whose events are known, with a longer timeout.

    They were requested before, so a server of unknown flavor must be a Sentry. `known` is what
    was read before.
    """
    if client.flavor == Flavor.AUTO:
        client.flavor = Flavor.SENTRY
    searched, _skipped = choose_projects(question, client.config, projects)
    with (
        closing(Fetch(client, question, searched)) as fetch,
        closing(ActivityReader(fetch, signals)) as activity,
        closing(SignalReader(fetch, signals)) as signal_reader,
    ):
        signal_reader.start_customer_signals()
        signal_reader.start_event_signals(events)
        if known and events:
            activity.resume(known)
        activity.follow(events, is_answer=not events)
        found = activity.collect(SIGNALS_TIMEOUT_S)
        return signal_reader.collect(SIGNALS_TIMEOUT_S).merged_with(found)


def fetch_ids(
    client: SentryClient, question: Question, *, projects: Sequence[Project]
) -> frozenset[str]:
    """Return only the IDs of the customer's events, from shorter rows. Raise a `SentryError`."""
    client.row_fields = ID_FIELDS
    searched, _skipped = choose_projects(question, client.config, projects)
    with closing(Fetch(client, question, searched)) as fetch:
        listing = fetch.result(fetch.pool.submit(_list, fetch))
        return frozenset(event.id for event in listing.events)


def fetch_event(client: SentryClient, event: Event) -> Event:
    """Return a listed event with its body, and its level if possible. Raise a `SentryError`."""
    whole = merge_body(event, read_single_body(client, event))
    if whole.level is None and client.flavor == Flavor.GLITCHTIP:
        with suppress(errors.SentryError):
            return replace(whole, level=GlitchTip(client).level(whole))
    return whole


_INCOMPLETE = frozenset((
    *(NoticeCode.CAPPED, NoticeCode.WINDOW_OPEN, NoticeCode.RETENTION, NoticeCode.PROJECT_SKIPPED),
    *(NoticeCode.ENVIRONMENT_UNKNOWN, NoticeCode.INCOMPLETE_LIST, NoticeCode.FLAVOR_LIMITS),
    NoticeCode.UNCLEAR_CUSTOMER,
))  # fmt: skip


def _is_complete(listing: Listing, notices: Sequence[Notice]) -> bool:
    return listing.complete and not any(notice.code in _INCOMPLETE for notice in notices)


_NO_PROJECT = Notice(
    NoticeCode.PROJECT_SKIPPED, "Our key can’t see any project, so Sentry may have searched none."
)


def choose_projects(
    question: Question, config: SentryConfig, projects: Sequence[Project]
) -> tuple[list[Project], tuple[Notice, ...]]:
    """Return the projects to search, and a notice for each that the token can't see.

    Without any project, Sentry answers every search with an empty list.
    """
    wanted = question.projects or config.projects
    if not wanted:
        return list(projects), () if projects else (_NO_PROJECT,)
    visible = {project.slug: project for project in projects}
    searched = [visible[slug] for slug in wanted if slug in visible]
    unseen = sorted(set(wanted) - set(visible))
    if not searched:
        raise errors.SentryProjectUnseen(
            f"The token can't see any of these projects: {', '.join(unseen)}."
        )
    skipped = (
        Notice(NoticeCode.PROJECT_SKIPPED, f"Not searched, because the token can't see it: {slug}.")
        for slug in unseen
    )
    return searched, tuple(skipped)


def _list(fetch: Fetch) -> Listing:
    """List events from the events table, or from GlitchTip's lists if there is no table."""
    client = fetch.client
    if client.flavor != Flavor.GLITCHTIP:
        try:
            return list_events(fetch)
        except errors.SentryUnknownRoute:
            if client.flavor != Flavor.AUTO:
                raise
            client.flavor = Flavor.GLITCHTIP
    return list_glitchtip_events(fetch)


def _read_details(
    fetch: Fetch, listing: Listing
) -> tuple[tuple[Event, ...], tuple[Issue, ...], tuple[Notice, ...]]:
    """Read the bodies nearest to the reported time, and all issues, in parallel.

    Bodies go first: if not all calls fit into one round, the issues are the ones that wait. Return
    the events with their bodies and permalinks, the issues, and notices on what is missing.
    """
    client, pool, moment = fetch.client, fetch.pool, fetch.question.window.moment
    nearest = nearest_first(listing.events, moment)[: client.config.max_bodies]
    wanted = [event for event in nearest if event.body is None]
    batches = batches_of(wanted)
    tracker = client.progress_tracker
    slugs = {event.issue_id: event.project for event in listing.events if event.issue_id}
    calls = [] if client.flavor == Flavor.GLITCHTIP else issue_calls(fetch, slugs)
    tracker.record_list(listing.events, [batch[0].issue_id for batch in batches], others=len(calls))
    client.slots.announce(len(batches) + len(calls))
    batch_futures = [
        pool.submit(tracker.tracked(partial(read_batch, client, batch), batch[0].issue_id))
        for batch in batches
    ]
    issue_futures = [pool.submit(tracker.tracked(call)) for call in calls]
    bodies = collect_bodies(fetch, wanted, list(zip(batches, batch_futures, strict=True)))
    found, issues_failed = fetch.results(dict(enumerate(issue_futures)))
    issues = [*listing.issues, *chain.from_iterable(found.values())]
    missing: dict[str, list[Event]] = {}
    for event in wanted:
        if event.id in bodies.failed:
            missing.setdefault(bodies.failed[event.id], []).append(event)
    short_ids = {issue.id: issue.short_id for issue in issues}
    links = {issue.id: issue.permalink for issue in issues if issue.permalink}
    events = []
    for event in listing.events:
        body = bodies.by_id.get(event.id)
        events.append(
            with_permalink(merge_body(event, body) if body else event, links, client.config)
        )
    return tuple(events), tuple(issues), detail_notices(missing, short_ids, issues_failed.values())


def issue_calls(fetch: Fetch, slugs: Mapping[str, str | None]) -> list[Callable[[], list[Issue]]]:
    """Return the fewest calls for issues; `slugs` are those of their projects, by issue ID."""
    client, ids = fetch.client, list(slugs)
    if client.flavor == Flavor.GLITCHTIP:
        return GlitchTip(client).issue_calls(sorted(ids))
    chunks = [ids[start : start + ISSUES_PER_CALL] for start in range(0, len(ids), ISSUES_PER_CALL)]
    project_ids = {project.slug: project.id for project in fetch.searched}
    calls: list[Callable[[], list[Issue]]] = []
    for chunk in chunks:
        by_project: dict[str, list[str]] = {}
        for issue_id in chunk:
            project_id = project_ids.get(slugs[issue_id] or "")
            if project_id:
                by_project.setdefault(project_id, []).append(issue_id)
        if client.one_project:
            calls += [partial(client.issues, own, (one,)) for one, own in by_project.items()]
        else:
            calls.append(partial(_issues_at_once, client, chunk, fetch.scope, by_project))
    return calls


def _issues_at_once(
    client: SentryClient, chunk: Sequence[str], scope: Scope, by_project: Mapping[str, list[str]]
) -> list[Issue]:
    """Read the issues in one call, or in one per project if the server requires it.

    That also avoids a project without any of them that the token can't read.
    """
    try:
        return client.issues(chunk, scope.project_ids)
    except errors.SentryOneProjectOnly:
        client.one_project = True
    except errors.SentryPermissionMissing:
        if len(scope.project_ids) < 2:
            raise
    return [issue for one, own in by_project.items() for issue in client.issues(own, (one,))]
