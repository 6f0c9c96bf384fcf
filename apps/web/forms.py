"""What people type, turned into a question; each refusal has its own sentence beside its field."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils import timezone

from apps.events.query import (
    MAX_WINDOW_MINUTES,
    MIN_WINDOW_MINUTES,
    CustomerRefused,
    MomentRefused,
    Question,
    Window,
    parse_customer,
    parse_moment,
    parse_zone,
)
from apps.lookups.records import LONGEST_REASON, is_asked, is_required
from apps.web.zone_menu import ZoneSelect, zone_names

LONGEST_TYPED = 2000


class LookupForm(forms.Form):
    """Customer, moment, minutes; project and environment where there is a choice."""

    customer = forms.CharField(
        max_length=LONGEST_TYPED,
        strip=False,
        label="Customer",
        help_text="User ID, email, or username. An event ID or Sentry link also works.",
        error_messages={
            "required": "Enter a customer: a user ID, email, or username.",
            "max_length": "That's too long for a customer: %(show_value)d characters.",
        },
    )
    at = forms.CharField(
        required=False,
        max_length=100,
        label="When it happened",
        help_text="For example, 2026-11-20 14:05, a time with an offset, or epoch seconds.",
        error_messages={"max_length": "That is too long to be a time."},
    )
    at_picker = forms.CharField(
        required=False,
        max_length=30,
        label="or choose a date",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}),
    )
    zone = forms.CharField(label="Time zone", max_length=64)
    window = forms.IntegerField(
        label="± minutes",
        error_messages={
            "required": "Enter how many minutes to search before and after.",
            "invalid": "Enter the minutes as a whole number.",
        },
    )
    project = forms.ChoiceField(required=False, label="Project")
    environment = forms.ChoiceField(required=False, label="Environment")
    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        label="Ticket or reason",
        help_text="Stored in the audit trail. Don't name the customer here.",
        error_messages={
            "max_length": f"Keep the reason to {LONGEST_REASON} characters or fewer.",
            "required": "Enter a ticket number or a reason.",
        },
    )

    def __init__(
        self,
        data: Any = None,
        *,
        own_zone: ZoneInfo,
        zone_is_known: bool = True,
        projects: tuple[str, ...] = (),
        environments: tuple[str, ...] = (),
        initial: dict[str, Any] | None = None,
    ) -> None:
        defaults = {"zone": own_zone.key, "window": settings.TRIAGE_WINDOW_MINUTES}
        super().__init__(data, initial={**defaults, **(initial or {})})
        self.own_zone = own_zone
        self.zone_is_known = zone_is_known
        select = ZoneSelect()
        select.attrs["data-default"] = "own" if zone_is_known else "site"
        self.fields["zone"].widget = select
        self.fields["reason"].required = is_required()
        if not is_asked():
            del self.fields["reason"]
        self._offer("project", "All projects", projects)
        self._offer("environment", "All environments", environments)

    def _offer(self, name: str, everything: str, choices: tuple[str, ...]) -> None:
        posted = self.data.get(name)
        if posted and not choices:
            choices = (posted,)  # Sentry fell silent after the choice was made: it still holds
        elif len(choices) < 2:
            del self.fields[name]
            return
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [("", everything), *((choice, choice) for choice in choices)]

    def clean_customer(self) -> str:
        """Refuse what cannot name a customer; keep the rest as typed."""
        typed = str(self.cleaned_data["customer"])
        try:
            parse_customer(typed)
        except CustomerRefused as refused:
            raise forms.ValidationError(str(refused)) from refused
        return typed

    def clean_zone(self) -> ZoneInfo:
        """The zone by its name."""
        zone = parse_zone(str(self.cleaned_data["zone"]))
        if zone is None:
            raise forms.ValidationError("We don't recognize this time zone. Choose another.")
        return zone

    def clean_window(self) -> int:
        """Minutes to each side, within bounds."""
        minutes = int(self.cleaned_data["window"])
        if not MIN_WINDOW_MINUTES <= minutes <= MAX_WINDOW_MINUTES:
            raise forms.ValidationError(
                f"Please choose between {MIN_WINDOW_MINUTES} and {MAX_WINDOW_MINUTES} minutes "
                "(one day)."
            )
        return minutes

    def clean(self) -> dict[str, Any]:
        """Read the moment in the zone that was given with it."""
        cleaned = self.cleaned_data
        zone = cleaned.get("zone")
        if zone and "at" in cleaned:
            typed = cleaned["at"].strip() or cleaned.get("at_picker", "")
            try:
                cleaned["moment"] = parse_moment(typed, zone=zone, now=timezone.now())
            except MomentRefused as refused:
                self.add_error("at", str(refused))
        return cleaned

    def question(self) -> Question:
        """What a valid form asks."""
        cleaned = self.cleaned_data
        return Question(
            customer=parse_customer(cleaned["customer"]),
            window=Window(moment=cleaned["moment"], minutes=cleaned["window"]),
            projects=tuple(filter(None, [cleaned.get("project")])),
            environments=tuple(filter(None, [cleaned.get("environment")])),
            fields=tuple(settings.TRIAGE_CUSTOMER_FIELDS),
        )


class PreferencesForm(forms.Form):
    """A person's own time zone, and whether single keys act."""

    time_zone = forms.ChoiceField(
        required=False,
        label="Your time zone",
        help_text="Times are shown and read in this time zone.",
    )
    shortcuts = forms.BooleanField(
        required=False, label="Use single-key shortcuts on results (press ? there to see them)"
    )

    def __init__(self, data: Any = None, *, chosen: str = "", shortcuts: bool = True) -> None:
        super().__init__(data, initial={"time_zone": chosen, "shortcuts": shortcuts})
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [
            ("", "Use my browser's time zone"),
            *((name, name) for name in zone_names()),
        ]
