"""Teams, API tokens, and the list of incidents under Manage."""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_variables

from apps.accounts.models import (
    DEFAULT_TOKEN_DAYS,
    EXPIRY_WARNING,
    MAX_TOKEN_DAYS,
    ROLES,
    UNUSED_AFTER,
    ApiToken,
    Scope,
    Team,
    default_scopes,
)
from apps.accounts.tokens import set_new_token
from apps.audit.admin import AllowedFiltersAdmin, LastingAdmin, ReadOnlyAdmin, choice_filter
from apps.audit.models import Action
from apps.audit.trail import actor_of, audited_transaction, record
from apps.events.query import counted
from apps.incidents.models import Incident
from apps.lookups.admin.record import reasons_of
from apps.lookups.sentry_connection import search_choices
from apps.web.access import person_of, readable_incidents, site_origin
from apps.web.middleware import SeeOther
from apps.web.presenters.formatting import half_window

_PROJECT_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_SEPARATORS = re.compile(r"[\s,]+")
_PROJECTS = (
    "The projects where team members can look up customers. If none are chosen, members see "
    "nothing."
)


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A team with its members and projects. Without Sentry, project slugs are typed."""

    name = forms.CharField(max_length=150, label="Name")
    members = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choose-many"}),
        help_text="Being on a team doesn't grant any permissions. What people can do depends "
        "on their role.",
    )
    projects = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=f"{_PROJECTS} We can't reach Sentry right now, so enter one slug per line.",
    )

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
        chosen, (in_sentry, _environments) = list(self.instance.projects), search_choices()
        if not in_sentry:
            self.initial["projects"] = "\n".join(chosen)
            return
        slugs = sorted({*in_sentry, *chosen})
        self.fields["projects"] = forms.MultipleChoiceField(
            choices=[
                (slug, slug if slug in in_sentry else f"{slug} (not in Sentry)") for slug in slugs
            ],
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=_PROJECTS,
        )

    def clean_name(self) -> str:
        """Return the name, unless it is taken or the name of a role."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        if name.lower() in ROLES:
            raise forms.ValidationError("This is the name of a role. Choose another.")
        if "," in name or not name.isprintable():
            raise forms.ValidationError("Use a name without commas or control characters.")
        taken = Group.objects.filter(name__iexact=name).exclude(team=self.instance.pk or None)
        if taken.exists():
            raise forms.ValidationError("A team or group with this name already exists.")
        return name

    def clean_projects(self) -> list[str]:
        value = self.cleaned_data["projects"]
        slugs = _SEPARATORS.split(value.strip()) if isinstance(value, str) else list(value)
        slugs = sorted({slug for slug in slugs if slug})
        wrong = [slug for slug in slugs if not _PROJECT_SLUG.fullmatch(slug)]
        if wrong:
            raise forms.ValidationError(
                "A slug has only letters, digits, dashes, and underscores. It's the "
                "project's name in Sentry's URLs."
            )
        return slugs


# API tokens.

