"""`manage.py send_handovers`: hand over what is due."""

from typing import Any

from django.core.management import BaseCommand, CommandError

from apps.answers.webhook import is_set_up, send_due


class Command(BaseCommand):
    """Prints how many were tried. A running site does the same by itself every half minute."""

    help = "Send the waiting drafts that are due."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Try what is due. Raises CommandError where there is no webhook."""
        if not is_set_up():
            raise CommandError("TRIAGE_WEBHOOK_URL is not set, so there is nothing to send to.")
        tried = send_due()
        self.stdout.write(f"Tried: {tried} {'draft' if tried == 1 else 'drafts'}.")
