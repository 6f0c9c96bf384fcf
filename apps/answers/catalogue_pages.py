"""The pages beside the form of a known error: versions, suggestions, files out and in."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from apps.answers.catalogue_files import (
    UploadRefused,
    opened_files,
    sealed_files,
    uploaded_files,
    zipped,
)
from apps.answers.suggestions import suggestions_for
from apps.answers.versions import as_of, versions_of
from apps.audit.callers import actor_of
from apps.audit.models import Action
from apps.audit.offered import OfferedFilters
from apps.audit.trail import Fact, record
from apps.known_errors.checks import refusals_of
from apps.known_errors.front_matter import to_text
from apps.known_errors.importing import carry_out, plan_of
from apps.known_errors.models import KnownError
from apps.known_errors.writing import save_entry

_FOLDER = "admin/known_errors/knownerror"


def person_of(request: HttpRequest) -> User:
    """Who is signed in."""
    assert isinstance(request.user, User)  # noqa: S101 - the admin site saw to it
    return request.user


class CataloguePages(OfferedFilters):
    """What can be done with known errors beside listing and writing them."""

    def get_urls(self) -> list[URLPattern]:
        """Our own pages before those of the admin, which take any path."""
        pages = (
            ("suggestions/", self.suggestions_view, "suggestions"),
            ("import/", self.import_view, "import"),
            ("export/", self.export_view, "export"),
            ("<int:entry_id>/markdown/", self.markdown_view, "markdown"),
            ("<int:entry_id>/restore/", self.restore_view, "restore"),
        )
        own = [
            path(address, self.admin_site.admin_view(view), name=f"known_errors_knownerror_{name}")
            for address, view, name in pages
        ]
        return [*own, *super().get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every version of an entry, with what changed."""
        entry = self.get_object(request, object_id)
        if not self.has_view_permission(request, entry):
            raise PermissionDenied
        if entry is None:
            return redirect("admin:known_errors_knownerror_changelist")
        told = {
            "entry": entry,
            "versions": versions_of(entry),
            "may_change": self.has_change_permission(request, entry),
        }
        return self._page(request, "versions", "Versions", **told)

    def restore_view(self, request: HttpRequest, entry_id: int) -> HttpResponse:
        """Bring an earlier version back, as a new one."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(("POST",))
        entry = get_object_or_404(KnownError, pk=entry_id)
        version = request.POST.get("version", "")
        try:
            parts = as_of(entry, int(version) if version.isdecimal() and len(version) < 10 else 0)
        except ObjectDoesNotExist:
            parts = ()
        refused = refusals_of(entry)
        if not parts:
            messages.info(request, "The entry already matches that version.")
        elif refused:
            messages.error(request, f"It can't be restored: {refused[0].sentence}")
        else:
            save_entry(
                entry,
                change="earlier version brought back",
                parts=parts,
                actor=actor_of(request),
                user=person_of(request),
            )
            messages.success(request, "The earlier version was restored as a new version.")
        return redirect("admin:known_errors_knownerror_history", entry.pk)

    def suggestions_view(self, request: HttpRequest) -> HttpResponse:
        """What could be written next. It tells of lookups, so looking is recorded."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = suggestions_for(person_of(request), timezone.now())
        detail: dict[str, Fact] = {"issues": len(found.rows), "format": "page"}
        target = "suggestions of known errors"
        record(Action.REVIEWED, actor_of(request), target=target, detail=detail)
        return self._page(request, "suggestions", "Suggested entries", found=found)

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """All entries as Markdown files in one zip file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        entries = list(KnownError.objects.order_by("slug"))
        detail: dict[str, Fact] = {"entries": len(entries), "format": "zip"}
        record(Action.REVIEWED, actor_of(request), target="known errors", detail=detail)
        return _download(zipped(entries), "application/zip", "known-errors.zip")

    def markdown_view(self, request: HttpRequest, entry_id: int) -> HttpResponse:
        """One entry as a Markdown file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        entry = get_object_or_404(KnownError, pk=entry_id)
        record(
            Action.REVIEWED,
            actor_of(request),
            target=entry.audit_target,
            detail={"entries": 1, "format": "markdown"},
        )
        return _download(to_text(entry).encode(), "text/markdown", f"{entry.slug}.md")

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Files are checked first; what they would change is imported from the report."""
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise PermissionDenied
        if request.method != "POST":
            return self._page(request, "import", "Import")
        try:
            if "checked" in request.POST:
                return self._imported(request)
            return self._checked(request)
        except UploadRefused as refused:
            return self._page(request, "import", "Import", refused=str(refused))

    def _checked(self, request: HttpRequest) -> HttpResponse:
        files = uploaded_files(request.FILES.getlist("files"))
        plan = plan_of(files)
        told = {} if plan.refused else {"checked": sealed_files(files, person_of(request).pk)}
        return self._page(request, "import", "Import", plan=plan, **told)

    def _imported(self, request: HttpRequest) -> HttpResponse:
        person = person_of(request)
        files = opened_files(request.POST["checked"], person.pk)
        plan = carry_out(files, actor=actor_of(request), user=person)
        if plan.refused:
            return self._page(request, "import", "Import", plan=plan)
        messages.success(request, f"Imported: {len(plan.changes)}.")
        return redirect("admin:known_errors_knownerror_changelist")

    def _page(
        self, request: HttpRequest, name: str, title: str, **told: object
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            **told,
        }
        return TemplateResponse(request, f"{_FOLDER}/{name}.html", context)


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)
