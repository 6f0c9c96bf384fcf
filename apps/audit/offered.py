"""Filters of the review's lists: those that are offered, and nothing else that can be asked.

By itself the admin filters by any column that an address names: a list of people could be asked,
letter by letter, for the hashes of their passwords.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_date, parse_datetime

_WIDEST_ZONE = timedelta(hours=15)  # PostgreSQL takes no wider one
_NUMBER = re.compile(r"[0-9]{1,18}")
_PARTS_OF_A_DATE = ("__year", "__month", "__day")


class OfferedFilters(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A list that takes the parameters in `offered`, with values that a database can compare."""

    offered: frozenset[str] = frozenset()

    def response_action(  # type: ignore[override]  # what a later Django hands over too
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """What is chosen are numbers of rows. Raises BadRequest."""
        if not all(map(_NUMBER.fullmatch, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest
        return super().response_action(request, queryset)

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
    if read is None:
        return True
    offset = read.utcoffset() if isinstance(read, datetime) else None
    return 1 < read.year < 9999 and abs(offset or timedelta()) < _WIDEST_ZONE
