"""The review's pages about exports: the questions that go before them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest

from apps.lookups.models import ExportPreset


@admin.register(ExportPreset)
class ExportPresetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Writing and ordering the questions. A name is kept for good, because links hold it."""

    list_display = ("label", "name", "position", "is_active", "changed_at", "changed_by")
    list_filter = ("is_active",)
    list_select_related = ("changed_by",)
    fields = ("name", "label", "instruction", "position", "is_active", "changed_at", "changed_by")

    def get_readonly_fields(
        self, request: HttpRequest, obj: ExportPreset | None = None
    ) -> tuple[str, ...]:
        """Who changed it last is not typed."""
        changed = ("changed_at", "changed_by")
        return ("name", *changed) if obj else changed

    def save_model(self, request: HttpRequest, obj: ExportPreset, form: Any, change: bool) -> None:
        """Note who changed it."""
        assert isinstance(request.user, User)  # noqa: S101 - the admin site saw to it
        obj.changed_by = request.user
        super().save_model(request, obj, form, change)
