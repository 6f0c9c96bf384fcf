"""Known errors in the review: the list, the form with its preview, and their versions."""

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core import signing
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from apps.answers.catalogue.forms import KnownErrorForm, values_from_result
from apps.answers.catalogue.suggestions import Preview, preview_of, suggestions_for
from apps.audit.admin import OfferedFilters
from apps.audit.models import Action
from apps.audit.trail import Fact, actor_of, record
from apps.known_errors.catalogue import NAMES, SAID, differing, refusals_of, save_entry
from apps.known_errors.files import LARGEST, File, carry_out, plan_of, to_text
from apps.known_errors.models import KnownError
from apps.known_errors.patterns import PatternRefused, pattern_from

# Files of known errors as they go through a browser: out as Markdown or zip, in with a report.

MOST_FILES = 1000
_LARGEST_IN_ALL = 4 * 1024 * 1024
# What was checked travels in the page, within what a form may hold.
_LARGEST_CHECKED = 900 * 1024
# The other ways of packing take what memory the file tells them to.
_PACKED = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)
_SALT = "triage.known_errors.import"
_VALID_S = 3600
_TOO_MUCH = "This is too large to upload here. Use the import_known_errors command."


class UploadRefused(ValueError):
    """An upload that cannot be read; says why, and what to do."""


def zipped(entries: Iterable[KnownError]) -> bytes:
    """All entries as files of one zip file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            archive.writestr(f"{entry.slug}.md", to_text(entry))
    return content.getvalue()


def uploaded_files(uploads: Sequence[Any]) -> list[File]:
    """The files that were sent, those of zip files among them. Raises `UploadRefused`."""
    if sum(upload.size or 0 for upload in uploads) > _LARGEST_IN_ALL:
        raise UploadRefused(_TOO_MUCH)
    files, size = [], 0
    for file in _unpacked(uploads):
        files.append(file)
        size += len(file.content)
        if len(files) > MOST_FILES or size > _LARGEST_IN_ALL:
            raise UploadRefused(_TOO_MUCH)
    if not files:
        raise UploadRefused("It contains no Markdown (.md) files.")
    return files


def _unpacked(uploads: Iterable[Any]) -> Iterator[File]:
    for upload in uploads:
        content, name = upload.read(), upload.name or "file"
        if content[:4] == b"PK\x03\x04":
            yield from _of_zip(content)
        else:
            yield File(name, content)


def _of_zip(content: bytes) -> Iterator[File]:
    """No file is read further than an entry may be large, whatever the zip says of itself."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for one in archive.infolist():
                if one.filename.endswith(".md") and one.compress_type in _PACKED:
                    with archive.open(one) as member:
                        yield File(one.filename, member.read(LARGEST + 1))
    except (*_BROKEN, OSError, ValueError):
        raise UploadRefused("The zip file cannot be read.") from None


def sealed_files(files: Sequence[File], person_id: int) -> str:
    """Checked files as the page carries them, for this person alone. Raises `UploadRefused`."""
    rows = [[file.name, file.content.decode("utf-8-sig")] for file in files]
    told = signing.dumps([person_id, rows], salt=_SALT, compress=True)
    if len(told) > _LARGEST_CHECKED:
        raise UploadRefused(_TOO_MUCH)
    return told


def opened_files(told: str, person_id: int) -> list[File]:
    """The files that this person had checked within the last hour. Raises `UploadRefused`."""
    try:
        whose, rows = signing.loads(told, salt=_SALT, max_age=_VALID_S)
    except signing.BadSignature:
        whose, rows = None, []
    if whose != person_id:
        raise UploadRefused("This check has expired. Choose the files again.")
    return [File(name, text.encode()) for name, text in rows]


# The versions of a known error: who wrote which, what changed, and bringing one back.

_MOST = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of an entry before and after a change, in words; both can be empty."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `how` is what made it; the first one has no differences."""

    id: int
    number: int
    at: datetime
    who: str
    how: str
    differences: tuple[Difference, ...]
    is_current: bool


def versions_of(entry: KnownError) -> Sequence[Version]:
    """All versions, the newest first; of very many the newest two hundred."""
    records = entry.history.select_related("history_user").order_by("-history_date", "-history_id")
    total = records.count()
    rows = list(records[: _MOST + 1])
    return tuple(_versions(rows, total))[:_MOST]


def as_of(entry: KnownError, version_id: int) -> tuple[str, ...]:
    """Give the entry the parts of that version, unsaved; returns which differ.

    Raises `DoesNotExist` of the history where it has no such version.
    """
    version = entry.history.get(history_id=version_id)
    parts = tuple(part for part in differing(entry, version) if part != "slug")
    for part in parts:
        setattr(entry, part, getattr(version, part))
    return parts


def _versions(rows: Sequence[Any], total: int) -> Iterator[Version]:
    for place, row in enumerate(rows):
        before = rows[place + 1] if place + 1 < len(rows) else None
        who = row.history_user.get_username() if row.history_user else ""
        yield Version(
            id=row.history_id,
            number=total - place,
            at=row.history_date,
            who=who,
            how=row.history_change_reason or ("changed" if before else "added"),
            differences=tuple(_differences(before, row)) if before else (),
            is_current=place == 0,
        )


