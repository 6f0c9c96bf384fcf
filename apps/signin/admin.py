"""People and invitations in Manage, without the tables of django-allauth."""

import logging
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.core.mail import send_mail
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import ROLES, Invitation
from apps.accounts.tokens import create_password_link, set_groups, set_new_link
from apps.audit.admin import LastingAdmin
from apps.audit.models import Action
from apps.audit.trail import actor_of, audited_transaction, lock_end, record
from apps.signin.allauth_adapters import WORDS
from apps.signin.forms import available_email, available_username
from apps.signin.sessions import FACTORS, audit_account, end_all_sessions
from apps.web.access import person_of, public_url

# --- people ------------------------------------------------------------------------------------
#
# Accounts are created by invitation or single sign-on and never deleted, because the audit trail
# refers to them. Only superusers can change or make superusers; everyone else grants rights only
# through roles and teams.


def roles_and_teams() -> QuerySet[Group]:
    """Return the groups that an admin can assign."""
    return Group.objects.filter(Q(name__in=ROLES) | Q(team__isnull=False)).order_by("name")


def _groups_field(label: str, help_text: str = "") -> "forms.ModelMultipleChoiceField[Group]":
    return forms.ModelMultipleChoiceField(
        roles_and_teams(),
        required=False,
        label=label,
        help_text=help_text,
        widget=forms.CheckboxSelectMultiple,
    )


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Roles and teams as checkboxes; other groups of the person do not change."""

    roles = _groups_field("Roles and teams")

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["roles"] = self.instance.groups.all()

    def clean_username(self) -> str:
        """Reject the username of another person, and another person's email as a username."""
        return available_username(self.cleaned_data["username"], email="", exclude=self.instance)

    def clean_email(self) -> str:
        """Reject the email address of another account."""
        return available_email(self.cleaned_data["email"], exclude=self.instance)


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """An invitation for someone who has no account yet."""

    groups = _groups_field(
        "Role and teams", help_text=str(Invitation._meta.get_field("groups").help_text)
    )

    def clean_email(self) -> str:
        """Reject the email address of an account."""
        return available_email(self.cleaned_data["email"])


