"""Rows are the truth about work; the queue is a doorbell that only says "look".

A job is claimed by one conditional update. Whatever dies or is lost (a worker, the process that
enqueued, the queue), the row stays: the sweep of any worker finds it when it is due or its lease
has run out. So work can begin twice, and a handler must write its result in `Lease.finish`.
"""

import logging
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from os import getpid
from threading import Lock
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from apps.events.query import counted, format_duration
from apps.jobs.models import Job, Worker

State = Job.State
SWEEP_S = 5
_ALIVE = Q(seen_at__gt=Now() - timedelta(seconds=30))
_LEASE = timedelta(seconds=60)
_PERIODIC = "periodic."
_LONGEST_PAUSE = timedelta(hours=1)
_CANDIDATES = 10
_MOST_RINGS = 16  # for one transaction: about as many as there are idle threads
_KEPT_FOR = timedelta(days=7)
_OPEN = (State.WAITING, State.RUNNING)
_log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker has taken over, or the job was canceled: what this one did must not count."""


class RetryLater(Exception):
    """The work must continue at this time. That isn't a failure, and doesn't count as a try."""

    def __init__(self, when: datetime, sentence: str = "") -> None:
        super().__init__(sentence)
        self.when, self.sentence = when, sentence


class GiveUp(Exception):
    """The work failed for good, for the reason in this sentence."""


Run = Callable[[Job, "Lease"], None]


@dataclass(frozen=True, slots=True)
class Handler:
    """How a kind of work is done. `every` is set for periodic work.

    A worker does at most `at_once()` jobs of the kind at a time, and leaves the rest to others.
    """

    kind: str
    run: Run
    lease: timedelta
    tries: int
    pause: timedelta
    every: timedelta | None = None
    at_once: Callable[[], int] | None = None


_registered: dict[str, Handler] = {}


def handler(
    kind: str,
    *,
    lease: timedelta = _LEASE,
    tries: int = 5,
    pause: timedelta = timedelta(seconds=10),
    every: timedelta | None = None,
    at_once: Callable[[], int] | None = None,
) -> Callable[[Run], Run]:
    """Register a function as the handler of a kind. `pause` triples with each failed try."""

    def register(run: Run) -> Run:
        _registered[kind] = Handler(kind, run, lease, tries, pause, every, at_once)
        return run

    return register


def periodic(name: str, *, every: timedelta, **options: Any) -> Callable[[Run], Run]:
    """Register a function that runs now and then again and again, in one worker at a time."""
    return handler(_PERIODIC + name, every=every, **options)


@cache
def handlers() -> Mapping[str, Handler]:
    """Return all handlers. An app lists the modules that define its own as `jobs` in its config."""
    for config in apps.get_app_configs():
        for module in getattr(config, "jobs", ()):
            import_module(module)
    return _registered


def enqueue(
    kind: str,
    key: str = "",
    *,
    due_at: datetime | None = None,
    again: bool = False,
    requester: str = "",
) -> Job:
    """Return the job of this kind and key, which is created at most once.

    A job that has begun or ended runs again only with `again`, which discards what has begun. The
    jobs of a requester take turns with those of others. A worker is woken after the transaction.
    """
    due: Any = due_at or Now()
    defaults = {"requester": requester, **({} if due_at is None else {"due_at": due_at})}
    job, is_new = Job.objects.get_or_create(kind=kind, key=key, defaults=defaults)
    if not is_new:
        same = Job.objects.filter(pk=job.pk)
        same.filter(state=State.WAITING, due_at__gt=due).update(due_at=due)
        if again:
            same.exclude(state=State.WAITING).update(
                state=State.WAITING, due_at=due, tries=0, problem="", ended_at=None, **_FREE
            )
        job.refresh_from_db()
    if sum(call[1] is ring for call in connection.run_on_commit) < _MOST_RINGS:
        transaction.on_commit(ring, robust=True)
    return job


def cancel(kind: str, key_prefix: str) -> int:
    """Cancel the jobs whose keys start like this. One that runs can no longer finish."""
    jobs = Job.objects.filter(kind=kind, key__startswith=key_prefix, state__in=_OPEN)
    return jobs.update(state=State.CANCELLED, ended_at=Now(), **_FREE)


def retry(pk: int | None = None) -> int:
    """Let a failed job, or all of them, run again. Return how many there were."""
    failed = Job.objects.filter(state=State.FAILED, **({} if pk is None else {"pk": pk}))
    count = failed.update(state=State.WAITING, due_at=Now(), tries=0, problem="", ended_at=None)
    transaction.on_commit(ring, robust=True)
    return count


def ring() -> None:
    """Wake a worker. A lost ring costs seconds: the next sweep finds the row."""
    from apps.jobs.doorbell import press  # noqa: PLC0415 - huey takes a tenth of a second to load

    press()


class Lease:
    """A worker's right to do a job, which others respect until it runs out."""

    def __init__(self, job: Job, used: Handler) -> None:
        self.job, self.handler = job, used
        self._mine = Job.objects.filter(
            pk=job.pk, state=State.RUNNING, lease_holder=job.lease_holder
        )
        self._is_over = False

    def renew(self) -> None:
        """Start the lease over. Raise `LeaseLost` if another worker has taken over."""
        self._update(lease_until=Now() + self.handler.lease)

    @contextmanager
    def finish(self) -> Iterator[None]:
        """Mark the job as done in one transaction with what the block writes.

        Raise `LeaseLost`, and write nothing, if another worker has taken over.
        """
        with transaction.atomic():
            self._done()
            yield
        self._is_over = True

    def end(self) -> None:
        """Mark the job as done, unless the handler did."""
        if not self._is_over:
            self._done()

    def retry(self, when: Any, sentence: str, **more: Any) -> None:
        """Let the job wait until this time."""
        self._update(state=State.WAITING, due_at=when, problem=sentence[:300], **_FREE, **more)

    def fail(self, sentence: str) -> None:
        """Mark the job as failed. Periodic work runs again when it would have anyway."""
        every = self.handler.every
        again = {} if every is None else {"due_at": Now() + every, "tries": 0}
        self._update(state=State.FAILED, problem=sentence[:300], ended_at=Now(), **_FREE, **again)

    def _done(self) -> None:
        every = self.handler.every
        if every is None:
            self._update(state=State.DONE, problem="", ended_at=Now(), **_FREE)
        else:
            self.retry(Now() + every, "", tries=0, ended_at=Now())

    def _update(self, **values: Any) -> None:
        if not self._mine.update(**values):
            raise LeaseLost


