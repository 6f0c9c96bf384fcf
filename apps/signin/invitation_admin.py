"""Inviting people, in the review."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Invitation
from apps.accounts.tokens import renew_link
from apps.audit.admin import OfferedFilters
from apps.audit.models import Action
from apps.audit.trail import Actor, client_address, one_act, record
from apps.signin.people_admin import roles_and_teams

_MAIL = """You've been invited to Triage.

Choose your username and password here: {link}

The link works once and expires in three days.
"""


class InvitationAdmin(OfferedFilters):
    """An invitation is made here, its link shown once, and from then on only revoked."""

    list_display = ("__str__", "email", "invited_by", "created_at", "state")
    list_select_related = ("invited_by",)
    fields = ("name", "email", "groups")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        """Invitations to an account; links to a new password are not among them."""
        made: QuerySet[Invitation] = super().get_queryset(request)
        return made.exclude(person__isnull=False, used_at=None)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Roles and teams only."""
        options["queryset"] = roles_and_teams()
        options["widget"] = CheckboxSelectMultiple()
        options["label"] = "Role and teams"
        return super().formfield_for_manytomany(db_field, request, **options)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Groups are not made on the way."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if db_field.name == "groups" and field is not None:
            field.widget.can_add_related = False
        return field

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not where everybody comes by single sign-on."""
        return not settings.OIDC_ONLY and bool(super().has_add_permission(request))

    def has_delete_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """Invitations are revoked; the record of them stays."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """Only by the action."""
        return obj is None and bool(super().has_change_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        """Make the link, show it this one time, and mail it where mail is set up."""
        assert isinstance(request.user, User)  # noqa: S101 - the review asks for sign-in
        obj.invited_by = request.user
        token = renew_link(obj)
        super().save_model(request, obj, form, change)
        link = request.build_absolute_uri(reverse("invitation_opened", args=[token]))
        roles = sorted(group.name for group in form.cleaned_data["groups"])
        _note(request, request.user, obj, "made", roles)
        if settings.TRIAGE_EMAIL and obj.email:
            send_mail("Your invitation to Triage", _MAIL.format(link=link), None, [obj.email])
        messages.warning(request, f"Copy the link now. It won't be shown again: {link}")

    @admin.display(description="State")
    def state(self, invitation: Invitation) -> str:
        """In a word."""
        if invitation.used_at:
            return "used"
        if invitation.revoked_at:
            return "revoked"
        return "open" if invitation.expires_at > timezone.now() else "expired"

    @one_act()
    @admin.action(description="Revoke the selected invitations", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """The links of those that are not used yet end at once."""
        assert isinstance(request.user, User)  # noqa: S101 - the review asks for sign-in
        revoked = queryset.filter(used_at=None, revoked_at=None)
        for invitation in revoked:
            _note(request, request.user, invitation, "revoked", [])
        messages.success(request, f"Revoked: {revoked.update(revoked_at=timezone.now())}.")


def _note(
    request: HttpRequest, by: User, invitation: Invitation, what: str, roles: list[str]
) -> None:
    actor = Actor("web", by.pk, by.get_username(), client_address(request))
    detail = {"what": what, "for": str(invitation), "roles": roles}
    record(Action.INVITED, actor, target=f"invitation {invitation.pk}", detail=detail)
