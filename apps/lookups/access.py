"""Who makes a request, what its token allows, and who can read and manage a lookup."""

import os
import pwd
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NoReturn, Protocol, TypeVar

from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from apps.accounts.models import ApiToken, Scope, Team, projects_of, shares_team
from apps.accounts.tokens import TokenRefused, find_token, projects_of_token
from apps.audit.models import Action
from apps.audit.trail import Actor, record, record_refusal
from apps.lookups import cache, problems
from apps.lookups.models import Lookup, LookupShare, Origin, Share


@dataclass(frozen=True, slots=True)
class Requester:
    """The person who makes a request, with its origin.

    `system_user` is the operating system's user of a command line, `address` an IP address,
    `client` the name that an assistant's program gives itself, and `token` a program's.
    """

    origin: Origin
    user: User | None = None
    system_user: str = ""
    address: str = ""
    client: str = ""
    token: ApiToken | None = None

    @property
    def actor(self) -> Actor:
        """Return the actor for the audit trail."""
        user_id = self.user.pk if self.user else None
        name = self.user.get_username() if self.user else self.system_user
        return Actor(self.origin, user_id, name, self.address, self.client)

    @property
    def person(self) -> User:
        """The user. Raise `PermissionDenied` for a command line."""
        if self.user is None:
            raise PermissionDenied
        return self.user

    @property
    def projects(self) -> frozenset[str] | None:
        """The slugs of the projects that the caller can see now, or None for all."""
        if self.token:
            return projects_of_token(self.token)
        return projects_of(self.user) if self.user else None


def system_user() -> str:
    """Return the operating system's user. The environment is ignored: it could name anyone."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name[:100]
    except KeyError:
        return f"uid {os.getuid()}"


def command_line() -> Requester:
    """Return who runs a command."""
    return Requester(Origin.CLI, system_user=system_user())


# API tokens. Each refusal is recorded, with the token's person if it has one.

REALM = 'Bearer realm="Triage"'
ASK_ADMIN = "Ask your Triage admin."
NO_TOKEN, NO_ROLE = problems.named("no_token"), problems.named("no_role")


class TokenFailed(problems.LookupFailed):
    """A token that isn't enough. `challenge` is the value of `WWW-Authenticate`, if any."""

    is_recorded = True

    def __init__(self, problem: problems.Problem, challenge: str = "") -> None:
        super().__init__(problem)
        self.challenge = challenge


@sensitive_variables("token")
def authenticate(token: str, caller: Requester) -> Requester:
    """Return the caller with a valid token. Raise `TokenFailed`; only expiry is named."""
    try:
        record = find_token(token, address=caller.address)
    except TokenRefused as refused:
        problem = problems.named("token_expired") if refused.reason == "expired" else NO_TOKEN
        _refuse_token(refused.reason, refused.record, caller)
        raise TokenFailed(problem, f'{REALM}, error="invalid_token"') from refused
    return replace(caller, user=record.user, token=record)


def authorize(requester: Requester, scope: Scope) -> None:
    """Raise `TokenFailed` if the person can't look up customers, or the token lacks the scope."""
    if not requester.person.has_perm("lookups.add_lookup"):
        refuse_role(requester)
    if requester.token is None or scope not in requester.token.scopes:
        _refuse_token("scope", requester.token, requester)
        challenge = f'{REALM}, error="insufficient_scope", scope="{scope.value}"'
        message = f"This token doesn't have the scope {scope.value}."
        next_step = "Ask your Triage admin for a token that has it."
        problem = problems.Problem("missing_scope", message, next_step, api_status=403)
        raise TokenFailed(problem, challenge)


def refuse_role(requester: Requester) -> NoReturn:
    """Record and raise that the token's person isn't allowed to do this."""
    _refuse_token("role", requester.token, requester)
    raise TokenFailed(NO_ROLE)


def _refuse_token(why: str, token: ApiToken | None, caller: Requester) -> None:
    known = replace(caller, user=token.user) if token else caller
    record_refusal(known.actor, target=token.audit_target if token else "api token", why=why)


