"""Records of lookups: their start, reason, and end, and the erasure of a customer."""

import re
import secrets
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from apps import metrics
from apps.accounts.models import NO_TEAM, projects_of, zone_of
from apps.audit.models import Action, Entry, Words
from apps.audit.trail import Actor, Fact, audited_transaction, record, words_for
from apps.audit.verification import erase_words
from apps.crypto import hash_customer
from apps.events import query
from apps.events.answer import Answer, RelatedData, Signal
from apps.events.grouping import UNGROUPED, group_by_issue, problems_of
from apps.events.identifier import names_to_erase, restored_customer, stored_text
from apps.lookups import cache, models, problems, store
from apps.lookups.access import Requester, searched_projects
from apps.lookups.models import Lookup
from apps.lookups.sentry_connection import read_customer, sentry_config
from apps.lookups.throttling import REFUSED
from apps.redaction.engine import Ledger, redact_text
from apps.redis_outage import retry_redis
from apps.sentry.errors import SentryError

LOOKUPS = metrics.Counter(
    "lookups",
    "Lookups that ended, by source and outcome. Opening a stored result doesn't count.",
    origin=models.Origin.values,
    outcome=[one for one in models.Outcome.values if one != models.Outcome.PENDING],
)
_SECONDS = metrics.Histogram(
    "lookup_duration_seconds",
    "Time until a lookup was answered or failed: a hit is from cache, a miss queried Sentry, and "
    "stale is an old result because Sentry failed.",
    cache=("hit", "miss", "stale"),
)
EXPORTS = metrics.Counter(
    "exports",
    "Exports of lookups and incidents, by format and by whether they were redacted.",
    of=("lookup", "incident"),
    format=("markdown", "text", "json", "csv"),
    redacted=("yes", "no"),
)

# The limits per person and minute, counted over all processes.

_MINUTE_S = 60


class TooManyLookups(problems.LookupFailed):
    """The person has to wait for the next minute."""


def count_call(user: User | None, kind: str = "lookups") -> None:
    """Count a lookup, or another call of a program. Raise `TooManyLookups`.

    The command line has no limit.
    """
    if user is None:
        return
    most, done = settings.TRIAGE_LOOKUPS_PER_MINUTE, "looked up"
    if kind != "lookups":
        most, done = settings.TRIAGE_CALLS_PER_MINUTE[kind], "read"
    now = time.time()
    if cache.increment(_counter(user, now, kind), _MINUTE_S) <= most:
        return
    wait_s = _MINUTE_S - int(now % _MINUTE_S)
    REFUSED.add("per_minute")
    message = f"That's a lot of {kind.replace('_', ' ')} in one minute."
    next_step = f"Try again in {query.counted(wait_s, 'second')}. Nothing was {done}."
    code = f"too_many_{kind}"
    raise TooManyLookups(problems.Problem(code, message, next_step, 429, 429, retry_after=wait_s))


def lookups_left(user: User) -> int:
    """Return how many more lookups the person can start in this minute."""
    started = cache.get(_counter(user, time.time(), "lookups"))
    most: int = settings.TRIAGE_LOOKUPS_PER_MINUTE
    return max(0, most - started) if isinstance(started, int) else most


def _counter(user: User, now: float, kind: str) -> str:
    return f"begun/{user.pk}/{int(now // _MINUTE_S)}/{kind}"


# The reason for a lookup: a ticket number or a few words.

MAX_REASON_LENGTH = 200


def reason_enabled() -> bool:
    """Return whether people can give a reason."""
    return bool(settings.TRIAGE_REASON != "off")


def reason_required() -> bool:
    """Return whether people must give a reason."""
    return bool(settings.TRIAGE_REASON == "required")


def clean_reason(reason: str, identifiers: Collection[str]) -> str:
    """Return a reason on one line, redacted. Raise `LookupFailed` if it is required and empty."""
    line = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    if not line and reason_required():
        message = "Enter a ticket number or a reason. This site requires one."
        next_step = "Add one next to the customer and look up again."
        raise problems.LookupFailed(problems.bad_input(message, next_step))
    return redact_text(line, Ledger(frozenset(identifiers)))[:MAX_REASON_LENGTH] if line else ""


def reason_of(lookup: Lookup) -> str:
    """Return the reason of this lookup, or an empty text if there is none or it was erased."""
    return words_for(lookup.audit_target, Action.LOOKED_UP) if reason_enabled() else ""


