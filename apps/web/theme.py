"""The light or dark theme, stored per browser in a cookie."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.web.middleware import SeeOther

_COOKIE = "triage_theme"
_THEMES = ("light", "dark")


def theme_of(request: HttpRequest) -> str:
    """Return this browser's theme, or "" to follow the device."""
    chosen = request.COOKIES.get(_COOKIE, "")
    return chosen if chosen in _THEMES else ""


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Store the theme and redirect back to the page it was chosen on."""
    back = request.POST.get("next", "")
    is_local = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    response = SeeOther(back if is_local else reverse("lookup_form"))
    chosen = request.POST.get("theme", "")
    if chosen in _THEMES:
        response.set_cookie(
            _COOKIE,
            chosen,
            365 * 24 * 60 * 60,
            path=settings.SESSION_COOKIE_PATH,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie(_COOKIE, path=settings.SESSION_COOKIE_PATH)
    return response
