"""`manage.py check_sentry`: check the connection to Sentry, and say how to fix it."""

from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandError

from apps.lookups.problems import EXIT_FAILED
from apps.lookups.sentry_connection import check_connection


class Command(BaseCommand):
    """Prints a line per check; exits with 4 if one fails."""

    help = "Check host, token, scopes, projects, limits, and clock of the connected Sentry."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run the checks and print them. Raise `CommandError` if one fails."""
        findings = check_connection()
        for finding in findings:
            self.stdout.write(
                f"{'ok  ' if finding.ok else 'FAIL'} {finding.label}: {finding.message}"
            )
            if finding.fix:
                self.stdout.write(f"     {finding.fix}")
        if not all(finding.ok for finding in findings):
            raise CommandError(
                "Triage can't use Sentry until this is fixed.", returncode=EXIT_FAILED
            )