def read_question(
    customer: str,
    at: str,
    minutes: int | None,
    *,
    zone: ZoneInfo,
    projects: Iterable[str] = (),
    environments: Iterable[str] = (),
) -> query.Question:
    """Return the question that was typed. Raise `LookupFailed` if it can't be looked up."""
    try:
        return query.Question(
            customer=read_customer(customer),
            window=read_window(at, minutes, zone),
            projects=tuple(dict.fromkeys(projects)),
            environments=tuple(dict.fromkeys(environments)),
            fields=settings.TRIAGE_CUSTOMER_FIELDS,
        )
    except query.CustomerRefused as refused:
        problem = problems.bad_input(str(refused), refused.next_step)
        raise problems.LookupFailed(problem) from refused


def read_window(at: str, minutes: int | None, zone: ZoneInfo) -> query.Window:
    """Return the typed window, with the site's minutes by default. Raise `LookupFailed`."""
    try:
        moment = query.parse_moment(at, zone=zone, now=timezone.now())
        return query.Window(moment, settings.TRIAGE_WINDOW_MINUTES if minutes is None else minutes)
    except (query.MomentRefused, ValueError) as refused:
        raise problems.LookupFailed(problems.bad_input(str(refused))) from refused


# Projects and environments that go into the audit trail: API and command line accept any text.
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class ProjectsRefused(problems.LookupFailed):
    """The lookup names projects that the person's teams can't see, or the person has no team."""

    is_recorded = True


def record_lookup(
    question: query.Question,
    *,
    requester: Requester,
    typed: str,
    zone: ZoneInfo,
    fresh: bool = False,
    reason: str = "",
) -> Lookup:
    """Create and record a lookup before Sentry is queried. `typed` is the customer as typed,
    of which no link is recorded.

    Without chosen projects, it searches those that the requester can see. Raise `LookupFailed` when
    no Sentry is configured or a required reason is missing, and its subclasses `TooManyLookups`
    and `ProjectsRefused`.
    """
    words = clean_reason(reason, {question.customer.identifier}) if reason_enabled() else ""
    count_call(requester.user)
    try:
        config = sentry_config()
        hashed = hash_customer(question.customer.identifier)
        projects = restrict_projects(question.projects, requester, config.projects, hashed)
        question = replace(question, projects=projects)
        key = store.cache_key(question, config)
    except SentryError as error:
        raise problems.LookupFailed(problems.problem_of(error)) from error
    lookup = Lookup(
        user=requester.user,
        origin=requester.origin,
        system_user=requester.system_user,
        customer_hash=hashed,
        moment=question.window.moment,
        minutes=question.window.minutes,
        zone=zone.key,
        projects=list(question.projects),
        environments=list(question.environments),
        fresh=fresh,
        cache_key=key,
        marker=secrets.token_hex(8),
        expires_at=timezone.now() + timedelta(days=settings.TRIAGE_KEEP_LOOKUPS_DAYS),
    )
    with transaction.atomic():
        lookup.save(force_insert=True)
        customer = models.TypedCustomer.of(lookup, stored_text(typed, question.customer))
        customer.save(force_insert=True)
        detail = asked_facts(lookup.minutes, lookup.projects, lookup.environments)
        detail["fresh"] = lookup.fresh
        record_action(Action.LOOKED_UP, requester.actor, lookup, words=words, **detail)
    return lookup


def record_lookup_of_program(
    requester: Requester,
    customer: str,
    at: str,
    minutes: int | None,
    *,
    projects: Iterable[str],
    environments: Iterable[str],
    reason: str,
) -> Lookup:
    """Record a lookup in the projects and the time zone of a program. Raise `LookupFailed`."""
    zone = zone_of(requester.user)
    question = read_question(
        customer,
        at,
        minutes,
        zone=zone,
        projects=searched_projects(requester, projects),
        environments=environments,
    )
    return record_lookup(question, requester=requester, typed=customer, zone=zone, reason=reason)


def asked_facts(
    minutes: int, projects: Iterable[str], environments: Iterable[str]
) -> dict[str, Fact]:
    """Return what the audit trail says about a search."""
    return {
        "minutes": minutes,
        "projects": [slug for slug in projects if _SLUG.fullmatch(slug)],
        "environments": [name for name in environments if _ENVIRONMENT.fullmatch(name)],
    }


