"""Look up many customers at once: record, do one job per batch, finish, cancel, and read.

What a job finds is redacted and saved in one transaction with the end of the job. So batches can be
done in any order, by any worker, twice, or after a restart.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from time import thread_time
from typing import Literal, TypeVar, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps import metrics
from apps.accounts.models import Scope
from apps.audit.models import Action
from apps.audit.trail import SYSTEM, Actor, record, record_each, words_for
from apps.crypto import hash_customer
from apps.events.answer import (
    Answer,
    KnownMatch,
    Notice,
    NoticeCode,
    SearchScope,
    restrict_to_projects,
)
from apps.events.event import Event, Issue
from apps.events.identifier import restored_customer
from apps.events.incident import (
    Baseline,
    BatchAnswer,
    Failure,
    Finding,
    FindingState,
    IncidentCustomer,
    Rest,
    shared_failures,
)
from apps.events.once import rule_cache
from apps.events.query import Customer, Question, Window
from apps.incidents.models import Incident, IncidentBatch, IncidentLine
from apps.incidents.reading import MAX_CUSTOMERS, CustomerList
from apps.jobs import engine as jobs
from apps.jobs.models import Job
from apps.known_errors.catalogue import with_known_errors
from apps.lookups import records
from apps.lookups.access import Requester
from apps.lookups.cache import JsonForm
from apps.lookups.models import Lookup, Origin
from apps.lookups.problems import LookupFailed, Problem, problem_of
from apps.lookups.sentry_connection import sentry_client, sentry_config, visible_projects
from apps.lookups.throttling import batch_slots
from apps.redaction.engine import CUSTOMER_ALIAS, RULES_VERSION, redact, redact_event
from apps.sentry import errors
from apps.sentry import incident as search

T = TypeVar("T")
Part = TypeVar("Part", BatchAnswer, Rest)
BATCH, FINISH = "incident.batch", "incident.finish"
BASELINE = "incident.baseline"  # next to the batches
SEEN, DETAILS = "incident.seen", "incident.details"  # after them
_PARTS = (BASELINE, SEEN, DETAILS)
_KINDS = (BATCH, *_PARTS, FINISH)
_LEASE = timedelta(seconds=search.INCIDENT_DEADLINE_S + 30)  # longer than the longest call
PENDING = Q(state__in=(Job.State.WAITING, Job.State.RUNNING))
MAX_OPEN = 3
_MIN_CPU_S, _BATCH_CPU_S = 0.05, 5.0
_TEMPORARY = (
    errors.SentryRateLimited,
    errors.SentryResting,
    errors.SentryServerError,
    errors.SentryTimeout,
    errors.SentryUnreachable,
)
EXPIRED = Problem(
    "gone",
    "This incident is no longer stored.",
    "Look up the list again.",
    page_status=410,
    api_status=410,
)
_BROKEN = "Something went wrong on our side."

_INCIDENTS = metrics.Counter(
    "incidents",
    "Lists of customers that were started, finished, or canceled.",
    event=("started", "finished", "canceled"),
)
_FINDING, _BATCH, _REST = JsonForm(Finding), JsonForm(BatchAnswer), JsonForm(Rest)


# Beginning


def record_incident(
    found: CustomerList,
    window: Window,
    *,
    projects: tuple[str, ...],
    environments: tuple[str, ...] = (),
    requester: Requester,
    zone: ZoneInfo,
    reason: str = "",
    form: str = "",
) -> Incident:
    """Record an incident, each customer in the audit trail, and the jobs that ask Sentry.

    The same list gives the same incident while that is unfinished, and always if it is sent by the
    same `form`, whose name differs each time it is shown. Raise `LookupFailed` as `record_lookup`
    does, and if the person has too many unfinished ones. Callers count it (`count_call`) before
    they read the list, which takes time itself.
    """
    customers = found.customers
    names = {one.customer.identifier for one in customers}
    words = records.clean_reason(reason, names) if records.reason_enabled() else ""
    try:
        config = sentry_config()
        with sentry_client() as client:
            fields = settings.TRIAGE_CUSTOMER_FIELDS
            batches = search.plan_batches(customers, fields, flavor=client.flavor)
    except errors.SentryError as error:
        raise LookupFailed(problem_of(error)) from error
    incident = Incident(
        user=requester.user,
        token=requester.token,
        origin=requester.origin,
        system_user=requester.system_user,
        moment=window.moment,
        minutes=window.minutes,
        zone=zone.key,
        projects=list(records.restrict_projects(projects, requester, config.projects)),
        environments=list(environments),
        left_out=found.left_out,
        marker=secrets.token_hex(8),
        redaction_version=RULES_VERSION,
        expires_at=timezone.now() + timedelta(days=settings.TRIAGE_KEEP_LOOKUPS_DAYS),
    )
    hashes = {one.line: hash_customer(one.customer.identifier) for one in customers}
    if form:
        # This person only, for this list, sent with this form.
        asked = [str(getattr(incident, name)) for name in _COMPARED]
        name = json.dumps([incident.user_id, form, *asked, *hashes.values()])
        incident.uuid = UUID(hex=hashlib.sha256(name.encode()).hexdigest()[:32], version=4)
    with transaction.atomic():
        if requester.user and (same := _twin(incident, requester.user, set(hashes.values()))):
            return same
        incident.save(force_insert=True)
        largest_first = sorted(enumerate(batches, 1), key=lambda one: -len(one[1]))
        for number, batch in largest_first:  # so that the first answers are about many
            row = IncidentBatch.objects.create(incident=incident, number=number)
            IncidentLine.objects.bulk_create(
                IncidentLine(
                    incident=incident,
                    batch=row,
                    line=line,
                    customer_hash=hashes[line],
                    sealed_customer=incident.seal(f"customer {line}", found.typed[line].encode()),
                )
                for line in (one.line for one in batch)
            )
            _enqueue(BATCH, incident, f":{number}")
        _enqueue(BASELINE, incident)
        record_each(
            Action.LOOKED_UP,
            requester.actor,
            list(hashes.values()),
            target=incident.audit_target,
            detail={
                **records.asked_facts(incident.minutes, incident.projects, incident.environments),
                "customers": len(customers),
            },
            words=words,
        )
    _INCIDENTS.add("started")
    return incident


_COMPARED = ("moment", "minutes", "projects", "environments")


def _twin(incident: Incident, user: User, hashes: set[str]) -> Incident | None:
    """Return the incident begun with the same form, or an unfinished one like it.

    Raise `LookupFailed` if there are too many others.
    """
    User.objects.select_for_update().get(pk=user.pk)  # one request after the other
    if same := Incident.objects.filter(user=user, uuid=incident.uuid).first():
        return same
    own = Incident.objects.filter(user=user, finished_at=None, cancelled_at=None)
    for one in own:
        if all(getattr(one, name) == getattr(incident, name) for name in _COMPARED):
            lines = one.lines.values_list("customer_hash", flat=True)
            if set(lines) == hashes:
                return one
    if len(own) >= MAX_OPEN:
        raise LookupFailed(
            Problem(
                "too_many_incidents",
                f"You already have {MAX_OPEN} incidents that aren't finished.",
                "Wait for one of them, or cancel it. Nothing was looked up.",
                page_status=429,
                api_status=429,
                retry_after=60,
            )
        )
    return None


def _enqueue(kind: str, incident: Incident, part: str = "", *, again: bool = False) -> None:
    requester = f"person {incident.user_id}" if incident.user_id else incident.audit_target
    jobs.enqueue(kind, f"{incident.uuid}{part}", again=again, requester=requester)


def _jobs_of(incident: Incident, kinds: Sequence[str] = _KINDS) -> QuerySet[Job]:
    return Job.objects.filter(kind__in=kinds, key__startswith=str(incident.uuid))


def cancel_incident(incident: Incident, actor: Actor, why: str = "") -> None:
    """Stop querying Sentry. What was already found remains. Without a person, readers see `why`."""
    with transaction.atomic():
        for kind in _KINDS:  # first, as they lock their own: no deadlocks
            jobs.cancel(kind, str(incident.uuid))
        running = Incident.objects.filter(pk=incident.pk, finished_at=None, cancelled_at=None)
        is_news = running.update(cancelled_at=timezone.now())
        if is_news:
            _INCIDENTS.add("canceled")
        if why and is_news:
            incident.batches.filter(ended_at=None).update(problem=why)
        if is_news or not why:
            detail = {"why": why} if why else {}
            record(Action.CANCELLED, actor, target=incident.audit_target, detail=detail)


def _incident_of(job: Job) -> Incident | None:
    """Return the incident of a job, or None if no one needs more of it."""
    incidents = Incident.objects.select_related("user", "token")
    found = incidents.filter(uuid=job.key.partition(":")[0]).first()
    return None if found is None or _is_pointless(found) else found


def _is_pointless(incident: Incident) -> bool:
    """Return whether no one needs more of this incident, which is then canceled."""
    if incident.is_over:
        return True
    why = _reason_to_cancel(incident)
    if why:
        cancel_incident(incident, SYSTEM, why)
    return bool(why)


def _reason_to_cancel(incident: Incident) -> str:
    """Return why the incident has to be canceled, or an empty text."""
    person, token, origin = incident.user, incident.token, incident.origin
    if incident.is_expired:
        return "Canceled because this incident has expired."
    if origin != Origin.CLI and not (person and person.has_perm("incidents.add_incident")):
        return "Canceled because the person who started this can no longer look up lists."
    if origin == Origin.API:
        is_valid = token and token.state(timezone.now()) not in ("revoked", "expired")
        if not (token and is_valid and Scope.LOOKUP in token.scopes):
            return "Canceled because the API token that started this no longer works."
    return ""


@jobs.periodic("incidents", every=timedelta(minutes=1))
def settle_all(_job: Job, _lease: jobs.Lease) -> None:
    """End unfinished incidents that no one needs, and jobs that no worker could do."""
    running = Incident.objects.filter(finished_at=None, cancelled_at=None)
    for incident in running.select_related("user", "token"):
        if not _is_pointless(incident):
            settle(incident)


# The jobs


@jobs.handler(BATCH, lease=_LEASE, at_once=batch_slots)
def run_batch(job: Job, lease: jobs.Lease) -> None:
    """Query Sentry for the customers of a batch."""
    key, _colon, number = job.key.partition(":")
    batches = IncidentBatch.objects.select_related("incident__user", "incident__token")
    batch = batches.filter(incident__uuid=key, number=int(number), ended_at=None).first()
    if batch is None or _is_pointless(batch.incident):
        return
    incident = batch.incident
    customers = _customers(incident, batch.lines.all())
    answer, problem = _fetch(search.fetch_batch, incident, lease, customers)
    answer = _redacted(incident, customers, answer or BatchAnswer(()))
    with lease.finish():
        Incident.objects.select_for_update().get(pk=incident.pk)  # so that one batch is the last
        _save_findings(incident, answer.findings)
        kept = _BATCH.dump_json(replace(answer, findings=()))
        incident.batches.filter(pk=batch.pk).update(
            ended_at=timezone.now(),
            problem=problem[:300],
            sealed_answer=incident.seal(f"batch {batch.number}", kept),
        )
        if not incident.batches.filter(ended_at=None).exists():
            _enqueue(FINISH, incident)


@jobs.handler(BASELINE, lease=_LEASE)
def read_baseline(job: Job, lease: jobs.Lease) -> None:
    """Read how common failures were before, in calls that must follow one another."""
    incident = _incident_of(job)
    if incident is None:
        return
    customers = _customers(incident, incident.lines.all())
    rest, problem = _fetch(search.fetch_baseline, incident, lease, customers)
    if problem:
        sentence = (
            "We don’t know how common these failures were before, so we can’t tell which of them "
            "are noise."
        )
        rest = Rest(baseline=Baseline(notices=(_missing(sentence, problem),)))
    with lease.finish():
        _add_rest(incident, rest or Rest())


@jobs.handler(SEEN, lease=_LEASE, at_once=batch_slots)
def ask_who_was_seen(job: Job, lease: jobs.Lease) -> None:
    """Find out which customers without errors in these lines ever had any."""
    incident = _incident_of(job)
    if incident is None:
        return
    first, last = job.key.partition(":")[2].split("-")
    lines = list(incident.lines.filter(line__range=(int(first), int(last))))
    findings = _findings(incident, lines)
    customers = _unseen(_customers(incident, lines), findings)
    rest, problem = _fetch(search.fetch_seen, incident, lease, customers)
    if problem:
        sentence = "We couldn’t check for everyone whether we have seen them."
        rest = Rest(notices=(_missing(sentence, problem),))
    rest = rest or Rest()
    with lease.finish():
        seen = rest.was_seen.items()
        _save_findings(incident, [replace(findings[line], was_seen=one) for line, one in seen])
        _add_rest(incident, rest)


@jobs.handler(DETAILS, lease=_LEASE)
def read_details(job: Job, lease: jobs.Lease) -> None:
    """Read the issues and an event of each failure, when batches and baseline have ended."""
    incident = _incident_of(job)
    if incident is None:
        return
    changed, rest = _read_rest(incident, lease, Rest(baseline=_rest(incident).baseline))
    with lease.finish():
        _save_findings(incident, changed)
        _add_rest(incident, rest)


@jobs.handler(FINISH, lease=_LEASE)
def finish_incident(job: Job, lease: jobs.Lease) -> None:
    """End the incident when every batch, and everything read for all customers, has ended.

    The latter is left to separate jobs, so that workers can share it; the last of them starts this
    one again, which does what they couldn't.
    """
    incident = _incident_of(job)
    if incident is None:
        return
    parts = _jobs_of(incident, _PARTS)
    is_planned = parts.filter(kind=DETAILS).exists()
    if is_planned and parts.filter(PENDING).exists():
        return
    if not is_planned:
        unseen = _unseen(*_answered(incident))
        batches = search.plan_batches(unseen, settings.TRIAGE_CUSTOMER_FIELDS)
        with lease.finish():
            for part in () if parts.filter(kind=SEEN).exists() else batches:
                _enqueue(SEEN, incident, f":{part[0].line}-{part[-1].line}")
            if not parts.filter(PENDING, kind=BASELINE).exists():
                _enqueue(DETAILS, incident)
        return
    incident.refresh_from_db()
    changed, rest = list[Finding](), _rest(incident)
    if parts.exclude(state=Job.State.DONE).exists():
        is_known = not parts.exclude(kind=DETAILS).exclude(state=Job.State.DONE).exists()
        changed, rest = _read_rest(incident, lease, rest if is_known else None)
    with lease.finish():
        _save_findings(incident, changed)
        _end(incident, rest)
    _INCIDENTS.add("finished")


def _answered(incident: Incident) -> tuple[list[IncidentCustomer], dict[int, Finding]]:
    """Return the customers who have findings, and these by line."""
    lines = list(incident.lines.all())
    findings = _findings(incident, lines)
    return [one for one in _customers(incident, lines) if one.line in findings], findings


def _read_rest(
    incident: Incident, lease: jobs.Lease, known: Rest | None
) -> tuple[list[Finding], Rest]:
    """Return the findings that this changes, and the rest, redacted."""
    customers, findings = _answered(incident)
    fetch = partial(search.fetch_rest, findings=list(findings.values()), known=known)
    rest, problem = _fetch(fetch, incident, lease, customers)
    rest = rest or known or Rest()
    if problem:
        notice = _missing("We couldn’t read the details of these failures.", problem)
        rest = replace(rest, notices=(*rest.notices, notice))
    names, changed = {one.line: one.customer.identifier for one in customers}, []
    for line, finding in findings.items():
        read = {event.id for event in finding.events} & rest.bodies.keys()
        if read:
            lease.renew()  # hostile details take half a second of CPU each
        events = tuple(
            redact_event(replace(event, body=rest.bodies[event.id]), customer=names[line])
            if event.id in read and line in names
            else event
            for event in finding.events
        )
        seen = rest.was_seen.get(line, finding.was_seen)
        complete = replace(finding, was_seen=seen, events=events)
        if complete != finding:
            changed.append(complete)
    issues = _redacted_issues(incident, rest.issues, customers)
    return changed, replace(rest, was_seen={}, bodies={}, issues=issues)


def _unseen(
    customers: Sequence[IncidentCustomer], findings: Mapping[int, Finding]
) -> list[IncidentCustomer]:
    empty = {line for line, one in findings.items() if not one.events and one.was_seen is None}
    return [one for one in customers if one.line in empty and one.customer.is_named]


def _missing(sentence: str, problem: str) -> Notice:
    return Notice(NoticeCode.SIGNAL_MISSING, f"{sentence} {problem}")


def _add_rest(incident: Incident, new: Rest) -> None:
    """Add what a job has read, in its transaction, and continue after the last one."""
    rest = _rest(Incident.objects.select_for_update().get(pk=incident.pk))
    rest = replace(
        rest,
        baseline=rest.baseline if new.baseline == Baseline() else new.baseline,
        issues=new.issues or rest.issues,
        notices=tuple(dict.fromkeys((*rest.notices, *new.notices))),
        calls=rest.calls + new.calls,
    )
    Incident.objects.filter(pk=incident.pk).update(sealed_rest=_sealed_rest(incident, rest))
    is_pending = _jobs_of(incident, _PARTS).filter(PENDING).exists()
    if not is_pending and not incident.batches.filter(ended_at=None).exists():
        _enqueue(FINISH, incident, again=True)


def _end(incident: Incident, rest: Rest) -> None:
    running = Incident.objects.filter(pk=incident.pk, cancelled_at=None)
    running.update(finished_at=timezone.now(), sealed_rest=_sealed_rest(incident, rest))


def _sealed_rest(incident: Incident, rest: Rest) -> bytes:
    return incident.seal("rest", _REST.dump_json(rest))


def waiting_reason(incident: Incident) -> str:
    """Return why a running incident has to wait, or an empty text."""
    problems = _jobs_of(incident).filter(state=Job.State.WAITING).exclude(problem="")
    problem = problems.values_list("problem", flat=True).first()
    if problem or jobs.queue_state().workers:
        return problem or ""
    return "No worker is running, so Triage isn’t asking Sentry. Tell your Triage admin."


def settle(incident: Incident) -> None:
    """End what no worker could do, so that an incident never waits forever."""
    if incident.is_over:
        return
    own = _jobs_of(incident)
    pending, failed = own.filter(PENDING), own.filter(state=Job.State.FAILED)
    if pending.exists() and not failed.exists():
        return
    keys = failed.filter(kind=BATCH).values_list("key", flat=True)
    numbers = [int(key.partition(":")[2]) for key in keys]
    with transaction.atomic():
        Incident.objects.select_for_update().get(pk=incident.pk)  # a batch may end right now
        ended = incident.batches.filter(number__in=numbers, ended_at=None)
        ended.update(ended_at=timezone.now(), problem=_BROKEN)
        if pending.exists() or incident.batches.filter(ended_at=None).exists():
            return
        if not failed.filter(kind=FINISH).exists():
            _enqueue(FINISH, incident, again=True)
            return
        incident.refresh_from_db()
        rest = _rest(incident)
        notice = _missing("The comparison is missing.", _BROKEN)
        _end(incident, replace(rest, notices=(*rest.notices, notice)))
        incident.refresh_from_db()


def _fetch(
    fetch: Callable[[search.IncidentSource, Sequence[IncidentCustomer]], T],
    incident: Incident,
    lease: jobs.Lease,
    customers: Sequence[IncidentCustomer],
) -> tuple[T | None, str]:
    """Query Sentry about these customers, if any, alongside all lookups.

    Return what it has, and an empty text; or None, and why it can't be queried. Raise `RetryLater`
    while waiting can help.
    """
    if not customers:
        return None, ""
    question = replace(_question(incident), fields=settings.TRIAGE_CUSTOMER_FIELDS)
    try:
        with sentry_client(search.INCIDENT_DEADLINE_S, is_batch=True) as client:
            visible, now = visible_projects(client), timezone.now()
            source = search.IncidentSource(client, question, visible, now, lease.renew)
            return fetch(source, customers), ""
    except errors.SentryError as error:
        problem, now = problem_of(error), timezone.now()
        patience = timedelta(minutes=1 if incident.origin == Origin.CLI else 30)
        if isinstance(error, _TEMPORARY) and now < incident.created_at + patience:
            wait = timedelta(seconds=min(problem.retry_after or 15, 300))
            raise jobs.RetryLater(now + wait, problem.message) from error
        return None, problem.message


def _customers(incident: Incident, lines: Iterable[IncidentLine]) -> list[IncidentCustomer]:
    """Return the customers, without those who were erased."""
    return [
        IncidentCustomer(
            line.line, restored_customer(typed, fields=settings.TRIAGE_CUSTOMER_FIELDS)
        )
        for line in lines
        if (typed := line.customer_in(incident))
    ]


# Redaction: before anything is stored, each customer's events by themselves.


def _redacted(
    incident: Incident, customers: Sequence[IncidentCustomer], answer: BatchAnswer
) -> BatchAnswer:
    by_line = {one.line: one.customer for one in customers}
    ends = thread_time() + _BATCH_CPU_S
    findings = []
    for finding in answer.findings:
        left = max(ends - thread_time(), _MIN_CPU_S)
        own = _answer(incident, finding.events, by_line.get(finding.line, _NOBODY))
        events = redact(own, seconds=left).events if finding.events else ()
        findings.append(replace(finding, events=events))
    issues = _redacted_issues(incident, answer.issues, customers)
    return replace(answer, findings=tuple(findings), issues=issues)


def _redacted_issues(
    incident: Incident, issues: tuple[Issue, ...], customers: Sequence[IncidentCustomer]
) -> tuple[Issue, ...]:
    names = frozenset(one.customer.identifier for one in customers)
    answer = replace(_answer(incident, ()), issues=issues)
    return redact(answer, names=names).issues if issues else ()


_NOBODY = Customer(CUSTOMER_ALIAS)


def _question(incident: Incident, customer: Customer = _NOBODY) -> Question:
    projects, environments = tuple(incident.projects), tuple(incident.environments)
    return Question(customer, incident.window, projects, environments)


def _answer(incident: Incident, events: tuple[Event, ...], customer: Customer = _NOBODY) -> Answer:
    """Return events of an incident as a lookup has them."""
    question = _question(incident, customer)
    return Answer(
        question=question,
        searched=SearchScope(settings.SENTRY_ORG, question.projects, question.environments),
        events=events,
        issues=(),
        complete=True,
        fetched_at=incident.finished_at or timezone.now(),
        events_total=len(events),
    )


def _save_findings(incident: Incident, findings: Sequence[Finding]) -> None:
    """Save findings, except for customers who were erased meanwhile."""
    named = IncidentLine.objects.filter(incident=incident, sealed_customer__isnull=False)
    for finding in findings:
        sealed = incident.seal(f"finding {finding.line}", _FINDING.dump_json(finding))
        named.filter(line=finding.line).update(sealed_finding=sealed)


def _findings(incident: Incident, lines: Iterable[IncidentLine]) -> dict[int, Finding]:
    found = {
        one.line: _FINDING.read(incident.unseal(f"finding {one.line}", one.sealed_finding))
        for one in lines
    }
    return {line: finding for line, finding in found.items() if finding}


# Reading


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """A failure, an answer with the events that represent it, and the known errors it matches."""

    failure: Failure
    answer: Answer
    known: tuple[KnownMatch, ...]


# What is known about a customer, in one word for programs.
LineState = Literal[
    "with_errors", "without_errors", "never_seen", "capped", "unanswerable", "not_asked"
]


@dataclass(frozen=True, slots=True)
class IncidentResult:
    """What one reader may see of an incident.

    `lines` are the numbers of the customers in each state, and `notes` what there is to say about
    each customer. If it `is_compared`, `others` is how many other customers had errors in the
    window before. `missing` says why the list of errors is incomplete, and `notices` are all
    notices. `is_part` means that the reader doesn't see all projects; `projects` are those that
    were searched and that they see.
    """

    incident: Incident
    customers: Mapping[int, str]
    findings: Mapping[int, Finding]
    failures: tuple[KnownFailure, ...]
    lines: Mapping[LineState, Sequence[int]]
    notes: Mapping[int, str]
    missing: tuple[Notice, ...]
    notices: tuple[Notice, ...]
    batches: int
    batches_ended: int
    others: int
    is_compared: bool
    is_part: bool
    projects: tuple[str, ...]
    calls: int

    @property
    def asked(self) -> int:
        """The number of customers in the list."""
        return len(self.customers)

    @property
    def answered(self) -> int:
        """The number of customers whose errors are known, at least in part."""
        return self.asked - len(self.lines["not_asked"]) - len(self.lines["unanswerable"])

    def unchecked(self) -> Iterator[str]:
        """Yield how many customers were not checked, and how many couldn’t be."""
        if not_asked := self.lines["not_asked"]:
            yield f"{len(not_asked):,} not checked{'' if self.incident.is_over else ' yet'}"
        if unanswerable := self.lines["unanswerable"]:
            yield f"{len(unanswerable):,} couldn’t be checked"

    def share_text(self, failure: Failure) -> str:
        """Return how many customers had a failure, of how many: “3 of 5 checked, 2 not yet”."""
        checked = f"{len(failure.lines):,} of {self.answered:,} checked"
        return ", ".join((checked, *self.unchecked()))

    @property
    def complete(self) -> bool:
        """Whether all errors of all customers are known."""
        unsure = (self.lines[state] for state in ("not_asked", "unanswerable", "capped"))
        return not (any(unsure) or self.missing)


def read_incident(incident: Incident, projects: Collection[str] | None) -> IncidentResult:
    """Return what is known, for a reader of these projects. Raise `LookupFailed` if it expired."""
    if incident.is_expired:
        raise LookupFailed(EXPIRED)
    settle(incident)
    batches, lines = list(incident.batches.order_by("number")), list(incident.lines.all())
    findings, rest = _findings(incident, lines), _rest(incident)
    asked = [
        _stored(_BATCH, incident, f"batch {one.number}", one.sealed_answer, BatchAnswer(()))
        for one in batches
    ]
    if incident.redaction_version < RULES_VERSION:
        stored = BatchAnswer(tuple(findings.values()))
        again = _redacted(incident, _customers(incident, lines), stored).findings
        findings = {one.line: one for one in again}
    part = _visible_part(incident, findings, asked, rest, projects)
    is_part = part.has_notice(NoticeCode.OTHER_PROJECTS)
    if is_part:
        findings = _limited(findings, part)
    bodies = {event.id: event.body for event in part.events if event.body}
    with rule_cache():
        failures = shared_failures(list(findings.values()), part.issues, bodies, rest.baseline)
        beside = (*rest.baseline.notices, *rest.notices)
        if is_part:  # these numbers count customers and events of all projects
            failures = tuple(replace(failure, baseline=None) for failure in failures)
            beside = tuple(replace(notice, message=_UNREAD) for notice in beside)
        known = tuple(_with_known(incident, failure, part) for failure in failures)
    is_unknown = bool(rest.baseline.notices) or rest == Rest(notices=rest.notices)
    problems = {batch.pk: batch.problem for batch in batches}
    unsure = (one.message for one in part.notices if one.code != NoticeCode.OTHER_PROJECTS)
    may_lack = next(unsure, "")
    by_state: dict[LineState, list[int]] = {state: [] for state in get_args(LineState)}
    notes = {}
    for line in lines:
        state, why = _state_of(line, findings.get(line.line), may_lack)
        if state == "not_asked":
            pending = "Canceled before." if incident.cancelled_at else "Not checked yet."
            why = problems[line.batch_id] or pending
        by_state[state].append(line.line)
        notes[line.line] = why
    return IncidentResult(
        incident=incident,
        customers={line.line: line.customer_in(incident) for line in lines},
        findings=findings,
        failures=known,
        lines=by_state,
        notes=notes,
        missing=part.notices,
        notices=tuple(dict.fromkeys((*part.notices, *beside))),
        batches=len(batches),
        batches_ended=sum(batch.ended_at is not None for batch in batches),
        others=0 if is_part else rest.baseline.customers,
        is_compared=incident.finished_at is not None and not is_unknown,
        is_part=is_part,
        projects=part.searched.projects if is_part else tuple(incident.projects),
        calls=sum(one.calls for one in asked) + rest.calls,
    )


def _state_of(line: IncidentLine, finding: Finding | None, may_lack: str) -> tuple[LineState, str]:
    """Return what is known about a customer, and why it isn't everything.

    No one is without errors if anyone's errors may be missing: `may_lack` says why.
    """
    if line.sealed_customer is None:
        return "unanswerable", "This customer’s data was erased."
    if finding is None:
        return "not_asked", ""
    if finding.state == FindingState.UNANSWERABLE:
        return "unanswerable", finding.why
    if finding.state == FindingState.CAPPED or (may_lack and not finding.events):
        return "capped", finding.why or may_lack
    if finding.events:
        return "with_errors", finding.why
    return "never_seen" if finding.was_seen is False else "without_errors", finding.why


def _rest(incident: Incident) -> Rest:
    return _stored(_REST, incident, "rest", incident.sealed_rest, Rest())


def _stored(
    form: JsonForm[Part], incident: Incident, part: str, sealed: bytes | None, empty: Part
) -> Part:
    """Return a stored part, the empty one if nothing is stored, or a notice if it's unreadable."""
    if sealed is None:
        return empty
    why = "Part of what was stored for this incident can no longer be read."
    notice = Notice(NoticeCode.INCOMPLETE_LIST, why)
    return form.read(incident.unseal(part, sealed)) or replace(empty, notices=(notice,))


