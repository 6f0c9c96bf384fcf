"""The forms of sign-in, with our own labels."""

import struct
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account import forms as account_forms
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as passkey_forms
from django import forms
from django.contrib.auth.forms import SetPasswordMixin
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.cache import cache
from django.core.mail import get_connection
from django.http import HttpRequest

from apps.signin.allauth_adapters import audit_lockout

PASSWORD_HINT = (
    "At least 12 characters. A few random words in a row are strong and easy to remember."  # noqa: S105 - a sentence
)


class _Labeled:
    """A form of the library with our `labels`, without its placeholders and help texts."""

    fields: dict[str, Any]
    labels: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.help_text = PASSWORD_HINT if name == "password1" else ""
            field.widget.attrs.pop("placeholder", None)
        if "code" in self.fields:
            self.fields["code"].widget.attrs.update(inputmode="numeric", spellcheck="false")


class LoginForm(_Labeled, account_forms.LoginForm):
    """Username or email address, and password."""

    labels = {"login": "Username or email", "password": "Password"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs.update(
            autocomplete="username", autocapitalize="none", spellcheck="false"
        )
        self.fields["login"].max_length = 254

    def user_credentials(self) -> dict[str, str]:
        """Return one set of credentials, so known and unknown emails take the same time."""
        typed = self.cleaned_data
        return {"username": typed["login"], "password": typed["password"]}


class ChangePasswordForm(_Labeled, account_forms.ChangePasswordForm):
    """The old password, and the new one twice."""

    labels = {
        "oldpassword": "Current password",
        "password1": "The new password",
        "password2": "New password again",
    }


class ReauthenticateForm(_Labeled, account_forms.ReauthenticateForm):
    """The password, for confirmation."""

    labels = {"password": "Your password"}


class ResetPasswordForm(_Labeled, account_forms.ResetPasswordForm):
    """The email address for the link."""

    labels = {"email": "Your email address"}

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Send the link. Raise OSError without a mail server, whether or not an account exists."""
        with get_connection():
            email: str = super().save(request, **kwargs)
        return email


class ResetPasswordKeyForm(_Labeled, account_forms.ResetPasswordKeyForm):
    """A new password, twice."""

    labels = {"password1": "The new password", "password2": "New password again"}


def available_username(typed: str, *, email: str, exclude: User | None = None) -> str:
    """Return the normalized username. Raise ValidationError if another person's looks the same.

    Another person's email address is taken, too.
    """
    name = User.normalize_username(typed)
    usernames, emails = _skeletons_of_others(exclude)
    if _skeleton(name) in usernames | (emails - {_skeleton(email)}):
        raise forms.ValidationError("That username is taken. Choose another.")
    return name


def available_email(typed: str, *, exclude: User | None = None) -> str:
    """Return the email address. Raise ValidationError if another account's looks the same."""
    usernames, emails = _skeletons_of_others(exclude)
    if typed and _skeleton(typed) in usernames | emails:
        raise forms.ValidationError("Another account has this email address.")
    return typed


def _skeletons_of_others(exclude: User | None) -> tuple[set[str], set[str]]:
    """Return the skeletons of others' usernames and emails. Databases don't fold all capitals."""
    others = User.objects.exclude(pk=(exclude and exclude.pk) or 0)
    rows = list(others.values_list("username", "email"))
    emails = {_skeleton(email) for _name, email in rows if email}
    return {_skeleton(name) for name, _email in rows}, emails


# Lowercase letters that look like Latin ones, or whose capitals do.
_LOOKALIKES = str.maketrans(
    "авсԁеёнһіїӏјкморԛѕтуүԝхαβεζηικμνορτυχɑɡı",
    "abcdeehhiiljkmopqstyywxabezhikmnoptyxagi",
    "\u0307",  # the dot of a lowercase İ
)


def _skeleton(name: str) -> str:
    """Return the same text for names that a person would mistake for each other (UTS #39)."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded.translate(_LOOKALIKES))


class AcceptForm(SetPasswordMixin, forms.Form):  # type: ignore[type-arg]  # not generic at run time
    """Username and password of an invited person; without username for an existing account."""

    error_messages = {"password_mismatch": "The passwords don't match."}
    username = forms.CharField(
        label="Name",
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text="You sign in with it, and coworkers see it next to your lookups.",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password1 = forms.CharField(
        label="Password",
        strip=False,
        help_text=PASSWORD_HINT,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label="Password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, data: Any = None, *, person: User | None, email: str) -> None:
        super().__init__(data)
        self.person, self.email = person, email
        if person is not None:
            del self.fields["username"]

    def clean_username(self) -> str:
        """Check that the username is available."""
        return available_username(str(self.cleaned_data["username"]), email=self.email)

    def clean(self) -> dict[str, Any]:
        """Check that the passwords match and follow the rules."""
        if self.person is None:
            available_email(self.email)
        self.validate_passwords()
        if not self.has_error("password2", "password_mismatch"):
            name = self.cleaned_data.get("username", "")
            person = self.person or User(username=name, email=self.email)
            self.validate_password_for_user(person, "password1")
        return self.cleaned_data


# --- second factors ----------------------------------------------------------------------------


_USED_CODE_S = 120  # a code is valid for three periods of 30 seconds; allauth remembers it for one


class _CodeForm(_Labeled, factor_forms.BaseAuthenticateForm):
    """A form with a code from the app, or a recovery code."""

    labels = {"code": "Code from your app, or a recovery code"}

    def clean_code(self) -> str:
        """Refuse a code that was used before."""
        code = "".join(filter(str.isalnum, self.cleaned_data["code"])).upper()
        used = f"used-code:{self.user.pk}:{code}"
        if cache.get(used):
            self.cleaned_data["code"] = ""  # counted as a wrong code
        cleaned = str(super().clean_code())
        cache.set(used, 1, _USED_CODE_S)
        return cleaned


class AuthenticateForm(_CodeForm, factor_forms.AuthenticateForm):
    """The code at sign-in."""

    def clean_code(self) -> str:
        """Record a lockout after too many codes."""
        try:
            return str(super().clean_code())
        except forms.ValidationError as error:
            if error.code == "too_many_login_attempts":
                audit_lockout(context.request, self.user)
            raise


class ReauthenticateCodeForm(_CodeForm, factor_forms.ReauthenticateForm):
    """The code, to confirm a change."""


class ActivateTOTPForm(_Labeled, totp_forms.ActivateTOTPForm):
    """The first code from the app."""

    labels = {"code": "The code the app shows now"}


class _PasskeyForm(forms.Form):
    """A form with a passkey's response, which can be malformed."""

    def clean_credential(self) -> Authenticator:
        """Raise ValidationError for malformed data."""
        with _checked_format():
            return super().clean_credential()  # type: ignore[misc]


class LoginPasskeyForm(_PasskeyForm, passkey_forms.LoginWebAuthnForm):
    """A passkey instead of username and password."""


class AuthenticatePasskeyForm(_PasskeyForm, passkey_forms.AuthenticateWebAuthnForm):
    """A passkey as the second factor."""


class ReauthenticatePasskeyForm(_PasskeyForm, passkey_forms.ReauthenticateWebAuthnForm):
    """A passkey, to confirm a change."""


class AddPasskeyForm(_Labeled, passkey_forms.AddWebAuthnForm):
    """A name and a new passkey. The device always verifies the person."""

    labels = {"name": "Name, such as “My laptop”"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("passwordless", None)
        self.fields["name"].max_length = 60
        self.fields["name"].widget.attrs["maxlength"] = "60"

    def clean(self) -> Any:
        """Raise ValidationError for malformed data."""
        with _checked_format():
            return super().clean()


@contextmanager
def _checked_format() -> Iterator[None]:
    """Turn errors in malformed data, which the library does not check, into a wrong code."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError, struct.error) as error:
        raise get_adapter().validation_error("incorrect_code") from error
