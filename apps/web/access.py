"""Who is asking, and which lookups they may open, by the rule of `lookups/keepers.py`."""

import uuid

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from apps.accounts.permissions import projects_of
from apps.audit.trail import Actor, client_address, record_refusal
from apps.lookups.access import Asker, may_keep, may_read
from apps.lookups.models import Lookup, Origin

ONLY_SHARED = "This lookup was shared with you to read. Only its owner can do this."


def person_of(request: HttpRequest) -> User:
    """Who is signed in."""
    assert isinstance(request.user, User)  # noqa: S101 - the sign-in middleware saw to it
    return request.user


def asker_of(request: HttpRequest) -> Asker:
    """The same, as records name whoever asks from a page."""
    return Asker(Origin.WEB, person_of(request), address=client_address(request))


def projects_seen(request: HttpRequest) -> frozenset[str] | None:
    """The slugs of the projects that this person may see; None means every project."""
    return projects_of(person_of(request))


def lookup_for(request: HttpRequest, lookup_id: uuid.UUID) -> Lookup:
    """The lookup if this person may read it; for others it does not exist."""
    return lookup_of(person_of(request), asker_of(request).actor, lookup_id)


def lookup_of(person: User, actor: Actor, lookup_id: uuid.UUID) -> Lookup:
    """The same for a person who need not be signed in, such as a token's. Raises `Http404`."""
    lookup = Lookup.objects.filter(uuid=lookup_id).select_related("typed").first()
    if lookup is None:
        raise Http404
    if not may_read(person, lookup):
        record_refusal(actor, target=lookup.audit_target, why="not theirs")
        raise Http404
    return lookup


def kept_lookup_for(request: HttpRequest, lookup_id: uuid.UUID) -> Lookup:
    """The same for who may also share and stop it. Raises `PermissionDenied` for mere readers."""
    lookup = lookup_for(request, lookup_id)
    if not may_keep(person_of(request), lookup):
        raise PermissionDenied(ONLY_SHARED)
    return lookup