def _visible_part(
    incident: Incident,
    findings: Mapping[int, Finding],
    asked: Sequence[BatchAnswer],
    rest: Rest,
    projects: Collection[str] | None,
) -> Answer:
    """Return everything that was found as one result, limited to the reader's projects."""
    events = {event.id: event for one in findings.values() for event in one.events}
    issues = [*(issue for one in asked for issue in one.issues), *rest.issues]
    answer = _answer(incident, tuple(events.values()))
    answer = replace(
        answer,
        searched=replace(answer.searched, projects=answer.searched.projects or (_ALL,)),
        issues=tuple({issue.id: issue for issue in issues}.values()),
        notices=tuple(dict.fromkeys(notice for one in asked for notice in one.notices)),
    )
    return restrict_to_projects(answer, projects)


_ALL = "*"  # more than anyone sees whose projects are limited
_UNREAD = "Part of this result could not be read."


def _limited(findings: Mapping[int, Finding], part: Answer) -> dict[int, Finding]:
    """Return the findings with the reader's events only, and nothing about other projects."""
    visible = {event.id for event in part.events}
    return {
        line: replace(
            one,
            events=tuple(event for event in one.events if event.id in visible),
            was_seen=None,
            why=_UNREAD if one.why else "",
        )
        for line, one in findings.items()
    }


