"""Removing what is past its time: answers, typed customers, sessions, records, the trail's end.

Everything goes in batches of its own, each of which asks again whether the time is over. So it can
be stopped, run twice, and run beside a site that is in use.
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
from apps.lookups.models import Lookup, TypedCustomer, drop_findings

PRUNE_BATCH = 500


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
    while batch := list(_answers(now).order_by("expires_at")[:PRUNE_BATCH]):
        for lookup in batch:
            if lookup.cached_until is not None and lookup.cached_until > shared_since:
                store.delete(lookup.cache_key, store.readable_snapshot(lookup))
        with transaction.atomic():
            over = _answers(now).filter(pk__in=[one.pk for one in batch])
            drop_findings(list(over.values_list("pk", flat=True)))
            count += over.update(snapshot=None)
    return count


def _delete(rows: QuerySet[Any]) -> int:
    count = 0
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:PRUNE_BATCH]):
        _all, by_model = rows.filter(pk__in=pks).order_by().delete()
        count += by_model.get(rows.model._meta.label, 0)
    return count


# Sealing everything anew with the first key, so that an older one can be dropped.

RESEAL_BATCH = 100
_SECRETS = frozenset(("secret", "seed"))


@dataclass(slots=True)
class Resealed:
    """How many were sealed anew, were so already, and could not be opened by any key."""

    anew: int = 0
    already: int = 0
    unreadable: int = 0


def reseal_all() -> Resealed:
    """Go through every sealed column of the database, in batches.

    It can be stopped at any time, run again and run beside the site: what is sealed with the first
    key is left alone, and what somebody writes meanwhile is sealed with it anyway.
    """
    done = Resealed()
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, SealedField):
                _reseal_column(model, field, done)
    _reseal_factors(done)
    return done


def _reseal_column(model: type[Model], field: "Field[bytes, bytes]", done: Resealed) -> None:
    rows = model._base_manager.filter(**{f"{field.name}__isnull": False}).order_by("pk")
    batch = list(rows.values_list("pk", field.name)[:RESEAL_BATCH])
    while batch:
        for pk, sealed in batch:
            _reseal_cell(model, pk, field.name, bytes(sealed), done)
        batch = list(rows.filter(pk__gt=batch[-1][0]).values_list("pk", field.name)[:RESEAL_BATCH])


def _reseal_cell(
    model: type[Model], pk: object, column: str, sealed: bytes, done: Resealed
) -> None:
    try:
        anew = resealed(sealed)
    except Unreadable:
        done.unreadable += 1
        return
    if anew is None:
        done.already += 1
    else:
        unchanged = model._base_manager.filter(pk=pk, **{column: sealed})
        done.anew += unchanged.update(**{column: anew})


def _reseal_factors(done: Resealed) -> None:
    """The secrets of second factors are sealed texts, in a column that holds other facts too."""
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
            for name in _SECRETS.intersection(factor.data if factor else ()):
                _reseal_fact(factor, name, done)


def _reseal_fact(factor: Authenticator, name: str, done: Resealed) -> None:
    try:
        anew = resealed(base64.b64decode(factor.data[name]))
    except (Unreadable, ValueError):
        done.unreadable += 1
        return
    if anew is None:
        done.already += 1
        return
    factor.data = {**factor.data, name: base64.b64encode(anew).decode()}
    factor.save(update_fields=["data"])
    done.anew += 1


# What a running site does by itself: once a day it removes what is past its time.

_LOOK_EVERY_S = 60 * 60
_DAY_S = 24 * 60 * 60
_BY = Actor("system", name="the site")
_log = logging.getLogger(__name__)


def prune_daily() -> Thread:
    """Begin to prune now and every day, as long as this process lives, without a cron.

    Processes that share a cache take turns; others each do it, which costs a few queries.
    """
    thread = Thread(target=_go_on, name="pruning", daemon=True)
    thread.start()
    return thread


def prune_if_due() -> bool:
    """Prune, unless somebody did so within a day; tells whether it was done."""
    if cache.add("pruned", time.time(), _DAY_S) is False:
        return False
    try:
        problem = prune(_BY).problem
    except Error as error:  # without its words; the next hour tries again
        cache.delete("pruned")
        _log.error("Expired data could not be deleted: %s", type(error).__name__)
        return False
    finally:
        connections.close_all()
    if problem:
        _log.error("The audit trail could not be pruned. %s", problem)
    return True


def _go_on() -> None:
    while True:
        prune_if_due()
        Event().wait(_LOOK_EVERY_S)
