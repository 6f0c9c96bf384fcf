"""`manage.py reseal`: re-encrypt stored data with the first of `TRIAGE_DATA_KEYS`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from apps.jobs.engine import enqueue
from apps.lookups.retention import reseal_all


class Command(BaseCommand):
    """Prints how much it re-encrypted. It can be stopped and run again."""

    help = (
        "Re-encrypt all stored data with the first of TRIAGE_DATA_KEYS, so an older key can be "
        "removed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--later", action="store_true", help="let a worker do it")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Re-encrypt, and say whether the older keys are still needed."""
        if options["later"]:
            enqueue("reseal", again=True)
            self.stdout.write("A worker will re-encrypt. `manage.py jobs` shows if it failed.")
            return
        counts = reseal_all()
        self.stdout.write(f"Re-encrypted: {counts.updated}. Already current: {counts.current}.")
        if counts.unreadable:
            self.stdout.write(
                f"Not readable with any key: {counts.unreadable}. If you still have an older "
                "key, add it to the end of TRIAGE_DATA_KEYS and run this again."
            )
        else:
            self.stdout.write(
                "You can now remove the older keys from TRIAGE_DATA_KEYS. Cached copies and "
                "sessions encrypted with them will be rebuilt, so people may have to sign in again."
            )
