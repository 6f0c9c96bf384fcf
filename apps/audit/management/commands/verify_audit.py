"""`manage.py verify_audit`: is the audit trail whole?"""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandError
from django.db import connection

from apps.audit import guards
from apps.audit.verifying import Place, parse_place, verify_trail


class Command(BaseCommand):
    """Walks the chain. Exit status 0: whole; 1: not, with the first place that is broken."""

    help = "Prove that the audit trail was not changed, and print its end."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What was noted earlier."""
        parser.add_argument(
            "--expect",
            type=_place,
            metavar="NUMBER:DIGEST",
            help="an end that was noted earlier: prove that it is still part of the trail",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Say where the trail begins and ends, or where it breaks."""
        verified = verify_trail(options["expect"])
        if verified.broken:
            raise CommandError(f"The audit trail is broken. {verified.broken}")
        start, end = verified.start.sequence, verified.end
        if start:
            self.stdout.write(f"Entries up to {start} were pruned; their checkpoint is right.")
        self.stdout.write(f"The audit trail is whole: {end.sequence - start} entries.")
        if options["expect"]:
            self.stdout.write("The end that you noted is part of it.")
        if guards.missing(connection):
            self.stderr.write(
                "But the database does not guard it: some triggers are missing. Whoever may write "
                "there can change it; the next check would tell."
            )
        self.stdout.write(f"End: {end}")


def _place(text: str) -> Place:
    try:
        return parse_place(text)
    except ValueError as error:
        raise ArgumentTypeError(
            "please give the number and the digest as this command printed them"
        ) from error
