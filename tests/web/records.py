"""Looking for what must not be kept: every cell of the database and everything in the cache."""

import zlib
from collections.abc import Iterator

from django.apps import apps
from django.core.cache import cache

from apps.lookups.models import ExportRecord


def kept() -> Iterator[str]:
    """All that the database and the cache hold, as text; packed answers unpacked."""
    for model in apps.get_models():
        for row in model.objects.values_list():  # type: ignore[attr-defined]  # every model has it
            for cell in row:
                packed = isinstance(cell, bytes | memoryview) and bytes(cell)
                yield zlib.decompress(packed).decode() if packed else str(cell)
    for pickled in cache._cache.values():  # type: ignore[attr-defined]  # of the local-memory cache
        yield pickled.decode("utf-8", "replace")


def the_record() -> ExportRecord:
    """The one record that was written, which holds nothing of the customer."""
    record = ExportRecord.objects.get()
    told = " ".join(str(value) for value in vars(record).values())
    assert "1001" not in told
    assert "jane" not in told.lower()
    return record
