"""Having one customer forgotten: all that is kept of them goes, and that is recorded.

What a customer is called by is looked for exactly, by its keyed hash: an e-mail does not find what
was looked up by a user id.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from apps.audit.models import Action, Entry, Words
from apps.audit.trail import Actor, one_act, record
from apps.audit.verification import forget_words
from apps.crypto import hash_customer
from apps.events.answer import Answer
from apps.lookups import shared, store
from apps.lookups.asked import question_of
from apps.lookups.connection import sentry_config
from apps.lookups.findings import drop_findings
from apps.lookups.models import ExportRecord, Lookup, TypedCustomer
from apps.lookups.problems import CustomerErased
from apps.sentry import SentryError


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept under one name: records of lookups, their answers, the customer as typed,
    and what people typed as reasons. Records stay, and name nobody any more.
    """

    lookups: int
    answers: int
    customers: int
    reasons: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went. `is_cache_cleared` is false where the shared cache could not be reached."""

    kept: Kept
    is_cache_cleared: bool


def kept_of(identifier: str) -> Kept:
    """How much would be removed for this name."""
    return _kept(hash_customer(identifier))


def forget_customer(identifier: str, actor: Actor) -> Forgotten:
    """Remove all that is kept of the customer of this name, and record that.

    A lookup that is being answered meanwhile keeps nothing of its answer. Where the cache could
    not be reached, run it again: until then no copy in it is shown, and it ends within two days.
    """
    customer_hash = hash_customer(identifier)
    shared.wake()
    keys = {key for lookup in _lookups(customer_hash).iterator(50) for key in _keys_of(lookup)}
    with one_act():
        kept = _kept(customer_hash)
        _erase(customer_hash, timezone.now())
        record(Action.FORGOT, actor, customer_hash=customer_hash, detail=asdict(kept))
    for key in keys:
        shared.delete(key)
    return Forgotten(kept, shared.is_awake())


def was_forgotten(lookup: Lookup, answer: Answer) -> bool:
    """Whether the customer was forgotten after this answer was fetched.

    A copy of it may still lie in a cache that forgetting could not reach: in the memory of another
    process, where no cache is shared.
    """
    forgot = Entry.objects.filter(action=Action.FORGOT, customer_hash=lookup.customer_hash)
    return forgot.filter(at__gte=answer.fetched_at).exists()


def _kept(customer_hash: str) -> Kept:
    lookups = Lookup.objects.filter(customer_hash=customer_hash)
    exports = ExportRecord.objects.filter(lookup__customer_hash=customer_hash)
    words = Words.objects.filter(customer_hash=customer_hash)
    return Kept(
        lookups=lookups.count(),
        answers=lookups.filter(snapshot__isnull=False).count(),
        customers=TypedCustomer.objects.filter(customer_hash=customer_hash).count(),
        reasons=exports.exclude(reason="").count() + words.count(),
    )


def _erase(customer_hash: str, now: datetime) -> None:
    lookups = Lookup.objects.filter(customer_hash=customer_hash)
    lookups.filter(purged_at=None).update(purged_at=now)
    drop_findings(list(lookups.values_list("pk", flat=True)))
    lookups.update(snapshot=None, cached_until=None, problem_detail="")
    TypedCustomer.objects.filter(customer_hash=customer_hash).delete()
    forget_words(customer_hash)
    ExportRecord.objects.filter(lookup__customer_hash=customer_hash).update(reason="")


def _lookups(customer_hash: str) -> QuerySet[Lookup]:
    return Lookup.objects.filter(customer_hash=customer_hash).select_related("typed").order_by("pk")


def _keys_of(lookup: Lookup) -> Iterator[str]:
    """All under which the cache may hold something of this lookup."""
    kept = store.get(lookup.cache_key)
    for answer in (store.readable_snapshot(lookup), kept.answer if kept else None):
        yield from store.keys_of(lookup.cache_key, answer)
    try:
        yield store.windows_key(question_of(lookup), sentry_config())
    except (CustomerErased, SentryError):
        return
