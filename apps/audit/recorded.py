"""Rows that people change in the review: who did stands on the row, and in the trail."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.audit.callers import actor_of
from apps.audit.models import Action
from apps.audit.offered import OfferedFilters
from apps.audit.trail import Fact, record


class RecordedSettings(OfferedFilters):
    """Pages of a model that has `changed_by`, and an `audit_target` by which the trail names it."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Note who changed it."""
        assert isinstance(request.user, User)  # noqa: S101 - the admin site saw to it
        obj.changed_by = request.user
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            detail = {"change": "saved" if change else "added", "fields": form.changed_data}
            _record(request, obj, **detail)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Note who removed it."""
        with transaction.atomic():
            _record(request, obj, change="removed")
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Note who removed them."""
        with transaction.atomic():
            for one in queryset:
                _record(request, one, change="removed")
            super().delete_queryset(request, queryset)


def _record(request: HttpRequest, row: Any, **detail: Fact) -> None:
    record(Action.SETTING_CHANGED, actor_of(request), target=row.audit_target, detail=detail)
