"""Preferences, teams, roles, invitations, and API tokens, which are stored as hashes."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db import models
from django.utils import timezone

from apps.events.query import parse_zone

DEFAULT_TOKEN_DAYS, MAX_TOKEN_DAYS = 90, 366
EXPIRY_WARNING = timedelta(days=14)
UNUSED_AFTER = timedelta(days=90)


class Preference(models.Model):
    """A person's preferences. An empty time zone means the browser's, or the site's."""

    user = models.OneToOneField(User, models.CASCADE, related_name="preference")
    time_zone = models.CharField(max_length=64, blank=True)
    # Dictation can trigger single keys (WCAG 2.1.4).
    shortcuts = models.BooleanField(default=True, help_text="Single keys act on pages.")

    def __str__(self) -> str:
        return f"Preferences of {self.user}"


class Team(models.Model):
    """People who see the same projects: the members of the group."""

    group = models.OneToOneField(Group, models.CASCADE, related_name="team")
    projects = models.JSONField(
        default=list, blank=True, help_text="The slugs of the projects it can see."
    )
    all_projects = models.BooleanField(default=False, help_text="It can see every project.")

    def __str__(self) -> str:
        return str(self.group)


class Scope(models.TextChoices):
    """What a token can be used for. No scope gives access without redaction."""

    LOOKUP = "lookup", "Look up customers"
    READ = "read", "Read stored results"
    MCP = "mcp", "Look up and read from an assistant (MCP)"


def default_scopes() -> list[str]:
    """Return the scopes of a new token."""
    return [Scope.LOOKUP.value]


def default_expiry() -> datetime:
    """Return the default expiry of a new token."""
    return timezone.now() + timedelta(days=DEFAULT_TOKEN_DAYS)


TokenState = Literal[
    "active", "expires soon", "unused", "expired", "revoked", "person can't sign in"
]


class ApiToken(models.Model):
    """A program's access on behalf of a person. Only a hash of the token is stored."""

    name = models.CharField(max_length=100, help_text="What uses it, for example: Zendesk app.")
    user = models.ForeignKey(
        User,
        models.CASCADE,
        related_name="api_tokens",
        verbose_name="person",
        help_text="Lookups are recorded in this person's name and limited by their role and teams.",
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=default_scopes)
    projects = models.JSONField(
        default=list, blank=True, help_text="Slugs. If empty, all projects its person can see."
    )
    created_at = models.DateTimeField("created", auto_now_add=True)
    expires_at = models.DateTimeField("expires", default=default_expiry)
    last_used_at = models.DateTimeField("last used", null=True, editable=False)
    last_used_from = models.CharField(max_length=45, blank=True, editable=False)
    revoked_at = models.DateTimeField("revoked", null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name

    @property
    def audit_target(self) -> str:
        return f"api token {self.pk}"

    def state(self, now: datetime) -> TokenState:
        """Return whether the token works, and why it doesn't or soon won't."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at <= now:
            return "expired"
        if not self.user.is_active:
            return "person can't sign in"
        if self.expires_at <= now + EXPIRY_WARNING:
            return "expires soon"
        is_unused = (self.last_used_at or self.created_at) <= now - UNUSED_AFTER
        return "unused" if is_unused else "active"


class Invitation(models.Model):
    """A one-time link, stored as a hash, to create an account or set a password for `person`."""

    name = models.CharField(
        max_length=150, blank=True, help_text="Who it is for, for example: Ana Lopez."
    )
    email = models.EmailField(blank=True, help_text="Where the link is sent, if mail is set up.")
    groups = models.ManyToManyField(
        Group, blank=True, help_text="The role, and the teams, that the person gets."
    )
    person = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        editable=False,
        related_name="invitations",
        help_text="The person who got the account or the new password.",
    )
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(editable=False)
    used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.name or self.email or f"Invitation {self.pk}"


# What people have chosen.


def zone_of(user: User | AnonymousUser | None, *, browser: str = "") -> ZoneInfo:
    """Return the person's time zone: their preference, their browser's, or the site's.

    `browser` is untrusted; it is ignored if it isn't an IANA name.
    """
    chosen = preference_of(user).time_zone
    return parse_zone(chosen) or parse_zone(browser) or ZoneInfo(settings.TIME_ZONE)


def preference_of(user: User | AnonymousUser | None) -> Preference:
    """Return the person's preferences, which Django reads once for each `User`, or the defaults."""
    return getattr(user, "preference", None) or Preference()


def set_preference(user: User, **changes: str | bool) -> None:
    """Save preferences: `time_zone`, empty for the browser's, or `shortcuts`."""
    preference, _created = Preference.objects.update_or_create(user=user, defaults=changes)
    user.preference = preference


LEAD, ADMIN, AUDITOR = "lead", "admin", "auditor"
ROLES: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "roles.toml").read_text("utf-8")
)


def grant_roles() -> None:
    """Create missing groups, and add each role's existing permissions; those added by hand stay."""
    existing = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for name, permissions in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(*(existing[p] for p in permissions if p in existing))


NO_TEAM = "You're not on a team yet, so there are no projects you can search."


def projects_of(user: User) -> frozenset[str] | None:
    """Return the slugs of the projects that the person can see; None for all.

    Without any teams, everyone sees all projects. With teams, people on none see nothing.
    """
    if user.has_perm("lookups.view_lookup") or not Team.objects.exists():
        return None
    teams = list(Team.objects.filter(group__user=user).only("projects", "all_projects"))
    if any(team.all_projects for team in teams):
        return None
    return frozenset(slug for team in teams for slug in team.projects)


def shares_team(user: User, other_id: int | None) -> bool:
    """Return whether both are on the same team; always true without any teams."""
    if not Team.objects.exists():
        return True
    return Team.objects.filter(group__user=user).filter(group__user=other_id).exists()
