"""Roles and their permissions, and what people can see through their teams."""

from django.contrib.auth.models import Group, Permission, User

from apps.accounts.models import Team

AGENT, LEAD, ADMIN, AUDITOR = "agent", "lead", "admin", "auditor"


def _on(model: str, *actions: str) -> tuple[str, ...]:
    """Return the permissions for these actions on a model."""
    app, _, name = model.partition(".")
    return tuple(f"{app}.{action}_{name}" for action in actions)


_LOOK_UP = ("lookups.add_lookup", "explain.ask_model")
_SEE_ALL = ("lookups.open_any_lookup", "lookups.export_unredacted", "incidents.add_incident")
_REVIEW = _on("lookups.lookup", "view", "purge", "refresh", "extend")
_AUDIT = ("audit.view_entry",)
_TEAMS = _on("accounts.team", "view", "add", "change", "delete")
_TOKENS = (*_on("accounts.apitoken", "add", "view", "change"), "auth.view_user")
_PEOPLE = ("auth.change_user", *_on("accounts.invitation", "add", "view", "change"))
_KNOWN = _on("known_errors.knownerror", "view", "add", "change")
_DRAFTS = _on("answers.drafttemplate", "view", "add", "change", "delete")
_PRESETS = _on("lookups.exportpreset", "view", "add", "change", "delete")

ROLES: dict[str, tuple[str, ...]] = {
    AGENT: _LOOK_UP,
    LEAD: _LOOK_UP + _SEE_ALL + _KNOWN + _DRAFTS,
    ADMIN: (
        *(_LOOK_UP + _SEE_ALL + _REVIEW + _TOKENS + _PEOPLE + _TEAMS + _PRESETS + _KNOWN + _DRAFTS),
        *("lookups.forget_customer", "explain.view_explanation", *_AUDIT),
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
