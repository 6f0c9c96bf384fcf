"""Which lookups a person may open: the rule that every door asks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import Team
from apps.accounts.permissions import is_in_a_team_of
from apps.audit.models import Action
from apps.audit.trail import Actor, record
from apps.lookups.models import Lookup, LookupShare, Origin

# Who asks, through which door and from where.


@dataclass(frozen=True, slots=True)
class Asker:
    """`system_user` names the person behind a command line; `address` is an IP address."""

    origin: Origin
    user: User | None = None
    system_user: str = ""
    address: str = ""

    @property
    def actor(self) -> Actor:
        """The same, as the audit trail names it."""
        if self.user is None:
            return Actor(self.origin, None, self.system_user, self.address)
        return Actor(self.origin, self.user.pk, self.user.get_username(), self.address)


# Letting one more person, or a team, read a lookup; ending that; and who it is shared with.
#
# Whoever reads sees no more than their own projects. Each beginning and end stands in the trail.

MOST_SHOWN = 8
MOST_OFFERED = 50

_BACKEND = "django.contrib.auth.backends.ModelBackend"


class SharingRefused(ValueError):
    """It cannot be shared so; the message says why in a plain sentence."""


def share_lookup(
    lookup: Lookup, reader: User | Group, *, asker: Asker, keep: timedelta | None = None
) -> LookupShare:
    """Let a person or a team's people read it, for so long or until it is ended.

    Sharing again with the same replaces the earlier end. Raises `SharingRefused`.
    """
    if isinstance(reader, User) and reader.pk == lookup.user_id:
        raise SharingRefused("This lookup already belongs to that person.")
    until = timezone.now() + keep if keep else None
    whom = {"user": reader} if isinstance(reader, User) else {"group": reader}
    with transaction.atomic():
        active_shares(lookup).filter(**whom).update(ended_at=timezone.now())
        share = LookupShare.objects.create(lookup=lookup, by=asker.user, until=until, **whom)
        _record(Action.SHARED, share, asker)
    return share


def end_share(share: LookupShare, *, asker: Asker) -> None:
    """From now on it cannot be read by virtue of this share."""
    with transaction.atomic():
        active = LookupShare.objects.filter(pk=share.pk, ended_at=None)
        if active.update(ended_at=timezone.now()):
            _record(Action.UNSHARED, share, asker)


def is_shared_with(lookup: Lookup, user: User) -> bool:
    """Whether the person may read it because somebody shared it with them or their team."""
    return active_shares(lookup).filter(_for(user)).exists()


def active_shares(lookup: Lookup) -> QuerySet[LookupShare]:
    """Those that have not ended, the newest first."""
    return LookupShare.objects.filter(_active(), lookup=lookup).select_related("user", "group")


def shared_with(user: User) -> Sequence[Lookup]:
    """What others share with the person, the last shared first, each lookup once."""
    shares = (
        LookupShare.objects.filter(_active(), _for(user))
        .exclude(lookup__user=user)
        .select_related("lookup", "lookup__user")
        .defer("lookup__snapshot")
    )
    rows = shares[: 4 * MOST_SHOWN]
    return list({share.lookup_id: share.lookup for share in rows}.values())[:MOST_SHOWN]


def readers_offered(*, apart_from: User) -> tuple[str, ...]:
    """Names to choose from, teams first; none where they are too many for a list."""
    people = _people().exclude(pk=apart_from.pk).order_by("username")
    names = [*_team_names(), *people.values_list("username", flat=True)[: MOST_OFFERED + 1]]
    return tuple(names) if len(names) <= MOST_OFFERED else ()


def find_reader(name: str) -> User | Group:
    """Who is meant: a person by the whole user name, or a team by `team` and its name.

    Raises `SharingRefused`; it does not tell an account that is closed from one that never was.
    """
    typed = name.strip()
    if typed.lower().startswith(_TEAM):
        group = _team_groups().filter(name__iexact=typed[len(_TEAM) :].strip()).first()
        if group is not None:
            return group
    person = _people().filter(username=typed).first()
    if person is not None:
        return person
    raise SharingRefused(
        "We can't find anyone by that name who can look up customers. Enter the full "
        "username, or a team, for example: team Checkout."
    )


_TEAM = "team "


def _team_names() -> list[str]:
    return [f"{_TEAM}{group.name}" for group in _team_groups()[: MOST_OFFERED + 1]]


def _team_groups() -> QuerySet[Group]:
    return Group.objects.filter(pk__in=Team.objects.values("group")).order_by("name")


def _people() -> QuerySet[User]:
    """Those who may read a lookup at all: active, and with the right to look up."""
    return User.objects.with_perm("lookups.add_lookup", backend=_BACKEND)


def _active() -> Q:
    return Q(ended_at=None) & (Q(until=None) | Q(until__gt=timezone.now()))


def _for(user: User) -> Q:
    return Q(user=user) | Q(group__team__isnull=False, group__user=user)


def _record(action: Action, share: LookupShare, asker: Asker) -> None:
    detail = {
        "with": f"user {share.user_id}" if share.user_id else f"group {share.group_id}",
        "name": share.reader,
        "until": share.until.isoformat(timespec="seconds") if share.until else None,
    }
    lookup = share.lookup
    record(
        action,
        asker.actor,
        target=lookup.audit_target,
        customer_hash=lookup.customer_hash,
        detail=detail,
    )


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
