"""Delete expired data, and re-encrypt stored data with the current key.

Both work in small batches that check again before they write. So they can be stopped, run twice,
and run while the site is in use.
"""

import base64
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F, QuerySet

from apps.audit.models import Action, Entry
from apps.audit.trail import Actor, record
from apps.audit.verification import TrailBroken, prune_trail
from apps.crypto import SealedField, Unreadable, key_of, resealed
from apps.events.query import counted
from apps.jobs import engine as jobs
from apps.jobs.models import Job
from apps.lookups import store
from apps.lookups.models import Lease, Lookup, LookupShare, TypedCustomer, delete_findings, pruning

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
    problem: str


def prune(actor: Actor, after_step: Callable[[], None] = lambda: None) -> Pruned:
    """Delete expired data, and record how much. `after_step` can raise, to stop it."""
    now = datetime.now(UTC)
    Lease.objects.filter(until__lte=now).delete()
    entries, problem = 0, ""
    try:
        entries = prune_trail(_trail_start(now), actor=actor)
    except TrailBroken as broken:
        problem = str(broken)
    after_step()
    answers = _delete_results(now, after_step) + _results_elsewhere(now, delete=True)
    counts = {name: _delete(rows, after_step) for name, rows in _expired(now).items()}
    pruned = Pruned(answers, **counts, entries=entries, problem=problem)
    detail = asdict(pruned)
    if any(detail.values()):
        record(Action.PRUNED, actor, detail=detail)
        store.truncate_wal()
    return pruned


def count_expired() -> Pruned:
    """Return how much `prune` would delete now."""
    now = datetime.now(UTC)
    answers = _results(now).count() + _results_elsewhere(now, delete=False)
    entries = Entry.objects.filter(at__lt=_trail_start(now)).count()
    counts = {name: rows.count() for name, rows in _expired(now).items()}
    return Pruned(answers, **counts, entries=entries, problem="")


def _trail_start(now: datetime) -> datetime:
    return now - timedelta(days=settings.TRIAGE_KEEP_AUDIT_DAYS)


def _results(now: datetime) -> QuerySet[Lookup]:
    return Lookup.objects.filter(expires_at__lte=now, snapshot__isnull=False)


def _expired(now: datetime) -> dict[str, QuerySet[Any]]:
    """Return the rows to delete. Lookups and their exports are stored as long as the trail."""
    old = Lookup.objects.filter(expires_at__lte=now, created_at__lt=_trail_start(now))
    return {
        "customers": TypedCustomer.objects.filter(lookup__expires_at__lte=now),
        "records": old,
        "sessions": Session.objects.filter(expire_date__lte=now),
    }


def _delete_results(now: datetime, after_step: Callable[[], None]) -> int:
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
        after_step()
    return count


def _results_elsewhere(now: datetime, *, delete: bool) -> int:
    """Return how many results of other packages have expired, and delete them if wanted."""
    found: list[tuple[Any, Any]] = pruning.send(sender=Lookup, now=now, delete=delete)
    return sum(count for _receiver, count in found)


def _delete(rows: QuerySet[Any], after_step: Callable[[], None] = lambda: None) -> int:
    count = 0
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:PRUNE_BATCH]):
        _all, by_model = rows.filter(pk__in=pks).order_by().delete()
        count += by_model.get(rows.model._meta.label, 0)
        after_step()
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


def reseal_all(after_step: Callable[[], None] = lambda: None) -> Resealed:
    """Re-encrypt columns and the secrets of second factors, unless the first key was used."""
    counts = Resealed()
    for sealed, replace in _all_sealed(after_step):
        try:
            value = resealed(sealed)
        except Unreadable:
            counts.unreadable += 1
            continue
        if value is None:
            counts.current += 1
        else:
            counts.updated += replace(value)
    return counts


def uses_older_key() -> bool:
    """Return whether something stored needs a data key other than the first."""
    older = set(settings.TRIAGE_DATA_KEYS[1:])
    return bool(older) and any(key_of(sealed) in older for sealed, _replace in _all_sealed())


def _all_sealed(
    after_batch: Callable[[], None] = lambda: None,
) -> Iterator[tuple[bytes, Callable[[bytes], int]]]:
    """Yield encrypted values, each with a function that replaces it unless it has changed."""
    for pk, data in Authenticator.objects.order_by("pk").values_list("pk", "data"):
        for name in _SECRETS.intersection(data):
            sealed = b""
            with suppress(ValueError):
                sealed = base64.b64decode(data[name])
            yield sealed, partial(_replace_secret, pk, name, data[name])
    fields = chain.from_iterable(model._meta.get_fields() for model in apps.get_models())
    for field in fields:
        if not isinstance(field, SealedField):
            continue
        name, rows = field.name, field.model._base_manager.order_by("pk")
        rows = rows.filter(**{f"{name}__isnull": False})
        batch = list(rows.values_list("pk", name)[:RESEAL_BATCH])
        while batch:
            for pk, sealed in batch:
                yield bytes(sealed), partial(_replace_value, rows, pk, name, sealed)
            after_batch()
            rest = rows.filter(pk__gt=batch[-1][0])
            batch = list(rest.values_list("pk", name)[:RESEAL_BATCH])


def _replace_value(rows: QuerySet[Any], pk: Any, name: str, before: bytes, value: bytes) -> int:
    return rows.filter(pk=pk, **{name: before}).update(**{name: value})


@transaction.atomic
def _replace_secret(pk: int, name: str, before: str, value: bytes) -> int:
    """Replace the secret of a second factor, a Base64 text inside a JSON column."""
    factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if factor is None or factor.data.get(name) != before:
        return 0
    factor.data[name] = base64.b64encode(value).decode()
    factor.save(update_fields=["data"])
    return 1


# What workers do on their own, and re-encryption on request.


@jobs.periodic("pruning", every=timedelta(days=1), lease=timedelta(minutes=10))
def _prune_daily(_job: Job, lease: jobs.Lease) -> None:
    problem = prune(Actor("system", name="the site"), lease.renew).problem
    if problem:
        raise jobs.GiveUp(f"The audit trail could not be pruned. {problem}")


@jobs.periodic("expiry", every=timedelta(hours=1))
def _end_hourly(_job: Job, _lease: jobs.Lease) -> None:
    """Delete expired sessions, which strangers can start as well, and end expired shares."""
    now = datetime.now(UTC)
    LookupShare.objects.filter(ended_at=None, until__lte=now).update(ended_at=F("until"))
    if _delete(_expired(now)["sessions"]):
        store.truncate_wal()


@jobs.handler("reseal", lease=timedelta(minutes=10))
def _reseal(_job: Job, lease: jobs.Lease) -> None:
    unreadable = reseal_all(lease.renew).unreadable
    if unreadable:
        raise jobs.GiveUp(f"Not readable with any key: {counted(unreadable, 'value')}.")
