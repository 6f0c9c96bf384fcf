"""Who is asking, and which lookups they may open."""

import uuid

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest

from apps.lookups.asker import Asker
from apps.lookups.models import Lookup, Origin
from apps.web.client_address import client_address


def person_of(request: HttpRequest) -> User:
    """Who is signed in."""
    assert isinstance(request.user, User)  # noqa: S101 - the sign-in middleware saw to it
    return request.user


def asker_of(request: HttpRequest) -> Asker:
    """The same, as records name whoever asks from a page."""
    return Asker(Origin.WEB, person_of(request), address=client_address(request))


def lookup_for(request: HttpRequest, lookup_id: uuid.UUID) -> Lookup:
    """The lookup if this person may open it; for others it does not exist."""
    mine = Lookup.objects.filter(uuid=lookup_id)
    if not request.user.has_perm("lookups.open_any_lookup"):
        if not request.user.has_perm("lookups.add_lookup"):
            raise Http404
        mine = mine.filter(user=person_of(request))
    lookup = mine.select_related("typed").first()
    if lookup is None:
        raise Http404
    return lookup
