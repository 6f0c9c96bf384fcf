"""Background asking in tests: wait for something to be so, and leave nothing behind."""

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from apps.lookups import background
from apps.lookups.access import Asker
from apps.lookups.background import State, cancel_lookup, state_of
from apps.lookups.models import Lookup, Origin
from apps.lookups.records import record_lookup
from tests.conftest import question


def until(holds: Callable[[], bool]) -> None:
    """Wait for it; half a minute, as a busy machine may need, at most."""
    give_up = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < give_up, "it did not come to be"
        time.sleep(0.02)


def recorded(user: User, customer: str = "1", *, fresh: bool = False) -> Lookup:
    """A lookup of that customer, not run yet."""
    asker = Asker(Origin.WEB, user)
    zone = ZoneInfo("Europe/Berlin")
    return record_lookup(question(customer), asker=asker, typed=customer, zone=zone, fresh=fresh)


def state(lookup: Lookup) -> State:
    """Where it stands, as the next poll finds it."""
    return state_of(Lookup.objects.get(pk=lookup.pk), 0.05)[0]


def end_all() -> None:
    """Stop what still runs in the background, and wait for it: it uses the test's database."""
    for lookup in Lookup.objects.all():
        cancel_lookup(lookup)
    wait_for_idle()


def wait_for_idle() -> None:
    """Wait until nothing runs in the background."""
    until(lambda: not background._office._jobs)
