"""How a lookup begins: the record that somebody asked, and the question it stands for."""

import secrets
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.audit.models import Action
from apps.audit.trail import record
from apps.events.question import Customer, Question, Window, parse_customer
from apps.lookups import store
from apps.lookups.asker import Asker
from apps.lookups.connection import sentry_config
from apps.lookups.limits import count_lookup
from apps.lookups.models import Lookup, TypedCustomer
from apps.lookups.problems import CustomerErased, LookupFailed, problem_of
from apps.sentry import SentryError
from apps.vault.hashing import keyed_hash


def hash_customer(identifier: str) -> str:
    """A keyed hash, by which lookups of one customer are found without keeping the name."""
    return keyed_hash("triage.customer", identifier.strip().casefold())


def record_lookup(
    question: Question, *, asker: Asker, typed: str, zone: ZoneInfo, fresh: bool = False
) -> Lookup:
    """Write down that somebody asks, before anything is asked. `typed` is the customer as typed.

    Raises `LookupFailed` when no Sentry is configured, and `TooManyLookups`.
    """
    if asker.user:
        count_lookup(asker.user)
    try:
        key = store.cache_key(question, sentry_config())
    except SentryError as error:
        raise LookupFailed(problem_of(error)) from error
    lookup = Lookup(
        user=asker.user,
        origin=asker.origin,
        system_user=asker.system_user,
        customer_hash=hash_customer(question.customer.identifier),
        moment=question.window.moment,
        minutes=question.window.minutes,
        zone=zone.key,
        projects=list(question.projects),
        environments=list(question.environments),
        fresh=fresh,
        cache_key=key,
        marker=secrets.token_hex(8),
        expires_at=timezone.now() + timedelta(days=settings.TRIAGE_KEEP_LOOKUPS_DAYS),
    )
    with transaction.atomic():
        lookup.save(force_insert=True)
        TypedCustomer.of(lookup, typed.strip()).save(force_insert=True)
        record(
            Action.LOOKED_UP,
            asker.actor,
            target=lookup.audit_target,
            customer_hash=lookup.customer_hash,
            detail={"minutes": lookup.minutes, "projects": lookup.projects},
        )
    return lookup


def question_of(lookup: Lookup) -> Question:
    """The question a record stands for. Raises `CustomerErased`."""
    return Question(
        customer=_customer_of(lookup),
        window=Window(moment=lookup.moment, minutes=lookup.minutes),
        projects=tuple(lookup.projects),
        environments=tuple(lookup.environments),
        fields=tuple(settings.TRIAGE_CUSTOMER_FIELDS),
    )


def names_of(lookup: Lookup) -> frozenset[str]:
    """What the customer of a lookup is known by, to be hidden; nothing once that is erased."""
    typed = lookup.customer
    return frozenset({parse_customer(typed).identifier} if typed else ())


def _customer_of(lookup: Lookup) -> Customer:
    typed = lookup.customer
    if not typed:
        raise CustomerErased
    return parse_customer(typed)


def repeat_lookup(lookup: Lookup, *, asker: Asker) -> Lookup:
    """A new lookup of the same question that asks Sentry past the shared copy.

    Raises `CustomerErased`, and as `record_lookup` does.
    """
    return record_lookup(
        question_of(lookup),
        asker=asker,
        typed=lookup.customer,
        zone=ZoneInfo(lookup.zone),
        fresh=True,
    )
