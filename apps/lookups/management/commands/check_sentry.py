"""`manage.py check_sentry`: does the connection work, and what to change if not."""

from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandError

from apps.lookups.problems import EXIT_FAILED
from apps.lookups.sentry_connection import check_connection


class Command(BaseCommand):
    """Prints a line for each thing that was tried; exits with 4 when one does not work."""

    help = "Check host, token, scopes, projects, limits and clock of the connected Sentry."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Check, print, and exit."""
        findings = check_connection()
        for finding in findings:
            self.stdout.write(
                f"{'ok  ' if finding.ok else 'FAIL'} {finding.label}: {finding.message}"
            )
            if finding.fix:
                self.stdout.write(f"     {finding.fix}")
        if not all(finding.ok for finding in findings):
            raise CommandError("Triage can't use Sentry as it should.", returncode=EXIT_FAILED)
