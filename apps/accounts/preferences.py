"""A person's preferences: time zone and keyboard shortcuts."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User

from apps.accounts.models import Preference
from apps.events.query import parse_zone


def zone_of(user: User | AnonymousUser, *, browser: str = "") -> ZoneInfo:
    """Return the person's time zone: their preference, their browser's, or the site's.

    `browser` is untrusted; it is ignored if it isn't an IANA name.
    """
    chosen = None
    if user.is_authenticated:
        zones = Preference.objects.filter(user_id=user.pk).values_list("time_zone", flat=True)
        chosen = zones.first()
    return parse_zone(chosen or "") or parse_zone(browser) or ZoneInfo(settings.TIME_ZONE)


def has_zone(user: User) -> bool:
    """Return whether the person has chosen a time zone."""
    return Preference.objects.filter(user_id=user.pk).exclude(time_zone="").exists()


def set_zone(user: User, name: str) -> None:
    """Save the time zone; empty for the browser's."""
    Preference.objects.update_or_create(user_id=user.pk, defaults={"time_zone": name})


def has_shortcuts(user: User) -> bool:
    """Return whether single-key shortcuts are on, which is the default.

    They can be turned off because dictation or unsteady hands can trigger them (WCAG 2.1.4).
    """
    return not Preference.objects.filter(user_id=user.pk, shortcuts=False).exists()


def set_shortcuts(user: User, wanted: bool) -> None:
    """Turn single-key shortcuts on or off."""
    Preference.objects.update_or_create(user_id=user.pk, defaults={"shortcuts": wanted})
