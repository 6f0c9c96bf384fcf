"""People and invitations in the review; the library's own tables stay out of it."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import User

from apps.accounts.models import Invitation
from apps.signin.invitation_admin import InvitationAdmin
from apps.signin.people_admin import PersonAdmin

# They would show the secrets of second factors, and let providers be added beside the settings.
for _model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)

admin.site.unregister(User)
admin.site.register(User, PersonAdmin)
admin.site.register(Invitation, InvitationAdmin)
