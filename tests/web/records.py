"""Reading everything stored in the database and the cache."""

import base64
import pickle
from collections.abc import Iterator

from django.apps import apps

from apps.crypto import Unreadable, unseal
from apps.lookups.cache import cache
from apps.lookups.models import ExportRecord


def stored_texts() -> Iterator[str]:
    """Yield every database cell and cached value as text, decrypted."""
    for model in apps.get_models():
        for row in model.objects.values_list():  # type: ignore[attr-defined]  # every model has it
            for cell in row:
                is_encrypted = isinstance(cell, bytes | memoryview)
                yield unseal(bytes(cell)).decode() if is_encrypted else str(cell)
    for pickled in cache._cache.values():  # local-memory cache
        yield _decrypted(pickle.loads(pickled))  # noqa: S301 - this process wrote it


def _decrypted(value: object) -> str:
    """Return a cached value as text, decrypted if necessary."""
    try:
        return unseal(base64.b64decode(str(value), validate=True)).decode()
    except (Unreadable, ValueError):
        return str(value)


def only_export_record() -> ExportRecord:
    """Return the only export record; it must not mention the customer."""
    record = ExportRecord.objects.get()
    values = " ".join(str(value) for value in vars(record).values())
    assert "1001" not in values
    assert "jane" not in values.lower()
    return record
