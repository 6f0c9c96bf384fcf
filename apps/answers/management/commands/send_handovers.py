"""`manage.py send_handovers`: send due drafts."""

from typing import Any

from django.core.management import BaseCommand, CommandError

from apps.answers.webhook import is_configured, send_due
from apps.events.query import counted


class Command(BaseCommand):
    """Send due drafts, as a worker does. It is for sites without one."""

    help = "Send the waiting drafts that are due."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print the number of attempts. Raise CommandError without a webhook."""
        if not is_configured():
            raise CommandError("TRIAGE_WEBHOOK_URL is not set, so there is nothing to send to.")
        self.stdout.write(f"Tried: {counted(send_due(), 'draft')}.")
