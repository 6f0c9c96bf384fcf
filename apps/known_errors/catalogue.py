"""The catalogue as this process keeps it prepared: built anew once an entry has changed."""

import logging
from collections.abc import Iterator
from functools import lru_cache

from django.db.models import Count, Max

from apps.known_errors.matching import Catalogue, Entry, catalogue_of
from apps.known_errors.models import KnownError
from apps.known_errors.patterns import PatternRefused

_log = logging.getLogger(__name__)


def current_catalogue() -> Catalogue:
    """The entries in use, ready to be matched. Costs one query while nothing has changed."""
    stamp = KnownError.objects.aggregate(Count("pk"), Max("pk"), Max("changed_at"))
    return _built(tuple(stamp.values()))


@lru_cache(maxsize=1)
def _built(_stamp: tuple[object, ...]) -> Catalogue:
    return catalogue_of(_entries())


def _entries() -> Iterator[Entry]:
    for one in KnownError.objects.filter(is_active=True):
        try:
            yield one.entry
        except PatternRefused:
            _log.error("The known error %s has a pattern that cannot be used.", one.slug)
