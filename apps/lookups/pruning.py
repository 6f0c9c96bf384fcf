"""Removing what is past its time: answers, typed customers, sessions, records, the trail's end.

Everything goes in batches of its own, each of which asks again whether the time is over. So it can
be stopped, run twice, and run beside a site that is in use.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet

from apps.audit.models import Action, Entry
from apps.audit.trail import Actor, record
from apps.audit.verification import TrailBroken, prune_trail
from apps.lookups import store
from apps.lookups.findings import drop_findings
from apps.lookups.models import Lookup, TypedCustomer

BATCH = 500


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many were removed: answers, typed customers, records of lookups, sessions, entries.

    `problem` is why entries past their time had to stay.
    """

    answers: int
    customers: int
    records: int
    sessions: int
    entries: int
    problem: str = ""

    @property
    def is_nothing(self) -> bool:
        """Whether there was nothing to remove."""
        return not any(asdict(self).values())


def prune(actor: Actor) -> Pruned:
    """Remove what is past its time, and record that and how much."""
    now = datetime.now(UTC)
    entries, problem = _prune_trail(now, actor)
    pruned = Pruned(
        answers=_forget_answers(now),
        customers=_delete(_customers(now)),
        records=_delete(_records(now)),
        sessions=_delete(_sessions(now)),
        entries=entries,
        problem=problem,
    )
    if not pruned.is_nothing:
        record(Action.PRUNED, actor, detail=asdict(pruned))
    return pruned


def _prune_trail(now: datetime, actor: Actor) -> tuple[int, str]:
    try:
        return prune_trail(_trail_from(now), actor=actor), ""
    except TrailBroken as broken:
        return 0, str(broken)


def to_prune() -> Pruned:
    """What `prune` would remove now."""
    now = datetime.now(UTC)
    return Pruned(
        answers=_answers(now).count(),
        customers=_customers(now).count(),
        records=_records(now).count(),
        sessions=_sessions(now).count(),
        entries=Entry.objects.filter(at__lt=_trail_from(now)).count(),
    )


def _trail_from(now: datetime) -> datetime:
    return now - timedelta(days=settings.TRIAGE_KEEP_AUDIT_DAYS)


def _answers(now: datetime) -> QuerySet[Lookup]:
    return Lookup.objects.filter(expires_at__lte=now, snapshot__isnull=False)


def _customers(now: datetime) -> QuerySet[TypedCustomer]:
    return TypedCustomer.objects.filter(lookup__expires_at__lte=now)


def _records(now: datetime) -> QuerySet[Lookup]:
    """Records of lookups and of their exports are kept as long as the trail."""
    return Lookup.objects.filter(expires_at__lte=now, created_at__lt=_trail_from(now))


def _sessions(now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lte=now)


def _forget_answers(now: datetime) -> int:
    """Remove the snapshots; shared copies of them end by themselves, or go here if they last."""
    count, shared_since = 0, now - store.KEEP_STALE
    while batch := list(_answers(now).order_by("expires_at")[:BATCH]):
        for lookup in batch:
            if lookup.cached_until is not None and lookup.cached_until > shared_since:
                store.drop(lookup.cache_key, store.readable_snapshot(lookup))
        with transaction.atomic():
            over = _answers(now).filter(pk__in=[one.pk for one in batch])
            drop_findings(list(over.values_list("pk", flat=True)))
            count += over.update(snapshot=None)
    return count


def _delete(rows: QuerySet[Any]) -> int:
    count = 0
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        _all, by_model = rows.filter(pk__in=pks).order_by().delete()
        count += by_model.get(rows.model._meta.label, 0)
    return count
