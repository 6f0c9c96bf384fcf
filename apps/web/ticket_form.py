"""The pasted ticket, turned into suggestions. What was pasted lives as long as the request."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from apps.events.query import parse_zone
from apps.tickets import MAX_TICKET_LENGTH, Reading, TicketRefused, read_ticket, read_ticket_date
from apps.web.zone_menu import ZoneSelect


class TicketForm(forms.Form):
    """The text, when it was written, and the zone its times are in."""

    # No max_length: the browser would cut what is pasted without a word.
    text = forms.CharField(
        strip=False,
        label="Ticket text",
        help_text=f"Paste it whole, up to {MAX_TICKET_LENGTH:,} characters. It isn't stored.",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "dir": "auto"}),
        error_messages={"required": "Paste the ticket text."},
    )
    written = forms.CharField(
        required=False,
        label="When was the ticket written? (optional)",
        help_text="For example, 2026-11-20 14:05, or just the date. "
        "“Yesterday” is counted from it.",
    )
    zone = forms.CharField(label="Time zone if the ticket names none", max_length=64)

    def __init__(
        self,
        data: Any = None,
        *,
        own_zone: ZoneInfo,
        zone_is_known: bool = True,
        auto_id: str = "ticket_%s",
    ) -> None:
        super().__init__(data, initial={"zone": own_zone.key}, auto_id=auto_id)
        self.own_zone = own_zone
        select = ZoneSelect()
        select.attrs["data-default"] = "own" if zone_is_known else "site"
        self.fields["zone"].widget = select

    def clean_zone(self) -> ZoneInfo:
        """The zone by its name."""
        zone = parse_zone(str(self.cleaned_data["zone"]))
        if zone is None:
            raise forms.ValidationError("We don't recognize this time zone. Choose another.")
        return zone

    def clean(self) -> dict[str, Any]:
        """Read the date the ticket was written, then the ticket."""
        cleaned = self.cleaned_data
        zone = cleaned.get("zone")
        if zone is None or "text" not in cleaned:
            return cleaned
        now = timezone.now()
        try:
            written = self._written(zone, now)
        except TicketRefused as refused:
            self.add_error("written", str(refused))
            return cleaned
        try:
            cleaned["reading"] = read_ticket(cleaned["text"], zone=zone, now=now, written=written)
        except TicketRefused as refused:
            self.add_error("text", str(refused))
        return cleaned

    def _written(self, zone: ZoneInfo, now: datetime) -> datetime | date | None:
        typed = self.cleaned_data.get("written", "").strip()
        return read_ticket_date(typed[:200], zone=zone, now=now) if typed else None

    @property
    def reading(self) -> Reading | None:
        """What was read; None while the form is not valid."""
        return self.cleaned_data.get("reading") if self.is_valid() else None

    @property
    def read_in(self) -> ZoneInfo:
        """The zone that was chosen, else the person's own."""
        return parse_zone(str(self.data.get("zone", ""))) or self.own_zone
