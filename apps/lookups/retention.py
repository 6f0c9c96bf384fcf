"""Delete expired data, and re-encrypt stored data with the current key.

Both work in small batches that check again before they write. So they can be stopped, run twice,
and run while the site is in use.
"""

import base64
import logging
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import Error, connections, transaction
from django.db.models import Field, Model, QuerySet

from apps.audit.models import Action, Entry
from apps.audit.trail import Actor, record
from apps.audit.verification import TrailBroken, prune_trail
from apps.crypto import SealedField, Unreadable, resealed
from apps.lookups import cache, store
from apps.lookups.models import Lease, Lookup, TypedCustomer, delete_findings

PRUNE_BATCH = 500


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many results, typed customers, lookup records, sessions, and trail entries were deleted.

    `problem` is the reason why the audit trail could not be pruned.
    """

    answers: int
    customers: int
    records: int
    sessions: int
    entries: int
    problem: str = ""

    @property
    def is_nothing(self) -> bool:
        """Return whether nothing was deleted and nothing failed."""
        return not any(asdict(self).values())


def prune(actor: Actor) -> Pruned:
    """Delete expired data, and record how much."""
    now = datetime.now(UTC)
    Lease.objects.filter(until__lte=now).delete()
    entries, problem = _prune_trail(now, actor)
    pruned = Pruned(
        answers=_delete_results(now),
        customers=_delete(_customers(now)),
        records=_delete(_records(now)),
        sessions=_delete(_sessions(now)),
        entries=entries,
        problem=problem,
    )
    if not pruned.is_nothing:
        record(Action.PRUNED, actor, detail=asdict(pruned))
        store.fold_log()
    return pruned


def _prune_trail(now: datetime, actor: Actor) -> tuple[int, str]:
    try:
        return prune_trail(_trail_start(now), actor=actor), ""
    except TrailBroken as broken:
        return 0, str(broken)


def count_expired() -> Pruned:
    """Return how much `prune` would delete now."""
    now = datetime.now(UTC)
    return Pruned(
        answers=_results(now).count(),
        customers=_customers(now).count(),
        records=_records(now).count(),
        sessions=_sessions(now).count(),
        entries=Entry.objects.filter(at__lt=_trail_start(now)).count(),
    )


def _trail_start(now: datetime) -> datetime:
    return now - timedelta(days=settings.TRIAGE_KEEP_AUDIT_DAYS)


def _results(now: datetime) -> QuerySet[Lookup]:
    return Lookup.objects.filter(expires_at__lte=now, snapshot__isnull=False)


def _customers(now: datetime) -> QuerySet[TypedCustomer]:
    return TypedCustomer.objects.filter(lookup__expires_at__lte=now)


def _records(now: datetime) -> QuerySet[Lookup]:
    """Return the lookups to delete: they and their exports are stored as long as the trail."""
    return Lookup.objects.filter(expires_at__lte=now, created_at__lt=_trail_start(now))


def _sessions(now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lte=now)


def _delete_results(now: datetime) -> int:
    """Delete expired snapshots, and their cached copies that have not expired yet."""
    count, cached_since = 0, now - store.STALE_FOR
    while batch := list(_results(now).order_by("expires_at")[:PRUNE_BATCH]):
        for lookup in batch:
            if lookup.cached_until is not None and lookup.cached_until > cached_since:
                store.delete(lookup.cache_key, store.readable_snapshot(lookup))
        with transaction.atomic():
            expired = _results(now).filter(pk__in=[lookup.pk for lookup in batch])
            delete_findings(list(expired.values_list("pk", flat=True)))
            count += expired.update(snapshot=None)
    return count


def _delete(rows: QuerySet[Any]) -> int:
    count = 0
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:PRUNE_BATCH]):
        _all, by_model = rows.filter(pk__in=pks).order_by().delete()
        count += by_model.get(rows.model._meta.label, 0)
    return count


# Re-encryption with the first key, so an older one can be removed.

RESEAL_BATCH = 100
_SECRETS = frozenset(("secret", "seed"))


@dataclass(slots=True)
class Resealed:
    """The number of values re-encrypted, already current, and not readable with any key."""

    updated: int = 0
    current: int = 0
    unreadable: int = 0


def reseal_all() -> Resealed:
    """Re-encrypt every encrypted column and the secrets of second factors.

    Values under the first key are left alone, and the site writes new ones under it anyway.
    """
    counts = Resealed()
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, SealedField):
                _reseal_column(model, field, counts)
    _reseal_factors(counts)
    return counts


def _reseal_column(model: type[Model], field: "Field[bytes, bytes]", counts: Resealed) -> None:
    rows = model._base_manager.filter(**{f"{field.name}__isnull": False}).order_by("pk")
    batch = list(rows.values_list("pk", field.name)[:RESEAL_BATCH])
    while batch:
        for pk, sealed in batch:
            resealed_value = _reseal_value(bytes(sealed), counts)
            if resealed_value is not None:
                unchanged = model._base_manager.filter(pk=pk, **{field.name: sealed})
                counts.updated += unchanged.update(**{field.name: resealed_value})
        batch = list(rows.filter(pk__gt=batch[-1][0]).values_list("pk", field.name)[:RESEAL_BATCH])


def _reseal_value(sealed: bytes, counts: Resealed) -> bytes | None:
    """Return the value under the first key; count it and return None if it stays as it is."""
    try:
        value = resealed(sealed)
    except Unreadable:
        counts.unreadable += 1
        return None
    if value is None:
        counts.current += 1
    return value


def _reseal_factors(counts: Resealed) -> None:
    """Re-encrypt the secrets of second factors, which are Base64 texts inside a JSON column."""
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
            for name in _SECRETS.intersection(factor.data if factor else ()):
                _reseal_secret(factor, name, counts)


def _reseal_secret(factor: Authenticator, name: str, counts: Resealed) -> None:
    try:
        sealed = base64.b64decode(factor.data[name])
    except ValueError:
        counts.unreadable += 1
        return
    value = _reseal_value(sealed, counts)
    if value is not None:
        factor.data = {**factor.data, name: base64.b64encode(value).decode()}
        factor.save(update_fields=["data"])
        counts.updated += 1


# Daily pruning by a running site.

_CHECK_EVERY_S = 60 * 60
_DAY_S = 24 * 60 * 60
_SITE = Actor("system", name="the site")
_log = logging.getLogger(__name__)


def prune_daily() -> Thread:
    """Start a thread that prunes now and then once a day, without a cron job.

    Processes that share a cache take turns; others each prune, which costs a few queries.
    """
    thread = Thread(target=_prune_forever, name="pruning", daemon=True)
    thread.start()
    return thread


def prune_if_due() -> bool:
    """Prune, unless a process did so within a day. Return whether it was done."""
    if not cache.add("pruned", time.time(), _DAY_S):
        return False
    try:
        problem = prune(_SITE).problem
    except Error as error:  # logged without its message; the next hour tries again
        cache.delete("pruned")
        _log.error("Expired data could not be deleted: %s", type(error).__name__)
        return False
    finally:
        connections.close_all()
    if problem:
        _log.error("The audit trail could not be pruned. %s", problem)
    return True


def end_expired_sessions() -> None:
    """Delete expired sessions, which people who have not signed in can start as well."""
    try:
        if _delete(_sessions(datetime.now(UTC))):
            store.fold_log()
    except Error as error:  # logged without its message; the next hour tries again
        _log.error("Expired sessions could not be deleted: %s", type(error).__name__)
    finally:
        connections.close_all()


def _prune_forever() -> None:
    while True:
        prune_if_due()
        end_expired_sessions()
        Event().wait(_CHECK_EVERY_S)
