"""Which lookups a person may open: the rule that every door asks."""

from collections.abc import Callable

from django.contrib.auth.models import User

from apps.accounts.permissions import is_in_a_team_of
from apps.lookups.models import Lookup
from apps.lookups.sharing import is_shared_with


def may_read(person: User, lookup: Lookup) -> bool:
    """What is theirs to keep, and what was shared with them. What of it, their projects say."""
    if may_keep(person, lookup):
        return True
    return person.has_perm("lookups.add_lookup") and is_shared_with(lookup, person)


def may_keep(person: User, lookup: Lookup) -> bool:
    """Their own; as a lead those of the people in their teams; as an admin all."""
    return keeps(person)(lookup.user_id)


def keeps(person: User) -> Callable[[int | None], bool]:
    """The same for many lookups, by whose they are; each of these people is asked about once."""
    if person.has_perm("lookups.view_lookup"):
        return lambda _owner: True
    if not person.has_perm("lookups.add_lookup"):
        return lambda _owner: False
    is_lead = person.has_perm("lookups.open_any_lookup")
    told: dict[int | None, bool] = {person.pk: True}

    def may(owner: int | None) -> bool:
        if owner not in told:
            told[owner] = is_lead and is_in_a_team_of(person, owner)
        return told[owner]

    return may
