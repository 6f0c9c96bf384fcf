"""Who is asking, and which lookups they may open, by the rule of `lookups/keepers.py`."""

import uuid
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import DisallowedHost, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from apps.accounts.permissions import projects_of
from apps.audit.models import Action, Entry
from apps.audit.trail import Actor, client_address, record_refusal
from apps.lookups.access import Asker, may_keep, may_read
from apps.lookups.models import Lookup, Origin
from apps.lookups.records import record_act

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


# Writing down who looks at what, before it is shown: what cannot be recorded is not shown.

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


# The review on a name of its own: it answers there and nowhere else, and nothing else does.

_ON_BOTH = ("/accounts/", "/static/", "/healthz", "/readyz")


class AdminHostMiddleware:
    """With `TRIAGE_ADMIN_HOST`: 404 for the review on other names, and for all else on that name.

    Reading is led to where it is answered: the front page there to the review, and a result, which
    the review links to, to the rest of the site.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Raises Http404 where the address is not answered on this name."""
        if not settings.TRIAGE_ADMIN_HOST or request.path.startswith(_ON_BOTH):
            return None
        if _is_review(request.path) is _is_admin_host(request):
            return None
        if request.method in ("GET", "HEAD") and _is_admin_host(request):
            if request.path == "/":
                return HttpResponseRedirect(reverse("admin:index"))
            if request.path.startswith("/lookups/"):
                return HttpResponseRedirect(f"{site_address(request)}{request.path}")
        raise Http404


def review_address(request: HttpRequest) -> str:
    """Scheme and host of the review; empty where it is this very host."""
    if not settings.TRIAGE_ADMIN_HOST or _is_admin_host(request):
        return ""
    return _beginning(request, settings.TRIAGE_ADMIN_HOST)


def site_address(request: HttpRequest) -> str:
    """Scheme and host of the rest of the site; empty where it is this very host."""
    if not settings.TRIAGE_ADMIN_HOST or not _is_admin_host(request):
        return ""
    return _beginning(request, settings.TRIAGE_SITE_HOST)


def _beginning(request: HttpRequest, host: str) -> str:
    """The other name on the same scheme and port: what is in front of both is the same."""
    _name, colon, port = _host_of(request).rpartition(":")
    return f"{request.scheme}://{host}{f':{port}' if colon and port.isdigit() else ''}"


def _is_admin_host(request: HttpRequest) -> bool:
    name = _host_of(request).lower().partition(":")[0].rstrip(".")
    return name == str(settings.TRIAGE_ADMIN_HOST)


def _host_of(request: HttpRequest) -> str:
    """The name that was asked for; empty when it is none of ours, which has a page too."""
    try:
        return request.get_host()
    except DisallowedHost:
        return ""


def _is_review(path: str) -> bool:
    return path.startswith((reverse("admin:index"), "/review/"))


# Where a person's way through the site begins, and what they are offered at all.


def may_look_up(user: User | AnonymousUser | None) -> bool:
    """Whether the form would open: there is a right, and a project to look into."""
    if not isinstance(user, User) or not user.has_perm("lookups.add_lookup"):
        return False
    return projects_of(user) != frozenset()


def home_of(request: HttpRequest) -> str:
    """The form; the audit trail for who only reads that; else one's own preferences."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or may_look_up(user):
        return f"{site_address(request)}{reverse('lookup_form')}"
    return trail_of(request) or reverse("preferences")


def trail_of(request: HttpRequest) -> str:
    """The audit trail's address; empty for who may not read it."""
    if not request.user.has_perm("audit.view_entry"):
        return ""
    return f"{review_address(request)}{reverse('admin:audit_entry_changelist')}"
