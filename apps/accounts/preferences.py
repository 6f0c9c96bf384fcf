"""Which time zone a person thinks in."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User

from apps.accounts.models import Preference
from apps.events.query import parse_zone


def zone_of(user: User | AnonymousUser, *, browser: str = "") -> ZoneInfo:
    """The zone the person chose, else their browser's, else the site's.

    `browser` is an IANA name that the browser claims; anything else in it is ignored.
    """
    chosen = ""
    if user.is_authenticated:
        chosen = (
            Preference.objects.filter(user_id=user.pk).values_list("time_zone", flat=True).first()
            or ""
        )
    for name in (chosen, browser):
        zone = parse_zone(name)
        if zone:
            return zone
    return ZoneInfo(settings.TIME_ZONE)


def has_zone(user: User) -> bool:
    """Whether the person has chosen a zone; other preferences say nothing of one."""
    return Preference.objects.filter(user_id=user.pk).exclude(time_zone="").exists()


def choose_zone(user: User, name: str) -> None:
    """Keep the person's choice; empty means: as the browser has it."""
    Preference.objects.update_or_create(user_id=user.pk, defaults={"time_zone": name})


# Whether single keys act on pages for a person.
#
# They can be switched off, because who dictates or has an unsteady hand sets them off by
# accident.


def has_shortcuts(user: User) -> bool:
    """Until the person says otherwise, yes."""
    return not Preference.objects.filter(user_id=user.pk, shortcuts=False).exists()


def choose_shortcuts(user: User, wanted: bool) -> None:
    """Keep the person's choice."""
    Preference.objects.update_or_create(user_id=user.pk, defaults={"shortcuts": wanted})
