"""Light, dark, or as the device has it: a choice of this browser, kept in a cookie of its own."""

from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.web.middleware import SeeOther

_COOKIE = "triage_theme"
_THEMES = ("light", "dark")
_YEAR_S = 365 * 24 * 60 * 60


def theme_of(request: HttpRequest) -> str:
    """The theme that was chosen in this browser; empty for the device's own."""
    chosen = request.COOKIES.get(_COOKIE, "")
    return chosen if chosen in _THEMES else ""


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice, and go back to the page it was made on."""
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    response = SeeOther(back if is_ours else "/")
    chosen = request.POST.get("theme", "")
    if chosen in _THEMES:
        secure = request.is_secure()
        response.set_cookie(_COOKIE, chosen, _YEAR_S, secure=secure, httponly=True, samesite="Lax")
    else:
        response.delete_cookie(_COOKIE)
    return response
