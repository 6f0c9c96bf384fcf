"""Helpers for background lookups in tests."""

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from apps.lookups import background
from apps.lookups.access import Requester
from apps.lookups.background import cancel_lookup, lookup_state
from apps.lookups.models import Lookup, LookupState, Origin
from apps.lookups.records import record_lookup
from tests.conftest import question


def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds, up to half a minute for busy machines."""
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up, "the condition never held"
        time.sleep(0.02)


def recorded(user: User, customer: str = "1", *, fresh: bool = False) -> Lookup:
    """Return a new lookup of the customer that has not run yet."""
    requester = Requester(Origin.WEB, user)
    zone = ZoneInfo("Europe/Berlin")
    return record_lookup(
        question(customer), requester=requester, typed=customer, zone=zone, fresh=fresh
    )


def state(lookup: Lookup) -> LookupState:
    """Return the state that the next poll finds."""
    return lookup_state(Lookup.objects.get(pk=lookup.pk), 0.05)[0]


def end_all() -> None:
    """Cancel all lookups and wait for them, because they use the test's database."""
    for lookup in Lookup.objects.all():
        cancel_lookup(lookup)
    wait_for_idle()


def wait_for_idle() -> None:
    """Wait until nothing runs in the background."""
    until(lambda: not background._pool._jobs)
