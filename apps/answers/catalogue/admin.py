"""Admin pages of known errors: list, form, preview, versions, suggestions, import, and export."""

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from apps.answers.catalogue.forms import (
    PREVIEW,
    KnownErrorForm,
    readable_lookup,
    values_from_result,
)
from apps.answers.catalogue.suggestions import preview_of, suggestions_for
from apps.answers.services import example_draft
from apps.answers.templates import Kind
from apps.audit.admin import AllowedFiltersAdmin
from apps.audit.models import Action
from apps.audit.trail import Fact, actor_of, record
from apps.known_errors.catalogue import (
    changed_fields,
    field_label,
    save_entry,
    validate_entry,
)
from apps.known_errors.files import MAX_FILE_BYTES, File, import_files, plan_import, to_text
from apps.known_errors.models import KnownError
from apps.known_errors.patterns import PartRefused, parse_pattern

MAX_FILES = 1000
_MAX_TOTAL_BYTES = 4 * 1024 * 1024
# Checked files travel in the page, within DATA_UPLOAD_MAX_MEMORY_SIZE.
_MAX_SIGNED_CHARACTERS = 900 * 1024
# Other compression methods use as much memory as the file demands.
_COMPRESSION = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)
_SALT = "triage.known_errors.import"
_MAX_AGE_S = 3600
_TOO_LARGE = "This is too large to upload here. Use the import_known_errors command."


class UploadRefused(ValueError):
    """The upload can't be read; the message says why, and what to do."""


def read_uploads(uploads: Sequence[Any]) -> list[File]:
    """Return the uploaded files, with zip files unpacked. Raise `UploadRefused`."""
    if sum(upload.size or 0 for upload in uploads) > _MAX_TOTAL_BYTES:
        raise UploadRefused(_TOO_LARGE)
    files, size = [], 0
    for file in chain.from_iterable(map(_unpack, uploads)):
        files.append(file)
        size += len(file.content)
        if len(files) > MAX_FILES or size > _MAX_TOTAL_BYTES:
            raise UploadRefused(_TOO_LARGE)
    if not files:
        raise UploadRefused("It contains no Markdown (.md) files.")
    return files


def _unpack(upload: Any) -> Iterator[File]:
    """Read each file of a zip up to the maximum size of an entry, whatever size it declares."""
    content = upload.read()
    if content[:4] != b"PK\x03\x04":
        yield File(upload.name or "file", content)
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for one in archive.infolist():
                if one.filename.endswith(".md") and one.compress_type in _COMPRESSION:
                    with archive.open(one) as member:
                        yield File(one.filename, member.read(MAX_FILE_BYTES + 1))
    except (*_ZIP_ERRORS, OSError, ValueError):
        raise UploadRefused("The zip file can't be read.") from None


def sign_files(files: Sequence[File], person_id: int) -> str:
    """Sign checked files, for this person only. Raise `UploadRefused`."""
    rows = [[file.name, file.content.decode("utf-8-sig")] for file in files]
    signed = signing.dumps([person_id, rows], salt=_SALT, compress=True)
    if len(signed) > _MAX_SIGNED_CHARACTERS:
        raise UploadRefused(_TOO_LARGE)
    return signed


def load_signed_files(signed: str, person_id: int) -> list[File]:
    """Return the files that this person had checked within the last hour. Raise `UploadRefused`."""
    try:
        owner_id, rows = signing.loads(signed, salt=_SALT, max_age=_MAX_AGE_S)
    except signing.BadSignature:
        owner_id, rows = None, []
    if owner_id != person_id:
        raise UploadRefused("This check has expired. Choose the files again.")
    return [File(name, text.encode()) for name, text in rows]


# Versions.

_MAX_VERSIONS = 200


def versions_of(entry: KnownError) -> list[Any]:
    """Return the newest records of the history, at most 200, newest first.

    Each has its `number`, `how` it was created, and its `differences`: triples of a part's name,
    and its values before and after, in words.
    """
    records = entry.history.select_related("history_user").order_by("-history_date", "-history_id")
    total, rows = records.count(), list(records[: _MAX_VERSIONS + 1])
    for place, row in enumerate(rows):
        before = rows[place + 1] if place + 1 < len(rows) else None
        row.number = total - place
        row.how = row.history_change_reason or ("changed" if before else "added")
        row.differences = [
            (field_label(part), _describe(before, part), _describe(row, part))
            for part in (changed_fields(before, row) if before else ())
        ]
    return rows[:_MAX_VERSIONS]


