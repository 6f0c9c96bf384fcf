"""What a person confirms and chooses before an export without redaction."""

from typing import Any

from django import forms

from apps.exports import DEFAULT_BUDGET
from apps.exports.budget import LEAST_TOKENS, MOST_TOKENS
from apps.lookups.reasons import LONGEST_REASON, is_required
from apps.web.exporting import FORMATS


class UnredactedForm(forms.Form):
    """Nothing is made before the box is ticked."""

    confirmed = forms.BooleanField(
        label="I need the personal data for this case",
        error_messages={"required": "Please tick the box if you really need the personal data."},
    )
    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        label="Ticket or reason (optional)",
        help_text="Kept with the record. Please do not name the customer in it.",
        error_messages={
            "max_length": f"Please keep the reason within {LONGEST_REASON} characters.",
            "required": "Please give a ticket number or a reason.",
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
        label="At most tokens",
        help_text="Leave it empty for everything.",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "invalid": "Please give the budget as a whole number of tokens.",
            "min_value": f"A budget is from {LEAST_TOKENS} to {MOST_TOKENS} tokens.",
            "max_value": f"A budget is from {LEAST_TOKENS} to {MOST_TOKENS} tokens.",
        },
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        if is_required():
            self.fields["reason"].required = True
            self.fields["reason"].label = "Ticket or reason"
