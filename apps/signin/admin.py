"""People and invitations in the review; the library's own tables stay out of it."""

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
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Invitation
from apps.accounts.permissions import ROLES
from apps.accounts.tokens import put_into, renew_link, renewal_for
from apps.audit.admin import OfferedFilters
from apps.audit.models import Action
from apps.audit.trail import Actor, client_address, held_end, one_act, record
from apps.signin.forms import free_name
from apps.signin.sessions import end_all
from apps.signin.signals import note

# People's accounts in the review: roles, deactivation, second factor, a link to a new password.
#
# Accounts come by invitation or single sign-on and are never deleted: the trail speaks of them.
# Who is not a superuser cannot touch one, nor make one, nor give rights other than by role and
# team.


def roles_and_teams() -> QuerySet[Group]:
    """The groups that an admin may put people into."""
    return Group.objects.filter(Q(name__in=ROLES) | Q(team__isnull=False)).order_by("name")


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Roles and teams as ticks; other groups of the person stay."""

    roles = forms.ModelMultipleChoiceField(
        queryset=Group.objects.none(),
        required=False,
        label="Roles and teams",
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("roles")
        if isinstance(field, forms.ModelMultipleChoiceField):
            field.queryset = roles_and_teams()
            field.initial = self.instance.groups.all() if self.instance.pk else []

    def clean_username(self) -> str:
        """As for who is invited: nobody gets the name, or as a name the address, of another."""
        return free_name(self.cleaned_data["username"], email="", apart_from=self.instance)


class PersonAdmin(OfferedFilters):
    """A list of people, and what may be changed of each."""

    form = PersonForm
    list_display = ("username", "email", "roles_told", "second_factor", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    offered = frozenset(("is_active__exact", "groups__id__exact", "groups__isnull"))
    search_fields = ("username", "email", "first_name", "last_name")
    readonly_fields = ("second_factor", "last_login", "date_joined")
    actions = ("deactivate", "reset_second_factor", "new_password_link")

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Superusers may make others superusers."""
        fields = ["username", "first_name", "last_name", "email", "roles", "is_active"]
        extra = ["is_superuser"] if request.user.is_superuser else []
        return [*fields, *extra, *self.readonly_fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With groups and factors, in a constant number of queries."""
        people: QuerySet[User] = super().get_queryset(request)
        return people.prefetch_related("groups", "authenticator_set")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People are invited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Accounts are deactivated."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser is changed by superusers only."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Nobody locks themselves out; who is deactivated is signed out everywhere."""
        held_end()  # before the person's row, as the actions do
        if obj.pk == request.user.pk and not obj.is_active:
            obj.is_active = True
            messages.warning(request, "You cannot deactivate your own account.")
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            end_all(obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Set roles and teams, and tell the trail what was changed."""
        super().save_related(request, form, formsets, change)
        person: User = form.instance
        others = person.groups.exclude(pk__in=roles_and_teams())
        put_into(person, [*others, *form.cleaned_data["roles"]])
        changed = sorted(form.changed_data)
        if changed:
            names = sorted(person.groups.values_list("name", flat=True))
            self._note(request, person, "account", fields=changed, roles=names)

    @admin.display(description="Roles and teams")
    def roles_told(self, person: User) -> str:
        """In one line."""
        names = sorted(group.name for group in person.groups.all())
        return ", ".join(["superuser", *names] if person.is_superuser else names) or "none"

    @admin.display(description="Second factor", boolean=True)
    def second_factor(self, person: User) -> bool:
        """Whether there is one."""
        kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
        return any(one.type in kinds for one in person.authenticator_set.all())  # type: ignore[attr-defined]

    @one_act()
    @admin.action(description="Deactivate, and sign out everywhere", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """All but oneself."""
        me = request.user.get_username()
        for person in self._changeable(request, queryset).exclude(username=me):
            person.is_active = False
            person.save(update_fields=["is_active"])
            end_all(person)
            self._note(request, person, "deactivated")
            messages.success(request, f"{person} is deactivated.")

    @one_act()
    @admin.action(description="Remove the second factor", permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For who lost phone and codes: they sign in with the password, and set up a new one."""
        for person in self._changeable(request, queryset):
            Authenticator.objects.filter(user=person).delete()
            end_all(person)
            self._note(request, person, "second factor removed")
            messages.success(request, f"{person} no longer has a second factor.")

    @one_act()
    @admin.action(description="Create a password reset link", permissions=["change"])
    def new_password_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Shown once; whoever opens it chooses the password."""
        for person in self._changeable(request, queryset).filter(is_active=True):
            assert isinstance(request.user, User)  # noqa: S101 - the review asks for sign-in
            token = renewal_for(person, by=request.user)
            link = request.build_absolute_uri(reverse("invitation_opened", args=[token]))
            self._note(request, person, "link to a new password")
            messages.warning(
                request, f"Link for {person}. It works once and expires in three days: {link}"
            )

    def _changeable(self, request: HttpRequest, people: QuerySet[User]) -> QuerySet[User]:
        return people if request.user.is_superuser else people.filter(is_superuser=False)

    def _note(self, request: HttpRequest, person: User, what: str, **facts: Any) -> None:
        assert isinstance(request.user, User)  # noqa: S101 - the review asks for sign-in
        note(Action.ACCOUNT_CHANGED, request, person, by=request.user, what=what, **facts)


# Inviting people, in the review.

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


# They would show the secrets of second factors, and let providers be added beside the settings.
for _model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)

admin.site.unregister(User)
admin.site.register(User, PersonAdmin)
admin.site.register(Invitation, InvitationAdmin)
