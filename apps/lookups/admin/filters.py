"""The filters of the list of lookups. Each has an index, and its choice is in the URL.

No filter takes a customer: customers are found by a posted search, through their keyed hash.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.models import Team
from apps.audit.admin import ChoiceFilter, Choices, choice_filter
from apps.lookups.models import Lookup, Origin, Outcome
from apps.lookups.store import StoredState, stored_state_filter

MAX_CHOICES = 200


def _yes_no_filter(name: str, parameter: str, field: str, yes: str, no: str) -> type[ChoiceFilter]:
    conditions = {"yes": Q(**{field: True}), "no": Q(**{field: False})}
    return choice_filter(name, parameter, conditions.get, (("yes", yes), ("no", no)))


_AGES: dict[str, tuple[str, timedelta]] = {
    "hour": ("the last hour", timedelta(hours=1)),
    "day": ("the last 24 hours", timedelta(days=1)),
    "week": ("the last 7 days", timedelta(days=7)),
    "month": ("the last 30 days", timedelta(days=30)),
}

# A plain DISTINCT reads the whole index; this jumps from one name to the next.
_EACH_PROJECT = """
WITH RECURSIVE each_one(project) AS (
  SELECT min(project) FROM lookups_lookupproject
  UNION ALL
  SELECT (SELECT min(project) FROM lookups_lookupproject WHERE project > each_one.project)
  FROM each_one WHERE each_one.project IS NOT NULL
)
SELECT project FROM each_one WHERE project IS NOT NULL LIMIT %s
"""


class PersonFilter(ChoiceFilter):
    """The person who looked up, among the first `MAX_CHOICES`; the search finds the others."""

    title, parameter_name = "who", "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        people = User.objects.order_by("username").values_list("pk", "username")[:MAX_CHOICES]
        choices = [(str(pk), name) for pk, name in people]
        if self.chosen and self.chosen not in dict(choices):
            found = User.objects.filter(pk=self.chosen) if is_number(self.chosen) else ()
            choices.append((self.chosen, next((one.username for one in found), "?")))
        return choices

    def condition(self, chosen: str) -> Q | None:
        return Q(user_id=int(chosen)) if is_number(chosen) else None


class TeamFilter(ChoiceFilter):
    """The team of the person who looked up."""

    title, parameter_name = "team", "team"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        teams = Team.objects.order_by("group__name").values_list("group_id", "group__name")
        return [(str(pk), name) for pk, name in teams[:MAX_CHOICES]]

    def condition(self, chosen: str) -> Q | None:
        if not is_number(chosen):
            return None
        members = User.objects.filter(groups__team__group_id=int(chosen))
        return Q(user_id__in=list(members.values_list("pk", flat=True)))


class ProjectFilter(ChoiceFilter):
    """A project that the lookup searched by choice or found events in."""

    title, parameter_name = "project", "project"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        with connection.cursor() as cursor:
            cursor.execute(_EACH_PROJECT, [MAX_CHOICES])
            return [(name, name) for (name,) in cursor.fetchall()]

    def condition(self, chosen: str) -> Q | None:
        return Q(found_projects__project=chosen)


class BeforeFilter(ChoiceFilter):
    """The cursor of the list: only lookups older than one of them."""

    title, parameter_name, is_hidden = "older than", "before", True

    def condition(self, chosen: str) -> Q | None:
        cursor = _parse_cursor(chosen)
        if cursor is None:
            return None
        at, pk = cursor
        return Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk)

    @property
    def chosen_label(self) -> str:
        cursor = _parse_cursor(self.chosen)
        return f"{cursor[0]:%d %b %Y, %H:%M}" if cursor else "?"


def _has_age(chosen: str) -> Q | None:
    if chosen == "older":
        return Q(created_at__lt=timezone.now() - _AGES["month"][1])
    return Q(created_at__gte=timezone.now() - _AGES[chosen][1]) if chosen in _AGES else None


def _is_in_state(chosen: str) -> Q | None:
    is_known = chosen in StoredState.values
    return stored_state_filter(StoredState(chosen), timezone.now()) if is_known else None


FILTERS: tuple[type[ChoiceFilter], ...] = (
    PersonFilter,
    TeamFilter,
    choice_filter("outcome", "outcome", lambda chosen: Q(outcome=chosen), Outcome.choices),
    choice_filter("stored result", "state", _is_in_state, StoredState.choices),
    ProjectFilter,
    choice_filter(
        "when",
        "age",
        _has_age,
        (*((age, label) for age, (label, _) in _AGES.items()), ("older", "more than 30 days ago")),
    ),
    choice_filter("source", "origin", lambda chosen: Q(origin=chosen), Origin.choices),
    _yes_no_filter("result", "shared", "from_cache", "from cache", "from Sentry"),
    _yes_no_filter("shown", "redacted", "redacted", "with redaction", "without redaction"),
    choice_filter(
        "command line of",
        "system",
        lambda chosen: Q(system_user=chosen) & ~Q(system_user=""),  # in the words of the index
    ),
    choice_filter("issue", "issue", lambda chosen: Q(found_issues__issue_id=chosen)),
    BeforeFilter,
)
PARAMETERS = frozenset(str(spec.parameter_name) for spec in FILTERS)
_BY_EXPIRY = ("-expires_at", "-pk")
# Newest first, each along the index of its filter. Expiry follows the time of the lookup closely.
ORDERS: dict[tuple[str, str], tuple[str, str]] = {
    ("project", ""): ("-found_projects__asked_at", "-found_projects__lookup_id"),
    ("issue", ""): ("-found_issues__asked_at", "-found_issues__lookup_id"),
    ("state", StoredState.STALE.value): _BY_EXPIRY,
    ("state", StoredState.EXPIRED.value): _BY_EXPIRY,
}


def cursor_of(lookup: Lookup) -> str:
    """Return the position of a lookup in the list, as `BeforeFilter` takes it."""
    return f"{lookup.created_at.isoformat()}~{lookup.pk}"


def _parse_cursor(text: str) -> tuple[datetime, int] | None:
    time, _, pk = text.partition("~")
    try:
        at = datetime.fromisoformat(time)
    except ValueError:
        return None
    is_valid = at.tzinfo is not None and 1 < at.year < 9999 and is_number(pk)
    return (at.astimezone(UTC), int(pk)) if is_valid else None


def is_number(text: str) -> bool:
    """Return whether a text can be a primary key."""
    return text.isascii() and text.isdigit() and len(text) < 16
