"""How a lookup begins: the record that somebody asked, and the question it stands for."""

import re
import secrets
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.permissions import NO_TEAM, projects_of
from apps.audit.models import Action, Entry, Words
from apps.audit.trail import Actor, Fact, one_act, record, words_of
from apps.audit.verification import forget_words
from apps.crypto import hash_customer
from apps.events.answer import Answer, Beside, Signal
from apps.events.grouping import UNGROUPED, group_by_issue
from apps.events.query import Customer, Question, Window, parse_customer
from apps.lookups import cache, store
from apps.lookups.access import Asker
from apps.lookups.models import (
    ExportRecord,
    Lookup,
    LookupIssue,
    LookupProject,
    Outcome,
    TypedCustomer,
    drop_findings,
    sealed_title,
)
from apps.lookups.problems import (
    CustomerErased,
    LookupCancelled,
    LookupFailed,
    LookupPurged,
    Problem,
    bad_input,
    problem_of,
)
from apps.lookups.sentry_connection import sentry_config
from apps.redaction.engine import Ledger, redact_text
from apps.sentry import SentryError

# How many lookups one person may begin in a minute, counted over all processes.

_MINUTE_S = 60


class TooManyLookups(LookupFailed):
    """The person has to wait for the next minute."""


def count_lookup(user: User) -> None:
    """Count one more; without the shared cache nobody is held back.

    Raises `TooManyLookups`.
    """
    now = time.time()
    begun = cache.increment(f"begun/{user.pk}/{int(now // _MINUTE_S)}", _MINUTE_S)
    if begun > settings.TRIAGE_LOOKUPS_PER_MINUTE:
        wait_s = _MINUTE_S - int(now % _MINUTE_S)
        raise TooManyLookups(
            Problem(
                code="too_many_lookups",
                message="That's a lot of lookups in one minute.",
                next_step=f"Try again in {wait_s} second{'' if wait_s == 1 else 's'}. "
                "Nothing was looked up.",
                page_status=429,
                api_status=429,
                retry_after=wait_s,
            )
        )


# Why somebody looks: a ticket number or a few words, asked for as the site is set.

LONGEST_REASON = 200
OFF, OPTIONAL, REQUIRED = "off", "optional", "required"


def is_asked() -> bool:
    """Whether people may say why they look."""
    return settings.TRIAGE_REASON != OFF


def is_required() -> bool:
    """Whether they have to."""
    return bool(settings.TRIAGE_REASON == REQUIRED)


