"""`manage.py verify_audit`: verify the audit trail."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandError
from django.db import connection

from apps.audit import models
from apps.audit.verification import Position, parse_position, verify_trail
from apps.events.query import counted


class Command(BaseCommand):
    """Walk the chain. The exit status is 0 if it is intact, and 1 otherwise."""

    help = "Verify that the audit trail wasn't changed, and print its end."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--expect",
            type=_position,
            metavar="NUMBER:DIGEST",
            help="an end you noted earlier: verify that it is still part of the audit trail",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the start and end of the trail; raise CommandError with the first problem."""
        verified = verify_trail(options["expect"])
        if verified.broken:
            raise CommandError(f"The audit trail is broken. {verified.broken}")
        start, end = verified.start.sequence, verified.end
        if start:
            self.stdout.write(f"Entries up to {start} were pruned; their checkpoint is valid.")
        entries = counted(end.sequence - start, "entry", "entries")
        self.stdout.write(f"The audit trail is intact: {entries}.")
        if options["expect"]:
            self.stdout.write("It includes the end you noted.")
        if models.missing_triggers(connection):
            self.stderr.write(
                "But the database doesn't protect it: some triggers are missing. Anyone who can "
                "write to the database can change it, and only the next check would show that."
            )
        self.stdout.write(f"End: {end}")


def _position(text: str) -> Position:
    try:
        return parse_position(text)
    except ValueError as error:
        raise ArgumentTypeError(
            "enter the number and digest exactly as this command printed them"
        ) from error
