"""The person behind a request, the lookups they can open, and the host that serves Manage."""

import re
import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.exceptions import DisallowedHost, PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import split_domain_port
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from apps.accounts.models import Team, projects_of
from apps.audit.models import Action, Entry
from apps.audit.trail import Actor, client_address, record
from apps.incidents.models import Incident, IncidentShare
from apps.lookups.access import Requester, find_lookup, may_manage, readable, shares_with
from apps.lookups.models import Lookup, Origin

# The header by which scripts request a part of a page.
PART_HEADER = "X-Triage-Part"


def person_of(request: HttpRequest) -> User:
    """Return the signed-in user."""
    assert isinstance(request.user, User)  # noqa: S101 - ensured by the sign-in middleware
    return request.user


def requester_of(request: HttpRequest) -> Requester:
    """Return the signed-in user as records identify them."""
    return Requester(Origin.WEB, person_of(request), address=client_address(request))


def allowed_projects(request: HttpRequest) -> frozenset[str] | None:
    """Return the slugs of the projects this person can see, read once; None for all."""
    if not hasattr(request, "allowed_projects"):
        request.allowed_projects = projects_of(person_of(request))  # type: ignore[attr-defined]
    return request.allowed_projects  # type: ignore[no-any-return,attr-defined]


def posted_pk(request: HttpRequest, name: str) -> int:
    """Return the posted primary key, or 0, which no record has, for anything else."""
    typed = request.POST.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0


def get_lookup_or_404(request: HttpRequest, lookup_id: uuid.UUID) -> Lookup:
    """Return the lookup if this person can read it. Raise `Http404` if not."""
    return find_lookup(person_of(request), requester_of(request).actor, lookup_id)


def require_manager(request: HttpRequest, lookup: Lookup | Incident) -> None:
    """Raise `PermissionDenied` for people who can read it, but not share and stop it."""
    if not may_manage(person_of(request), lookup):
        raise PermissionDenied("This was shared with you to read. Only its owner can do this.")


def get_incident_or_404(request: HttpRequest, incident_id: uuid.UUID) -> Incident:
    """Return the incident if this person can read it. Raise `Http404` if not."""
    return find_incident(person_of(request), requester_of(request).actor, incident_id)


def get_subject_or_404(request: HttpRequest, **ids: uuid.UUID) -> Lookup | Incident:
    """Return the lookup or incident of a URL if this person can read it. Raise `Http404` if not."""
    if "lookup_id" in ids:
        return get_lookup_or_404(request, ids["lookup_id"])
    return get_incident_or_404(request, ids["incident_id"])


def find_incident(person: User, actor: Actor, incident_id: uuid.UUID) -> Incident:
    """Return the incident as `find_lookup` does a lookup."""
    return readable(Incident.objects.filter(uuid=incident_id).first(), person, actor)


def readable_incidents(person: User) -> QuerySet[Incident]:
    """Return the incidents that this person can read, as `find_incident` decides."""
    if person.has_perm("lookups.view_lookup"):
        return Incident.objects.all()
    shares = shares_with(person, IncidentShare.objects.all(), "incident")
    theirs = Q(user=person) | Q(pk__in=shares.values("incident"))
    if person.has_perm("lookups.open_any_lookup"):
        if not Team.objects.exists():
            return Incident.objects.all()
        teams = Group.objects.filter(team__isnull=False, user=person)
        theirs |= Q(user__in=User.objects.filter(groups__in=teams))
    return Incident.objects.filter(theirs)


# Views are recorded before anything is shown: what cannot be recorded is not shown.


def record_view(request: HttpRequest, lookup: Lookup | Incident, page: str = "result") -> None:
    """Record that a person opened a page about a lookup, except for HEAD, which shows nothing."""
    if request.method != "HEAD":
        record(
            Action.VIEWED,
            requester_of(request).actor,
            target=lookup.audit_target,
            customer_hash=getattr(lookup, "customer_hash", ""),
            detail={"page": page},
        )


def record_partial_view(request: HttpRequest, lookup: Lookup | Incident, piece: str) -> None:
    """Record that a part of a result was loaded, unless its page was viewed in the last hour."""
    actor = requester_of(request).actor
    viewed = Entry.objects.filter(
        target=lookup.audit_target,
        action=Action.VIEWED,
        actor_id=actor.user_id,
        at__gt=timezone.now() - timedelta(hours=1),
    )
    if not viewed.exists():
        record_view(request, lookup, piece)


