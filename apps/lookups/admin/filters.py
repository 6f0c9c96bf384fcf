"""What the list can be narrowed by. Each filter has an index; what it takes stands in the address.

Nothing of a customer is among it: one customer is found by the keyed hash of a search that is
posted.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.models import Team
from apps.lookups.models import Lookup, Origin, Outcome
from apps.lookups.store import StoredState, is_stored_as

# What every filter of the list has in common: a choice of one, that stands in the address.

MOST_CHOICES = 200

Choices = Sequence[tuple[str, str]]


class OneOf(admin.SimpleListFilter, ABC):
    """A choice of one. `is_hidden` ones have no list to choose from; links lead to them."""

    is_hidden = False

    title: str
    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """The choices; of a hidden one what is chosen."""
        return [(chosen, chosen)] if (chosen := self.chosen) else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lookup]) -> QuerySet[Lookup]:
        """The lookups of the choice; none for a choice that does not exist."""
        if not self.chosen:
            return queryset
        condition = self.condition(self.chosen)
        return queryset.none() if condition is None else queryset.filter(condition)

    def has_output(self) -> bool:
        """Also a choice that is not offered counts: it finds nothing, rather than everything."""
        return super().has_output() or bool(self.chosen)

    @property
    def chosen(self) -> str:
        """What is chosen, if anything."""
        return str(self.value() or "")

    @property
    def told(self) -> str:
        """The choice in words."""
        told = (label for value, label in self.lookup_choices if value == self.chosen)
        return str(next(told, "?"))

    @abstractmethod
    def condition(self, chosen: str) -> Q | None:
        """What the lookups of the choice have in common; None where there is no such choice."""


_AGES: dict[str, tuple[str, timedelta]] = {
    "hour": ("the last hour", timedelta(hours=1)),
    "day": ("the last 24 hours", timedelta(days=1)),
    "week": ("the last 7 days", timedelta(days=7)),
    "month": ("the last 30 days", timedelta(days=30)),
}
_OLDER = "older"
_YES_NO: dict[str, dict[str, str]] = {
    "shared": {"yes": "from cache", "no": "by asking Sentry"},
    "redacted": {"yes": "with redaction", "no": "without redaction"},
}
# A plain "distinct" reads the whole index; this goes from one name to the next.
_EACH_PROJECT = """
WITH RECURSIVE each_one(project) AS (
  SELECT min(project) FROM lookups_lookupproject
  UNION ALL
  SELECT (SELECT min(project) FROM lookups_lookupproject WHERE project > each_one.project)
  FROM each_one WHERE each_one.project IS NOT NULL
)
SELECT project FROM each_one WHERE project IS NOT NULL LIMIT %s
"""


class Who(OneOf):
    """Who asked; beyond so many people the search finds them by name."""

    title, parameter_name = "who", "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """People with an account."""
        people = User.objects.order_by("username").values_list("pk", "username")[:MOST_CHOICES]
        choices = [(str(pk), name) for pk, name in people]
        if self.chosen and self.chosen not in dict(choices):
            choices.append((self.chosen, _name_of(self.chosen)))
        return choices

    def condition(self, chosen: str) -> Q | None:
        """By the account."""
        return Q(user_id=int(chosen)) if is_number(chosen) else None


class System(OneOf):
    """Who asked on a command line."""

    title, parameter_name, is_hidden = "command line of", "system", True

    def condition(self, chosen: str) -> Q | None:
        """By the name at the operating system."""
        return Q(system_user=chosen) & ~Q(system_user="")


class InTeam(OneOf):
    """People of one team."""

    title, parameter_name = "team", "team"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """All teams."""
        teams = Team.objects.order_by("group__name").values_list("group_id", "group__name")
        return [(str(pk), name) for pk, name in teams[:MOST_CHOICES]]

    def condition(self, chosen: str) -> Q | None:
        """By those who are in it now."""
        if not is_number(chosen):
            return None
        members = User.objects.filter(groups__team__group_id=int(chosen))
        return Q(user_id__in=list(members.values_list("pk", flat=True)))


class HowItEnded(OneOf):
    """The outcome."""

    title, parameter_name = "outcome", "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """All outcomes."""
        return Outcome.choices

    def condition(self, chosen: str) -> Q | None:
        """By the outcome."""
        return Q(outcome=chosen)


class WhatIsKept(OneOf):
    """What became of the answer."""

    title, parameter_name = "answer", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """All states."""
        return StoredState.choices

    def condition(self, chosen: str) -> Q | None:
        """By columns, as of now."""
        return (
            is_stored_as(StoredState(chosen), timezone.now())
            if chosen in StoredState.values
            else None
        )


class InProject(OneOf):
    """A project that was chosen, or that something was found in."""

    title, parameter_name = "project", "project"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """The projects that there are rows of."""
        with connection.cursor() as cursor:
            cursor.execute(_EACH_PROJECT, [MOST_CHOICES])
            return [(name, name) for (name,) in cursor.fetchall()]

    def condition(self, chosen: str) -> Q | None:
        """By the rows of what was found."""
        return Q(found_projects__project=chosen)


class WithIssue(OneOf):
    """One issue that was found."""

    title, parameter_name, is_hidden = "issue", "issue", True

    def condition(self, chosen: str) -> Q | None:
        """By the rows of what was found."""
        return Q(found_issues__issue_id=chosen)


class Age(OneOf):
    """How long ago it was asked."""

    title, parameter_name = "when", "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """The usual lengths of time."""
        return [(name, label) for name, (label, _) in _AGES.items()] + [
            (_OLDER, "more than 30 days ago")
        ]

    def condition(self, chosen: str) -> Q | None:
        """By when it was asked."""
        if chosen == _OLDER:
            return Q(created_at__lt=timezone.now() - _AGES["month"][1])
        return Q(created_at__gte=timezone.now() - _AGES[chosen][1]) if chosen in _AGES else None


class Door(OneOf):
    """Through which door."""

    title, parameter_name = "asked by", "origin"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """All doors."""
        return Origin.choices

    def condition(self, chosen: str) -> Q | None:
        """By the origin."""
        return Q(origin=chosen)


class Shared(OneOf):
    """Whether it cost Sentry anything."""

    title, parameter_name = "answered", "shared"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Both ways."""
        return list(_YES_NO["shared"].items())

    def condition(self, chosen: str) -> Q | None:
        """By where the answer came from."""
        return Q(from_cache=chosen == "yes") if chosen in _YES_NO["shared"] else None


