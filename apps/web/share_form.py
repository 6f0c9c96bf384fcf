"""Sharing a lookup: with whom, for how long, and with whom it is shared already."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth.models import Group, User

from apps.lookups.access import (
    SharingRefused,
    active_shares,
    find_reader,
    may_keep,
    readers_offered,
)
from apps.lookups.models import Lookup, LookupShare
from apps.web.clock import LocalTime, local_minute

_DAYS = {"1": "for 1 day", "7": "for 7 days", "30": "for 30 days"}


class ShareForm(forms.Form):
    """One name, typed or taken from the short list that a small site offers."""

    reader = forms.CharField(
        max_length=200,
        label="Person or team",
        help_text="A full username, or a team, for example: team Checkout.",
        error_messages={"required": "Enter who to share it with."},
    )
    days = forms.ChoiceField(
        required=False,
        label="Share for",
        choices=[("", "until you stop sharing"), *_DAYS.items()],
    )

    def clean_reader(self) -> User | Group:
        """The person or team of that name."""
        try:
            return find_reader(str(self.cleaned_data["reader"]))
        except SharingRefused as refused:
            raise forms.ValidationError(str(refused)) from refused

    @property
    def keep(self) -> timedelta | None:
        """Return how long to share: a timedelta, or None until the owner stops sharing."""
        days = self.cleaned_data["days"]
        return timedelta(days=int(days)) if days else None


@dataclass(frozen=True, slots=True)
class ShareRow:
    """With whom a lookup is shared; `until` is None where no end was chosen."""

    share_id: int
    reader: str
    until: LocalTime | None


@dataclass(frozen=True, slots=True)
class SharePart:
    """What the share part of a page prints."""

    form: ShareForm
    offered: tuple[str, ...]
    rows: tuple[ShareRow, ...]


def share_part(person: User, lookup: Lookup, form: ShareForm | None = None) -> SharePart | None:
    """The part for who may share the lookup; None for who may only read it."""
    if not may_keep(person, lookup):
        return None
    zone, offered = ZoneInfo(lookup.zone), readers_offered(apart_from=person)
    form = form or share_form(None)
    if offered:
        form.fields["reader"].widget.attrs["list"] = "share_offered"
    return SharePart(
        form=form,
        offered=offered,
        rows=tuple(_row(share, zone) for share in active_shares(lookup)),
    )


def share_form(values: Any) -> ShareForm:
    """The form as it was posted, or an empty one for None."""
    return ShareForm(values, auto_id="share_%s")


def _row(share: LookupShare, zone: ZoneInfo) -> ShareRow:
    until = local_minute(share.until, zone) if share.until else None
    return ShareRow(share.pk, share.reader, until)