def question_of(lookup: Lookup) -> query.Question:
    """Return the question of a lookup. Raise `CustomerErased`."""
    return query.Question(
        customer=customer_of(lookup),
        window=query.Window(moment=lookup.moment, minutes=lookup.minutes),
        projects=tuple(lookup.projects),
        environments=tuple(lookup.environments),
        fields=settings.TRIAGE_CUSTOMER_FIELDS,
    )


def identifiers_of(lookup: Lookup) -> frozenset[str]:
    """Return the identifiers of the lookup's customer to redact; none if they were erased."""
    return frozenset({customer_of(lookup).identifier} if lookup.customer else ())


def customer_of(lookup: Lookup) -> query.Customer:
    """Return the customer of a lookup. Raise `CustomerErased`."""
    typed = lookup.customer
    if not typed:
        raise problems.CustomerErased
    return restored_customer(typed, fields=settings.TRIAGE_CUSTOMER_FIELDS)


def visible_question(lookup: Lookup, requester: Requester) -> query.Question:
    """Return the lookup's question, limited to the projects that the requester can see.

    If they can see none of them, it keeps all and is refused by `record_lookup`.
    """
    question = question_of(lookup)
    return replace(question, projects=seen_projects(question.projects, requester))


def seen_projects(projects: Iterable[str], requester: Requester) -> tuple[str, ...]:
    """Return those of the projects that the requester can see, or all if there are none."""
    allowed, named = _projects_of(requester), tuple(projects)
    return tuple(slug for slug in named if allowed is None or slug in allowed) or named


def repeat_lookup(lookup: Lookup, *, requester: Requester, reason: str = "") -> Lookup:
    """Return a new lookup of the question that skips the cache. Raise as `record_lookup` does."""
    return record_lookup(
        visible_question(lookup, requester),
        requester=requester,
        typed=lookup.customer,
        zone=ZoneInfo(lookup.zone),
        fresh=True,
        reason=reason or reason_of(lookup),
    )


def _projects_of(requester: Requester) -> frozenset[str] | None:
    """Return the slugs that the requester can see, or None for all, as on the command line."""
    return projects_of(requester.user) if requester.user else None


def restrict_projects(
    projects: tuple[str, ...],
    requester: Requester,
    configured: tuple[str, ...],
    customer_hash: str = "",
) -> tuple[str, ...]:
    """Return the projects to search: the chosen ones, or all that the requester can see.

    `configured` are the projects that the site is limited to, if any. Raise and record
    `ProjectsRefused`.
    """
    allowed = _projects_of(requester)
    if allowed is None:
        return projects
    wanted = set(projects or (set(configured) & allowed if configured else allowed))
    refused = sorted(wanted - allowed)
    if wanted and not refused:
        return tuple(sorted(wanted))
    slugs = [slug for slug in refused if _SLUG.fullmatch(slug)]
    detail: dict[str, Fact] = {"what": "lookup", "why": "projects", "projects": slugs[:20]}
    record(Action.REFUSED, requester.actor, customer_hash=customer_hash, detail=detail)
    code, message = "no_projects", NO_TEAM
    next_step = "Ask your Triage admin which team you should be on. Nothing was looked up."
    if refused:
        code = "project_not_allowed"
        message = f"Your teams don't have access to this project: {', '.join(refused[:5])}."
        next_step = "Choose another project, or ask your Triage admin. Nothing was looked up."
    raise ProjectsRefused(problems.Problem(code, message, next_step, 403, 403))


# The end of a lookup.

_SAVED_FIELDS = (  # without `purged_at`, which a concurrent purge sets
    *("outcome", "problem", "problem_detail", "answered_at", "fetched_at", "events", "issues"),
    "problems",
    *("bodies", "calls", "calls_saved", "beside", "duration_ms", "from_cache", "cached_until"),
    *("has_answer", "redacted", "snapshot"),
)


def record_answer(
    lookup: Lookup,
    answer: Answer,
    started: float,
    *,
    save_answer: bool = True,
    problem: problems.Problem | None = None,
) -> None:
    """Save outcome, counts, and cost, and with `save_answer` also the answer, which is redacted.

    `started` is from the monotonic clock; `problem` is the reason for a stale answer. Raise
    `LookupCancelled` and `LookupPurged`.
    """
    found = models.Outcome.FOUND if answer.events else models.Outcome.NOTHING
    _set_end(lookup, found if answer.complete else models.Outcome.INCOMPLETE, problem, started)
    lookup.fetched_at = answer.fetched_at
    lookup.events = len(answer.events)
    lookup.issues = len({event.issue_id for event in answer.events})
    lookup.problems = sum(not problem.is_noise for problem in problems_of(answer))
    lookup.bodies = answer.bodies_read
    lookup.calls = answer.calls
    lookup.beside = related_counts(answer.beside)
    if save_answer:
        lookup.snapshot = store.to_snapshot(lookup, answer)
        lookup.has_answer = True
    with transaction.atomic():
        _save(lookup)
        if save_answer:
            _record_findings(lookup, answer)
    fetched = "hit" if lookup.from_cache else "miss"
    _count_end(lookup, "stale" if problem else fetched)


