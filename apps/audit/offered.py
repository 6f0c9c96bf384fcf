"""Filters of the review's lists: those that are offered, and nothing else that an address can ask.

By itself the admin filters by any column that an address names: a list of people could be asked,
letter by letter, for the hashes of their passwords.
"""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.dateparse import parse_date, parse_datetime

_PARTS_OF_A_DATE = ("__year", "__month", "__day")


class OfferedFilters(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A list that takes the parameters in `offered`, with values that a database can compare."""

    offered: frozenset[str] = frozenset()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """All else is answered with 400."""
        return lookup in self.offered and (not lookup.startswith("at__") or _is_time(lookup, value))


def _is_time(lookup: str, value: str) -> bool:
    """Whether it can be moved into any zone and is still a time."""
    if lookup.endswith(_PARTS_OF_A_DATE):
        return value.isascii() and value.isdigit() and 1 <= int(value[:5]) < 9999
    try:
        read = parse_datetime(value) or parse_date(value)
    except ValueError:
        return False
    return read is None or 1 < read.year < 9999