def _describe(record: Any, part: str) -> str:
    value = getattr(record, part)
    if part == "pattern":
        try:
            return "\n".join(parse_pattern(value).reasons)
        except PartRefused:  # by current rules
            return str(value)
    if part == "links":
        return "\n".join(f"{link['label']}: {link['address']}" for link in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value.day} {value:%b %Y}"
    return str(value if value is not None else "")


# Pages.

# What a reply to an example customer says about an error.
_EXAMPLE = "{greeting}\n\n{sorry}\n\n{known_reply}\n\n{fix}\n\n{workaround}\n\n{next}"


def current_user(request: HttpRequest) -> User:
    """Return the signed-in person."""
    assert isinstance(request.user, User)  # noqa: S101 - the admin requires sign-in
    return request.user


def _record_view(request: HttpRequest, target: str, **detail: Fact) -> None:
    record(Action.REVIEWED, actor_of(request), target=target, detail=detail)


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)


@admin.register(KnownError)
class KnownErrorAdmin(AllowedFiltersAdmin):
    """Known errors, which can be taken out of use, but not deleted."""

    form = KnownErrorForm
    list_display = ("title", "state", "fix", "owner", "helped", "not_this", "is_active")
    list_filter = ("state", "is_active")
    allowed_filters = frozenset(("state__exact", "is_active__exact"))
    search_fields = ("title", "slug", "explanation", "owner")
    list_per_page = 100
    show_facets = admin.ShowFacets.NEVER
    actions = None
    fieldsets = (
        (None, {"fields": ("title", "slug", "is_active")}),
        (
            "What it looks like",
            {
                "fields": (
                    *("issue", ("type_way", "type_text"), ("message_way", "message_text")),
                    *(("culprit_way", "culprit_text"), ("log_way", "log_text")),
                    *(("request_way", "request_text"), "project"),
                    ("release_from", "release_until"),
                ),
                "description": "Everything you fill in must match. Case doesn't matter. A log "
                "message or a request is for failures without an error.",
            },
        ),
        ("What to say", {"fields": ("explanation", "reply", "workaround")}),
        ("The fix", {"fields": ("state", ("planned_for", "fixed_in"), "owner", "links_text")}),
        ("When it applies", {"fields": (("valid_from", "valid_until"), "seen")}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Put our pages before Django's URLs, which match any path."""
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
        """Show all versions of an entry with their changes."""
        entry = self.get_object(request, object_id)
        if not self.has_view_permission(request, entry):
            raise PermissionDenied
        if entry is None:
            return redirect("admin:known_errors_knownerror_changelist")
        context = {
            "entry": entry,
            "versions": versions_of(entry),
            "may_change": self.has_change_permission(request, entry),
        }
        return self._page(request, "versions", "Versions", **context)

    def restore_view(self, request: HttpRequest, entry_id: int) -> HttpResponse:
        """Restore an earlier version as a new one."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(("POST",))
        entry = get_object_or_404(KnownError, pk=entry_id)
        number = request.POST.get("version", "")
        number = number if number.isdecimal() and len(number) < 10 else "0"
        version = entry.history.filter(history_id=int(number)).first()
        parts = [part for part in changed_fields(entry, version or entry) if part != "slug"]
        for part in parts:
            setattr(entry, part, getattr(version, part))
        refused = validate_entry(entry)
        if not parts:
            messages.info(request, "The entry already matches that version.")
        elif refused:
            messages.error(request, f"It can't be restored: {refused[0].sentence}")
        else:
            change = "earlier version restored"
            save_entry(entry, change=change, parts=parts, actor=actor_of(request))
            messages.success(request, "The earlier version was restored as a new version.")
        return redirect("admin:known_errors_knownerror_history", entry.pk)

    def suggestions_view(self, request: HttpRequest) -> HttpResponse:
        """Show suggestions. The view is recorded, because it reveals facts about lookups."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows, unread = suggestions_for(current_user(request), timezone.now())
        _record_view(request, "suggestions of known errors", issues=len(rows), format="page")
        return self._page(request, "suggestions", "Suggested entries", rows=rows, unread=unread)

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Download all entries as Markdown files in a zip file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        entries = list(KnownError.objects.order_by("slug"))
        _record_view(request, "known errors", entries=len(entries), format="zip")
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry in entries:
                archive.writestr(f"{entry.slug}.md", to_text(entry))
        return _download(content.getvalue(), "application/zip", "known-errors.zip")

    def markdown_view(self, request: HttpRequest, entry_id: int) -> HttpResponse:
        """Download an entry as a Markdown file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        entry = get_object_or_404(KnownError, pk=entry_id)
        _record_view(request, entry.audit_target, entries=1, format="markdown")
        return _download(to_text(entry).encode(), "text/markdown", f"{entry.slug}.md")

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Check uploaded files and show a report, from which they can be imported."""
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise PermissionDenied
        if request.method != "POST":
            return self._page(request, "import", "Import")
        person_id, signed = current_user(request).pk, request.POST.get("checked")
        try:
            if signed is None:
                files = read_uploads(request.FILES.getlist("files"))
                plan = plan_import(files)
                checked = {} if plan.refused else {"checked": sign_files(files, person_id)}
                return self._page(request, "import", "Import", plan=plan, **checked)
            files = load_signed_files(signed, person_id)
        except UploadRefused as error:
            return self._page(request, "import", "Import", refused=str(error))
        plan = import_files(files, actor_of(request))
        if plan.refused:
            return self._page(request, "import", "Import", plan=plan)
        messages.success(request, f"Imported: {len(plan.changes)}.")
        return redirect("admin:known_errors_knownerror_changelist")

    def _page(
        self, request: HttpRequest, name: str, title: str, **values: object
    ) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        template = f"admin/known_errors/knownerror/{name}.html"
        return TemplateResponse(request, template, {**context, **values})

    def get_queryset(self, request: HttpRequest) -> QuerySet[KnownError]:
        """Annotate the feedback on each entry."""
        entries: QuerySet[KnownError] = super().get_queryset(request)
        return entries.annotate(
            helped=Count("feedback", filter=Q(feedback__helped=True)),
            not_this=Count("feedback", filter=Q(feedback__helped=False)),
        )

    def has_delete_permission(self, request: HttpRequest, obj: KnownError | None = None) -> bool:
        """Forbid deleting entries: results and the audit trail refer to them."""
        return False

    def get_readonly_fields(
        self, request: HttpRequest, obj: KnownError | None = None
    ) -> tuple[str, ...]:
        """Make the name of existing entries read-only: files and the audit trail refer to it."""
        return ("slug",) if obj else ()

    @admin.display(description="Fix")
    def fix(self, entry: KnownError) -> str:
        """Return the planned date, or the release with the fix."""
        if entry.state == KnownError.State.PLANNED and entry.planned_for:
            return f"{entry.planned_for:%-d %b %Y}"
        return entry.fixed_in if entry.state == KnownError.State.FIXED else ""

    @admin.display(description="Helped", ordering="helped")
    def helped(self, entry: Any) -> int:
        """Return how often people said it helped."""
        return int(entry.helped)

    @admin.display(description="Something else", ordering="not_this")
    def not_this(self, entry: Any) -> int:
        """Return how often people said it was something else."""
        return int(entry.not_this)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Take initial values from a problem; the URL contains only its lookup and issue."""
        lookup, issue = request.GET.get("lookup", ""), request.GET.get("issue", "")[:200]
        if not lookup:
            return {"issue": issue} if issue else {}
        reader, actor = current_user(request), actor_of(request)
        values = values_from_result(lookup, issue, reader=reader, actor=actor)
        if values is None:
            messages.warning(request, "This lookup's result is no longer stored.")
        return values or {}

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form, with matching lookups if a preview was requested."""
        response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        if PREVIEW not in request.POST or not isinstance(response, TemplateResponse):
            return response
        context = response.context_data or {}
        form = context["adminform"].form
        if not form.errors:
            entry = form.instance.entry
            preview = preview_of(entry, current_user(request))
            target = "preview of a known error"
            _record_view(request, target, lookups=preview.read, hit=preview.lookups, format="page")
            reply = example_draft(Kind.REPLY, subject="", body=_EXAMPLE, known=entry.known)
            context.update(preview=preview, reply=reply.text)
        return response

    def response_add(
        self, request: HttpRequest, obj: KnownError, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Return to the result that the entry was made from, or to the list."""
        response = super().response_add(request, obj, post_url_continue)
        lookup = readable_lookup(request.GET.get("lookup", ""), current_user(request))
        return redirect("lookup_detail", lookup.uuid) if lookup else response

    def response_change(self, request: HttpRequest, obj: KnownError) -> HttpResponse:
        """Return to the list, saying so if nothing changed."""
        if getattr(request, "is_unchanged", False):
            messages.info(request, "Nothing changed, so no new version was created.")
            return self.response_post_save_change(request, obj)
        return super().response_change(request, obj)

    def save_model(self, request: HttpRequest, obj: KnownError, form: Any, change: bool) -> None:
        """Save a changed entry as a new version."""
        before = KnownError.objects.get(pk=obj.pk) if change else None
        parts = changed_fields(before, obj) if before else ()
        if before and not parts:
            request.is_unchanged = True  # type: ignore[attr-defined]  # read by response_change
            return
        change_made = "changed" if change else "added"
        save_entry(obj, change=change_made, parts=parts, actor=actor_of(request))