_FREE: dict[str, Any] = {"lease_holder": "", "lease_until": None}


# What a worker does.

WORKER = f"{socket.gethostname()[:60]}:{getpid()}:{secrets.token_hex(4)}:{settings.TRIAGE_VERSION}"


def has_other_workers() -> bool:
    """Return whether other workers are running."""
    return Worker.objects.filter(_ALIVE).exclude(name=WORKER).exists()


def work() -> bool:
    """Do one job that is due, and return whether there was one."""
    for found in _candidates():
        used = handlers()[found.kind]
        with _place(used) as is_free:
            lease = _take(found.pk, used) if is_free else None
            if lease is not None:
                if _due().exists():
                    ring()  # for the next worker
                _run(lease)
                return True
    return False


_running: Counter[str] = Counter()  # the jobs of this process by kind
_running_lock = Lock()


def _is_full(used: Handler) -> bool:
    return used.at_once is not None and _running[used.kind] >= used.at_once()


@contextmanager
def _place(used: Handler) -> Iterator[bool]:
    """Count a job of the kind, unless the process does as many as it may: then yield False."""
    with _running_lock:
        is_free = not _is_full(used)
        if is_free:
            _running[used.kind] += 1
    try:
        yield is_free
    finally:
        if is_free:
            with _running_lock:
                _running[used.kind] -= 1


def _due() -> QuerySet[Job]:
    """Return the jobs to begin now, including those whose worker died."""
    return Job.objects.filter(
        Q(state=State.WAITING, due_at__lte=Now())
        | Q(state=State.RUNNING, lease_until__lte=Now())
        | Q(state=State.FAILED, kind__startswith=_PERIODIC, due_at__lte=Now()),
        kind__in=handlers(),  # a newer version may know others
    )


def _candidates() -> Iterable[Job]:
    """Return jobs without a requester, then one of the requester who had no turn for longest."""
    own = Job.objects.filter(requester=OuterRef("requester"), begun_at__isnull=False)
    last = own.exclude(requester="").order_by("-begun_at").values("begun_at")[:1]
    longest_ago = F("last_turn").asc(nulls_first=True)
    full = [kind for kind, used in handlers().items() if _is_full(used)]
    due = _due().exclude(kind__in=full).annotate(last_turn=Subquery(last))
    return due.order_by(longest_ago, "due_at", "pk")[:_CANDIDATES]


def _take(pk: int, used: Handler) -> Lease | None:
    """Claim the job, unless another worker was faster or its tries are used up."""
    values = {
        "state": State.RUNNING,
        "lease_holder": f"{WORKER}/{secrets.token_hex(8)}",
        "lease_until": Now() + used.lease,
        "tries": F("tries") + 1,
        "begun_at": Now(),
        "ended_at": None,
    }
    if not _due().filter(pk=pk).update(**values):
        return None
    job = Job.objects.filter(pk=pk, lease_holder=values["lease_holder"]).first()
    if job is None:  # canceled at once
        return None
    lease = Lease(job, used)
    if job.tries <= used.tries:
        return lease
    with suppress(LeaseLost):
        lease.fail(f"It was started {used.tries} times, but no worker finished it.")
    return None


def _run(lease: Lease) -> None:
    try:
        lease.handler.run(lease.job, lease)
        lease.end()
    except LeaseLost:
        kind = lease.job.kind
        _log.warning("%s was canceled, restarted, or taken over by another worker.", kind)
    except Exception as error:  # noqa: BLE001 - a worker must survive every handler
        with suppress(LeaseLost):
            _note_end(lease, error)