_SLUG = re.compile(r"[a-z0-9_][a-z0-9_-]{0,99}")
_MAX_PROJECTS = 100
_DETAILS = (
    *("user", "scope_list", "project_list", "created_at", "expires_at"),
    *("last_used_at", "last_used_from", "revoked_at", "state_label"),
)


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A new API token: its name, person, scopes, projects, and lifetime."""

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
        max_value=MAX_TOKEN_DAYS,
        help_text=f"Up to {MAX_TOKEN_DAYS}.",
    )

    class Meta:
        model = ApiToken
        fields = ("name", "user", "scopes", "projects")

    def clean_projects(self) -> list[str]:
        typed = _SEPARATORS.split(self.cleaned_data["projects"].strip())
        slugs = list(dict.fromkeys(slug for slug in typed if slug))
        if len(slugs) > _MAX_PROJECTS:
            raise ValidationError(f"Enter up to {_MAX_PROJECTS} projects.")
        if not all(_SLUG.fullmatch(slug) for slug in slugs):
            raise ValidationError("Enter slugs such as checkout-api, separated by commas.")
        return slugs

    def save(self, commit: bool = True) -> Any:
        """Save the token, which expires the given number of days from now."""
        self.instance.expires_at = timezone.now() + timedelta(days=self.cleaned_data["days"])
        return super().save(commit)


def _in_state(chosen: str) -> Q:
    """Return the condition for active tokens, or for some that need attention."""
    now = timezone.now()
    active = Q(revoked_at=None, expires_at__gt=now, user__is_active=True)
    long_ago = now - UNUSED_AFTER
    unused = Q(last_used_at__lte=long_ago) | Q(last_used_at=None, created_at__lte=long_ago)
    conditions = {
        "works": active,
        "ends_soon": active & Q(expires_at__lte=now + EXPIRY_WARNING),
        "unused": active & unused,
        "expired": Q(revoked_at=None, expires_at__lte=now),
        "revoked": ~Q(revoked_at=None),
    }
    return conditions.get(chosen, Q())


_STATES = (
    ("works", "active"),
    ("ends_soon", f"expires within {EXPIRY_WARNING.days} days"),
    ("unused", f"unused for {UNUSED_AFTER.days} days"),
    ("expired", "expired"),
    ("revoked", "revoked"),
)


class ApiTokenAdmin(LastingAdmin):
    """API tokens: created and shown once, then only renamed and revoked, so a record remains."""

    form = TokenForm
    list_display = (
        *("name", "user", "scope_list", "created_at", "last_used_at", "last_used_from"),
        *("expires_at", "state_label"),
    )
    list_filter = (
        choice_filter("state", "state", _in_state, _STATES),
        ("user", admin.RelatedOnlyFieldListFilter),
    )
    allowed_filters = frozenset(("state", "user__id__exact"))
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    actions = ("revoke",)
    list_per_page = 50

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Keep people who aren't superusers from creating a token for one."""
        if db_field.name == "user":
            people = User.objects.filter(is_active=True).order_by("username")
            if not request.user.is_superuser:
                people = people.filter(is_superuser=False)
            options["queryset"] = people
        return super().formfield_for_foreignkey(db_field, request, **options)

    def get_form(
        self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the full form for a new token. Only the name of an issued one can be changed."""
        if change:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        """Return the options of a new token, or the details of an issued one."""
        return ("name", *(_DETAILS if obj else ("user", "scopes", "projects", "days")))

    def get_readonly_fields(
        self, request: HttpRequest, obj: ApiToken | None = None
    ) -> tuple[str, ...]:
        """Return all fields of an issued token except its name."""
        return _DETAILS if obj else ()

    @sensitive_variables("token")
    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Issue a new token, which exists only in the response to this request."""
        token = "" if change else set_new_token(obj)
        super().save_model(request, obj, form, change)
        if token:
            record(
                Action.TOKEN_ISSUED,
                actor_of(request),
                target=obj.audit_target,
                detail={
                    "for": obj.user.get_username(),
                    "scopes": obj.scopes,
                    "projects": obj.projects,
                    "days": form.cleaned_data["days"],
                },
            )
            request.issued_token = token  # type: ignore[attr-defined]  # read by `response_add`

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the token, once. A redirect would require storing it."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Copy the token now",
            "opts": self.opts,
            "issued": obj,
            "token": request.issued_token,  # type: ignore[attr-defined]  # set by `save_model`
            "site": site_origin(request) or request.build_absolute_uri("/").rstrip("/"),
            "has_api": obj.scopes != [Scope.MCP],
            "mcp_is_on": settings.TRIAGE_MCP,
        }
        return TemplateResponse(request, "admin/accounts/apitoken/issued.html", context)

    @audited_transaction()
    @admin.action(description="Revoke the selected tokens", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Revoke the selected tokens that haven't been yet."""
        revoked = list(queryset.filter(revoked_at=None))
        for token in revoked:
            record(Action.TOKEN_REVOKED, actor_of(request), target=token.audit_target)
            ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
        messages.success(request, f"Revoked: {len(revoked)}.")

    @admin.display(description="Scopes", ordering="scopes")
    def scope_list(self, token: ApiToken) -> str:
        return ", ".join(token.scopes) or "none"

    @admin.display(description="Only these projects")
    def project_list(self, token: ApiToken) -> str:
        return ", ".join(token.projects) or "all projects the person can see"

    @admin.display(description="State", ordering="expires_at")
    def state_label(self, token: ApiToken) -> str | SafeString:
        """Return the state, in bold unless it is active."""
        state = token.state(timezone.now())
        return state if state == "active" else format_html("<strong>{}</strong>", state)


# Roles are fixed, and teams have their own page.
admin.site.unregister(Group)
admin.site.register(ApiToken, ApiTokenAdmin)


@admin.register(Team)
class TeamAdmin(AllowedFiltersAdmin):
    """Teams. Each is a group with projects, which are saved and deleted together."""

    form = TeamForm
    list_display = ("name", "people", "project_list")
    list_select_related = ("group",)
    ordering = ("group__name",)
    actions = None  # deleting several at once would skip `delete_model` and its warning

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """Return the teams with their number of people."""
        teams: QuerySet[Team] = super().get_queryset(request)
        return teams.annotate(count=Count("group__user"))

    @admin.display(description="Team", ordering="group__name")
    def name(self, team: Team) -> str:
        return team.group.name

    @admin.display(description="People", ordering="count")
    def people(self, team: Any) -> int:
        return int(team.count)

    @admin.display(description="Projects")
    def project_list(self, team: Team) -> str:
        return "all" if team.all_projects else ", ".join(team.projects) or "none"

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        """Save the team with its group and members, and record the change."""
        chosen = form.cleaned_data
        group = obj.group if change else Group()
        group.name = chosen["name"]
        group.save()
        obj.group = group
        super().save_model(request, obj, form, change)
        group.user_set.set(chosen["members"])
        self._record(request, "changed" if change else "made", obj)

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        """Delete the group too, and warn if that opens every project to everyone."""
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
            actor_of(request),
            target=f"team {team.group.pk}",
            detail={
                "what": f"{what} a team",
                "name": team.group.name,
                "members": [str(pk) for pk in members],
                "projects": list(team.projects),
                "all_projects": team.all_projects,
            },
        )


