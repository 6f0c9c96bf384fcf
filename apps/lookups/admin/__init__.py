"""The pages under Manage for lookups, records of exports, and prompts."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.audit.admin import FILTERS_BY_TIME, AuditedAdmin, ReadOnlyAdmin
from apps.lookups.admin import lookup  # noqa: F401 - registers its pages
from apps.lookups.admin.record import who_of
from apps.lookups.models import ExportPreset, ExportRecord

_DETAILS = ("how", "format", "prompt", "token_limit", "tokens", "issue", "redacted", "reason")


class LookupPartAdmin(ReadOnlyAdmin):
    """Pages of what people did with a lookup, for those who have the `permission`."""

    permission = "lookups.view_lookup"
    list_select_related = ("user", "lookup")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.permission)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(self.permission)

    @admin.display(description="Lookup")
    def lookup_link(self, row: Any) -> SafeString:
        address = reverse("admin:lookups_lookup_change", args=[row.lookup_id])
        return format_html('<a href="{}">Lookup</a>', address)


@admin.register(ExportRecord)
class ExportRecordAdmin(LookupPartAdmin):
    """The read-only list of exports. It has no search."""

    list_display = ("at", "who", *_DETAILS[:-1], "lookup_link")
    list_filter = ("how", "format", "redacted", "origin", "at")
    allowed_filters = frozenset(
        f"{name}__exact" for name in ("how", "format", "redacted", "origin")
    ).union(FILTERS_BY_TIME, ["format"])
    date_hierarchy = "at"
    fields = ("at", "who", "origin", *_DETAILS, "lookup_link")
    readonly_fields = ("who", "lookup_link", "prompt", "token_limit", "issue")

    @admin.display(description="Who", ordering="user__username")
    def who(self, record: ExportRecord) -> str:
        return who_of(record)

    @admin.display(description="Prompt", ordering="preset")
    def prompt(self, record: ExportRecord) -> str:
        return record.preset

    @admin.display(description="Token limit", ordering="budget")
    def token_limit(self, record: ExportRecord) -> int | None:
        return record.budget

    @admin.display(description="Issue ID", ordering="issue_id")
    def issue(self, record: ExportRecord) -> str:
        return record.issue_id


@admin.register(ExportPreset)
class ExportPresetAdmin(AuditedAdmin):
    """The page to write and order prompts. Their names can't change, because links use them."""

    list_display = ("label", "name", "position", "is_active", "changed_at", "changed_by")
    list_filter = ("is_active",)
    allowed_filters = frozenset(("is_active__exact",))
    list_select_related = ("changed_by",)
    fields = ("name", "label", "instruction", "position", "is_active", "changed_at", "changed_by")
    lasting = ("name",)
