"""Writing down who looks at what, before it is shown: what cannot be recorded is not shown."""

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from apps.audit.models import Action, Entry
from apps.lookups.models import Lookup
from apps.lookups.records import record_act
from apps.web.access import asker_of

# How long the pieces that a page fetches later belong to the view of that page.
_VIEW_LASTS = timedelta(hours=1)


def record_view(request: HttpRequest, lookup: Lookup, page: str = "result") -> None:
    """A person opens a page about a lookup. HEAD shows nothing."""
    if request.method != "HEAD":
        record_act(Action.VIEWED, asker_of(request).actor, lookup, page=page)


def record_piece(request: HttpRequest, lookup: Lookup, piece: str) -> None:
    """A piece of a result is fetched: part of the view of its page, else a view of its own."""
    actor = asker_of(request).actor
    viewed = Entry.objects.filter(
        target=lookup.audit_target,
        action=Action.VIEWED,
        actor_id=actor.user_id,
        at__gt=timezone.now() - _VIEW_LASTS,
    )
    if not viewed.exists():
        record_view(request, lookup, piece)