# Incidents.


_INCIDENTS_IN_STATE = {
    "running": Q(finished_at=None, cancelled_at=None),
    "finished": Q(cancelled_at=None) & ~Q(finished_at=None),
    "canceled": ~Q(cancelled_at=None),
}


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """The incidents that the person can read and that are still stored. Each opens its own page."""

    list_display = ("created_at", "who", "reason", "size", "window_text", "state")
    list_filter = (
        choice_filter(
            "state",
            "state",
            lambda chosen: _INCIDENTS_IN_STATE.get(chosen, Q()),
            [(state, state) for state in _INCIDENTS_IN_STATE],
        ),
        ("user", admin.RelatedOnlyFieldListFilter),
    )
    allowed_filters = frozenset(("state", "user__id__exact", "user__isnull"))
    list_select_related = ("user",)
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-created_at", "-pk")
    sortable_by = ()
    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show the list to people who can start incidents, and to those who review lookups."""
        names = ("incidents.add_incident", "lookups.view_lookup")
        return any(map(request.user.has_perm, names))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        """Return the incidents that the person can open, with their number of customers."""
        readable = readable_incidents(person_of(request)).filter(expires_at__gt=timezone.now())
        return readable.defer("sealed_rest").annotate(count=Count("lines"))

    def get_object(self, request: HttpRequest, *args: Any, **options: Any) -> Incident | None:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return super().get_object(request, *args, **options)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Add the reasons to the rows, with one query for all of them."""
        listed = super().get_changelist_instance(request)
        reasons = reasons_of(list(listed.result_list))
        for one in listed.result_list:
            one.given_reason = reasons.get(one.audit_target, "")
        return listed

    def change_view(
        self, request: HttpRequest, object_id: str, *_args: Any, **_options: Any
    ) -> HttpResponse:
        if (incident := self.get_object(request, object_id)) is None:
            raise Http404
        address = reverse("incident_detail", args=[incident.uuid])
        return SeeOther(f"{site_origin(request)}{address}")

    @admin.display(description="Who", ordering="user__username")
    def who(self, incident: Incident) -> str:
        return str(incident.user) if incident.user else incident.system_user or "unknown"

    @admin.display(description="Reason")
    def reason(self, incident: Any) -> str:
        return str(incident.given_reason)

    @admin.display(description="Size", ordering="count")
    def size(self, incident: Any) -> str:
        return counted(incident.count, "customer")

    @admin.display(description="Around", ordering="moment")
    def window_text(self, incident: Incident) -> str:
        moment = incident.moment.astimezone(ZoneInfo(incident.zone))
        return f"{moment:%d %b %Y, %H:%M} {incident.zone}, {half_window(incident.minutes)}"

    @admin.display(description="State")
    def state(self, incident: Incident) -> str:
        return "canceled" if incident.cancelled_at else incident.state
