"""The pages under Manage for lookups, records of exports, and prompts."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.audit.admin import AuditedAdmin, ReadOnlyAdmin
from apps.lookups.admin import lookup  # noqa: F401 - registers its pages
from apps.lookups.models import ExportPreset, ExportRecord

_DETAILS = ("how", "format", "preset", "budget", "tokens", "issue_id", "redacted", "reason")


@admin.register(ExportRecord)
class ExportRecordAdmin(ReadOnlyAdmin):
    """The read-only list of exports, for people who can view lookups. It has no search."""

    list_display = ("at", "who", *_DETAILS[:-1], "lookup_link")
    list_filter = ("how", "format", "redacted", "origin", "at")
    allowed_filters = frozenset(
        (
            *(f"{name}__exact" for name in ("how", "format", "redacted", "origin")),
            *(f"at__{part}" for part in ("gte", "lt", "year", "month", "day")),
            "format",
        )
    )
    list_select_related = ("user", "lookup")
    date_hierarchy = "at"
    fields = ("at", "who", "origin", *_DETAILS, "lookup_link")
    readonly_fields = ("who", "lookup_link")
    list_per_page = 50
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the list in the index to people who can view lookups."""
        return request.user.has_perm("lookups.view_lookup")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let people view exports if they can view lookups."""
        return request.user.has_perm("lookups.view_lookup")

    @admin.display(description="Who", ordering="user__username")
    def who(self, record: ExportRecord) -> str:
        """Return the person, or the system user of a command line."""
        return str(record.user) if record.user else record.system_user or "unknown"

    @admin.display(description="Lookup")
    def lookup_link(self, record: ExportRecord) -> SafeString:
        """Return a link to the record of the lookup."""
        address = reverse("admin:lookups_lookup_change", args=[record.lookup_id])
        return format_html('<a href="{}">Lookup</a>', address)


@admin.register(ExportPreset)
class ExportPresetAdmin(AuditedAdmin):
    """The page to write and order prompts. Their names can't change, because links use them."""

    list_display = ("label", "name", "position", "is_active", "changed_at", "changed_by")
    list_filter = ("is_active",)
    allowed_filters = frozenset(("is_active__exact",))
    list_select_related = ("changed_by",)
    fields = ("name", "label", "instruction", "position", "is_active", "changed_at", "changed_by")

    def get_readonly_fields(
        self, request: HttpRequest, obj: ExportPreset | None = None
    ) -> tuple[str, ...]:
        """Return who changed it and when, and the name of an existing prompt."""
        changed = ("changed_at", "changed_by")
        return ("name", *changed) if obj else changed
