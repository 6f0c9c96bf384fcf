"""`manage.py forget_customer`: erase a customer's data."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandError

from apps.events.query import CustomerRefused, counted
from apps.lookups.access import command_line
from apps.lookups.problems import EXIT_FAILED, EXIT_USAGE
from apps.lookups.records import forget_customer, identifiers_to_erase, stored_counts


class Command(BaseCommand):
    """Reads identifiers from standard input: arguments are visible in process lists."""

    help = "Erase a customer's data. Reads every identifier from standard input, one per line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--yes", action="store_true", help="delete the data; without this, it's only listed"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print how much is stored for each identifier, by its position, and erase it."""
        identifiers = _read_identifiers()
        for position, identifier in enumerate(identifiers, start=1):
            stored = stored_counts(identifier)
            self.stdout.write(
                f"Identifier {position}: {counted(stored.lookups, 'lookup')}, "
                f"{counted(stored.answers, 'result')}, and {counted(stored.reasons, 'reason')}."
            )
        if not options["yes"]:
            self.stdout.write("Nothing was deleted. To delete it, run this again with --yes.")
            return
        actor = command_line().actor
        erasures = [forget_customer(identifier, actor) for identifier in identifiers]
        if not all(erasure.is_cache_cleared for erasure in erasures):
            raise CommandError(
                "Deleted from the database. We couldn't reach the shared cache. Run this "
                "again when it's back. Until then, no copy in it is shown.",
                returncode=EXIT_FAILED,
            )
        self.stdout.write("Deleted.")


def _read_identifiers() -> list[str]:
    if sys.stdin.isatty():
        print("The customer's identifiers, one per line. End with Ctrl-D:", file=sys.stderr)
    try:
        identifiers = identifiers_to_erase(line for line in sys.stdin if line.strip())
    except CustomerRefused as refused:
        raise CommandError(str(refused), returncode=EXIT_USAGE) from refused
    if not identifiers:
        raise CommandError("Enter at least one identifier.", returncode=EXIT_USAGE)
    return identifiers
