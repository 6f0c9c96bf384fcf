"""`manage.py run_huey`: a worker process. A site needs at least one."""

import logging
import os
import time
from argparse import ArgumentParser
from collections.abc import Callable
from threading import Event
from typing import Any
from uuid import uuid4

from django.core.management import BaseCommand
from django.db import Error, close_old_connections
from huey.api import Huey, Task
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import BaseStorage

from apps.jobs.doorbell import FAILURES, press, storage
from apps.jobs.engine import SWEEP_S, handlers, release_own_jobs, sweep, work
from apps.redis_outage import PerMinute, is_due

_LOOK_EVERY_S = 1.0
_failures = PerMinute()
_log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Does jobs in threads until it is stopped. `make run` starts one."""

    help = "Do the site’s background work, such as deleting expired data and sending drafts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("-w", "--workers", type=int, default=8, help="threads (default: 8)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run until SIGTERM, which lets running jobs end, or SIGINT."""
        handlers()
        consumer = huey.create_consumer(
            workers=options["workers"],
            periodic=False,
            scheduler_interval=SWEEP_S,
            max_delay=0.5,
            shutdown_timeout=10,
            graceful_signal="TERM",
        )
        huey.stop_flag = consumer.stop_flag
        consumer.run()
        _safely(release_own_jobs)
        logging.shutdown()
        os._exit(0)  # calls that still wait in threads would delay it, and count no longer


class _Ring(Serializer):  # type: ignore[misc]  # huey has no types
    """Reads everything as a ring: what is in the storage can wake a worker, and no more."""

    def _deserialize(self, _data: bytes) -> Message:
        return Message(str(uuid4()), f"{look.task_class.__module__}.look", args=(), kwargs={})


class _Doorbell(Huey):  # type: ignore[misc]  # huey has no types
    """Huey, whose schedule is the table of jobs."""

    stop_flag = Event()  # replaced by the consumer's

    def get_storage(self) -> BaseStorage:
        return storage()

    def is_revoked(self, *_task: object) -> bool:
        """Return False: a ring can't be taken back, so the storage need not be asked."""
        return False

    def delete(self, _key: str) -> None:
        """Do nothing: nothing is stored about a ring."""

    def read_schedule(self, timestamp: object = None) -> list[Task]:
        """Sweep, every few seconds, and ring if there is work."""
        if _safely(sweep):
            press()
        return []

    def dequeue(self) -> Task | None:
        """Return the next ring. Without a storage, look for work."""
        try:
            return super().dequeue()
        except FAILURES as error:
            if is_due(_failures.count(""), 1):  # several threads find out each second
                _log.warning("The queue can't be read (%s).", type(error).__name__)
            if not _safely(work):
                time.sleep(_LOOK_EVERY_S)
            return None


def _safely(step: Callable[[], bool | None]) -> bool:
    """Return what the step returns, or False if the database fails."""
    close_old_connections()
    try:
        return bool(step())
    except Error as error:  # its message can contain data
        _log.error("The database failed: %s", type(error).__name__)
        return False
    finally:
        close_old_connections()


huey = _Doorbell("triage", results=False, serializer=_Ring())


@huey.task(name="look")  # type: ignore[untyped-decorator]
def look() -> None:
    """Do what is due. Another ring could reach a worker that has no room for it."""
    while _safely(work) and not huey.stop_flag.is_set():
        pass
