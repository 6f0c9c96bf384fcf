"""Which projects a person may see, and whose lookups a lead may, by the teams they are in."""

from django.contrib.auth.models import User

from apps.accounts.models import Team

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
