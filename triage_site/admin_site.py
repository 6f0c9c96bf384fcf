"""The review below `/admin/`, open to whoever has something to do there."""

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

# The review's front page: every place in it, in words, for who may go there.


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the review, or one beside it that only an admin needs."""

    title: str
    meaning: str
    address: str


# A list of the review by its model, with the words for it.
_LISTS = (
    (
        "Activity",
        (
            (
                "lookups.lookup",
                "Lookups",
                "Who looked up whom, what was found, and how many Sentry calls were saved.",
            ),
            (
                "known_errors.knownerror",
                "Known errors",
                "Known problems and what to tell the customer.",
            ),
            ("lookups.exportrecord", "Exports", "What was copied or downloaded, and why."),
            (
                "answers.handover",
                "Deliveries",
                "Drafts sent to another program or waiting to be sent.",
            ),
            (
                "explain.explanation",
                "Explanations",
                "Which model was asked, and how many tokens it used.",
            ),
            ("audit.entry", "Audit trail", "Who did what, when and from where. It never changes."),
        ),
    ),
    (
        "People",
        (
            ("auth.user", "People", "Accounts, roles, second factors, and password resets."),
            ("accounts.invitation", "Invitations", "One-time links to create an account."),
            ("accounts.team", "Teams", "Which projects people can see."),
        ),
    ),
    (
        "Settings",
        (
            ("lookups.exportpreset", "Prompts", "What to put before the text for an LLM."),
            ("answers.drafttemplate", "Draft templates", "Templates for replies and escalations."),
            (
                "accounts.apitoken",
                "API tokens",
                "Access for programs that look up customers on a person's behalf.",
            ),
        ),
    ),
)
_PAGES = (
    (
        "Sentry connection",
        "Whether Triage can reach Sentry, and what its token can do.",
        "check_sentry",
        "lookups.view_lookup",
    ),
    (
        "Erase customer data",
        "Deletes all results about one customer, and everything typed for them.",
        "forget",
        "lookups.forget_customer",
    ),
)


def places(
    app_list: Iterable[dict[str, Any]], user: User | AnonymousUser
) -> Sequence[tuple[str, Sequence[Place]]]:
    """Headings with their places; a list that has no words yet stands under its own name."""
    models = {
        f"{app['app_label']}.{model['object_name']}".lower(): model
        for app in app_list
        for model in app["models"]
        if model["admin_url"]
    }
    groups = []
    for heading, rows in _LISTS:
        known = [(models.pop(name, None), title, meaning) for name, title, meaning in rows]
        listed = [Place(title, said, one["admin_url"]) for one, title, said in known if one]
        groups.append((heading, listed))
    for title, meaning, page, permission in _PAGES:
        if user.has_perm(permission):
            groups[-1][1].append(Place(title, meaning, reverse(page)))
    groups[-1][1].extend(Place(one["name"], "", one["admin_url"]) for one in models.values())
    return [(heading, listed) for heading, listed in groups if listed]


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
