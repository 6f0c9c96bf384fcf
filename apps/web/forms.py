"""Forms for lookups, preferences, erasure, exports, sharing, and tickets."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.events import query
from apps.exports.tokens import DEFAULT_BUDGET, MAX_TOKENS, MIN_TOKENS
from apps.incidents.models import Incident
from apps.lookups import access, records
from apps.lookups.exports import FORMATS
from apps.lookups.models import Lookup
from apps.lookups.sentry_connection import read_customer
from apps.tickets.reader import read_moment, read_ticket, read_ticket_date
from apps.tickets.text import (
    MAX_TICKET_LENGTH,
    Excerpt,
    MomentFound,
    MomentReading,
    TicketReading,
    TicketRefused,
)
from apps.web.presenters.formatting import half_window, in_utc_too, local_minute, typed_in

# The select of time zones. Its hundreds of options are rendered once per process.


@cache
def zone_names() -> list[str]:
    """Return the zones a person may choose, UTC first."""
    places = (name for name in query.iana_zones() if "/" in name)
    return ["UTC", *sorted(name for name in places if not name.startswith(("Etc/", "SystemV/")))]


@cache
def _options() -> SafeString:
    rows = ((name, name) for name in zone_names())
    return format_html_join("", '<option value="{}">{}</option>', rows)


class ZoneSelect(forms.Select):
    """A select of time zones. A script selects the browser's unless one was chosen or posted."""

    def __init__(self, *, is_chosen: bool) -> None:
        super().__init__({} if is_chosen else {"data-zone": "browser"})

    def render(
        self,
        name: str,
        value: Any,
        attrs: Mapping[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        attributes = self.build_attrs({**self.attrs, "name": name}, dict(attrs or {}))
        options, chosen = _options(), str(value or "")
        if chosen in zone_names():  # which need no escaping
            start = f'<option value="{chosen}"'
            options = mark_safe(options.replace(start, f"{start} selected", 1))  # noqa: S308
        elif not chosen or query.parse_zone(chosen):  # a zone that the menu lacks
            options = format_html('<option value="{0}" selected>{0}</option>', chosen) + options
        return format_html("<select{}>{}</select>", flatatt(attributes), options)


class ZoneField(forms.CharField):
    """The name of a time zone, read as that zone; None if it is empty and not required."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=64, **options)

    def clean(self, value: Any) -> ZoneInfo | None:
        """Return the zone. Raise `ValidationError` for an unknown name."""
        typed = super().clean(value)
        zone = query.parse_zone(typed)
        if typed and zone is None:
            raise forms.ValidationError("We don't recognize this time zone. Choose another.")
        return zone


def _reason_field(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        required=False,
        max_length=records.MAX_REASON_LENGTH,
        label=label,
        help_text=help_text,
        error_messages={
            "max_length": f"Keep the reason to {records.MAX_REASON_LENGTH} characters or fewer.",
            "required": "Enter a ticket number or a reason.",
        },
    )


MAX_CUSTOMER_LENGTH = 2000


class FormOptions(NamedTuple):
    """What an empty form depends on besides the settings.

    `own_zone` is used for a time that needs no zone; `zone_is_chosen` says that the person chose
    it, and `zone_is_known` that it isn't only the site's default.
    """

    own_zone: ZoneInfo
    zone_is_chosen: bool = True
    zone_is_known: bool = True
    projects: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()


class LookupForm(forms.Form):
    """The lookup form. Project and environment are left out unless there is a choice.

    `may_be_exact` says that the button `exactly` can look up the refused customer as typed. `times`
    are what an unclear time can mean, for buttons that post it as `at`.
    """

    customer = forms.CharField(
        max_length=MAX_CUSTOMER_LENGTH,
        strip=False,
        label="Customer",
        help_text="User ID, email, username, event ID, or Sentry link.",
        error_messages={
            "required": "Enter a customer: a user ID, email, or username.",
            "max_length": "That's too long for a customer: %(show_value)d characters.",
        },
    )
    at = forms.CharField(
        required=False,
        max_length=100,
        label="When it happened",
        help_text="For example, 2026-11-20 14:05 or yesterday 3 pm.",
        error_messages={"max_length": "That's too long for a time."},
    )
    at_picker = forms.CharField(
        required=False,
        max_length=30,
        label="or choose a date",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}),
    )
    zone = ZoneField(required=False, label="Time zone")
    window = forms.IntegerField(
        label="± minutes",
        error_messages={
            "required": "Enter how many minutes to search before and after.",
            "invalid": "Enter the minutes as a whole number.",
        },
    )
    project = forms.ChoiceField(required=False, label="Project")
    environment = forms.ChoiceField(required=False, label="Environment")
    reason = _reason_field(
        "Ticket or reason", "Stored in the audit trail. Don't name the customer here."
    )

    def __init__(
        self, data: Any, options: FormOptions, *, initial: dict[str, Any] | None = None
    ) -> None:
        defaults = {"zone": options.own_zone.key, "window": settings.TRIAGE_WINDOW_MINUTES}
        super().__init__(_with_window(data), initial={**defaults, **(initial or {})})
        self.options = options
        self.may_be_exact = False
        self.times: list[dict[str, Any]] = []
        zone_is_given = bool((self.data or initial or {}).get("zone"))
        self.fields["zone"].widget = ZoneSelect(is_chosen=options.zone_is_chosen or zone_is_given)
        if not (options.zone_is_known or zone_is_given):
            self.fields["zone"].help_text = "This site's default. Choose yours."
        self.fields["reason"].required = records.reason_required()
        if not records.reason_enabled():
            del self.fields["reason"]
        self._offer("project", "All projects", options.projects)
        self._offer("environment", "All environments", options.environments)

    def _offer(self, name: str, everything: str, choices: tuple[str, ...]) -> None:
        posted = self.data.get(name)
        if posted and not choices:
            choices = (posted,)  # Sentry stopped responding since: keep what was chosen
        elif len(choices) < 2:
            del self.fields[name]
            return
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [("", everything), *((choice, choice) for choice in choices)]

    def clean_customer(self) -> str:
        """Return the customer as typed, unless it can't be an identifier."""
        typed = str(self.cleaned_data["customer"])
        if self.data.get("exactly"):
            typed = f"{query.EXACTLY}{typed}"
        try:
            read_customer(typed)
        except query.CustomerRefused as refused:
            self.may_be_exact = refused.may_be_exact
            raise forms.ValidationError(str(refused)) from refused
        return typed

    def clean_window(self) -> int:
        minutes = int(self.cleaned_data["window"])
        if not query.MIN_WINDOW_MINUTES <= minutes <= query.MAX_WINDOW_MINUTES:
            least, most = query.MIN_WINDOW_MINUTES, query.MAX_WINDOW_MINUTES
            raise forms.ValidationError(f"Enter from {least} to {most:,} minutes (one day).")
        return minutes

    def clean(self) -> dict[str, Any]:
        """Read the reported time in the chosen zone, which it needs unless it has its own."""
        cleaned = self.cleaned_data
        if "zone" not in cleaned or "at" not in cleaned:
            return cleaned
        typed, now = cleaned["at"].strip() or cleaned.get("at_picker", ""), timezone.now()
        if cleaned["zone"] is None and _depends_on_zone(typed, now):
            self.add_error(
                "zone",
                "Choose the time zone of this time, or type the time with its offset, "
                "such as 2026-11-20 14:05+01:00.",
            )
            return cleaned
        cleaned["zone"] = cleaned["zone"] or self.options.own_zone
        try:
            found = _read_moment(typed, cleaned["zone"], now)
        except query.MomentRefused as refused:
            self.add_error("at", str(refused))
            return cleaned
        (reading, *others) = found.readings
        minutes = reading.minutes or 0
        if found.is_sure and not others and not reading.is_rough:
            cleaned["moment"] = reading.moment
            cleaned["window"] = max(cleaned.get("window", 0), minutes)
        else:
            self.times = _time_options(found, cleaned["zone"])
            self.add_error("at", "Which time do you mean? Choose one, or type it in full.")
        return cleaned

    @property
    def searched(self) -> dict[str, Any]:
        """Where and when a valid form searches: its window, projects, and environments."""
        cleaned = self.cleaned_data
        return {
            "window": query.Window(moment=cleaned["moment"], minutes=cleaned["window"]),
            "projects": tuple(filter(None, [cleaned.get("project")])),
            "environments": tuple(filter(None, [cleaned.get("environment")])),
        }

    def question(self) -> query.Question:
        """Return the question of a valid form."""
        customer = read_customer(self.cleaned_data["customer"])
        fields = settings.TRIAGE_CUSTOMER_FIELDS
        return query.Question(customer=customer, fields=fields, **self.searched)


def _with_window(data: Any) -> Any:
    """Return the posted values; a time from a button is split from the minutes it needs."""
    at, bar, minutes = (data.get("at", "") if data else "").partition("|")
    if not bar or not minutes.isdecimal() or len(minutes) > 4:
        return data
    values = {name: data[name] for name in data}
    typed = str(values.get("window", ""))
    least = int(typed) if typed.isdecimal() and len(typed) < 5 else 0
    return {**values, "at": at, "window": str(max(int(minutes), least))}


def _read_moment(typed: str, zone: ZoneInfo, now: datetime) -> MomentFound:
    """Return what a typed time can mean, as in a ticket. Raise `MomentRefused`."""
    try:
        moment = query.parse_moment(typed, zone=zone, now=now)
    except query.MomentUnreadable:
        found = read_moment(typed, zone=zone, now=now)
        if found is None:
            raise
        return found
    return MomentFound(Excerpt("", typed, ""), (MomentReading(moment, None, ""),))


def _time_options(found: MomentFound, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return the times to choose from; each says its own time zone if these differ."""
    options = _moment(found, zone, {})["options"]
    notes = [reading.understood.rpartition("; ")[2] for reading in found.readings]
    if len(set(notes)) == 1:
        notes = [""] * len(options)
    return [{**option, "understood": note} for option, note in zip(options, notes, strict=True)]


def _depends_on_zone(typed: str, now: datetime) -> bool:
    """Return whether a typed time means another moment in another zone."""
    moments = []
    for zone in (ZoneInfo("UTC"), ZoneInfo("Pacific/Kiritimati")):
        try:
            # No time of today is in the future two days later.
            found = _read_moment(typed, zone, now + timedelta(days=2))
        except query.MomentRefused:
            return False
        moments.append([reading.moment for reading in found.readings])
    return moments[0] != moments[1]


class PreferencesForm(forms.Form):
    """A person's time zone and shortcut setting."""

    time_zone = forms.ChoiceField(
        required=False,
        choices=lambda: [("", "Use my browser's time zone"), *((z, z) for z in zone_names())],
        label="Your time zone",
        help_text="Times are shown and read in this time zone.",
    )
    shortcuts = forms.BooleanField(
        required=False,
        initial=True,
        label="Use single-key shortcuts on results (press ? there to see them)",
    )


MAX_IDENTIFIERS = 20


class ForgetForm(forms.Form):
    """The identifiers of a customer to erase. A valid form has them as lookups store them."""

    identifiers: Sequence[str] = ()
    names = forms.CharField(
        label="Every identifier for the customer, one per line",
        max_length=MAX_IDENTIFIERS * 200,
        help_text="User ID, email, username, account number: exactly as typed in lookups.",
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Enter at least one identifier."},
    )

    def clean_names(self) -> str:
        lines = [line for line in self.cleaned_data["names"].splitlines() if line.strip()]
        if len(lines) > MAX_IDENTIFIERS:
            raise forms.ValidationError(f"Enter up to {MAX_IDENTIFIERS} identifiers at a time.")
        try:
            self.identifiers = records.identifiers_to_erase(lines)
        except query.CustomerRefused as refused:
            raise forms.ValidationError(str(refused)) from refused
        return "\n".join(lines)


class UnredactedForm(forms.Form):
    """The options and the required confirmation of an export without redaction."""

    confirmed = forms.BooleanField(
        label="I need the personal data for this case",
        error_messages={"required": "Check the box to confirm that you need the personal data."},
    )
    reason = _reason_field(
        "Ticket or reason (optional)", "Stored with the record. Don't name the customer here."
    )
    format = forms.ChoiceField(
        label="Format",
        choices=FORMATS,
        error_messages={"invalid_choice": "Choose Markdown or JSON."},
    )
    budget = forms.IntegerField(
        required=False,
        initial=DEFAULT_BUDGET,
        min_value=MIN_TOKENS,
        max_value=MAX_TOKENS,
        label="Token limit",
        help_text="Leave empty to include everything.",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "invalid": "Enter the token limit as a whole number.",
            **dict.fromkeys(
                ("min_value", "max_value"),
                f"The token limit must be from {MIN_TOKENS} to {MAX_TOKENS:,} tokens.",
            ),
        },
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        if records.reason_required():
            self.fields["reason"].required = True
            self.fields["reason"].label = "Ticket or reason"


# Sharing a lookup.

_DAYS = {"1": "for 1 day", "7": "for 7 days", "30": "for 30 days"}


class ShareForm(forms.Form):
    """A person or team to share with, and for how long."""

    reader = forms.CharField(
        max_length=200,
        label="Person or team",
        help_text="A full username, or a team, for example: team Checkout.",
        error_messages={"required": "Enter who to share it with."},
    )
    days = forms.ChoiceField(
        required=False, label="Share for", choices=[("", "until you stop sharing"), *_DAYS.items()]
    )

    def clean_reader(self) -> User | Group:
        try:
            return access.find_reader(str(self.cleaned_data["reader"]))
        except access.SharingRefused as refused:
            raise forms.ValidationError(str(refused)) from refused

    @property
    def duration(self) -> timedelta | None:
        """How long to share, or None until the owner stops sharing."""
        days = self.cleaned_data["days"]
        return timedelta(days=int(days)) if days else None


def share_section(
    person: User, lookup: Lookup | Incident, form: ShareForm | None = None
) -> dict[str, Any] | None:
    """Return the `share` of `lookups/_share.html`, or None for those who don't manage it."""
    if not access.may_manage(person, lookup):
        return None
    zone, readers = ZoneInfo(lookup.zone), access.reader_choices(apart_from=person)

    def offering() -> ShareForm:
        offered = form or ShareForm(auto_id="share_%s")
        if readers:
            offered.fields["reader"].widget.attrs["list"] = "share_offered"
        return offered

    kind = lookup._meta.model_name
    return {
        "address": reverse(f"{kind}_share", args=[lookup.uuid]),
        "address_to_stop": reverse(f"{kind}_unshare", args=[lookup.uuid]),
        "zone": lookup.zone,
        "form": SimpleLazyObject(offering),
        "readers": readers,
        "rows": [
            {"share": share, "until": share.until and local_minute(share.until, zone)}
            for share in access.active_shares(lookup)
        ],
    }


# Tickets. The pasted text lives only as long as the request.


class TicketForm(forms.Form):
    """A ticket's text, date, and time zone."""

    # No max_length: browsers would truncate pasted text silently.
    text = forms.CharField(
        strip=False,
        label="Ticket text",
        help_text=f"Paste it whole, up to {MAX_TICKET_LENGTH:,} characters. It isn't stored.",
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "dir": "auto"}),
        error_messages={"required": "Paste the ticket text."},
    )
    written = forms.CharField(
        required=False,
        label="When was the ticket written? (optional)",
        help_text="For example, 2026-11-20 14:05, or just the date. "
        "“Yesterday” is counted from it.",
    )
    zone = ZoneField(label="Time zone if the ticket has none")

    def __init__(self, data: Any, options: FormOptions, *, auto_id: str = "ticket_%s") -> None:
        super().__init__(data, initial={"zone": options.own_zone.key}, auto_id=auto_id)
        self.options = options
        self.fields["zone"].widget = ZoneSelect(is_chosen=options.zone_is_chosen)

    def clean(self) -> dict[str, Any]:
        """Read the date of the ticket, then the ticket, with its probable dates if it has none."""
        cleaned = self.cleaned_data
        zone = cleaned.get("zone")
        if zone is None or "text" not in cleaned:
            return cleaned
        now, typed = timezone.now(), cleaned.get("written", "").strip()[:200]
        read = partial(
            read_ticket, cleaned["text"], zone=zone, now=now, read_customer=read_customer
        )
        try:
            written = read_ticket_date(typed, zone=zone, now=now) if typed else None
        except TicketRefused as refused:
            self.add_error("written", str(refused))
            return cleaned
        try:
            reading = read(written=written)
        except TicketRefused as refused:
            self.add_error("text", str(refused))
            return cleaned
        if written is None and reading.lacks_date:
            yesterday = now.astimezone(zone).date() - timedelta(days=1)
            assumed = [
                (f"if the ticket was written {day}", read(written=date).moments)
                for day, date in (("today", now), ("yesterday", yesterday))
            ]
            moments = tuple(_dated(found, assumed) for found in reading.moments)
            reading = replace(reading, moments=moments)
        cleaned["reading"] = reading
        return cleaned

    @property
    def reading(self) -> TicketReading | None:
        """What was read in the ticket, or None if the form is not valid."""
        return self.cleaned_data.get("reading") if self.is_valid() else None

    @property
    def chosen_zone(self) -> ZoneInfo:
        """The chosen zone, or else the person's own."""
        return query.parse_zone(str(self.data.get("zone", ""))) or self.options.own_zone


def _dated(found: MomentFound, assumed: Sequence[tuple[str, Sequence[MomentFound]]]) -> MomentFound:
    """Return the moment; one that lacks a date is read with each of the assumed ones."""
    readings: dict[tuple[datetime, int | None], MomentReading] = {}
    for label, moments in assumed if found.lacks_date else ():
        for other in moments:
            if other.excerpt == found.excerpt:
                for one in other.readings:
                    readings.setdefault((one.moment, one.minutes), replace(one, understood=label))
    return replace(found, readings=tuple(readings.values())) if readings else found


# The suggestions from a ticket. None is preselected unless it is unambiguous.


def ticket_page(
    reading: TicketReading, zone: ZoneInfo, chosen: Mapping[str, str] | None
) -> dict[str, Any]:
    """Return the `page` of `lookups/ticket.html`, with all suggestions in the chosen zone.

    `chosen` are the posted values, None at first. Of the page, `lacking` are times that can't be
    read without its date, `missing` lists the groups without a valid choice, and `values` are for
    the lookup form, which `is_sure` says can be looked up right away.
    """
    picked = _preselected(reading, zone) if chosen is None else chosen
    values = _prefill_values(picked, zone)
    usable = [found for found in reading.moments if found.readings]
    lacking = [found for found in reading.moments if not found.readings]
    missing = []
    if chosen is not None and reading.customers and "customer" not in chosen:
        missing.append("customer")
    is_moment_open = chosen is not None and chosen.get("moment") == ""
    if chosen is not None and usable and not is_moment_open and "at" not in values:
        missing.append("moment")
    return {
        "reading": reading,
        "picked": picked,
        "moments": [_moment(found, zone, picked) for found in usable],
        "lacking": [_moment(found, zone, picked) for found in lacking],
        "has_choice": bool(reading.customers or usable),
        "missing": missing,
        "values": values,
        "is_sure": chosen is None and len(picked) == 2 and not reading.notes,
    }


def _prefill_values(chosen: Mapping[str, str], zone: ZoneInfo) -> dict[str, str]:
    """Return the chosen values for the lookup form: customer, at, zone, and window."""
    values = {"zone": zone.key}
    if chosen.get("customer"):
        values["customer"] = chosen["customer"]
    moment = _posted_moment(chosen.get("moment", ""), zone)
    if moment:
        values["at"], minutes = moment
        values["window"] = str(max(minutes, settings.TRIAGE_WINDOW_MINUTES))
    return values


def _posted_moment(value: str, zone: ZoneInfo) -> tuple[str, int] | None:
    """Return the posted time for the form, and its minutes, 0 if the text is exact."""
    typed, _, minutes = value[:100].partition("|")
    if not (minutes.isascii() and minutes.isdecimal()) or int(minutes) > query.MAX_WINDOW_MINUTES:
        return None
    try:
        query.parse_moment(typed, zone=zone, now=timezone.now())
    except query.MomentRefused:
        return None
    return typed, int(minutes)


def _preselected(reading: TicketReading, zone: ZoneInfo) -> dict[str, str]:
    """Return the preselected values: only those without an alternative."""
    preselected = {}
    customers = [found for found in reading.customers if not found.likely_ours]
    if len(customers) == 1:
        preselected["customer"] = customers[0].identifier
    if len(reading.moments) == 1 and reading.moments[0].is_sure and not reading.lacks_date:
        (only,) = reading.moments[0].readings
        if not only.is_rough:
            preselected["moment"] = _value(only, zone)
    return preselected


def _moment(found: MomentFound, zone: ZoneInfo, picked: Mapping[str, str]) -> dict[str, Any]:
    """Return words in the ticket with their times; `understood` applies to all times or to none."""
    notes = {reading.understood for reading in found.readings}
    common = notes.pop() if len(notes) == 1 and len(found.readings) > 1 else ""
    options = []
    for reading in found.readings:
        value = _value(reading, zone)
        local = reading.moment.astimezone(zone)
        minutes = max(
            reading.minutes or 0, settings.TRIAGE_WINDOW_MINUTES, query.MIN_WINDOW_MINUTES
        )
        options.append(
            {
                "value": value,
                "day": f"{local:%a} {local.day} {local:%b %Y}",
                "clock": in_utc_too(reading.moment, zone),
                "window": half_window(minutes),
                "understood": "" if common else reading.understood,
                "checked": picked.get("moment") == value,
            }
        )
    return {
        "excerpt": found.excerpt,
        "questions": found.questions,
        "understood": common,
        "options": options,
    }


def _value(reading: MomentReading, zone: ZoneInfo) -> str:
    return f"{typed_in(reading.moment, zone)}|{reading.minutes or 0}"
