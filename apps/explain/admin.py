"""The review's list of what models were asked. Records are read, never edited."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.audit.admin import OfferedFilters
from apps.explain.client import configured, money
from apps.explain.models import Explanation

_LISTED = ("model", "host", "state", "problem", "tokens_in", "tokens_out", "price")


@admin.register(Explanation)
class ExplanationAdmin(OfferedFilters):
    """Who asked which model when, and what it took. There is no text of it to search for."""

    list_display = ("at", "who", *_LISTED, "lookup_link")
    list_filter = ("state", "at")
    offered = frozenset(
        ("state__exact", *(f"at__{part}" for part in ("gte", "lt", "year", "month", "day")))
    )
    list_select_related = ("user", "lookup")
    date_hierarchy = "at"
    fields = ("at", "who", *_LISTED, "is_told", "digest", "lookup_link")
    readonly_fields = ("who", "price", "lookup_link")
    list_per_page = 50
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By their right, where there is a model or was one: elsewhere nothing of it is shown."""
        is_used = configured() is not None or Explanation.objects.exists()
        return is_used and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A record is made by asking."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is read, never edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays as long as its lookup."""
        return False

    @admin.display(description="Who", ordering="user__username")
    def who(self, record: Explanation) -> str:
        """The person; an account can be gone."""
        return str(record.user) if record.user else "unknown"

    @admin.display(description="Price")
    def price(self, record: Explanation) -> str:
        """What it cost, in the currency of the prices."""
        return money(record.cost)

    @admin.display(description="Lookup")
    def lookup_link(self, record: Explanation) -> SafeString:
        """The record of the lookup it is about."""
        address = reverse("admin:lookups_lookup_change", args=[record.lookup_id])
        return format_html('<a href="{}">Lookup</a>', address)
