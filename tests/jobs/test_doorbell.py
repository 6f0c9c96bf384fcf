"""The doorbell: losing it neither fails nor delays anyone, and what is in it can't do harm."""

import pickle
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import Settings
from redis import RedisError

from apps import redis_outage
from apps.jobs import doorbell
from apps.jobs.engine import enqueue, work
from apps.jobs.management.commands.run_huey import huey
from apps.jobs.models import Job
from tests.servers import free_port


@pytest.fixture(autouse=True)
def own_storage() -> Iterator[None]:
    """Open the configured storage anew."""
    doorbell.storage.cache_clear()
    yield
    doorbell.storage.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_a_request_neither_fails_nor_waits_without_redis(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # accepts, and never answers
        for port in (free_port(), silent.getsockname()[1]):
            caplog.clear()
            doorbell.storage.cache_clear()
            redis_outage.outage.until = 0
            settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
            enqueue("test", str(port))
            assert Job.objects.get(key=str(port)).state == "waiting"
            assert caplog.text.count("No worker could be woken") == 1
            assert redis_outage.is_redis_lost()
            enqueue("test", "again")
            assert caplog.text.count("No worker could be woken") == 1, "it waited once"


@pytest.mark.django_db(transaction=True)
def test_enqueueing_wakes_workers_after_the_transaction() -> None:
    storage = doorbell.storage()
    storage.flush_queue()
    with transaction.atomic():
        for number in range(50):
            enqueue("unknown", str(number))
        enqueue("periodic.tidy")
        assert storage.queue_size() == 0
    assert storage.queue_size() == 16, "enough for all threads"
    task = huey.deserialize_task(storage.dequeue())
    task.execute()
    assert Job.objects.get(kind="periodic.tidy").ended_at, "done, and due tomorrow"
    assert not work()


def test_a_queue_file_that_is_damaged_or_deleted_is_replaced(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also while others have it open, and by the first to find out."""
    settings.TRIAGE_QUEUE_FILE = tmp_path / "new" / "queue.sqlite3"
    mine, others = (doorbell.storage.__wrapped__() for _ in range(2))
    file = settings.TRIAGE_QUEUE_FILE

    def rings() -> bool:
        with suppress(*doorbell.FAILURES):
            mine.enqueue(b"look")
        with suppress(*doorbell.FAILURES):
            return bool(others.dequeue())
        return False

    assert rings()
    file.unlink()
    assert rings()
    for number, damage in enumerate((b"no database" * 999, b"SQLite format 3\0" + b"\xff" * 9999)):
        file.write_bytes(damage)
        Path(f"{file}-wal").unlink(missing_ok=True)
        assert rings() or rings(), number
        mine, others = (doorbell.storage.__wrapped__() for _ in range(2))
        file.write_bytes(damage)
        assert rings() or rings(), f"{number} before it was opened"


def test_what_is_in_the_storage_is_never_unpickled() -> None:
    class Harm:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return subprocess.getoutput, ("exit 1",)

    for data in (pickle.dumps(Harm()), b"", b"\xff"):
        task = huey.deserialize_task(data)
        assert type(task).__name__ == "look"
        assert (task.args, task.kwargs) == ((), {})


@pytest.mark.django_db(transaction=True)
def test_workers_look_for_work_while_the_storage_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise RedisError

    enqueue("periodic.tidy")
    monkeypatch.setattr(huey.storage, "dequeue", lost)
    assert huey.dequeue() is None
    assert Job.objects.get().due_at > Job.objects.get().created_at
