"""The forms of second factors, in our words."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as passkey_forms
from django import forms

from apps.signin.adapters import note_lock_out
from apps.signin.forms import word


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


class ReauthenticateForm(factor_forms.ReauthenticateForm):
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
