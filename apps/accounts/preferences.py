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
    chosen = chosen_zone(user) if isinstance(user, User) else ""
    return parse_zone(chosen) or parse_zone(browser) or ZoneInfo(settings.TIME_ZONE)


def chosen_zone(user: User) -> str:
    """Return the name of the time zone that the person has chosen, or an empty text."""
    preference = _preference_of(user)
    return preference.time_zone if preference else ""


def has_zone(user: User) -> bool:
    """Return whether the person has chosen a time zone."""
    return bool(chosen_zone(user))


def set_zone(user: User, name: str) -> None:
    """Save the time zone; empty for the browser's."""
    _set(user, time_zone=name)


def has_shortcuts(user: User) -> bool:
    """Return whether single-key shortcuts are on, which is the default.

    They can be turned off because dictation or unsteady hands can trigger them (WCAG 2.1.4).
    """
    preference = _preference_of(user)
    return preference is None or preference.shortcuts


def set_shortcuts(user: User, wanted: bool) -> None:
    """Turn single-key shortcuts on or off."""
    _set(user, shortcuts=wanted)


def _preference_of(user: User) -> Preference | None:
    """Return the person's preferences, which Django reads once for each `User` object."""
    return getattr(user, "preference", None)


def _set(user: User, **changes: str | bool) -> None:
    preference, _created = Preference.objects.update_or_create(user=user, defaults=changes)
    user.preference = preference
