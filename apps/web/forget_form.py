"""The names of a customer who is to be forgotten."""

from django import forms

from apps.events.query import CustomerRefused, parse_customer

MOST_NAMES = 20


class ForgetForm(forms.Form):
    """One name on a line, each as it was typed into a lookup."""

    names = forms.CharField(
        label="Every identifier for the customer, one per line",
        max_length=MOST_NAMES * 200,
        help_text="User ID, email, username, account number: exactly as typed in lookups.",
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Enter at least one identifier."},
    )

    def clean_names(self) -> str:
        """The names as lookups know them, each once. Raises for what cannot be one."""
        lines = [line for line in self.cleaned_data["names"].splitlines() if line.strip()]
        if len(lines) > MOST_NAMES:
            raise forms.ValidationError(f"Enter up to {MOST_NAMES} identifiers at a time.")
        try:
            names = [parse_customer(line).identifier for line in lines]
        except CustomerRefused as refused:
            raise forms.ValidationError(str(refused)) from refused
        return "\n".join(dict.fromkeys(names))

    @property
    def read(self) -> list[str]:
        """The names, once they are valid."""
        return str(self.cleaned_data["names"]).split("\n")
