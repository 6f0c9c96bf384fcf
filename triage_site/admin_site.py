"""Manage, the admin site below `/admin/`, for everyone with a permission there."""

import tomllib
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator

_PAGES = tomllib.loads((Path(__file__).parent / "pages.toml").read_text("utf-8"))


def grouped_pages(
    app_list: Iterable[dict[str, Any]], user: User | AnonymousUser
) -> list[tuple[str, list[dict[str, str]]]]:
    """Return the groups of pages the user can open; other lists are added with their own names.

    A page has a `title`, its `meaning`, and an `address`.
    """
    models = {
        f"{app['app_label']}.{model['object_name']}".lower(): model
        for app in app_list
        for model in app["models"]
        if model["admin_url"]
    }
    groups: list[tuple[str, list[dict[str, str]]]] = []
    for heading, rows in _PAGES["lists"].items():
        found = ((row, models.pop(name, None)) for name, row in rows.items())
        pages = [{**row, "address": model["admin_url"]} for row, model in found if model]
        groups.append((heading, pages))
    last = groups[-1][1]
    for url_name, row in _PAGES["pages"].items():
        if user.has_perm(row["permission"]):
            last.append({**row, "address": reverse(url_name)})
    last.extend({"title": one["name"], "address": one["admin_url"]} for one in models.values())
    return [(heading, pages) for heading, pages in groups if pages]


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class ManageSite(AdminSite):
    """The admin site, open by permission: `is_staff` has no meaning."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the person can view or change any list."""
        if not (request.user.is_authenticated and request.user.is_active):
            return False
        return any(
            any(model_admin.get_model_perms(request).values())
            for model_admin in self._registry.values()
        )

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Refuse signed-in people without permission, instead of redirecting to sign-in."""
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
        """Show all pages, including those that are not lists."""
        pages = grouped_pages(self.get_app_list(request), request.user)
        return super().index(request, {"places": pages, **(extra_context or {})})

    def app_index(  # type: ignore[override]  # always redirects
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the only index."""
        return redirect("admin:index")

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the only sign-in page, which has the rate limits."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
        self._check(request)
        return redirect("admin:index")

    def password_change(  # type: ignore[override]  # always redirects
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the only password page."""
        return redirect("account_change_password")

    def _check(self, request: HttpRequest) -> None:
        if not self.has_permission(request):
            raise PermissionDenied
