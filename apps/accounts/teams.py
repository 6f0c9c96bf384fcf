"""Which projects a person may see, by the teams they are in."""

from django.contrib.auth.models import User

from apps.accounts.models import Team


def projects_of(user: User) -> frozenset[str] | None:
    """The slugs of the projects that the person may see; None means every project.

    As long as a site has no teams, everybody sees every project.
    """
    if user.has_perm("lookups.view_lookup") or not Team.objects.exists():
        return None
    teams = list(Team.objects.filter(group__user=user).only("projects", "all_projects"))
    if any(team.all_projects for team in teams):
        return None
    return frozenset(slug for team in teams for slug in team.projects)
