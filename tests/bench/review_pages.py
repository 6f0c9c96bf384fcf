"""The review's pages, timed through Django's client on one database; started by `review`."""

import sys
import time
from collections.abc import Callable
from statistics import median

import django

OURS, PLAIN = "/admin/lookups/lookup/", "/admin/lookups/plainlookup/"
TIMES = 3
PURGED = 500


def main() -> None:
    """Fill, measure, print."""
    django.setup()
    from django.core.management import call_command

    from tests.bench.filling import fill

    records, days = int(sys.argv[1]), int(sys.argv[2])
    call_command("migrate", verbosity=0)
    print(f"  filled in {_seconds(lambda: fill(records, days)):.0f} s\n", flush=True)
    _measure(is_kept="keep" in sys.argv)


def _measure(*, is_kept: bool) -> None:
    from django.contrib import admin
    from django.contrib.auth.models import Group, User
    from django.db import connection
    from django.test import Client

    from apps.lookups.cache import cache
    from apps.lookups.models import Lookup
    from tests.bench.filling import CUSTOMER
    from tests.bench.plain_list import PlainAdmin, PlainLookup, copy_rows

    copy_rows()
    admin.site.register(PlainLookup, PlainAdmin)
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench-admin"))

    def page(address: str) -> float:
        def read() -> None:
            response = client.get(address)
            assert response.status_code == 200, (address, response.status_code)

        return median(_seconds(read) for _ in range(TIMES))

    print("  figures")
    _tell("the first look ever, which counts 29 days", _seconds(lambda: client.get(OURS)))
    cache.clear()
    _tell("a look after the cache has ended", _seconds(lambda: client.get(OURS)))

    print("\n  the list                                 ours      plain   plain/ours")
    person = Lookup.objects.exclude(user=None).values_list("user_id", flat=True)[0]
    team = Group.objects.get(name="bench team").pk
    found = client.post(OURS, {"find": CUSTOMER})["Location"]
    pairs: tuple[tuple[str, str, str], ...] = (
        ("first page", "", ""),
        ("page 100", "?p=100", "?p=100"),
        ("one person", f"?who={person}", f"?user__id__exact={person}"),
        ("one team", f"?team={team}", ""),
        *((f"outcome {one}", f"?outcome={one}", f"?outcome__exact={one}") for one in _OUTCOMES),
        *((f"answer {one}", f"?state={one}", "") for one in _STATES),
        ("one project", "?project=project-4", ""),
        ("one issue", "?issue=16", ""),
        ("the last 7 days", "?age=week", ""),
        ("more than 30 days ago", "?age=older", ""),
        ("by the command line", "?origin=cli", "?origin__exact=cli"),
        ("from Sentry", "?shared=no", ""),
        ("without redaction", "?redacted=no", "?redacted__exact=0"),
        ("one person, failed", f"?who={person}&outcome=failed", ""),
        ("one customer", found, f"?q={CUSTOMER}"),
    )
    for what, ours, plain in pairs:
        compared = page(PLAIN + plain) if plain or not ours else None
        _tell(what, page(OURS + ours), compared)
    ids = list(
        Lookup.objects.filter(expires_at__isnull=False).values_list("pk", flat=True)[:PURGED]
    )
    chosen = {"action": "purge", "index": 0, "_selected_action": ids}
    print()
    _tell(f"purge of {PURGED}, in the audit trail", _seconds(lambda: client.post(OURS, chosen)))
    print(flush=True)
    if is_kept:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE bench_plain")


_OUTCOMES = ("found", "failed", "cancelled")
_STATES = ("fresh", "stale", "expired", "purged", "none")


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _tell(what: str, ours: float, plain: float | None = None) -> None:
    beside = "" if plain is None else f"{plain * 1000:8.0f} ms {plain / ours:9.1f}"
    print(f"  {what:34} {ours * 1000:8.0f} ms {beside}", flush=True)


if __name__ == "__main__":
    main()
