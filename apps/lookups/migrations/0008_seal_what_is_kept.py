"""Seal what older versions kept in the clear: typed customers and answers, in batches.

It can be stopped and run again: what is sealed already is left alone. Answers that are older than
they may be kept are left to `prune_lookups`, which comes next.

The hashes by which customers are found are made anew while the names can still be read: they were
keyed with `SECRET_KEY`, and TRIAGE_HASH_KEY, which is new, may be another.
"""

import zlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import migrations

from apps.crypto import hash_customer, seal_as

BATCH = 500
PACKED = b"\x78"  # zlib's first byte; what is sealed begins with another


def seal_lookups(apps: Any, schema_editor: Any) -> None:
    lookups = apps.get_model("lookups", "Lookup").objects.using(schema_editor.connection.alias)
    typed = apps.get_model("lookups", "TypedCustomer").objects.using(schema_editor.connection.alias)
    last = 0
    while batch := list(lookups.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        done = set(typed.filter(pk__in=[one.pk for one in batch]).values_list("pk", flat=True))
        for lookup in batch:
            _seal(lookup, lookups)
            found_by = hash_customer(lookup.customer)
            lookups.filter(pk=lookup.pk).update(customer_hash=found_by)
            lookups.filter(pk=lookup.pk, expires_at=None).update(expires_at=_until(lookup))
        typed.bulk_create(
            typed.model(
                lookup_id=lookup.pk,
                customer_hash=hash_customer(lookup.customer),
                sealed=seal_as(f"customer of lookup {lookup.uuid}", lookup.customer.encode()),
            )
            for lookup in batch
            if lookup.pk not in done
        )


def _seal(lookup: Any, lookups: Any) -> None:
    packed = bytes(lookup.snapshot or b"")
    if packed.startswith(PACKED):
        sealed = seal_as(f"lookup {lookup.uuid}", zlib.decompress(packed))
        lookups.filter(pk=lookup.pk).update(snapshot=sealed)


def _until(lookup: Any) -> datetime:
    created_at: datetime = lookup.created_at
    return created_at + timedelta(days=settings.TRIAGE_KEEP_LOOKUPS_DAYS)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("lookups", "0007_typed_customer")]

    operations = [migrations.RunPython(seal_lookups, migrations.RunPython.noop)]
