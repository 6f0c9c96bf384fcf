"""`manage.py prune_lookups`: remove what is past its time."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from apps.audit.trail import Actor
from apps.lookups.management.person import system_user
from apps.lookups.models import Origin
from apps.lookups.retention import prune, to_prune


class Command(BaseCommand):
    """Prints what it removed. A running site does the same by itself once a day."""

    help = "Delete expired results, typed customers, sessions, and audit trail entries."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether only to tell."""
        parser.add_argument(
            "--dry-run", action="store_true", help="only show what would be deleted"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Remove or only count, and print. Raises CommandError where the trail does not verify."""
        pruned = to_prune() if options["dry_run"] else prune(Actor(Origin.CLI, name=system_user()))
        verb = "Would remove" if options["dry_run"] else "Removed"
        self.stdout.write(
            f"{verb}: {pruned.answers} answers, {pruned.customers} typed customers, "
            f"{pruned.records} records of lookups, {pruned.sessions} sessions, "
            f"{pruned.entries} entries of the audit trail."
        )
        if pruned.problem:
            raise CommandError(pruned.problem)
