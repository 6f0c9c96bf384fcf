"""`manage.py jobs`: what workers do, and what failed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from apps.events.query import counted
from apps.jobs.engine import describe_queue, describe_workers, has_local_worker, queue_state, retry
from apps.jobs.models import Job


class Command(BaseCommand):
    """Prints the state of workers and queue, and a line for each failed job."""

    help = "Show the state of background work and the jobs that failed, or run those again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--retry", metavar="ID|all", help="run failed jobs again")
        parser.add_argument(
            "--alive", action="store_true", help="print nothing, and fail if no worker runs here"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print, restart, or check. Raise `CommandError` if that fails."""
        if options["alive"]:
            if not has_local_worker():
                raise CommandError("No worker is running on this machine.")
            return
        if options["retry"] is not None:
            self._retry(options["retry"])
            return
        state = queue_state()
        self.stdout.write(f"{describe_workers(state)}\n{describe_queue(state)}")
        for job in Job.objects.filter(state=Job.State.FAILED).order_by("pk"):
            ended = f"{job.ended_at:%Y-%m-%d %H:%M}" if job.ended_at else "-"
            self.stdout.write(f"{job.pk}  {ended}  {job}  {job.problem}")

    def _retry(self, which: str) -> None:
        if which != "all" and not which.isdecimal():
            raise CommandError("Use --retry with the number of a failed job, or with the word all.")
        count = retry(None if which == "all" else int(which))
        if not count:
            raise CommandError("There is no such failed job.")
        self.stdout.write(f"A worker will run {counted(count, 'job')} again.")
