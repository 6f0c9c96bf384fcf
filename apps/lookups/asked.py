"""How a lookup begins: the record that somebody asked, and the question it stands for."""

import re
import secrets
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.permissions import NO_TEAM, projects_of
from apps.audit.models import Action
from apps.audit.trail import record
from apps.crypto import hash_customer
from apps.events.query import Customer, Question, Window, parse_customer
from apps.lookups import store
from apps.lookups.asker import Asker
from apps.lookups.connection import sentry_config
from apps.lookups.limits import count_lookup
from apps.lookups.models import Lookup, TypedCustomer
from apps.lookups.problems import CustomerErased, LookupFailed, Problem, problem_of
from apps.lookups.reasons import is_asked, reason_of, reason_to_keep
from apps.sentry import SentryError

# What the trail may name: through API and command line anything can be typed there.
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class ProjectsRefused(LookupFailed):
    """The person asked about projects that none of their teams may see, or is in no team."""

    is_recorded = True


def record_lookup(
    question: Question,
    *,
    asker: Asker,
    typed: str,
    zone: ZoneInfo,
    fresh: bool = False,
    reason: str = "",
) -> Lookup:
    """Write down that somebody asks, before anything is asked. `typed` is the customer as typed.

    Who may not see every project asks about those they may see. `reason` is why, as typed. Raises
    `LookupFailed` when no Sentry is configured or a reason is required and missing, and its kinds
    `TooManyLookups` and `ProjectsRefused`.
    """
    why = reason_to_keep(reason, {question.customer.identifier}) if is_asked() else ""
    if asker.user:
        count_lookup(asker.user)
    try:
        config = sentry_config()
        question = _allowed_question(question, asker, config.projects)
        key = store.cache_key(question, config)
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
            detail={
                "minutes": lookup.minutes,
                "projects": [slug for slug in lookup.projects if _SLUG.fullmatch(slug)],
                "environments": [
                    name for name in lookup.environments if _ENVIRONMENT.fullmatch(name)
                ],
                "fresh": lookup.fresh,
            },
            words=why,
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


def own_question(lookup: Lookup, asker: Asker) -> Question:
    """The question of a record, about those of its projects that the asker may see.

    Where they may see none of them it stays as it is, and is refused when it is asked.
    """
    question, allowed = question_of(lookup), _projects_of(asker)
    if allowed is None:
        return question
    own = tuple(slug for slug in question.projects if slug in allowed)
    return replace(question, projects=own or question.projects)


def repeat_lookup(lookup: Lookup, *, asker: Asker, reason: str = "") -> Lookup:
    """A new lookup of the same question that asks Sentry past the shared copy.

    Without a reason of its own it has that of the earlier one. Raises `CustomerErased`, and as
    `record_lookup` does.
    """
    return record_lookup(
        own_question(lookup, asker),
        asker=asker,
        typed=lookup.customer,
        zone=ZoneInfo(lookup.zone),
        fresh=True,
        reason=reason or reason_of(lookup),
    )


def _projects_of(asker: Asker) -> frozenset[str] | None:
    """What the asker may see; a command line has the rights of the system."""
    return projects_of(asker.user) if asker.user else None


def _allowed_question(question: Question, asker: Asker, searched: tuple[str, ...]) -> Question:
    """The question within the asker's projects. `searched` are those of the site, if it names any.

    Raises `ProjectsRefused`, and the trail says so.
    """
    allowed = _projects_of(asker)
    if allowed is None:
        return question
    wanted = set(question.projects or (set(searched) & allowed if searched else allowed))
    refused = sorted(wanted - allowed)
    if wanted and not refused:
        return replace(question, projects=tuple(sorted(wanted)))
    named = [slug for slug in refused if _SLUG.fullmatch(slug)]
    record(
        Action.REFUSED,
        asker.actor,
        customer_hash=hash_customer(question.customer.identifier),
        detail={"what": "lookup", "why": "projects", "projects": named[:20]},
    )
    raise ProjectsRefused(_not_allowed(refused) if refused else NO_PROJECTS)


_ASK_FOR_TEAM = "Ask your Triage admin which team you should be on. Nothing was looked up."

NO_PROJECTS = Problem("no_projects", NO_TEAM, _ASK_FOR_TEAM, page_status=403, api_status=403)


def _not_allowed(slugs: list[str]) -> Problem:
    named = ", ".join(slugs[:5])
    return Problem(
        code="project_not_allowed",
        message=f"Your teams don't have access to this project: {named}.",
        next_step="Choose another project, or ask your Triage admin. Nothing was looked up.",
        page_status=403,
        api_status=403,
    )