def _note_end(lease: Lease, error: Exception) -> None:
    """Let the job wait for its next try, or fail. Messages of errors can contain personal data."""
    job, used, name = lease.job, lease.handler, type(error).__name__
    if isinstance(error, RetryLater):
        lease.retry(error.when, error.sentence, tries=0)
    elif isinstance(error, GiveUp):
        _log.error("%s failed. %s", job.kind, error)
        lease.fail(str(error))
    elif job.tries < used.tries:
        _log.error("%s failed and will be tried again: %s", job.kind, name)
        pause = min(used.pause * 3 ** (job.tries - 1), _LONGEST_PAUSE)
        sentence = f"Attempt {job.tries} of {used.tries} failed ({name})."
        lease.retry(Now() + pause, sentence)
    else:
        _log.error("%s failed: %s", job.kind, name)
        times = "once" if used.tries == 1 else f"{used.tries} times"
        lease.fail(f"It was tried {times}. The last error was {name}.")


def sweep() -> bool:
    """Record a heartbeat, plan periodic work, and return whether there are jobs to do."""
    Worker.objects.update_or_create(name=WORKER, defaults={"seen_at": Now()})
    kinds = {kind for kind, used in handlers().items() if used.every is not None}
    planned = Job.objects.filter(kind__in=kinds, key="").values_list("kind", flat=True)
    for kind in kinds.difference(planned):
        Job.objects.get_or_create(kind=kind, key="")
    return _due().exists()


def release_own_jobs() -> None:
    """Free the jobs of this process, which is about to end, and delete its heartbeat."""
    mine = Job.objects.filter(state=State.RUNNING, lease_holder__startswith=f"{WORKER}/")
    mine.update(lease_until=Now(), tries=F("tries") - 1)
    Worker.objects.filter(name=WORKER).delete()


@periodic("tidy", every=timedelta(days=1))
def _tidy(_job: Job, _lease: Lease) -> None:
    """Delete old rows. What failed is kept until someone has looked at it."""
    long_ago = timezone.now() - _KEPT_FOR
    ended = Q(state__in=(State.DONE, State.CANCELLED), ended_at__lt=long_ago)
    # Kinds that no worker has known for long are those of an older version.
    abandoned = Q(state=State.WAITING, due_at__lt=long_ago) & ~Q(kind__in=handlers())
    Job.objects.filter(ended | abandoned).delete()
    Worker.objects.filter(seen_at__lt=long_ago).delete()


# What pages and commands show.


@dataclass(frozen=True, slots=True)
class QueueState:
    """The number of jobs by state, the oldest that is due, and workers' heartbeats."""

    waiting: int
    due: int
    running: int
    failed: int
    oldest_due: datetime | None
    workers: int
    last_seen: datetime | None


def queue_state() -> QueueState:
    """Return the state of queue and workers, in two queries. A dead worker's jobs are waiting."""
    held = Q(state=State.RUNNING, lease_until__gt=Now())
    lost = Q(state=State.RUNNING) & ~held
    due = Q(state=State.WAITING, due_at__lte=Now()) | lost
    idle = Q(kind__startswith=_PERIODIC, due_at__gt=Now())
    jobs = Job.objects.exclude(state__in=(State.DONE, State.CANCELLED)).aggregate(
        waiting=Count("pk", filter=Q(state=State.WAITING) & ~idle | lost),
        due=Count("pk", filter=due),
        running=Count("pk", filter=held),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        oldest_due=Min("due_at", filter=due),
    )
    workers = Worker.objects.aggregate(workers=Count("pk", filter=_ALIVE), last_seen=Max("seen_at"))
    return QueueState(**jobs, **workers)


def has_local_worker() -> bool:
    """Return whether a worker on this machine or in this container has a recent heartbeat."""
    here = f"{WORKER.partition(':')[0]}:"
    return Worker.objects.filter(_ALIVE, name__startswith=here).exists()


def other_versions() -> list[str]:
    """Return the versions of running workers that aren't this process's."""
    names = Worker.objects.filter(_ALIVE).values_list("name", flat=True)
    versions = {name.rpartition(":")[2] for name in names}
    return sorted(versions - {settings.TRIAGE_VERSION})


def describe_workers(state: QueueState) -> str:
    """Say how many workers run, and what isn't done without one."""
    if state.workers:
        return f"{counted(state.workers, 'worker')} running, last seen {_ago(state.last_seen)}."
    seen = f" The last one was seen {_ago(state.last_seen)}." if state.last_seen else ""
    return (
        f"No worker is running.{seen} Until one does, expired data isn’t deleted, drafts that "
        "haven’t arrived aren’t sent again, and lists of customers aren’t looked up. Start "
        "manage.py run_huey."
    )


def describe_queue(state: QueueState) -> str:
    """Say how many jobs wait, run, and failed."""
    oldest = f" The oldest was due {_ago(state.oldest_due)}." if state.oldest_due else ""
    failed = " manage.py jobs lists those that failed." if state.failed else ""
    return (
        f"{counted(state.waiting, 'job')} waiting, {state.running} running, {state.failed} failed."
        f"{oldest}{failed}"
    )


def _ago(then: datetime | None) -> str:
    return f"{format_duration(max(0, (timezone.now() - then).total_seconds()) if then else 0)} ago"