# Manage on its own host.


class AdminHostMiddleware(MiddlewareMixin):
    """With `TRIAGE_ADMIN_HOST`, serve Manage on that host only, and nothing else there.

    Its front page leads to Manage, and the results that Manage links to are on the other host.
    """

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Redirect, or raise `Http404`, if this host does not serve the path."""
        path = request.path_info  # without the part that `SCRIPT_NAME` says
        on_both_hosts = ("/accounts/", "/static/", "/healthz", "/readyz")
        if not settings.TRIAGE_ADMIN_HOST or path.startswith(on_both_hosts):
            return None
        manage = reverse("admin:index").removeprefix(get_script_prefix().rstrip("/"))
        is_manage = path.startswith((manage, "/review/"))
        if is_manage is _is_admin_host(request):
            return None
        if request.method in ("GET", "HEAD") and _is_admin_host(request):
            if path == "/":
                return HttpResponseRedirect(reverse("admin:index"))
            if path.startswith("/lookups/"):
                return HttpResponseRedirect(f"{site_origin(request)}{request.path}")
        raise Http404


def admin_origin(request: HttpRequest) -> str:
    """Return the scheme and host of Manage, or "" on that host itself."""
    if not settings.TRIAGE_ADMIN_HOST or _is_admin_host(request):
        return ""
    return _origin(request, settings.TRIAGE_ADMIN_HOST)


def site_origin(request: HttpRequest) -> str:
    """Return the scheme and host of the rest of the site, or "" on that host itself."""
    if not settings.TRIAGE_ADMIN_HOST or not _is_admin_host(request):
        return ""
    return _origin(request, settings.TRIAGE_SITE_HOST)


def _origin(request: HttpRequest, host: str) -> str:
    """Return the host's origin, with this request's scheme and port: one proxy serves both."""
    _name, colon, port = _host_of(request).rpartition(":")
    return f"{request.scheme}://{host}{f':{port}' if colon and port.isdigit() else ''}"


def public_url(request: HttpRequest, path: str) -> str:
    """Return the address of a path, for an email to someone else, on the host for everyone.

    `ALLOWED_HOSTS` ignores the port, which anyone can write into a request. It must be listed, or
    be the one that the site itself listens at.
    """
    name, port = split_domain_port(_host_of(request))
    if site_origin(request):
        name = settings.TRIAGE_SITE_HOST
    plain = f"{request.scheme}://{name}"
    origin = f"{plain}:{port}" if port else plain
    listed = [
        one for one in settings.CSRF_TRUSTED_ORIGINS if re.sub(r":\d+$", "", one.lower()) == plain
    ]
    # The server of a socket, which has no addresses, reads its port from the request.
    is_direct = not settings.TRIAGE_BEHIND_PROXY and request.META.get("REMOTE_ADDR")
    if listed and origin not in listed:
        origin = listed[0]
    elif not listed and not (is_direct and port == request.META.get("SERVER_PORT")):
        origin = plain
    return f"{origin}{path}"


def _is_admin_host(request: HttpRequest) -> bool:
    name = _host_of(request).lower().partition(":")[0].rstrip(".")
    return name == str(settings.TRIAGE_ADMIN_HOST)


def _host_of(request: HttpRequest) -> str:
    """Return the requested host, or "" for a disallowed one: its error page is rendered too."""
    try:
        return request.get_host()
    except DisallowedHost:
        return ""


# Start pages.


def may_look_up(request: HttpRequest) -> bool:
    """Return whether the user has the permission to look up, and a project to search."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.has_perm("lookups.add_lookup"):
        return False
    return allowed_projects(request) != frozenset()


def home_url(request: HttpRequest) -> str:
    """Return the URL of the lookup form, else of the audit trail, else of the preferences."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or may_look_up(request):
        return f"{site_origin(request)}{reverse('lookup_form')}"
    return audit_trail_url(request) or reverse("preferences")


def audit_trail_url(request: HttpRequest) -> str:
    """Return the audit trail's URL, or "" for people who can't read it."""
    if not request.user.has_perm("audit.view_entry"):
        return ""
    return f"{admin_origin(request)}{reverse('admin:audit_entry_changelist')}"
