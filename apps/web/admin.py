"""Teams in the review, who is in them and which projects they may see; and API tokens."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from apps.accounts.models import ApiToken, Team
from apps.audit.admin import OfferedFilters
from apps.audit.models import Action
from apps.audit.trail import record
from apps.web.access import asker_of
from apps.web.team_form import TeamForm
from apps.web.token_admin import ApiTokenAdmin

# Roles are fixed and teams have a page of their own: nothing is left to do there.
admin.site.unregister(Group)
admin.site.register(ApiToken, ApiTokenAdmin)


@admin.register(Team)
class TeamAdmin(OfferedFilters):
    """A team is a group with projects; both are made, changed and removed together."""

    form = TeamForm
    list_display = ("name", "people", "sees")
    list_select_related = ("group",)
    ordering = ("group__name",)
    actions = None  # removing several at once would not say which was the last

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """With the number of people, in one query."""
        teams: QuerySet[Team] = super().get_queryset(request)
        return teams.annotate(count=Count("group__user"))

    @admin.display(description="Team", ordering="group__name")
    def name(self, team: Team) -> str:
        """The group's name."""
        return team.group.name

    @admin.display(description="People", ordering="count")
    def people(self, team: Any) -> int:
        """How many are in it."""
        return int(team.count)

    @admin.display(description="Projects")
    def sees(self, team: Team) -> str:
        """What its people may see."""
        return "all" if team.all_projects else ", ".join(team.projects) or "none"

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        """Save the team with its group and its people, and record it."""
        chosen = form.cleaned_data
        group = obj.group if change else Group()
        group.name = chosen["name"]
        group.save()
        obj.group = group
        super().save_model(request, obj, form, change)
        group.user_set.set(chosen["members"])
        self._record(request, "changed" if change else "made", obj)

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        """Remove the group as well, and say when that opens every project to everybody."""
        self._record(request, "removed", obj)
        obj.group.delete()
        if not Team.objects.exists():
            messages.warning(
                request, "That was the last team. From now on, everyone can see every project."
            )

    def _record(self, request: HttpRequest, what: str, team: Team) -> None:
        members = team.group.user_set.order_by("pk").values_list("pk", flat=True)
        record(
            Action.SETTING_CHANGED,
            asker_of(request).actor,
            target=f"team {team.group.pk}",
            detail={
                "what": f"{what} a team",
                "name": team.group.name,
                "members": [str(pk) for pk in members],
                "projects": list(team.projects),
                "all_projects": team.all_projects,
            },
        )
