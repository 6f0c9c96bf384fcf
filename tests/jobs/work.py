"""Jobs that take a moment, and what enqueues them, for the processes that `test_kills` kills."""

import random
import time
from datetime import timedelta
from uuid import uuid4

from django.db import connection, transaction

from apps.jobs.engine import Lease, enqueue, handler
from apps.jobs.models import Job


def produce() -> None:
    """Enqueue a job for each row, in one transaction, as requests do."""
    while True:
        key = uuid4().hex
        with transaction.atomic():
            connection.cursor().execute("INSERT INTO produced VALUES (%s)", [key])
            enqueue("killed", key)
        wait_up_to(0.1)


@handler("killed", lease=timedelta(seconds=2), tries=1000)
def run(job: Job, lease: Lease) -> None:
    wait_up_to(0.3)
    with lease.finish():
        connection.cursor().execute("INSERT INTO effects VALUES (%s)", [job.key])
        wait_up_to(0.1)


def wait_up_to(seconds: float) -> None:
    time.sleep(random.uniform(0, seconds))  # noqa: S311 - a moment, no secret
