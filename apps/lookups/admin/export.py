"""The review's pages about exports: what was taken, and the questions that go before them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.audit.admin import OfferedFilters, RecordedSettings
from apps.lookups.models import ExportPreset, ExportRecord

_FORM = ("how", "format", "preset", "budget", "tokens", "issue_id", "redacted", "reason")


class ReadOnlyExports:
    """Who may view lookups may view what was exported of them. Records are never edited."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the index lists them."""
        return request.user.has_perm("lookups.view_lookup")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for lookups."""
        return request.user.has_perm("lookups.view_lookup")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A record is made by exporting."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is read, never edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays."""
        return False

    @admin.display(description="Who", ordering="user__username")
    def who(self, record: ExportRecord) -> str:
        """The person, or the system's user of a command line."""
        return str(record.user) if record.user else record.system_user or "unknown"


@admin.register(ExportRecord)
class ExportRecordAdmin(ReadOnlyExports, OfferedFilters):
    """The list of exports. There is nothing personal in it to search for."""

    list_display = ("at", "who", *_FORM[:-1], "lookup_link")
    list_filter = ("how", "format", "redacted", "origin", "at")
    offered = frozenset(
        (
            *(f"{name}__exact" for name in ("how", "format", "redacted", "origin")),
            *(f"at__{part}" for part in ("gte", "lt", "year", "month", "day")),
            "format",
        )
    )
    list_select_related = ("user", "lookup")
    date_hierarchy = "at"
    fields = ("at", "who", "origin", *_FORM, "lookup_link")
    readonly_fields = ("who", "lookup_link")
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="Lookup")
    def lookup_link(self, record: ExportRecord) -> SafeString:
        """The record of the lookup it came from."""
        address = reverse("admin:lookups_lookup_change", args=[record.lookup_id])
        return format_html('<a href="{}">Lookup</a>', address)


@admin.register(ExportPreset)
class ExportPresetAdmin(RecordedSettings):
    """Writing and ordering the questions. A name is kept for good, because links hold it."""

    list_display = ("label", "name", "position", "is_active", "changed_at", "changed_by")
    list_filter = ("is_active",)
    offered = frozenset(("is_active__exact",))
    list_select_related = ("changed_by",)
    fields = ("name", "label", "instruction", "position", "is_active", "changed_at", "changed_by")

    def get_readonly_fields(
        self, request: HttpRequest, obj: ExportPreset | None = None
    ) -> tuple[str, ...]:
        """Who changed it last is not typed."""
        changed = ("changed_at", "changed_by")
        return ("name", *changed) if obj else changed
