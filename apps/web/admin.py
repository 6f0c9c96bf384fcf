"""Teams in the review, who is in them and which projects they may see; and API tokens."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_variables

from apps.accounts.models import (
    DEFAULT_TOKEN_DAYS,
    MOST_TOKEN_DAYS,
    UNUSED_AFTER,
    WARN_BEFORE,
    ApiToken,
    Scope,
    Team,
    default_scopes,
)
from apps.accounts.permissions import ROLES
from apps.accounts.tokens import renew_hash
from apps.audit.admin import OfferedFilters
from apps.audit.models import Action
from apps.audit.trail import record
from apps.lookups.sentry_connection import search_choices
from apps.web.access import asker_of

# A team as an admin writes it: its name, its people, and the projects that they may see.

_PROJECT_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_BETWEEN = re.compile(r"[\s,]+")


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Offers the projects that Sentry knows; while it is silent, their slugs are typed."""

    name = forms.CharField(max_length=150, label="Name")
    members = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choose-many"}),
        help_text="Being on a team doesn't grant any permissions. What people can do depends "
        "on their role.",
    )
    projects = forms.Field()

    class Meta:
        model = Team
        fields = ("name", "members", "all_projects", "projects")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        group = self.instance.group if self.instance.pk else None
        people = User.objects.filter(is_active=True)
        if group is not None:
            self.initial.update(name=group.name, members=group.user_set.all())
            people = (people | User.objects.filter(groups=group)).distinct()
        field = self.fields["members"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101 - for the type checker
        field.queryset = people.order_by("username")
        self.fields["projects"] = self._projects_field()

    def _projects_field(self) -> forms.Field:
        chosen = list(self.instance.projects)
        known, _environments = search_choices()
        help_text = (
            "The projects where team members can look up customers. If none are chosen, members "
            "see nothing."
        )
        if known:
            offered = sorted({*known, *chosen})
            return forms.MultipleChoiceField(
                choices=[(slug, slug if slug in known else f"{slug} (gone)") for slug in offered],
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=help_text,
            )
        self.initial["projects"] = "\n".join(chosen)
        return forms.CharField(
            required=False,
            widget=forms.Textarea(attrs={"rows": 6}),
            help_text=f"{help_text} We can't reach Sentry right now, so enter one slug per line.",
        )

    def clean_name(self) -> str:
        """Refuse the name of a role, and one that is taken."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        if name.lower() in ROLES:
            raise forms.ValidationError("This is the name of a role. Please choose another.")
        if "," in name or not name.isprintable():
            raise forms.ValidationError("Please use a name without commas and control characters.")
        taken = Group.objects.filter(name__iexact=name).exclude(team=self.instance.pk or None)
        if taken.exists():
            raise forms.ValidationError("A team or group with this name already exists.")
        return name

    def clean_projects(self) -> list[str]:
        """The slugs, each once."""
        value = self.cleaned_data["projects"]
        slugs = _BETWEEN.split(value.strip()) if isinstance(value, str) else list(value)
        slugs = sorted({slug for slug in slugs if slug})
        wrong = [slug for slug in slugs if not _PROJECT_SLUG.fullmatch(slug)]
        if wrong:
            raise forms.ValidationError(
                "A slug has only letters, digits, dashes, and underscores. It's the "
                "project's name in Sentry's URLs."
            )
        return slugs


# The form by which an admin makes an API token.

_SLUG = re.compile(r"[a-z0-9_][a-z0-9_-]{0,99}")
_MOST_PROJECTS = 100


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What the token is for, in whose name, for how long."""

    scopes = forms.MultipleChoiceField(
        label="Allow it to",
        choices=Scope.choices,
        initial=default_scopes,
        widget=forms.CheckboxSelectMultiple,
    )
    projects = forms.CharField(
        required=False,
        max_length=5000,
        label="Only these projects",
        help_text="Slugs, separated by commas. Leave empty for all projects the person can see.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )
    days = forms.IntegerField(
        label="Valid for (days)",
        initial=DEFAULT_TOKEN_DAYS,
        min_value=1,
        max_value=MOST_TOKEN_DAYS,
        help_text=f"At most {MOST_TOKEN_DAYS}.",
    )

    class Meta:
        model = ApiToken
        fields = ("name", "user", "scopes", "projects")

    def clean_projects(self) -> list[str]:
        """The slugs, each once."""
        typed = re.split(r"[\s,]+", self.cleaned_data["projects"].strip())
        slugs = list(dict.fromkeys(slug for slug in typed if slug))
        if len(slugs) > _MOST_PROJECTS:
            raise ValidationError(f"Enter up to {_MOST_PROJECTS} projects.")
        if not all(_SLUG.fullmatch(slug) for slug in slugs):
            raise ValidationError("Enter slugs such as checkout-api, separated by commas.")
        return slugs

    def save(self, commit: bool = True) -> Any:
        """The token's record, with its end counted from now."""
        self.instance.expires_at = timezone.now() + timedelta(days=self.cleaned_data["days"])
        return super().save(commit)


# API tokens in the review: made, shown once, watched and revoked.

_KEPT = ("user", "may", "projects_named", "created_at", "expires_at")
_USE = ("last_used_at", "last_used_from", "revoked_at", "standing")


class StateFilter(admin.SimpleListFilter):
    """Whether tokens work, and which of them need a look."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices."""
        return [
            ("works", "active"),
            ("ends_soon", f"expires within {WARN_BEFORE.days} days"),
            ("unused", f"unused for {UNUSED_AFTER.days} days"),
            ("expired", "expired"),
            ("revoked", "revoked"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        """The tokens of the choice."""
        now = timezone.now()
        alive = Q(revoked_at=None, expires_at__gt=now, user__is_active=True)
        idle = queryset.annotate(seen=Coalesce(F("last_used_at"), F("created_at")))
        chosen = {
            "works": queryset.filter(alive),
            "ends_soon": queryset.filter(alive, expires_at__lte=now + WARN_BEFORE),
            "unused": idle.filter(alive, seen__lte=now - UNUSED_AFTER),
            "expired": queryset.filter(revoked_at=None, expires_at__lte=now),
            "revoked": queryset.exclude(revoked_at=None),
        }
        return chosen.get(self.value() or "", queryset)


class ApiTokenAdmin(OfferedFilters):
    """A token is made here, shown once, and from then on only renamed and revoked."""

    form = TokenForm
    list_display = (
        *("name", "user", "may", "created_at", "last_used_at", "last_used_from"),
        *("expires_at", "standing"),
    )
    list_filter = (StateFilter, ("user", admin.RelatedOnlyFieldListFilter))
    offered = frozenset(("state", "user__id__exact"))
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    actions = ("revoke",)
    list_per_page = 50

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Nobody makes a token for somebody who may do more than they themselves."""
        if db_field.name == "user":
            people = User.objects.filter(is_active=True).order_by("username")
            is_mighty = request.user.is_superuser
            options["queryset"] = people if is_mighty else people.filter(is_superuser=False)
        return super().formfield_for_foreignkey(db_field, request, **options)

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Tokens are revoked, not deleted: the record of their use stays."""
        return False

    def get_form(
        self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The whole form for a new token; of an issued one only the name can be changed."""
        if change:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        """What is chosen for a new one, and what there is to know of an issued one."""
        return ("name", *_KEPT, *_USE) if obj else ("name", "user", "scopes", "projects", "days")

    def get_readonly_fields(
        self, request: HttpRequest, obj: ApiToken | None = None
    ) -> tuple[str, ...]:
        """An issued token keeps its person, rights and end for good."""
        return (*_KEPT, *_USE) if obj else ()

    @sensitive_variables("token")
    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Issue a new token. It goes into the answer of this very request, and nowhere else."""
        token = "" if change else renew_hash(obj)
        super().save_model(request, obj, form, change)
        if token:
            record(
                Action.TOKEN_ISSUED,
                asker_of(request).actor,
                target=obj.audit_target,
                detail={
                    "for": obj.user.get_username(),
                    "scopes": obj.scopes,
                    "projects": obj.projects,
                    "days": form.cleaned_data["days"],
                },
            )
            request.issued_token = token  # type: ignore[attr-defined]  # lives as long as this

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The one page that shows the token. A redirect would have to keep it in between."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Copy the token now",
            "opts": self.opts,
            "issued": obj,
            "token": request.issued_token,  # type: ignore[attr-defined]  # of `save_model`
        }
        return TemplateResponse(request, "admin/accounts/apitoken/issued.html", context)

    @admin.action(description="Revoke the selected tokens", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """End the selected tokens at once."""
        revoked = sum(_revoke(token, request) for token in queryset.filter(revoked_at=None))
        messages.success(request, f"Revoked: {revoked}.")

    @admin.display(description="May", ordering="scopes")
    def may(self, token: ApiToken) -> str:
        """The scopes."""
        return ", ".join(token.scopes) or "nothing"

    @admin.display(description="Only these projects")
    def projects_named(self, token: ApiToken) -> str:
        """The slugs."""
        return ", ".join(token.projects) or "all projects the person can see"

    @admin.display(description="State", ordering="expires_at")
    def standing(self, token: ApiToken) -> str | SafeString:
        """Whether it works; what needs a look stands out."""
        state = token.state(timezone.now())
        return state if state == "active" else format_html("<strong>{}</strong>", state)


@transaction.atomic
def _revoke(token: ApiToken, request: HttpRequest) -> int:
    """End it, unless somebody else just has; returns how many were ended."""
    ended = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    if ended:
        record(Action.TOKEN_REVOKED, asker_of(request).actor, target=token.audit_target)
    return ended


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
