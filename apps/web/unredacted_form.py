"""What a person confirms and chooses before an export without redaction."""

from typing import Any

from django import forms

from apps.exports import DEFAULT_BUDGET
from apps.exports.budget import LEAST_TOKENS, MOST_TOKENS
from apps.lookups.records import LONGEST_REASON, is_required
from apps.web.exporting import FORMATS


class UnredactedForm(forms.Form):
    """Nothing is made before the box is ticked."""

    confirmed = forms.BooleanField(
        label="I need the personal data for this case",
        error_messages={"required": "Check the box to confirm that you need the personal data."},
    )
    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        label="Ticket or reason (optional)",
        help_text="Stored with the record. Don't name the customer here.",
        error_messages={
            "max_length": f"Keep the reason to {LONGEST_REASON} characters or fewer.",
            "required": "Enter a ticket number or a reason.",
        },
    )
    format = forms.ChoiceField(
        label="Format",
        choices=FORMATS,
        error_messages={"invalid_choice": "Please choose Markdown, XML or JSON."},
    )
    budget = forms.IntegerField(
        required=False,
        initial=DEFAULT_BUDGET,
        min_value=LEAST_TOKENS,
        max_value=MOST_TOKENS,
        label="Token limit",
        help_text="Leave empty to include everything.",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "invalid": "Enter the token limit as a whole number.",
            "min_value": f"The token limit must be from {LEAST_TOKENS} to {MOST_TOKENS} tokens.",
            "max_value": f"The token limit must be from {LEAST_TOKENS} to {MOST_TOKENS} tokens.",
        },
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        if is_required():
            self.fields["reason"].required = True
            self.fields["reason"].label = "Ticket or reason"