def _record_findings(lookup: Lookup, answer: Answer) -> None:
    """Save a row for each issue and project, for the list and statistics under Manage."""
    models.delete_findings([lookup.pk])
    groups = [group for group in group_by_issue(answer) if group.issue_id != UNGROUPED]
    models.LookupIssue.objects.bulk_create(
        models.LookupIssue(
            lookup_id=lookup.pk,
            issue_id=group.issue_id[:100],
            project=(group.newest.project or "")[:100],
            sealed_title=models.sealed_title(group.issue_id[:100], group.title),
            events=len(group.events),
            asked_at=lookup.created_at,
            customer_hash=lookup.customer_hash,
        )
        for group in groups
    )
    found = {event.project for event in answer.events if event.project}
    models.LookupProject.objects.bulk_create(
        models.LookupProject(lookup_id=lookup.pk, project=project[:100], asked_at=lookup.created_at)
        for project in sorted(found | set(lookup.projects))
    )


def related_counts(related: RelatedData) -> dict[str, object]:
    """Return how much related data was found, what is missing or absent, and the calls made."""
    counts: dict[str, object] = {
        Signal.REPLAYS: len(related.replays),
        Signal.FEEDBACK: len(related.feedback),
        Signal.TRACES: len(related.trace_errors),
        Signal.DEPLOYS: len(related.deploys),
        Signal.LOGS: len(related.logs),
        Signal.SPANS: len(related.spans),
    }
    unread = sorted({missing.signal for missing in related.unread})
    absent = sorted({missing.signal for missing in related.absent})
    return {**counts, "unread": unread, "absent": absent, "calls": related.calls}


def record_failure(lookup: Lookup, problem: problems.Problem, started: float) -> None:
    """Save the failure of a lookup. Raise `LookupCancelled` and `LookupPurged`."""
    _set_end(lookup, models.Outcome.FAILED, problem, started)
    _save(lookup)
    _count_end(lookup, "miss")


def _set_end(
    lookup: Lookup, outcome: models.Outcome, problem: problems.Problem | None, started: float
) -> None:
    """Set how and when the lookup ended, before the time that saving takes."""
    lookup.outcome = outcome
    lookup.problem = problem.code if problem else ""
    lookup.problem_detail = problem.detail[:500] if problem else ""
    lookup.answered_at = datetime.now(UTC)
    lookup.duration_ms = round((time.monotonic() - started) * 1000)


def _save(lookup: Lookup) -> None:
    """Save the lookup. Raise `LookupCancelled` or `LookupPurged` if that happened meanwhile."""
    values = {name: getattr(lookup, name) for name in _SAVED_FIELDS}
    unpurged = Lookup.objects.filter(pk=lookup.pk, purged_at=None)
    if not unpurged.exclude(outcome=models.Outcome.CANCELLED).update(**values):
        raise problems.LookupCancelled if unpurged.exists() else problems.LookupPurged


def _count_end(lookup: Lookup, cached: str) -> None:
    LOOKUPS.add(lookup.origin, lookup.outcome)
    _SECONDS.observe((lookup.duration_ms or 0) / 1000, cached)


# User actions, in the audit trail.

_BATCH = 100


def record_action(
    action: Action, actor: Actor, lookup: Lookup, *, words: str = "", **detail: Fact
) -> None:
    """Record a user action on one lookup, with the redacted words that the person typed."""
    target, hashed = lookup.audit_target, lookup.customer_hash
    record(action, actor, target=target, customer_hash=hashed, detail=detail, words=words)


def record_actions(action: Action, actor: Actor, lookups: Sequence[Lookup], **detail: Fact) -> None:
    """Record a user action on many lookups: an entry for each, or per hundred if there are more."""
    facts: dict[str, Fact] = {**detail, "lookups": len(lookups)}
    if len(lookups) <= _BATCH:
        for lookup in lookups:
            record_action(action, actor, lookup, words="", **facts)
        return
    for start in range(0, len(lookups), _BATCH):
        uuids = [str(lookup.uuid) for lookup in lookups[start : start + _BATCH]]
        target = f"{len(lookups)} lookups"
        record(action, actor, target=target, detail={**facts, "targets": uuids})


