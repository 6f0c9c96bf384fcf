"""API tokens in the review: made, shown once, watched and revoked."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_variables

from apps.accounts.models import UNUSED_AFTER, WARN_BEFORE, ApiToken
from apps.accounts.tokens import renew_hash
from apps.audit.admin import OfferedFilters
from apps.audit.models import Action
from apps.audit.trail import record
from apps.web.access import asker_of
from apps.web.token_form import TokenForm

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
