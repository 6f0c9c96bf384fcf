"""Admin pages of explanations, read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.audit.admin import FILTERS_BY_TIME
from apps.explain.config import configured_llm, format_money
from apps.explain.models import Explanation
from apps.lookups.admin import LookupPartAdmin

_LISTED = ("model", "host", "state", "problem", "tokens_in", "tokens_out", "price")


@admin.register(Explanation)
class ExplanationAdmin(LookupPartAdmin):
    """Who requested explanations, from which model, and what they cost. No text is stored."""

    permission = "explain.view_explanation"
    list_display = ("at", "who", *_LISTED, "lookup_link")
    list_filter = ("state", "at")
    allowed_filters = frozenset(("state__exact", *FILTERS_BY_TIME))
    date_hierarchy = "at"
    fields = ("at", "who", *_LISTED, "is_told", "digest", "lookup_link")
    readonly_fields = ("who", "price", "lookup_link")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Hide the pages on sites that have no model and never had one."""
        has_model = configured_llm() is not None or Explanation.objects.exists()
        return has_model and super().has_view_permission(request, obj)

    @admin.display(description="Who", ordering="user__username")
    def who(self, record: Explanation) -> str:
        """Return the username, which is unknown after the account was deleted."""
        return str(record.user) if record.user else "unknown"

    @admin.display(description="Price")
    def price(self, record: Explanation) -> str:
        """Return the cost in the currency of the prices."""
        return format_money(record.cost)