def searched_projects(requester: Requester, chosen: Iterable[str]) -> tuple[str, ...]:
    """Return the chosen projects, or else the token's; () means all that its person can see.

    Raise `LookupFailed` for projects that the token can't access.
    """
    requested, token = tuple(dict.fromkeys(chosen)), requester.token
    if token is None or not token.projects:
        return requested
    if not set(token.projects).issuperset(requested):
        raise problems.LookupFailed(problems.named("project_not_allowed"))
    return requested or tuple(sorted(requester.projects or token.projects))


# Shares let another person or a team read a lookup, or something else with an owner and `shares`,
# limited to their own projects. Their start and end are recorded in the audit trail.


class Owned(Protocol):
    """What a person requested, and can share."""

    user_id: int | None
    shares: Any

    @property
    def audit_target(self) -> str:
        """The name in the audit trail."""


T = TypeVar("T", bound=Owned)

MAX_SHOWN = 8
MAX_CHOICES = 50
_CHOICES, _CHOICES_S = "share/choices", 60


class SharingRefused(ValueError):
    """The lookup can't be shared like this; the message is for the person who tried."""


def share_lookup(
    lookup: Owned, reader: User | Group, *, requester: Requester, lifetime: timedelta | None = None
) -> Share:
    """Let a person or team read the lookup, until the share expires or is ended.

    A new share replaces an active one with the same reader. Raise `SharingRefused`.
    """
    if isinstance(reader, User) and reader.pk == lookup.user_id:
        kind = lookup.audit_target.split()[0]
        raise SharingRefused(f"This {kind} already belongs to that person.")
    until = timezone.now() + lifetime if lifetime else None
    target = {"user": reader} if isinstance(reader, User) else {"group": reader}
    with transaction.atomic():
        active_shares(lookup).filter(**target).update(ended_at=timezone.now())
        share: Share = lookup.shares.create(by=requester.user, until=until, **target)
        _record(Action.SHARED, share, requester)
    return share


def end_share(share: Share, *, requester: Requester) -> None:
    """End a share, if it is active."""
    with transaction.atomic():
        active = share.target.shares.filter(pk=share.pk, ended_at=None)
        if active.update(ended_at=timezone.now()):
            _record(Action.UNSHARED, share, requester)


def active_shares(lookup: Owned) -> "QuerySet[Any]":
    """Return the lookup's active shares, newest first."""
    shares: QuerySet[Any] = lookup.shares.filter(_active(lookup.shares.field.name))
    return shares.select_related("user", "group")


def shares_with(user: User, shares: "QuerySet[Any]", target: str) -> "QuerySet[Any]":
    """Return those of the shares that are active and with the person or their team.

    `target` is the field with what is shared.
    """
    return shares.filter(_for(user), _active(target)).exclude(**{f"{target}__user": user})


# Whether there may be any: most people have none, and Django takes long to write this query.
_ANY_SHARE = """
SELECT 1 FROM lookups_lookupshare WHERE ended_at IS NULL AND (user_id = %s OR group_id IN (
  SELECT member.group_id FROM auth_user_groups member
  JOIN accounts_team team ON team.group_id = member.group_id WHERE member.user_id = %s
)) LIMIT 1
"""


def shared_with(user: User) -> Sequence[Lookup]:
    """Return the lookups that others share with the person, most recently shared first."""
    with connection.cursor() as cursor:
        cursor.execute(_ANY_SHARE, [user.pk, user.pk])
        if cursor.fetchone() is None:
            return []
    shares = shares_with(user, LookupShare.objects.all(), "lookup").defer("lookup__snapshot")
    rows = shares.select_related("lookup", "lookup__user", "lookup__typed")[: 4 * MAX_SHOWN]
    return list({share.lookup_id: share.lookup for share in rows}.values())[:MAX_SHOWN]