def reason_to_keep(typed: str, names: Collection[str]) -> str:
    """The reason on one line and without personal data: whoever types one may name the customer.

    `names` is what the customer is known by.
    Raises `LookupFailed` when there is none and the site requires one.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in typed).split())
    if not line and is_required():
        raise LookupFailed(
            bad_input(
                "Enter a ticket number or a reason. This site requires one.",
                "Add one next to the customer and look up again.",
            )
        )
    return redact_text(line, Ledger(frozenset(names)))[:LONGEST_REASON] if line else ""


def reason_of(lookup: Lookup) -> str:
    """The reason that was given for this lookup; empty when there was none, or it was erased."""
    return words_of(lookup.audit_target, Action.LOOKED_UP) if is_asked() else ""


# What the trail may name: through API and command line anything can be typed there.
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class ProjectsRefused(LookupFailed):
    """The person asked about projects that none of their teams may see, or is in no team."""

    is_recorded = True


def record_lookup(
    question: Question,
    *,
    asker: Asker,
    typed: str,
    zone: ZoneInfo,
    fresh: bool = False,
    reason: str = "",
) -> Lookup:
    """Write down that somebody asks, before anything is asked. `typed` is the customer as typed.

    Who may not see every project asks about those they may see. `reason` is why, as typed. Raises
    `LookupFailed` when no Sentry is configured or a reason is required and missing, and its kinds
    `TooManyLookups` and `ProjectsRefused`.
    """
    why = reason_to_keep(reason, {question.customer.identifier}) if is_asked() else ""
    if asker.user:
        count_lookup(asker.user)
    try:
        config = sentry_config()
        question = _allowed_question(question, asker, config.projects)
        key = store.cache_key(question, config)
    except SentryError as error:
        raise LookupFailed(problem_of(error)) from error
    lookup = Lookup(
        user=asker.user,
        origin=asker.origin,
        system_user=asker.system_user,
        customer_hash=hash_customer(question.customer.identifier),
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
        TypedCustomer.of(lookup, typed.strip()).save(force_insert=True)
        record(
            Action.LOOKED_UP,
            asker.actor,
            target=lookup.audit_target,
            customer_hash=lookup.customer_hash,
            detail={
                "minutes": lookup.minutes,
                "projects": [slug for slug in lookup.projects if _SLUG.fullmatch(slug)],
                "environments": [
                    name for name in lookup.environments if _ENVIRONMENT.fullmatch(name)
                ],
                "fresh": lookup.fresh,
            },
            words=why,
        )
    return lookup


def question_of(lookup: Lookup) -> Question:
    """The question a record stands for. Raises `CustomerErased`."""
    return Question(
        customer=_customer_of(lookup),
        window=Window(moment=lookup.moment, minutes=lookup.minutes),
        projects=tuple(lookup.projects),
        environments=tuple(lookup.environments),
        fields=tuple(settings.TRIAGE_CUSTOMER_FIELDS),
    )


def names_of(lookup: Lookup) -> frozenset[str]:
    """What the customer of a lookup is known by, to be hidden; nothing once that is erased."""
    typed = lookup.customer
    return frozenset({parse_customer(typed).identifier} if typed else ())


def _customer_of(lookup: Lookup) -> Customer:
    typed = lookup.customer
    if not typed:
        raise CustomerErased
    return parse_customer(typed)


def own_question(lookup: Lookup, asker: Asker) -> Question:
    """The question of a record, about those of its projects that the asker may see.

    Where they may see none of them it stays as it is, and is refused when it is asked.
    """
    question, allowed = question_of(lookup), _projects_of(asker)
    if allowed is None:
        return question
    own = tuple(slug for slug in question.projects if slug in allowed)
    return replace(question, projects=own or question.projects)


def repeat_lookup(lookup: Lookup, *, asker: Asker, reason: str = "") -> Lookup:
    """A new lookup of the same question that asks Sentry past the shared copy.

    Without a reason of its own it has that of the earlier one. Raises `CustomerErased`, and as
    `record_lookup` does.
    """
    return record_lookup(
        own_question(lookup, asker),
        asker=asker,
        typed=lookup.customer,
        zone=ZoneInfo(lookup.zone),
        fresh=True,
        reason=reason or reason_of(lookup),
    )


def _projects_of(asker: Asker) -> frozenset[str] | None:
    """What the asker may see; a command line has the rights of the system."""
    return projects_of(asker.user) if asker.user else None


def _allowed_question(question: Question, asker: Asker, searched: tuple[str, ...]) -> Question:
    """The question within the asker's projects. `searched` are those of the site, if it names any.

    Raises `ProjectsRefused`, and the trail says so.
    """
    allowed = _projects_of(asker)
    if allowed is None:
        return question
    wanted = set(question.projects or (set(searched) & allowed if searched else allowed))
    refused = sorted(wanted - allowed)
    if wanted and not refused:
        return replace(question, projects=tuple(sorted(wanted)))
    named = [slug for slug in refused if _SLUG.fullmatch(slug)]
    record(
        Action.REFUSED,
        asker.actor,
        customer_hash=hash_customer(question.customer.identifier),
        detail={"what": "lookup", "why": "projects", "projects": named[:20]},
    )
    raise ProjectsRefused(_not_allowed(refused) if refused else NO_PROJECTS)


_ASK_FOR_TEAM = "Ask your Triage admin which team you should be on. Nothing was looked up."

NO_PROJECTS = Problem("no_projects", NO_TEAM, _ASK_FOR_TEAM, page_status=403, api_status=403)


def _not_allowed(slugs: list[str]) -> Problem:
    named = ", ".join(slugs[:5])
    return Problem(
        code="project_not_allowed",
        message=f"Your teams don't have access to this project: {named}.",
        next_step="Choose another project, or ask your Triage admin. Nothing was looked up.",
        page_status=403,
        api_status=403,
    )


# Writing down how a lookup ended, and what was found.

# Not among them: `purged_at`.
_WRITTEN = (
    *("outcome", "problem", "problem_detail", "answered_at", "fetched_at", "events", "issues"),
    *(
        "bodies",
        "calls",
        "calls_saved",
        "beside",
        "duration_ms",
        "from_cache",
        "cached_until",
        "has_answer",
        "redacted",
        "snapshot",
    ),
)


def record_answer(
    lookup: Lookup,
    answer: Answer,
    started: float,
    *,
    keep: bool = True,
    problem: Problem | None = None,
) -> None:
    """Save outcome, counts and cost; with `keep` also the answer itself, which must be redacted.

    `started` is of the monotonic clock; `problem` is why a stale answer stands in. Raises
    `LookupCancelled` and `LookupPurged`.
    """
    lookup.outcome = outcome_of(answer)
    lookup.problem = problem.code if problem else ""
    lookup.problem_detail = problem.detail[:500] if problem else ""
    lookup.answered_at = datetime.now(UTC)
    lookup.fetched_at = answer.fetched_at
    lookup.events = len(answer.events)
    lookup.issues = len({event.issue_id for event in answer.events})
    lookup.bodies = answer.bodies_read
    lookup.calls = answer.calls
    lookup.beside = told_beside(answer.beside)
    lookup.duration_ms = _since(started)
    if keep:
        lookup.snapshot = store.to_snapshot(lookup, answer)
        lookup.has_answer = True
    with transaction.atomic():
        _save(lookup)
        if keep:
            _record_findings(lookup, answer)


def _record_findings(lookup: Lookup, answer: Answer) -> None:
    """A row for each issue and each project, for the review."""
    drop_findings([lookup.pk])
    groups = [group for group in group_by_issue(answer) if group.issue_id != UNGROUPED]
    LookupIssue.objects.bulk_create(
        LookupIssue(
            lookup_id=lookup.pk,
            issue_id=group.issue_id[:100],
            project=(group.newest.project or "")[:100],
            sealed_title=sealed_title(group.issue_id[:100], group.title),
            events=len(group.events),
            asked_at=lookup.created_at,
            customer_hash=lookup.customer_hash,
        )
        for group in groups
    )
    found = {event.project for event in answer.events if event.project}
    LookupProject.objects.bulk_create(
        LookupProject(lookup_id=lookup.pk, project=project[:100], asked_at=lookup.created_at)
        for project in sorted(found | set(lookup.projects))
    )


def told_beside(beside: Beside) -> dict[str, object]:
    """How much was found beside the events, what was not read, and the calls it took."""
    counts: dict[str, object] = {
        Signal.REPLAYS: len(beside.replays),
        Signal.FEEDBACK: len(beside.feedback),
        Signal.TRACES: len(beside.trace_errors),
        Signal.DEPLOYS: len(beside.deploys),
    }
    unread = sorted({one.signal for one in beside.unread})
    return {**counts, "unread": unread, "calls": beside.calls}


def outcome_of(answer: Answer) -> Outcome:
    """Nothing is sure but what is complete."""
    if not answer.complete:
        return Outcome.INCOMPLETE
    return Outcome.FOUND if answer.events else Outcome.NOTHING


def record_failure(lookup: Lookup, problem: Problem, started: float) -> None:
    """Save why there is no answer. Raises `LookupCancelled` and `LookupPurged`."""
    lookup.outcome = Outcome.FAILED
    lookup.problem = problem.code
    lookup.problem_detail = problem.detail[:500]
    lookup.answered_at = datetime.now(UTC)
    lookup.duration_ms = _since(started)
    _save(lookup)


def _save(lookup: Lookup) -> None:
    """Write it down, unless somebody cancelled the lookup or had its customer forgotten meanwhile.

    Raises `LookupCancelled` and `LookupPurged`.
    """
    written = {name: getattr(lookup, name) for name in _WRITTEN}
    unpurged = Lookup.objects.filter(pk=lookup.pk, purged_at=None)
    if unpurged.exclude(outcome=Outcome.CANCELLED).update(**written):
        return
    if unpurged.exists():
        raise LookupCancelled
    raise LookupPurged


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


# What people do with lookups, in the audit trail.

_MOST_ENTRIES = 100
_NAMED_IN_ONE = 100


def record_act(action: Action, actor: Actor, lookup: Lookup, **detail: Fact) -> None:
    """One act on one lookup."""
    record(
        action,
        actor,
        target=lookup.audit_target,
        customer_hash=lookup.customer_hash,
        detail=detail,
    )


def record_each(action: Action, actor: Actor, lookups: Sequence[Lookup], **detail: Fact) -> None:
    """One act on many: an entry for each, so that each tells its own story; of more than a hundred
    one entry for each hundred, which names them.
    """
    facts: dict[str, Fact] = {**detail, "lookups": len(lookups)}
    if len(lookups) <= _MOST_ENTRIES:
        for lookup in lookups:
            record_act(action, actor, lookup, **facts)
        return
    for start in range(0, len(lookups), _NAMED_IN_ONE):
        named = [str(lookup.uuid) for lookup in lookups[start : start + _NAMED_IN_ONE]]
        target = f"{len(lookups)} lookups"
        record(action, actor, target=target, detail={**facts, "targets": named})


# Having one customer forgotten: all that is kept of them goes, and that is recorded.
#
# What a customer is called by is looked for exactly, by its keyed hash: an e-mail does not find
# what was looked up by a user id.


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept under one name: records of lookups, their answers, the customer as typed,
    and what people typed as reasons. Records stay, and name nobody any more.
    """

    lookups: int
    answers: int
    customers: int
    reasons: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went. `is_cache_cleared` is false where the shared cache could not be reached."""

    kept: Kept
    is_cache_cleared: bool


def kept_of(identifier: str) -> Kept:
    """How much would be removed for this name."""
    return _kept(hash_customer(identifier))


def forget_customer(identifier: str, actor: Actor) -> Forgotten:
    """Remove all that is kept of the customer of this name, and record that.

    A lookup that is being answered meanwhile keeps nothing of its answer. Where the cache could
    not be reached, run it again: until then no copy in it is shown, and it ends within two days.
    """
    customer_hash = hash_customer(identifier)
    cache.retry_now()
    keys = {key for lookup in _lookups(customer_hash).iterator(50) for key in _keys_of(lookup)}
    with one_act():
        kept = _kept(customer_hash)
        _erase(customer_hash, timezone.now())
        record(Action.FORGOT, actor, customer_hash=customer_hash, detail=asdict(kept))
    for key in keys:
        cache.delete(key)
    return Forgotten(kept, cache.is_available())


def was_forgotten(lookup: Lookup, answer: Answer) -> bool:
    """Whether the customer was forgotten after this answer was fetched.

    A copy of it may still lie in a cache that forgetting could not reach: in the memory of another
    process, where no cache is shared.
    """
    forgot = Entry.objects.filter(action=Action.FORGOT, customer_hash=lookup.customer_hash)
    return forgot.filter(at__gte=answer.fetched_at).exists()


def _kept(customer_hash: str) -> Kept:
    lookups = Lookup.objects.filter(customer_hash=customer_hash)
    exports = ExportRecord.objects.filter(lookup__customer_hash=customer_hash)
    words = Words.objects.filter(customer_hash=customer_hash)
    return Kept(
        lookups=lookups.count(),
        answers=lookups.filter(snapshot__isnull=False).count(),
        customers=TypedCustomer.objects.filter(customer_hash=customer_hash).count(),
        reasons=exports.exclude(reason="").count() + words.count(),
    )


def _erase(customer_hash: str, now: datetime) -> None:
    lookups = Lookup.objects.filter(customer_hash=customer_hash)
    lookups.filter(purged_at=None).update(purged_at=now)
    drop_findings(list(lookups.values_list("pk", flat=True)))
    lookups.update(snapshot=None, cached_until=None, problem_detail="")
    TypedCustomer.objects.filter(customer_hash=customer_hash).delete()
    forget_words(customer_hash)
    ExportRecord.objects.filter(lookup__customer_hash=customer_hash).update(reason="")


def _lookups(customer_hash: str) -> QuerySet[Lookup]:
    return Lookup.objects.filter(customer_hash=customer_hash).select_related("typed").order_by("pk")


def _keys_of(lookup: Lookup) -> Iterator[str]:
    """All under which the cache may hold something of this lookup."""
    kept = store.get(lookup.cache_key)
    for answer in (store.readable_snapshot(lookup), kept.answer if kept else None):
        yield from store.keys_of(lookup.cache_key, answer)
    try:
        yield store.windows_key(question_of(lookup), sentry_config())
    except (CustomerErased, SentryError):
        return
