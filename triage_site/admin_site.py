"""Manage, the admin site below `/admin/`, for everyone with a permission there."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class AdminPage:
    """An entry on the front page."""

    title: str
    meaning: str
    address: str


# fmt: off
# By group: the model of a list, its title, and its description.
_LISTS = (
    ("Activity", (
        ("lookups.lookup", "Lookups",
         "Who looked up whom, what was found, and how many Sentry calls were saved."),
        ("incidents.incident", "Incidents",
         "Lists of customers looked up at once: who started them, and whether they’re finished."),
        ("known_errors.knownerror", "Known errors",
         "Known problems and what to tell the customer."),
        ("lookups.exportrecord", "Exports", "What was copied or downloaded, and why."),
        ("answers.handover", "Deliveries", "Drafts sent to another program or waiting to be sent."),
        ("explain.explanation", "Explanations",
         "Which model was used, and how many tokens it took."),
        ("audit.entry", "Audit trail", "Who did what, when, and from where. It never changes."),
    )),
    ("People", (
        ("auth.user", "People", "Accounts, roles, second factors, and password resets."),
        ("accounts.invitation", "Invitations", "One-time links to create an account."),
        ("accounts.team", "Teams", "Which projects people can see."),
    )),
    ("Settings", (
        ("lookups.exportpreset", "Prompts", "What to put before the text for an LLM."),
        ("answers.drafttemplate", "Draft templates", "Templates for replies and escalations."),
        ("accounts.apitoken", "API tokens",
         "Access for programs that look up customers on a person's behalf."),
    )),
)
_PAGES = (
    ("Sentry connection", "Whether Triage can reach Sentry, and what its token can do.",
     "check_sentry", "lookups.view_lookup"),
    ("Erase customer data",
     "Deletes all results about one customer, and everything typed for them.",
     "forget", "lookups.forget_customer"),
)
# fmt: on


def grouped_pages(
    app_list: Iterable[dict[str, Any]], user: User | AnonymousUser
) -> Sequence[tuple[str, Sequence[AdminPage]]]:
    """Return the groups of pages the user can open; other lists are added with their own names."""
    models = {
        f"{app['app_label']}.{model['object_name']}".lower(): model
        for app in app_list
        for model in app["models"]
        if model["admin_url"]
    }
    groups = []
    for heading, rows in _LISTS:
        pages = [
            AdminPage(title, meaning, models.pop(name)["admin_url"])
            for name, title, meaning in rows
            if name in models
        ]
        groups.append((heading, pages))
    for title, meaning, url_name, permission in _PAGES:
        if user.has_perm(permission):
            groups[-1][1].append(AdminPage(title, meaning, reverse(url_name)))
    groups[-1][1].extend(AdminPage(one["name"], "", one["admin_url"]) for one in models.values())
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

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the only sign-in page."""
        index = reverse("admin:index", current_app=self.name)
        if not request.user.is_authenticated:
            return redirect_to_login(index)
        self._check(request)
        return redirect(index)

    def _check(self, request: HttpRequest) -> None:
        if not self.has_permission(request):
            raise PermissionDenied
