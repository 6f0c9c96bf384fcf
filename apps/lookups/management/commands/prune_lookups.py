"""`manage.py prune_lookups`: delete expired data."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from apps.events.query import counted
from apps.lookups.access import command_line
from apps.lookups.retention import count_expired, prune


class Command(BaseCommand):
    """Prints how much it deleted. A worker does the same once a day."""

    help = "Delete expired results, typed customers, sessions, and audit trail entries."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only show what would be deleted"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Delete or count, and print. Raise `CommandError` if the audit trail doesn't verify."""
        pruned = count_expired() if options["dry_run"] else prune(command_line().actor)
        verb = "Would delete" if options["dry_run"] else "Deleted"
        self.stdout.write(
            f"{verb}: {counted(pruned.answers, 'result')}, "
            f"{counted(pruned.customers, 'typed customer')}, "
            f"{counted(pruned.records, 'lookup record')}, {counted(pruned.sessions, 'session')}, "
            f"and {counted(pruned.entries, 'audit trail entry', 'audit trail entries')}."
        )
        if pruned.problem:
            raise CommandError(pruned.problem)
