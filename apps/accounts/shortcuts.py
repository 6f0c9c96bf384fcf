"""Whether single keys act on pages for a person.

They can be switched off, because who dictates or has an unsteady hand sets them off by accident.
"""

from django.contrib.auth.models import User

from apps.accounts.models import Preference


def has_shortcuts(user: User) -> bool:
    """Until the person says otherwise, yes."""
    return not Preference.objects.filter(user_id=user.pk, shortcuts=False).exists()


def choose_shortcuts(user: User, wanted: bool) -> None:
    """Keep the person's choice."""
    Preference.objects.update_or_create(user_id=user.pk, defaults={"shortcuts": wanted})
