"""The catalogue as this process keeps it prepared: built anew once an entry has changed."""

import logging
from dataclasses import replace
from functools import lru_cache

from django.db.models import Count, Max

from apps.known_errors.matching import Catalogue, Entry, catalogue_of
from apps.known_errors.models import KnownError
from apps.known_errors.patterns import PatternRefused

_log = logging.getLogger(__name__)


def current_catalogue() -> Catalogue:
    """The entries in use, ready to be matched. Costs one query while nothing has changed.

    Versions are counted: of two changes at once the earlier one may be seen last, and then the
    time of the newest stays as it was.
    """
    stamp = KnownError.history.aggregate(Count("pk"), Max("pk"), Max("history_date"))
    return _built(tuple(stamp.values()))


@lru_cache(maxsize=1)
def _built(_stamp: tuple[object, ...]) -> Catalogue:
    found = [_entry(one) for one in KnownError.objects.filter(is_active=True)]
    usable = [entry for entry in found if entry]
    return replace(catalogue_of(usable), unusable=len(found) - len(usable))


def _entry(one: KnownError) -> Entry | None:
    """None where today's rules refuse its pattern, which an earlier program took."""
    try:
        return one.entry
    except PatternRefused:
        _log.error("The known error %s has a pattern that cannot be used.", one.slug)
        return None
