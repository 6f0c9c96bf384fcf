"""`manage.py reseal`: seal what is kept with the first of `TRIAGE_DATA_KEYS`."""

from typing import Any

from django.core.management import BaseCommand

from apps.lookups.resealing import reseal_all


class Command(BaseCommand):
    """Prints what it did. It can be stopped and run again."""

    help = "Seal everything kept anew with the first of TRIAGE_DATA_KEYS, to drop an older key."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Seal anew, and say whether the older keys are still needed."""
        done = reseal_all()
        self.stdout.write(f"Sealed anew: {done.anew}. Already so: {done.already}.")
        if done.unreadable:
            self.stdout.write(
                f"Opened by no key: {done.unreadable}. If you still have an older key, add it to "
                "the end of TRIAGE_DATA_KEYS and run this again."
            )
        else:
            self.stdout.write(
                "The older keys can go from TRIAGE_DATA_KEYS. Copies in the cache and sessions "
                "that they sealed are then made anew: people may have to sign in again."
            )