class Redaction(OneOf):
    """Whether somebody saw it without redaction."""

    title, parameter_name = "shown", "redacted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Both ways."""
        return list(_YES_NO["redacted"].items())

    def condition(self, chosen: str) -> Q | None:
        """By how it was shown."""
        return Q(redacted=chosen == "yes") if chosen in _YES_NO["redacted"] else None


class Before(OneOf):
    """Where the list goes on: all that is older than one lookup."""

    title, parameter_name, is_hidden = "older than", "before", True

    def condition(self, chosen: str) -> Q | None:
        """By time and, within one time, by number."""
        read = _read_place(chosen)
        if read is None:
            return None
        at, pk = read
        return Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk)

    @property
    def told(self) -> str:
        """The time alone."""
        read = _read_place(self.chosen)
        return f"{read[0]:%d %b %Y, %H:%M}" if read else "?"


FILTERS: tuple[type[OneOf], ...] = (
    *(Who, InTeam, HowItEnded, WhatIsKept, InProject, Age, Door, Shared, Redaction),
    *(System, WithIssue, Before),
)
PARAMETERS = frozenset(str(one.parameter_name) for one in FILTERS)
_BY_END = ("-expires_at", "-pk")
# The newest first, each along the index of its filter. What ends last was mostly asked last, too.
ORDERS: dict[tuple[str, str], tuple[str, str]] = {
    ("project", ""): ("-found_projects__asked_at", "-found_projects__lookup_id"),
    ("issue", ""): ("-found_issues__asked_at", "-found_issues__lookup_id"),
    ("state", StoredState.STALE.value): _BY_END,
    ("state", StoredState.EXPIRED.value): _BY_END,
}


def place_of(lookup: Lookup) -> str:
    """Where a lookup stands in the list, as `Before` takes it."""
    return f"{lookup.created_at.isoformat()}~{lookup.pk}"


def _read_place(told: str) -> tuple[datetime, int] | None:
    moment, _, pk = told.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    is_one = at.tzinfo is not None and 1 < at.year < 9999 and is_number(pk)
    return (at.astimezone(UTC), int(pk)) if is_one else None


def is_number(told: str) -> bool:
    """Whether it can be the number of a row."""
    return told.isascii() and told.isdigit() and len(told) < 16


def _name_of(pk: str) -> str:
    names = User.objects.filter(pk=pk).values_list("username", flat=True) if is_number(pk) else ()
    return str(next(iter(names), "?"))
