"""`manage.py forget_customer`: remove all that is kept of one customer."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandError

from apps.audit.trail import Actor
from apps.events.query import CustomerRefused, parse_customer
from apps.lookups.management.person import system_user
from apps.lookups.models import Origin
from apps.lookups.problems import EXIT_FAILED, EXIT_USAGE
from apps.lookups.records import forget_customer, kept_of


class Command(BaseCommand):
    """Reads the names from standard input: an argument would stand in the list of programs."""

    help = "Erase a customer's data. Reads every identifier from standard input, one per line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to do it, or only to tell."""
        parser.add_argument(
            "--yes", action="store_true", help="delete the data; without this, it's only listed"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Tell what is kept under each name, by its place in the list, and remove it."""
        names = _names()
        for place, name in enumerate(names, start=1):
            kept = kept_of(name)
            self.stdout.write(
                f"Identifier {place}: {kept.lookups} lookups, {kept.answers} answers, "
                f"{kept.reasons} reasons."
            )
        if not options["yes"]:
            self.stdout.write("Nothing was deleted. To delete it, run this again with --yes.")
            return
        actor = Actor(Origin.CLI, name=system_user())
        done = [forget_customer(name, actor) for name in names]
        if not all(one.is_cache_cleared for one in done):
            raise CommandError(
                "Deleted from the database. We couldn't reach the shared cache. Run this "
                "again when it's back. Until then, no copy in it is shown.",
                returncode=EXIT_FAILED,
            )
        self.stdout.write("Removed.")


def _names() -> list[str]:
    if sys.stdin.isatty():
        print("The customer's identifiers, one per line. End with Ctrl-D:", file=sys.stderr)
    try:
        names = [parse_customer(line).identifier for line in sys.stdin if line.strip()]
    except CustomerRefused as refused:
        raise CommandError(str(refused), returncode=EXIT_USAGE) from refused
    if not names:
        raise CommandError("Enter at least one identifier.", returncode=EXIT_USAGE)
    return list(dict.fromkeys(names))
