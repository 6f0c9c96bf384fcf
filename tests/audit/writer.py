"""Write entries, concurrently with other processes: `python -m ... COUNT [die]`."""

import os
import sys

import django
from django.db import transaction


def main(count: int, *, dies: bool) -> None:
    """Record that many entries; with `dies`, wait to be killed inside the last transaction."""
    from apps.audit.models import Action  # noqa: PLC0415 - Django has to be ready first
    from apps.audit.trail import Actor, record  # noqa: PLC0415

    actor = Actor("cli", name=f"writer {os.getpid()}")
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        with transaction.atomic():
            record(Action.VIEWED, actor, target=f"lookup {number}", words=f"Ticket {number}")
            if dies and number == count - 1:
                print("holds", flush=True)
                sys.stdin.readline()


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "triage_site.settings"
    django.setup()
    main(int(sys.argv[1]), dies="die" in sys.argv)