def reader_choices(*, apart_from: User) -> tuple[str, ...]:
    """Return teams and people to suggest, up to a minute old, or nothing if there are many."""
    names = cache.get_sealed(_CHOICES)
    if not isinstance(names, list):
        people = _people().order_by("username").values_list("username", flat=True)
        teams = [f"{_TEAM}{group.name}" for group in _team_groups()[: MAX_CHOICES + 1]]
        names = [*teams, *people[: MAX_CHOICES + 2]]
        cache.put_sealed(_CHOICES, names, _CHOICES_S)
    others = tuple(name for name in names if name != apart_from.username)
    return others if len(others) <= MAX_CHOICES else ()


def find_reader(name: str) -> User | Group:
    """Return the person with this exact username, or the team named after the word "team".

    Raise `SharingRefused`, with the same message for a closed account as for an unknown one.
    """
    name = name.strip()
    if name.lower().startswith(_TEAM):
        group = _team_groups().filter(name__iexact=name[len(_TEAM) :].strip()).first()
        if group is not None:
            return group
    person = _people().filter(username=name).first()
    if person is not None:
        return person
    raise SharingRefused(
        "We can't find anyone by that name who can look up customers. Enter the full "
        "username, or a team, for example: team Checkout."
    )


_TEAM = "team "


def _team_groups() -> QuerySet[Group]:
    return Group.objects.filter(pk__in=Team.objects.values("group")).order_by("name")


def _people() -> QuerySet[User]:
    backend = "django.contrib.auth.backends.ModelBackend"
    return User.objects.with_perm("lookups.add_lookup", backend=backend)


def _active(target: str) -> Q:
    """Select shares that have not ended, by time or with the account of the target's owner."""
    is_open = Q(ended_at=None) & (Q(until=None) | Q(until__gt=timezone.now()))
    return is_open & (Q(**{f"{target}__user": None}) | Q(**{f"{target}__user__is_active": True}))


def _for(user: User) -> Q:
    return Q(user=user) | Q(group__team__isnull=False, group__user=user)


def _record(action: Action, share: Share, requester: Requester) -> None:
    reader = f"user {share.user_id}" if share.user_id else f"group {share.group_id}"
    until = share.until.isoformat(timespec="seconds") if share.until else None
    record(
        action,
        requester.actor,
        target=share.target.audit_target,
        customer_hash=getattr(share.target, "customer_hash", ""),
        detail={"with": reader, "name": share.reader, "until": until},
    )


def find_lookup(person: User, actor: Actor, lookup_id: uuid.UUID) -> Lookup:
    """Return the lookup if the person, who need not be signed in, can read it.

    Raise `Http404` if it does not exist, or, after recording the refusal, if it is not theirs.
    """
    lookups = Lookup.objects.select_related("typed")
    return readable(lookups.filter(uuid=lookup_id).first(), person, actor)


def readable(found: T | None, person: User, actor: Actor) -> T:
    """Return what was found, as `find_lookup` does."""
    if found is None:
        raise Http404
    if not may_read(person, found):
        record_refusal(actor, target=found.audit_target, why="not theirs")
        raise Http404
    return found


def may_read(person: User, lookup: Owned) -> bool:
    """Return whether the person can manage the lookup, or read it through a share."""
    if may_manage(person, lookup):
        return True
    if not person.has_perm("lookups.add_lookup"):
        return False
    return bool(active_shares(lookup).filter(_for(person)).exists())


def may_manage(person: User, lookup: Owned) -> bool:
    """Return whether the person can manage it: agents their own, leads their teams', admins all."""
    return manageable_by(person)(lookup.user_id)


def manageable_by(person: User) -> Callable[[int | None], bool]:
    """Return `may_manage` as a function of the owner's ID, which checks each owner only once."""
    if person.has_perm("lookups.view_lookup"):
        return lambda _owner: True
    if not person.has_perm("lookups.add_lookup"):
        return lambda _owner: False
    is_lead = person.has_perm("lookups.open_any_lookup")
    allowed: dict[int | None, bool] = {person.pk: True}

    def check(owner: int | None) -> bool:
        if owner not in allowed:
            allowed[owner] = is_lead and shares_team(person, owner)
        return allowed[owner]

    return check
