"""Look up customers in eight threads until killed: `python -m tests.backup.writer AT`."""

import os
import sys
from contextlib import suppress
from datetime import datetime
from itertools import count
from threading import Thread
from zoneinfo import ZoneInfo

import django


def write(thread: int, at: str) -> None:
    """Record and answer one lookup after the other."""
    from apps.events.identifier import parse_customer  # noqa: PLC0415 - after Django's setup
    from apps.events.query import Question, Window  # noqa: PLC0415
    from apps.lookups.access import Requester  # noqa: PLC0415
    from apps.lookups.models import Origin  # noqa: PLC0415
    from apps.lookups.problems import LookupFailed  # noqa: PLC0415
    from apps.lookups.records import record_lookup  # noqa: PLC0415
    from apps.lookups.services import answer_lookup  # noqa: PLC0415

    for number in count():
        customer = f"{thread}-{number}"
        lookup = record_lookup(
            Question(parse_customer(customer), Window(datetime.fromisoformat(at), 5)),
            requester=Requester(Origin.CLI, system_user=f"writer {thread}"),
            typed=customer,
            zone=ZoneInfo("UTC"),
            reason=f"Ticket {number}",
        )
        with suppress(LookupFailed):  # too many at once
            answer_lookup(lookup)
            print(customer, flush=True)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "triage_site.settings"
    django.setup()
    threads = [Thread(target=write, args=(one, sys.argv[1])) for one in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
