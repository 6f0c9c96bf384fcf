"""Lookups for the Manage pages, written directly to the database."""

import secrets
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group, User
from django.test import Client

from apps.accounts.models import Team
from apps.crypto import hash_customer
from apps.lookups.models import Lookup, LookupIssue, LookupProject, TypedCustomer, sealed_title

LIST = "/admin/lookups/lookup/"


def ago(**length: float) -> datetime:
    """Return the time that long before now."""
    return datetime.now(UTC) - timedelta(**length)


def ahead(**length: float) -> datetime:
    """Return the time that long after now."""
    return datetime.now(UTC) + timedelta(**length)


def make_lookup(user: User | None, customer: str = "1001", **changes: object) -> Lookup:
    """Create a lookup from an hour ago with a stored result, with overrides."""
    at = changes.pop("created_at", ago(hours=1))
    issues = changes.pop("found", {})
    fields: dict[str, object] = {
        "user": user,
        "origin": "web",
        "created_at": at,
        "customer_hash": hash_customer(customer),
        "moment": at,
        "minutes": 5,
        "zone": "UTC",
        "outcome": "found",
        "answered_at": at,
        "events": 3,
        "issues": 1,
        "calls": 4,
        "duration_ms": 250,
        "cache_key": f"answer/{secrets.token_hex(8)}",
        "marker": "0123456789abcdef",
        "has_answer": True,
        "expires_at": ahead(days=20),
    }
    lookup = Lookup.objects.create(**{**fields, **changes})
    if customer:
        TypedCustomer.of(lookup, customer).save()
    assert isinstance(issues, dict)
    for issue, project in issues.items():
        project_fields = {"lookup": lookup, "project": project, "asked_at": lookup.created_at}
        LookupProject.objects.get_or_create(**project_fields)
        LookupIssue.objects.create(
            **project_fields,
            issue_id=issue,
            sealed_title=sealed_title(issue, f"Title of {issue}"),
            events=1,
            customer_hash=lookup.customer_hash,
        )
    return lookup


def team(name: str, *people: User) -> Group:
    """Create a team of these people that can see all projects."""
    group = Group.objects.create(name=name)
    Team.objects.create(group=group, all_projects=True)
    group.user_set.add(*people)
    return group


def customers(browser: Client, **chosen: str) -> list[str]:
    """Return the customers on the list with these filters, in order."""
    return [row.customer for row in browser.get(LIST, chosen).context["cl"].rows]


def run_action(browser: Client, action: str, *lookups: Lookup, **data: object) -> str:
    """Run a bulk action on these lookups and return the page that follows."""
    form = {"action": action, "index": 0, "_selected_action": [0, *(one.pk for one in lookups)]}
    return browser.post(LIST, {**form, **data}, follow=True).content.decode()
