"""How many lookups one person may begin in a minute, counted over all processes."""

import time

from django.conf import settings
from django.contrib.auth.models import User

from apps.lookups import shared
from apps.lookups.problems import LookupFailed, Problem

_MINUTE_S = 60


class TooManyLookups(LookupFailed):
    """The person has to wait for the next minute."""


def count_lookup(user: User) -> None:
    """Count one more; without the shared cache nobody is held back.

    Raises `TooManyLookups`.
    """
    now = time.time()
    begun = shared.count(f"begun/{user.pk}/{int(now // _MINUTE_S)}", _MINUTE_S)
    if begun > settings.TRIAGE_LOOKUPS_PER_MINUTE:
        wait_s = _MINUTE_S - int(now % _MINUTE_S)
        raise TooManyLookups(
            Problem(
                code="too_many_lookups",
                message="That's a lot of lookups in one minute.",
                next_step=f"Try again in {wait_s} second{'' if wait_s == 1 else 's'}. "
                "Nothing was looked up.",
                page_status=429,
                api_status=429,
                retry_after=wait_s,
            )
        )
