"""From which IP address a request comes."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


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