class PersonAdmin(LastingAdmin):
    """The accounts of people, which are deactivated rather than deleted."""

    form = PersonForm
    list_display = ("username", "email", "role_names", "second_factor", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    allowed_filters = frozenset(("is_active__exact", "groups__id__exact", "groups__isnull"))
    search_fields = ("username", "email", "first_name", "last_name")
    readonly_fields = ("second_factor", "last_login", "date_joined")
    actions = ("deactivate", "reset_second_factor", "new_password_link")

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Add the superuser field for superusers only."""
        fields = ["username", "first_name", "last_name", "email", "roles", "is_active"]
        extra = ["is_superuser"] if request.user.is_superuser else []
        return [*fields, *extra, *self.readonly_fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Prefetch groups and factors."""
        people: QuerySet[User] = super().get_queryset(request)
        return people.prefetch_related("groups", "authenticator_set")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: people are invited."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Allow only superusers to change a superuser."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Keep one's own account active, and sign out deactivated people everywhere."""
        lock_end()  # before the person's row, as the actions do
        if obj.pk == request.user.pk and not obj.is_active:
            obj.is_active = True
            messages.warning(request, "You can't deactivate your own account.")
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            end_all_sessions(obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Set roles and teams, and record the changes in the audit trail."""
        super().save_related(request, form, formsets, change)
        person: User = form.instance
        others = person.groups.exclude(pk__in=roles_and_teams())
        set_groups(person, [*others, *form.cleaned_data["roles"]])
        if changed := sorted(form.changed_data):
            names = sorted(person.groups.values_list("name", flat=True))
            self._audit(request, person, "account", fields=changed, roles=names)

    @admin.display(description="Roles and teams")
    def role_names(self, person: User) -> str:
        """Return the names of the groups."""
        names = sorted(group.name for group in person.groups.all())
        return ", ".join(["superuser", *names] if person.is_superuser else names) or "none"

    @admin.display(description="Second factor", boolean=True)
    def second_factor(self, person: User) -> bool:
        """Return whether the person has an app or a passkey."""
        return any(one.type in FACTORS for one in person.authenticator_set.all())  # type: ignore[attr-defined]

    @audited_transaction()
    @admin.action(description="Deactivate, and sign out everywhere", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Deactivate the selected people except oneself."""
        me = request.user.get_username()
        for person in self._changeable(request, queryset).exclude(username=me):
            person.is_active = False
            person.save(update_fields=["is_active"])
            end_all_sessions(person)
            self._audit(request, person, "deactivated")
            messages.success(request, f"{person} is deactivated.")

    @audited_transaction()
    @admin.action(description="Remove the second factor", permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let people who lost their phone and codes sign in with their password."""
        for person in self._changeable(request, queryset):
            Authenticator.objects.filter(user=person).delete()
            end_all_sessions(person)
            self._audit(request, person, "second factor removed")
            messages.success(request, f"{person} no longer has a second factor.")

    @admin.action(description="Create a password reset link", permissions=["change"])
    def new_password_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Create a link to choose a new password, and send it or show it once."""
        links = []
        with audited_transaction():
            for person in self._changeable(request, queryset).filter(is_active=True):
                token = create_password_link(person, by=person_of(request))
                links.append((person, _link(request, token)))
                self._audit(request, person, "link to a new password")
        for person, link in links:
            _deliver(request, person, person.email, WORDS["emails"]["password"], link)

    def _changeable(self, request: HttpRequest, people: QuerySet[User]) -> QuerySet[User]:
        return people if request.user.is_superuser else people.filter(is_superuser=False)

    def _audit(self, request: HttpRequest, person: User, what: str, **facts: Any) -> None:
        audit_account(
            Action.ACCOUNT_CHANGED, request, person, by=person_of(request), what=what, **facts
        )


# --- invitations -------------------------------------------------------------------------------

_log = logging.getLogger(__name__)


def _link(request: HttpRequest, token: str) -> str:
    """Return the address of a one-time link, on the host that everyone can open."""
    return public_url(request, reverse("invitation_opened", args=[token]))


def _deliver(request: HttpRequest, whom: object, to: str, text: str, link: str) -> None:
    """Send the link, or show it. Never within a transaction, which would block other people."""
    if settings.TRIAGE_EMAIL and to:
        try:
            subject, _line, body = text.partition("\n")
            send_mail(subject, body.format(link=link), None, [to])
        except (OSError, ValueError) as error:  # its text can quote the server
            _log.error("A link could not be sent: %s", type(error).__name__)
            messages.error(request, f"The email to {to} was not sent: the mail server failed.")
        else:
            messages.success(request, f"The link was sent to {to}.")
            return
    messages.warning(
        request,
        f"Copy the link for {whom} now. It won't be shown again, works once, and expires in three "
        f"days: {link}",
    )


class InvitationAdmin(LastingAdmin):
    """Invitations: created here, with a link that is shown once, and then only revoked."""

    form = InvitationForm
    list_display = ("__str__", "email", "invited_by", "created_at", "state")
    list_select_related = ("invited_by",)
    fields = ("name", "email", "groups")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        """Exclude password links."""
        invitations: QuerySet[Invitation] = super().get_queryset(request)
        return invitations.exclude(person__isnull=False, used_at=None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Forbid invitations if everyone uses single sign-on."""
        return not settings.OIDC_ONLY and bool(super().has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """Allow the action but no form."""
        return obj is None and bool(super().has_change_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        """Create the link, which is sent or shown after the transaction."""
        obj.invited_by = person_of(request)
        link = _link(request, set_new_link(obj))
        super().save_model(request, obj, form, change)
        roles = sorted(group.name for group in form.cleaned_data["groups"])
        _audit_invitation(request, obj, "made", roles)
        vars(request)["new_link"] = (obj, link)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save an invitation, and send its link or show it once."""
        response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        if "new_link" in vars(request):
            invitation, link = vars(request).pop("new_link")
            _deliver(request, invitation, invitation.email, WORDS["emails"]["invitation"], link)
        return response

    @admin.display(description="State")
    def state(self, invitation: Invitation) -> str:
        """Return used, revoked, open, or expired."""
        if invitation.used_at:
            return "used"
        if invitation.revoked_at:
            return "revoked"
        return "open" if invitation.expires_at > timezone.now() else "expired"

    @audited_transaction()
    @admin.action(description="Revoke the selected invitations", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """Revoke the selected invitations that are still unused."""
        revoked = queryset.filter(used_at=None, revoked_at=None)
        for invitation in revoked:
            _audit_invitation(request, invitation, "revoked", [])
        messages.success(request, f"Revoked: {revoked.update(revoked_at=timezone.now())}.")


def _audit_invitation(
    request: HttpRequest, invitation: Invitation, what: str, roles: list[str]
) -> None:
    detail = {"what": what, "for": str(invitation), "roles": roles}
    record(Action.INVITED, actor_of(request), target=f"invitation {invitation.pk}", detail=detail)


# These would show the secrets of second factors and allow providers outside the settings.
for _model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)

admin.site.unregister(User)
admin.site.register(User, PersonAdmin)
admin.site.register(Invitation, InvitationAdmin)
