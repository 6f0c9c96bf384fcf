"""The forms of sign-in, in our words."""

from typing import Any

from allauth.account import forms as account_forms
from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator

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
