"""The four groups and what each may do. Who is in several may do what any of them may."""

from django.contrib.auth.models import Group, Permission, User

from apps.accounts.models import Team

AGENT, LEAD, ADMIN, AUDITOR = "agent", "lead", "admin", "auditor"

_LOOK_UP = ("lookups.add_lookup",)
_EXPLAIN = ("explain.ask_model",)
_EXPLAINED = ("explain.view_explanation",)
_SEE_ALL = ("lookups.open_any_lookup",)
_UNREDACTED = ("lookups.export_unredacted",)
_REVIEW = tuple(f"lookups.{may}_lookup" for may in ("view", "purge", "refresh", "extend"))
_FORGET = ("lookups.forget_customer",)
_AUDIT = ("audit.view_entry",)
_TEAMS = tuple(f"accounts.{may}_team" for may in ("view", "add", "change", "delete"))
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
_KNOWN = tuple(f"known_errors.{may}_knownerror" for may in ("view", "add", "change"))
_DRAFTS = tuple(f"answers.{may}_drafttemplate" for may in ("view", "add", "change", "delete"))
_PRESETS = tuple(f"lookups.{may}_exportpreset" for may in ("view", "add", "change", "delete"))

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
    """Make the groups that are missing and give each the permissions that exist by now.

    Permissions that were given to a group by hand stay.
    """
    existing = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for name, permissions in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(*(existing[p] for p in permissions if p in existing))


def staff_of(person: User) -> bool:
    """Whether a role of the person works in the review."""
    return person.groups.filter(name__in=(ADMIN, AUDITOR)).exists()


# Which projects a person may see, and whose lookups a lead may, by the teams they are in.

NO_TEAM = "You're not on a team yet, so there are no projects you can search."


def projects_of(user: User) -> frozenset[str] | None:
    """The slugs of the projects that the person may see; None means every project.

    As long as a site has no teams, everybody sees every project. From the first team on, who is in
    none sees nothing.
    """
    if user.has_perm("lookups.view_lookup") or not Team.objects.exists():
        return None
    teams = list(Team.objects.filter(group__user=user).only("projects", "all_projects"))
    if any(team.all_projects for team in teams):
        return None
    return frozenset(slug for team in teams for slug in team.projects)


def is_in_a_team_of(user: User, other_id: int | None) -> bool:
    """Whether both are in one team; as long as a site has no teams, everybody is in one."""
    if not Team.objects.exists():
        return True
    return Team.objects.filter(group__user=user).filter(group__user=other_id).exists()
