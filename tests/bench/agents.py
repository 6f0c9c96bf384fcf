"""Fifty agents at once, and a repeat: the site's own services with a database of their own."""

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from zoneinfo import ZoneInfo

from tests.bench.readers import MINUTES
from tests.bench.sentry_process import MOMENT, Sentry
from tests.shell import Shell

AGENTS = 50


@dataclass(frozen=True)
class Crowd:
    """Calls and seconds of one cold lookup, of fifty at once, and of one more."""

    calls_of_one: Counter[str]
    seconds_of_one: float
    calls_of_all: Counter[str]
    seconds_of_all: float
    calls_of_repeat: int
    seconds_of_repeat: float


def set_up(folder: Path, sentry: Sentry) -> None:
    """Django with a SQLite file in that folder, the cache in local memory, and this Sentry."""
    for name in list(os.environ):
        if name.startswith(("SENTRY_", "TRIAGE_", "DATABASE_", "REDIS_")):
            del os.environ[name]
    os.environ.update(Shell(folder, sentry.url).environment)
    os.environ["DJANGO_SETTINGS_MODULE"] = "triage_site.settings"
    os.environ["TRIAGE_SIGNALS"] = "none"  # given up or not by chance, and counted apart anyway
    import django  # noqa: PLC0415 - the environment is set up first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)


def measure(sentry: Sentry) -> Crowd:
    """Needs `set_up`. Customers `one` and `many` have twelve events in four issues each."""
    for customer in ("warm-up", "one", "many"):
        sentry.lay_out(customer, 12, 4)
    _open("warm-up", 1, sentry)
    one = _open("one", 1, sentry)
    many = _open("many", AGENTS, sentry)
    again = _open("many", 1, sentry)
    return Crowd(*one, *many, sum(again[0].values()), again[1])


def _open(customer: str, agents: int, sentry: Sentry) -> tuple[Counter[str], float]:
    """That many record and open the same lookup together; the calls by path, and the time."""
    from django.db import connections  # noqa: PLC0415 - after `set_up`

    from apps.events.identifier import parse_customer  # noqa: PLC0415
    from apps.events.query import Question, Window  # noqa: PLC0415
    from apps.lookups.access import Requester  # noqa: PLC0415
    from apps.lookups.models import Lookup, Origin  # noqa: PLC0415
    from apps.lookups.records import record_lookup  # noqa: PLC0415
    from apps.lookups.services import answer_lookup  # noqa: PLC0415

    question = Question(customer=parse_customer(customer), window=Window(MOMENT, MINUTES))
    requester = Requester(Origin.CLI, system_user="bench")
    zone = ZoneInfo("UTC")
    lookups = [
        record_lookup(question, requester=requester, typed=customer, zone=zone)
        for _ in range(agents)
    ]
    together = Barrier(agents)

    def open_it(lookup: Lookup) -> int:
        try:
            together.wait()
            return len(answer_lookup(lookup).answer.events)
        finally:
            connections.close_all()

    sentry.forget_calls()
    started = time.perf_counter()
    with ThreadPoolExecutor(agents) as pool:
        counts = set(pool.map(open_it, lookups))
    seconds = time.perf_counter() - started
    if counts != {12}:
        raise RuntimeError(f"Each should have seen 12 events, and they saw {counts}.")
    return Counter(sentry.calls()), seconds
