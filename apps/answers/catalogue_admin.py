"""Known errors in the review: the list, the form with its preview, and their versions."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.answers.catalogue_form import KnownErrorForm
from apps.answers.catalogue_pages import CataloguePages, person_of
from apps.answers.from_result import values_from_result
from apps.answers.preview import Preview, preview_of
from apps.audit.callers import actor_of
from apps.audit.models import Action
from apps.audit.trail import record
from apps.known_errors.models import KnownError
from apps.known_errors.writing import differing, save_entry

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
