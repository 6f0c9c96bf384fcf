"""A team as an admin writes it: its name, its people, and the projects that they may see."""

import re
from typing import Any

from django import forms
from django.contrib.auth.models import Group, User

from apps.accounts.models import Team
from apps.accounts.permissions import ROLES
from apps.lookups.sentry_connection import search_choices

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_BETWEEN = re.compile(r"[\s,]+")


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Offers the projects that Sentry knows; while it is silent, their slugs are typed."""

    name = forms.CharField(max_length=150, label="Name")
    members = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choose-many"}),
        help_text="Being on a team doesn't grant any permissions. What people can do depends "
        "on their role.",
    )
    projects = forms.Field()

    class Meta:
        model = Team
        fields = ("name", "members", "all_projects", "projects")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        group = self.instance.group if self.instance.pk else None
        people = User.objects.filter(is_active=True)
        if group is not None:
            self.initial.update(name=group.name, members=group.user_set.all())
            people = (people | User.objects.filter(groups=group)).distinct()
        field = self.fields["members"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101 - for the type checker
        field.queryset = people.order_by("username")
        self.fields["projects"] = self._projects_field()

    def _projects_field(self) -> forms.Field:
        chosen = list(self.instance.projects)
        known, _environments = search_choices()
        help_text = (
            "The projects where team members can look up customers. If none are chosen, members "
            "see nothing."
        )
        if known:
            offered = sorted({*known, *chosen})
            return forms.MultipleChoiceField(
                choices=[(slug, slug if slug in known else f"{slug} (gone)") for slug in offered],
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=help_text,
            )
        self.initial["projects"] = "\n".join(chosen)
        return forms.CharField(
            required=False,
            widget=forms.Textarea(attrs={"rows": 6}),
            help_text=f"{help_text} We can't reach Sentry right now, so enter one slug per line.",
        )

    def clean_name(self) -> str:
        """Refuse the name of a role, and one that is taken."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        if name.lower() in ROLES:
            raise forms.ValidationError("This is the name of a role. Please choose another.")
        if "," in name or not name.isprintable():
            raise forms.ValidationError("Please use a name without commas and control characters.")
        taken = Group.objects.filter(name__iexact=name).exclude(team=self.instance.pk or None)
        if taken.exists():
            raise forms.ValidationError("A team or group with this name already exists.")
        return name

    def clean_projects(self) -> list[str]:
        """The slugs, each once."""
        value = self.cleaned_data["projects"]
        slugs = _BETWEEN.split(value.strip()) if isinstance(value, str) else list(value)
        slugs = sorted({slug for slug in slugs if slug})
        wrong = [slug for slug in slugs if not _SLUG.fullmatch(slug)]
        if wrong:
            raise forms.ValidationError(
                "A slug has only letters, digits, dashes, and underscores. It's the "
                "project's name in Sentry's URLs."
            )
        return slugs
