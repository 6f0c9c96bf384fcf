"""Who calls, and from which IP address."""

from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest

from apps.audit.trail import Actor


def client_address(request: HttpRequest) -> str:
    """The caller's address; empty when it cannot be told.

    Behind a proxy it is the last that `X-Forwarded-For` names: that one our own proxy wrote, the
    ones before it anybody can write.
    """
    told = request.META.get("REMOTE_ADDR", "")
    if settings.TRIAGE_BEHIND_PROXY:
        told = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or told
    try:
        return str(ip_address(told))
    except ValueError:
        return ""


def actor_of(request: HttpRequest) -> Actor:
    """Whoever sends the request from a page: the person who is signed in, else an address."""
    user = getattr(request, "user", AnonymousUser())
    address = client_address(request)
    if isinstance(user, User):
        return Actor("web", user.pk, user.get_username(), address)
    return Actor("web", address=address)
