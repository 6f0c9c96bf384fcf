"""The forms of sign-in, in our words."""

import struct
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
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator

from apps.signin.allauth_adapters import note_lock_out

PASSWORD_HINT = (
    "At least 12 characters. A few random words in a row are strong and easy to remember."  # noqa: S105 - a sentence
)
_PASSWORD, _YOUR_PASSWORD = "Password", "Your password"


def word(form: forms.Form, **labels: str) -> None:
    """Give fields these labels; placeholders and the library's hints go."""
    for name, field in form.fields.items():
        field.label = labels.get(name, field.label)
        field.help_text = PASSWORD_HINT if name == "password1" else ""
        field.widget.attrs.pop("placeholder", None)


class LoginForm(account_forms.LoginForm):
    """Username or email address, and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word(self, login="Username or email", password=_PASSWORD)
        self.fields["login"].widget.attrs.update(
            autocomplete="username", autocapitalize="none", spellcheck="false"
        )
        self.fields["login"].max_length = 254

    def user_credentials(self) -> dict[str, str]:
        """Once only, so that an e-mail address costs one hash too, known or not."""
        return {
            "username": self.cleaned_data["login"],
            "password": self.cleaned_data["password"],
        }


class ChangePasswordForm(account_forms.ChangePasswordForm):
    """The old password, and the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word(
            self,
            oldpassword="Current password",
            password1="The new password",
            password2="New password again",
        )


class ReauthenticateForm(account_forms.ReauthenticateForm):
    """The password again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word(self, password=_YOUR_PASSWORD)


class ResetPasswordForm(account_forms.ResetPasswordForm):
    """Where to send the link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word(self, email="Your email address")


class ResetPasswordKeyForm(account_forms.ResetPasswordKeyForm):
    """A new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word(self, password1="The new password", password2="New password again")


def free_name(typed: str, *, email: str, apart_from: User | None = None) -> str:
    """The name as it is kept, which nobody else has, nor as their e-mail address.

    Sign-in looks for names and addresses in any case: two that differ only by it would be one.
    Raises ValidationError.
    """
    name = User.normalize_username(typed)
    others = User.objects.exclude(pk=(apart_from and apart_from.pk) or 0)
    its_address = others.filter(email__iexact=name).exclude(email__iexact=email)
    if (others.filter(username__iexact=name) | its_address).exists():
        raise forms.ValidationError("That username is taken. Choose another.")
    return name


class AcceptForm(forms.Form):
    """What an invited person chooses; without a name when the account is there already."""

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
        """Free, and not another's e-mail address, which opens that one's account."""
        return free_name(str(self.cleaned_data["username"]), email=self.email)

    def clean(self) -> dict[str, Any]:
        """The password's rules, and both the same."""
        cleaned = self.cleaned_data
        first, second = cleaned.get("password1", ""), cleaned.get("password2", "")
        if first and second and first != second:
            self.add_error("password2", "The passwords don't match.")
        elif first:
            person = self.person or User(username=cleaned.get("username", ""), email=self.email)
            try:
                validate_password(first, person)
            except forms.ValidationError as refused:
                self.add_error("password1", refused)
        return cleaned


# The forms of second factors, in our words.


class AuthenticateForm(factor_forms.AuthenticateForm):
    """A code of the app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word_code(self, "Code from your app, or a recovery code")

    def clean_code(self) -> str:
        """Raises ValidationError for a wrong code, and for one too many."""
        try:
            return str(super().clean_code())
        except forms.ValidationError as refused:
            if refused.code == "too_many_login_attempts":
                note_lock_out(context.request, self.user)
            raise


class ReauthenticateFactorForm(factor_forms.ReauthenticateForm):
    """The same, of who is signed in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word_code(self, "Code from your app, or a recovery code")


class ActivateTOTPForm(totp_forms.ActivateTOTPForm):
    """The first code that the app shows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word_code(self, "The code the app shows now")


class LoginPasskeyForm(passkey_forms.LoginWebAuthnForm):
    """A passkey instead of name and password."""

    def clean_credential(self) -> Authenticator:
        """Raises ValidationError for what no browser sends, too."""
        with _readable():
            return super().clean_credential()


class AuthenticatePasskeyForm(passkey_forms.AuthenticateWebAuthnForm):
    """A passkey as the second step."""

    def clean_credential(self) -> Authenticator:
        """Raises ValidationError for what no browser sends, too."""
        with _readable():
            return super().clean_credential()


class ReauthenticatePasskeyForm(passkey_forms.ReauthenticateWebAuthnForm):
    """The same, of who is signed in."""

    def clean_credential(self) -> Authenticator:
        """Raises ValidationError for what no browser sends, too."""
        with _readable():
            return super().clean_credential()


class AddPasskeyForm(passkey_forms.AddWebAuthnForm):
    """A name, and what the browser made. The device always checks who it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("passwordless", None)
        self.fields["name"].max_length = 60
        self.fields["name"].widget.attrs["maxlength"] = "60"
        word(self, name="Name, such as “My laptop”")

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError for what no browser sends, too."""
        with _readable():
            cleaned: dict[str, Any] = super().clean()
            return cleaned


@contextmanager
def _readable() -> Iterator[None]:
    """The library reads what is posted without looking first; unreadable is as good as wrong."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError, struct.error) as unreadable:
        raise get_adapter().validation_error("incorrect_code") from unreadable


def _word_code(form: forms.Form, label: str) -> None:
    word(form, code=label)
    form.fields["code"].widget.attrs.update(inputmode="numeric", spellcheck="false")
