"""The form by which an admin makes an API token."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts.models import (
    DEFAULT_TOKEN_DAYS,
    MOST_TOKEN_DAYS,
    ApiToken,
    Scope,
    default_scopes,
)

_SLUG = re.compile(r"[a-z0-9_][a-z0-9_-]{0,99}")
_MOST_PROJECTS = 100


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What the token is for, in whose name, for how long."""

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
        max_value=MOST_TOKEN_DAYS,
        help_text=f"At most {MOST_TOKEN_DAYS}.",
    )

    class Meta:
        model = ApiToken
        fields = ("name", "user", "scopes", "projects")

    def clean_projects(self) -> list[str]:
        """The slugs, each once."""
        typed = re.split(r"[\s,]+", self.cleaned_data["projects"].strip())
        slugs = list(dict.fromkeys(slug for slug in typed if slug))
        if len(slugs) > _MOST_PROJECTS:
            raise ValidationError(f"Enter up to {_MOST_PROJECTS} projects.")
        if not all(_SLUG.fullmatch(slug) for slug in slugs):
            raise ValidationError("Enter slugs such as checkout-api, separated by commas.")
        return slugs

    def save(self, commit: bool = True) -> Any:
        """The token's record, with its end counted from now."""
        self.instance.expires_at = timezone.now() + timedelta(days=self.cleaned_data["days"])
        return super().save(commit)
