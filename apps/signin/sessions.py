"""How long a session lasts: so many hours in all, and so many minutes without a click."""

import time

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

BEGAN, SEEN = "signed_in_at", "seen_at"
_NOTE_EVERY_S = 60
_REASON = "triage_end_reason"


def begin_limits(session: SessionBase) -> None:
    """The person is signed in from now on."""
    session[BEGAN] = session[SEEN] = int(time.time())


def why_over(request: HttpRequest) -> str:
    """Why the session is over now; empty while it lasts."""
    now, session = time.time(), request.session
    if now - session.get(BEGAN, 0) >= settings.SESSION_COOKIE_AGE:
        return "too long"
    if now - session.get(SEEN, 0) >= settings.TRIAGE_SESSION_IDLE_MINUTES * 60:
        return "idle"
    return ""


def note_activity(request: HttpRequest) -> None:
    """The person did something. What a page's script asks for by itself does not count."""
    by_script = request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "empty"
    if not by_script and time.time() - request.session[SEEN] >= _NOTE_EVERY_S:
        request.session[SEEN] = int(time.time())


def end_all(person: User) -> None:
    """End every session of the person, in all browsers."""
    for session in UserSession.objects.filter(user=person):
        session.end()


def set_end_reason(request: HttpRequest, reason: str) -> None:
    """Say why the session of this request is being ended."""
    request.META[_REASON] = reason


def end_reason(request: HttpRequest) -> str:
    """What was said about it; the person's own wish if nothing."""
    return str(request.META.get(_REASON, "asked"))