def _differences(before: Any, after: Any) -> Iterator[Difference]:
    for part in SAID:
        was, is_now = getattr(before, part), getattr(after, part)
        if was != is_now:
            yield Difference(NAMES.get(part, part), _told(part, was), _told(part, is_now))


def _told(part: str, value: Any) -> str:
    """The value of a part in words."""
    if part == "pattern":
        return _told_pattern(value)
    if part == "links":
        return "\n".join(f"{link['label']}: {link['address']}" for link in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value.day} {value:%b %Y}"
    return str(value if value is not None else "")


def _told_pattern(values: Any) -> str:
    try:
        return "\n".join(pattern_from(values).reasons)
    except PatternRefused:  # by the rules of today
        return str(values)


# The pages beside the form of a known error: versions, suggestions, files out and in.

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


_PREVIEW = "_preview"


@admin.register(KnownError)
class KnownErrorAdmin(CataloguePages):
    """Entries are written, previewed and taken out of use; none is deleted."""

    form = KnownErrorForm
    list_display = ("title", "state", "fix", "owner", "helped", "not_this", "is_active")
    list_filter = ("state", "is_active")
    offered = frozenset(("state__exact", "is_active__exact"))
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
                    *(("culprit_way", "culprit_text"), "project"),
                    ("release_from", "release_until"),
                ),
                "description": "Everything you fill in must match. Case doesn't matter.",
            },
        ),
        ("What to say", {"fields": ("explanation", "reply", "workaround")}),
        (
            "The fix",
            {"fields": ("state", ("planned_for", "fixed_in"), "owner", "links_text")},
        ),
        ("When it applies", {"fields": (("valid_from", "valid_until"), "seen")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[KnownError]:
        """With what people said of each."""
        entries: QuerySet[KnownError] = super().get_queryset(request)
        return entries.annotate(
            helped=Count("feedback", filter=Q(feedback__helped=True)),
            not_this=Count("feedback", filter=Q(feedback__helped=False)),
        )

    def has_delete_permission(self, request: HttpRequest, obj: KnownError | None = None) -> bool:
        """An entry is taken out of use: results and the trail name it."""
        return False

    def get_readonly_fields(
        self, request: HttpRequest, obj: KnownError | None = None
    ) -> tuple[str, ...]:
        """The name stays for good: files and the trail hold it."""
        return ("slug",) if obj else ()

    @admin.display(description="Fix")
    def fix(self, entry: KnownError) -> str:
        """The day or the release."""
        if entry.state == KnownError.State.PLANNED and entry.planned_for:
            return f"{entry.planned_for:%-d %b %Y}"
        return entry.fixed_in if entry.state == KnownError.State.FIXED else ""

    @admin.display(description="Helped", ordering="helped")
    def helped(self, entry: Any) -> int:
        """How often somebody said so."""
        return int(entry.helped)

    @admin.display(description="Something else", ordering="not_this")
    def not_this(self, entry: Any) -> int:
        """How often somebody said that it was something else."""
        return int(entry.not_this)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """For a preview the form is checked like any other, and never saved."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return _unsaved(form) if _PREVIEW in request.POST else form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What a problem of a result suggests. The address holds its lookup and issue alone."""
        lookup, issue = request.GET.get("lookup", ""), request.GET.get("issue", "")[:200]
        if not lookup:
            return {"issue": issue} if issue else {}
        values = values_from_result(
            lookup, issue, reader=person_of(request), actor=actor_of(request)
        )
        if values is None:
            messages.warning(request, "This lookup's result is no longer stored.")
        return values or {}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form; after `Preview` with what the pattern would have hit."""
        response = super().changeform_view(request, object_id, form_url, extra_context)
        if _PREVIEW not in request.POST or not isinstance(response, TemplateResponse):
            return response
        context = response.context_data or {}
        form = context["adminform"].form
        if not form.errors:
            context["preview"] = self._preview(request, form.instance)
        return response

    def _preview(self, request: HttpRequest, entry: KnownError) -> Preview:
        preview = preview_of(entry.entry, person_of(request))
        record(
            Action.REVIEWED,
            actor_of(request),
            target="preview of a known error",
            detail={"lookups": preview.read, "hit": preview.lookups, "format": "page"},
        )
        return preview

    def response_change(self, request: HttpRequest, obj: KnownError) -> HttpResponse:
        """Back to the list, with what happened."""
        if getattr(request, "is_unchanged", False):
            messages.info(request, "Nothing changed, so no new version was created.")
            return self.response_post_save_change(request, obj)
        return super().response_change(request, obj)

    def save_model(self, request: HttpRequest, obj: KnownError, form: Any, change: bool) -> None:
        """Keep it with a version of its own; what was saved without a change leaves none."""
        before = KnownError.objects.get(pk=obj.pk) if change else None
        parts = differing(before, obj) if before else ()
        if before and not parts:
            request.is_unchanged = True  # type: ignore[attr-defined]  # lives as long as this
            return
        save_entry(
            obj,
            change="changed" if change else "added",
            parts=parts,
            actor=actor_of(request),
            user=person_of(request),
        )


def _unsaved(form: Any) -> Any:
    """The form class, whose forms are shown again however well they are filled in."""

    class Previewed(form):  # type: ignore[misc]  # the class is made by the admin
        def is_valid(self) -> bool:
            super().is_valid()
            return False

    return Previewed