# Erasing customer data. Identifiers match exactly, by their keyed hash: an email address doesn't
# find lookups by user ID.


@dataclass(frozen=True, slots=True)
class StoredCounts:
    """The number of lookups, results, typed customers, and reasons stored for one identifier."""

    lookups: int
    answers: int
    customers: int
    reasons: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased. `is_cache_cleared` is False if the shared cache could not be reached."""

    counts: StoredCounts
    is_cache_cleared: bool


def identifiers_to_erase(lines: Iterable[str]) -> list[str]:
    """Return the identifiers to erase for typed lines, each once. Raise `CustomerRefused`."""
    fields = settings.TRIAGE_CUSTOMER_FIELDS
    names = (name for line in lines for name in names_to_erase(line, fields=fields))
    return list(dict.fromkeys(names))


def stored_counts(identifier: str) -> StoredCounts:
    """Return how much is stored for this identifier."""
    customer_hash = hash_customer(identifier)
    return _total(customer_hash, _counts_elsewhere(customer_hash, erase=False))


def forget_customer(identifier: str, actor: Actor) -> Erasure:
    """Erase all data stored for this identifier, and record that.

    A lookup that is still running stores no result. If the cache could not be reached, run it
    again: until then, no cached copy is shown, and all expire within two days.
    """
    customer_hash = hash_customer(identifier)
    retry_redis()
    lookups = Lookup.objects.filter(customer_hash=customer_hash)
    typed = lookups.select_related("typed").order_by("pk")
    keys = {key for lookup in typed.iterator(50) for key in _all_cache_keys(lookup)}
    with audited_transaction():
        counts = _total(customer_hash, _counts_elsewhere(customer_hash, erase=True))
        lookups.filter(purged_at=None).update(purged_at=timezone.now())
        models.delete_findings(list(lookups.values_list("pk", flat=True)))
        lookups.update(snapshot=None, cached_until=None, problem_detail="")
        models.TypedCustomer.objects.filter(customer_hash=customer_hash).delete()
        erase_words(customer_hash)
        models.ExportRecord.objects.filter(lookup__customer_hash=customer_hash).update(reason="")
        record(Action.FORGOT, actor, customer_hash=customer_hash, detail=asdict(counts))
    for key in keys:
        cache.delete(key)
    store.truncate_wal()
    return Erasure(counts, cache.is_available())


def was_erased(lookup: Lookup, answer: Answer) -> bool:
    """Return whether the customer was erased after this answer was fetched.

    Caches that the erasure could not reach, such as another process's memory, can still hold it.
    """
    erasures = Entry.objects.filter(action=Action.FORGOT, customer_hash=lookup.customer_hash)
    return erasures.filter(at__gte=answer.fetched_at).exists()


def _counts_elsewhere(customer_hash: str, *, erase: bool) -> list[tuple[int, ...]]:
    """Have higher layers count, and maybe erase, what they store. Return their counts."""
    sent: list[tuple[Any, Any]] = models.customer_data.send(
        sender=Lookup, customer_hash=customer_hash, erase=erase
    )
    return [counts for _receiver, counts in sent]


def _total(customer_hash: str, elsewhere: list[tuple[int, ...]]) -> StoredCounts:
    """Return what is stored here for this customer, plus what is stored elsewhere."""
    lookups = Lookup.objects.filter(customer_hash=customer_hash)
    exports = models.ExportRecord.objects.filter(lookup__customer_hash=customer_hash)
    words = Words.objects.filter(customer_hash=customer_hash)
    own = (
        lookups.count(),
        lookups.filter(snapshot__isnull=False).count(),
        models.TypedCustomer.objects.filter(customer_hash=customer_hash).count(),
        exports.exclude(reason="").count() + words.count(),
    )
    return StoredCounts(*map(sum, zip(own, *elsewhere, strict=True)))


def _all_cache_keys(lookup: Lookup) -> Iterator[str]:
    yield from store.keys_of_lookup(lookup)
    cached = store.get(lookup.cache_key)
    if cached:
        yield from store.keys_of(lookup.cache_key, cached.answer)
    try:
        yield store.windows_key(question_of(lookup), sentry_config())
    except (problems.CustomerErased, SentryError):
        return
