"""Roles and their permissions, and what people can see through their teams."""

from django.contrib.auth.models import Group, Permission, User

from apps.accounts.models import Team

AGENT, LEAD, ADMIN, AUDITOR = "agent", "lead", "admin", "auditor"

_LOOK_UP = ("lookups.add_lookup",)
_EXPLAIN = ("explain.ask_model",)
_EXPLAINED = ("explain.view_explanation",)
_SEE_ALL = ("lookups.open_any_lookup",)
_UNREDACTED = ("lookups.export_unredacted",)
_REVIEW = tuple(f"lookups.{action}_lookup" for action in ("view", "purge", "refresh", "extend"))
_FORGET = ("lookups.forget_customer",)
_AUDIT = ("audit.view_entry",)
_TEAMS = tuple(f"accounts.{action}_team" for action in ("view", "add", "change", "delete"))
_TOKENS = (
    "accounts.add_apitoken",
    "accounts.view_apitoken",
    "accounts.change_apitoken",
    "auth.view_user",
)
_PEOPLE = (
    "auth.change_user",
    "accounts.add_invitation",
    "accounts.view_invitation",
    "accounts.change_invitation",
)
_KNOWN = tuple(f"known_errors.{action}_knownerror" for action in ("view", "add", "change"))
_DRAFTS = tuple(f"answers.{action}_drafttemplate" for action in ("view", "add", "change", "delete"))
_PRESETS = tuple(f"lookups.{action}_exportpreset" for action in ("view", "add", "change", "delete"))

ROLES: dict[str, tuple[str, ...]] = {
    AGENT: _LOOK_UP + _EXPLAIN,
    LEAD: _LOOK_UP + _EXPLAIN + _SEE_ALL + _UNREDACTED + _KNOWN + _DRAFTS,
    ADMIN: (
        *(_LOOK_UP + _EXPLAIN + _SEE_ALL + _UNREDACTED + _REVIEW + _FORGET + _EXPLAINED),
        *(_TOKENS + _PEOPLE + _TEAMS + _PRESETS + _KNOWN + _DRAFTS + _AUDIT),
    ),
    AUDITOR: _AUDIT,
}


def grant_roles() -> None:
    """Create missing groups, and add each role's permissions that exist already.

    Permissions that admins have added to a group remain.
    """
    existing = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for name, permissions in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(*(existing[p] for p in permissions if p in existing))


def needs_admin_site(person: User) -> bool:
    """Return whether one of the person's roles works in Django's admin."""
    return person.groups.filter(name__in=(ADMIN, AUDITOR)).exists()


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
