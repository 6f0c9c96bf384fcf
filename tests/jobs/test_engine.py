"""Jobs: created once, claimed once, taken over after their lease, tried again, and given up."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from django.contrib.auth.models import Group
from django.db import connections
from django.utils import timezone

from apps.jobs import engine
from apps.jobs.engine import (
    GiveUp,
    Lease,
    LeaseLost,
    RetryLater,
    cancel,
    enqueue,
    handler,
    queue_state,
    sweep,
    work,
)
from apps.jobs.models import Job, Worker

pytestmark = pytest.mark.django_db
PAST, HOUR = timedelta(seconds=-1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def own_kinds() -> Iterator[None]:
    """Forget the kinds that a test registers."""
    before = dict(engine.handlers())
    yield
    engine._registered.clear()
    engine._registered.update(before)


def stored(kind: str, key: str = "") -> Job:
    return Job.objects.get(kind=kind, key=key)


def make_due(kind: str) -> None:
    """Let time pass: what waits is due, and leases have run out."""
    now = timezone.now() + PAST
    Job.objects.filter(kind=kind).update(due_at=now)
    Job.objects.filter(kind=kind, state="running").update(lease_until=now)


def test_a_job_is_created_once_and_runs_again_only_on_request() -> None:
    runs = []
    handler("test")(lambda job, _lease: runs.append(job.key))
    first = enqueue("test", "a", due_at=timezone.now() + HOUR)
    assert not work(), "it isn't due"
    assert enqueue("test", "a").pk == first.pk, "the same job, now due earlier"
    assert enqueue("test", "a", due_at=timezone.now() + HOUR).due_at <= timezone.now()
    assert work()
    assert not work()
    assert enqueue("test", "a").state == "done"
    assert not work()
    assert enqueue("test", "a", again=True).state == "waiting"
    assert work()
    assert runs == ["a", "a"]


def test_a_result_counts_only_if_the_lease_still_holds() -> None:
    leases: list[Lease] = []

    def slow(job: Job, lease: Lease) -> None:
        leases.append(lease)
        if len(leases) == 2:
            with pytest.raises(LeaseLost):
                leases[0].renew()  # the job runs, but elsewhere
        else:  # the first worker takes longer than its lease: another one begins
            make_due("test")
            assert work()
            with pytest.raises(LeaseLost):
                lease.renew()
            with lease.finish():
                raise AssertionError("not reached")
        with lease.finish():
            Group.objects.create(name=f"written by try {job.tries}")

    handler("test")(slow)
    enqueue("test")
    assert work()
    assert (stored("test").state, stored("test").tries) == ("done", 2)
    assert [one.name for one in Group.objects.filter(name__startswith="written")] == [
        "written by try 2"
    ]


def test_a_result_is_not_written_without_the_end_of_its_job() -> None:
    def fails_at_the_end(_job: Job, lease: Lease) -> None:
        with lease.finish():
            Group.objects.create(name="half")
            raise OSError

    handler("test")(fails_at_the_end)
    enqueue("test")
    assert work()
    assert stored("test").state == "waiting"
    assert not Group.objects.filter(name="half").exists()


def test_a_job_whose_workers_die_fails_after_its_tries() -> None:
    @handler("test", tries=2)
    def run(_job: Job, _lease: Lease) -> None:
        raise SystemExit  # the process ends

    enqueue("test")
    for tries in (1, 2):
        with pytest.raises(SystemExit):
            work()
        job = stored("test")
        assert (job.state, job.tries) == ("running", tries)
        assert not work(), "the lease still holds"
        make_due("test")
    assert not work()
    assert stored("test").state == "failed"
    assert "started 2 times" in stored("test").problem


def test_a_worker_that_is_stopped_frees_its_jobs_at_once() -> None:
    tries: list[int] = []

    @handler("test", tries=1)
    def run(job: Job, _lease: Lease) -> None:
        tries.append(job.tries)
        if len(tries) == 1:
            sweep()
            engine.release_own_jobs()  # it has waited for long enough
            assert not Worker.objects.exists()
            assert work(), "another worker begins"

    enqueue("test")
    assert work()
    assert tries == [1, 1], "the first one doesn’t count"
    assert stored("test").state == "done"


def test_errors_are_retried_with_growing_pauses_and_then_fail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @handler("test", tries=3, pause=timedelta(seconds=10))
    def run(_job: Job, _lease: Lease) -> None:
        raise ValueError("jane@example.com")

    enqueue("test")
    pauses = []
    for _try in range(2):
        assert work()
        pauses.append((stored("test").due_at - timezone.now()).total_seconds())
        assert not work()
        make_due("test")
    assert pauses == pytest.approx([10, 30], abs=5)
    assert work()
    job = stored("test")
    assert (job.state, job.tries) == ("failed", 3)
    assert job.problem == "It was tried 3 times. The last error was ValueError."
    assert "jane" not in caplog.text
    make_due("test")
    assert not work(), "a failed job runs only on request"


def test_a_handler_can_wait_or_give_up() -> None:
    later = timezone.now() + HOUR

    @handler("later", tries=1)
    def wait(_job: Job, _lease: Lease) -> None:
        raise RetryLater(later, "The receiver is busy.")

    @handler("never", tries=5)
    def give_up(_job: Job, _lease: Lease) -> None:
        raise GiveUp("Its text is gone.")

    for kind in ("later", "never"):
        enqueue(kind)
    assert work()
    assert work()
    for _ in range(3):  # waiting uses up no try
        job = stored("later")
        assert (job.state, job.due_at, job.problem) == ("waiting", later, "The receiver is busy.")
        make_due("later")
        assert work()
    assert (stored("never").state, stored("never").problem) == ("failed", "Its text is gone.")


def test_a_canceled_job_does_not_begin_and_cannot_finish() -> None:
    @handler("test")
    def run(job: Job, lease: Lease) -> None:
        cancel("test", job.key)
        with lease.finish():
            Group.objects.create(name="late")

    for key in ("1:a", "1:b", "2:a"):
        enqueue("test", key)
    assert cancel("test", "1:") == 2
    assert work()
    assert not work()
    assert {job.state for job in Job.objects.all()} == {"cancelled"}
    assert not Group.objects.filter(name="late").exists()


def test_periodic_work_is_planned_once_and_comes_back_even_after_failing() -> None:
    runs = []

    @engine.periodic("test", every=HOUR, tries=1)
    def run(_job: Job, _lease: Lease) -> None:
        runs.append(1)
        if len(runs) == 2:
            raise OSError

    for _ in range(2):
        sweep()
    Job.objects.exclude(kind="periodic.test").delete()
    for state in ("waiting", "failed", "waiting"):
        assert work()
        job = stored("periodic.test")
        assert job.state == state
        assert job.due_at > timezone.now() + HOUR / 2
        assert bool(job.problem) == (state == "failed")
        assert not work()
        make_due("periodic.test")
    assert len(runs) == 3


def test_a_worker_leaves_some_jobs_of_a_kind_to_others() -> None:
    begun = []

    @handler("narrow", at_once=lambda: 2)
    def run(job: Job, _lease: Lease) -> None:
        begun.append(job.key)
        if len(begun) < 4:
            work()  # as another thread would

    handler("wide")(lambda job, _lease: begun.append(job.key))
    for key in ("a", "b", "c"):
        enqueue("narrow", key)
    enqueue("wide", "d")
    assert work()
    assert begun == ["a", "b", "d"], "the third waits, and keeps nothing else waiting"
    assert work()
    assert begun[3:] == ["c"]


def test_requesters_take_turns() -> None:
    begun: list[str] = []
    handler("test")(lambda job, _lease: begun.append(job.key[0]))
    for number in range(30):
        enqueue("test", f"a{number}", requester="person 1")
    assert work()
    for number in range(5):
        enqueue("test", f"b{number}", requester="person 2")
        enqueue("test", f"c{number}", requester="person 3")
    enqueue("test", "nobody’s")
    begun.clear()
    for _ in range(17):
        assert work()
    assert "n" in begun[:3], "what no one requested waits for one turn of each at most"
    for who in "abc":
        served = [place for place, one in enumerate(begun) if one == who]
        assert len(served) >= 5, (who, begun)
        assert max(after - before for before, after in pairwise(served)) <= 5, (who, begun)


def test_a_running_job_starts_over_only_on_request() -> None:
    """What was asked for while it ran must not be lost, and it may have read what was before."""
    tries: list[int] = []

    @handler("test")
    def run(job: Job, lease: Lease) -> None:
        tries.append(job.tries)
        enqueue("test", again=len(tries) == 1)
        with lease.finish():
            Group.objects.create(name=f"written by run {len(tries)}")

    enqueue("test")
    for _ in range(2):
        assert work()
    assert not work()
    assert stored("test").state == "done"
    assert Group.objects.filter(name__startswith="written").get().name == "written by run 2"


def test_a_worker_has_company_while_another_gives_signs_of_life() -> None:
    sweep()
    assert not engine.has_other_workers(), "only itself"
    other = Worker.objects.create(name="other", seen_at=timezone.now() - timedelta(minutes=1))
    assert not engine.has_other_workers()
    other.seen_at = timezone.now()
    other.save()
    assert engine.has_other_workers()


def test_unknown_kinds_are_left_to_newer_workers() -> None:
    enqueue("from.tomorrow")
    assert not work()
    assert stored("from.tomorrow").state == "waiting"


def test_old_rows_are_deleted_but_not_what_failed() -> None:
    handler("test")(lambda _job, _lease: None)
    long_ago = timezone.now() - timedelta(days=8)
    for state in Job.State.values:
        Job.objects.create(kind="test", key=state, state=state, due_at=timezone.now() + HOUR)
    Job.objects.update(ended_at=long_ago, lease_until=timezone.now() + HOUR)
    Worker.objects.create(name="gone", seen_at=long_ago)
    Job.objects.create(kind="periodic.of_an_older_version", due_at=long_ago)
    Job.objects.create(kind="from.tomorrow")
    enqueue("periodic.tidy")
    assert work()
    left = set(Job.objects.filter(kind="test").values_list("key", flat=True))
    assert left == {"waiting", "running", "failed"}
    assert list(Job.objects.exclude(kind__in=engine.handlers()).values_list("kind", flat=True)) == [
        "from.tomorrow"
    ]
    assert not Worker.objects.exists()


def test_the_state_counts_what_waits_runs_and_failed() -> None:
    state = queue_state()
    assert (state.waiting, state.running, state.failed, state.workers) == (0, 0, 0, 0)
    assert (state.oldest_due, state.last_seen) == (None, None)
    handler("test")(lambda _job, _lease: None)
    now = timezone.now()
    Job.objects.create(kind="test", key="due", due_at=now - HOUR)
    Job.objects.create(kind="test", key="later", due_at=now + HOUR)
    Job.objects.create(kind="test", key="runs", state="running", lease_until=now + HOUR)
    Job.objects.create(kind="test", key="lost", state="running", lease_until=now - HOUR)
    for ended in ("failed", "done", "cancelled"):
        Job.objects.create(kind="test", key=ended, state=ended)
    Job.objects.create(kind="periodic.x", due_at=now + HOUR)
    sweep()
    Job.objects.filter(kind__startswith="periodic.").update(due_at=now + HOUR)
    Worker.objects.create(name="silent", seen_at=now - timedelta(minutes=2))
    state = queue_state()
    assert (state.waiting, state.running, state.failed, state.workers) == (3, 1, 1, 1)
    assert state.oldest_due == now - HOUR
    assert state.last_seen is not None
    assert state.last_seen > now - timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_workers_that_compete_do_each_job_once() -> None:
    @handler("test")
    def run(job: Job, lease: Lease) -> None:
        with lease.finish():
            Group.objects.create(name=f"job {job.key}")  # unique

    for number in range(30):
        enqueue("test", str(number))

    def work_off(_number: int) -> None:
        try:
            while work():
                pass
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work_off, range(4)))
    ended = Job.objects.filter(kind="test").values_list("state", "tries")
    assert list(ended) == [("done", 1)] * 30
    assert Group.objects.filter(name__startswith="job ").count() == 30
