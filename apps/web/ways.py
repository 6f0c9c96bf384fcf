"""Where a person's way through the site begins, and what they are offered at all."""

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.permissions import projects_of
from apps.web.admin_host import review_address, site_address


def may_look_up(user: User | AnonymousUser | None) -> bool:
    """Whether the form would open: there is a right, and a project to look into."""
    if not isinstance(user, User) or not user.has_perm("lookups.add_lookup"):
        return False
    return projects_of(user) != frozenset()


def home_of(request: HttpRequest) -> str:
    """The form; the audit trail for who only reads that; else one's own preferences."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or may_look_up(user):
        return f"{site_address(request)}{reverse('lookup_form')}"
    return trail_of(request) or reverse("preferences")


def trail_of(request: HttpRequest) -> str:
    """The audit trail's address; empty for who may not read it."""
    if not request.user.has_perm("audit.view_entry"):
        return ""
    return f"{review_address(request)}{reverse('admin:audit_entry_changelist')}"
