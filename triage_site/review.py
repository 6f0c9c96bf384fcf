"""The review below `/admin/`, open to whoever has something to do there."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from triage_site.places import places

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class ReviewSite(AdminSite):
    """Opens by permission: `is_staff` says nothing of what a person may do."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the person may see or change any list of it."""
        if not (request.user.is_authenticated and request.user.is_active):
            return False
        lists = self._registry.values()
        return any(any(one.get_model_perms(request).values()) for one in lists)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Who is signed in and has nothing to do here is told so, and not asked to sign in."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated:
                self._check(request)
            return inner(request, *args, **kwargs)

        return cast(View, guarded)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Every place in words, with the connection and forgetting, which are no lists."""
        listed = places(self.get_app_list(request), request.user)
        return super().index(request, {"places": listed, **(extra_context or {})})

    def app_index(  # type: ignore[override]  # there is one index
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """How the program is cut into parts is nobody's business here."""
        return redirect("admin:index")

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one way to sign in, and this is not it."""
        index = reverse("admin:index", current_app=self.name)
        if not request.user.is_authenticated:
            return redirect_to_login(index)
        self._check(request)
        return redirect(index)

    def _check(self, request: HttpRequest) -> None:
        if not self.has_permission(request):
            raise PermissionDenied