def _with_known(incident: Incident, failure: Failure, part: Answer) -> KnownFailure:
    """Return the failure with the known errors it matches, which are never stored."""
    events, issue_ids = failure.problem.events, failure.problem.issue_ids
    shown = tuple(event for event in events if event.id in failure.representatives) or events[:1]
    about = _answer(incident, shown)
    projects = tuple(sorted({event.project for event in shown if event.project}))
    issues = tuple(issue for issue in part.issues if issue.id in issue_ids)
    searched = replace(about.searched, projects=projects)
    about = with_known_errors(replace(about, issues=issues, searched=searched))
    matches = {match.known.slug: match for match in about.known.matches}
    return KnownFailure(failure, about, tuple(matches.values()))


# From an incident to lookups, and back.


def customer_lookup(result: IncidentResult, line: int, requester: Requester) -> Lookup | None:
    """Return the requester's lookup of one customer at the time of their last error.

    A lookup of the same window is opened again; else, a new one is recorded. None if there is no
    such customer, or if their data was erased. Raise `LookupFailed` as `record_lookup` does.
    """
    incident, typed = result.incident, result.customers.get(line)
    if not typed:
        return None
    finding = result.findings.get(line)
    moment = finding.events[0].timestamp if finding and finding.events else incident.moment
    fields = settings.TRIAGE_CUSTOMER_FIELDS
    question = Question(
        restored_customer(typed, fields=fields),
        Window(moment, incident.minutes),
        records.seen_projects(incident.projects, requester),
        tuple(incident.environments),
        fields,
    )
    same = Lookup.objects.filter(
        user=requester.user,
        customer_hash=hash_customer(question.customer.identifier),
        moment=moment,
        minutes=incident.minutes,
        environments=incident.environments,
        created_at__gte=incident.created_at,
        purged_at=None,
    ).first()
    if same is not None and not same.is_removed:
        return same
    return records.record_lookup(
        question,
        requester=requester,
        typed=typed,
        zone=ZoneInfo(incident.zone),
        reason=reason_of_incident(incident),
    )


def record_incident_export(result: IncidentResult, format: str, requester: Requester) -> None:
    """Record that the result left Triage."""
    record(
        Action.EXPORTED,
        requester.actor,
        target=result.incident.audit_target,
        detail={"format": format, "customers": result.asked},
    )
    records.EXPORTS.add("incident", format, "yes")


def reason_of_incident(incident: Incident) -> str:
    """Return the reason of this incident, or an empty text."""
    return words_for(incident.audit_target, Action.LOOKED_UP) if records.reason_enabled() else ""


def recent_customers(hours: int, actor: Actor) -> str:
    """Return the customers of all lookups of recent hours, one per line, and record that."""
    record(Action.REVIEWED, actor, target="customers of lookups", detail={"hours": hours})
    since = timezone.now() - timedelta(hours=hours)
    lookups = Lookup.objects.filter(created_at__gte=since, typed__isnull=False)
    recent = lookups.select_related("typed").defer("snapshot")[: 2 * MAX_CUSTOMERS]
    typed = {lookup.customer_hash: lookup.customer for lookup in recent}
    return "\n".join(filter(None, typed.values()))
