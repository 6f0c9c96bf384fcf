"""Admin pages of draft templates and deliveries."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from apps.answers.catalogue import admin as catalogue_admin  # noqa: F401 - registers its pages
from apps.answers.models import DraftTemplate, Handover
from apps.answers.services import example_draft
from apps.answers.templates import VARIABLES, Kind
from apps.audit.admin import FILTERS_BY_TIME, AuditedAdmin
from apps.known_errors.patterns import TextRefused
from apps.lookups.admin import LookupPartAdmin

_MAX_BODY = 6000


@admin.register(DraftTemplate)
class DraftTemplateAdmin(AuditedAdmin):
    """Draft templates, with a preview. Type and name never change."""

    change_form_template = "admin/answers/drafttemplate/change_form.html"
    list_display = ("label", "kind", "position", "is_active", "changed_at", "changed_by")
    list_filter = ("kind", "is_active")
    allowed_filters = frozenset(("kind__exact", "is_active__exact"))
    list_select_related = ("changed_by",)
    fields = (
        *("kind", "name", "label", "subject", "body", "position", "is_active"),
        *("changed_at", "changed_by"),
    )
    lasting = ("kind", "name")

    def get_urls(self) -> list[URLPattern]:
        """Put the preview before Django's URLs, which match any path."""
        view = self.admin_site.admin_view(self.example)
        name = "answers_drafttemplate_example"
        return [path("example/", view, name=name), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        """Add the variables for the template's kind."""
        obj: DraftTemplate | None = options.get("obj")
        context["variables"] = [
            (kind.label.capitalize(), tuple(VARIABLES[kind].items()))
            for kind in ([Kind(obj.kind)] if obj else Kind)
        ]
        context["template_kind"] = obj.kind if obj else ""
        return super().render_change_form(request, context, *args, **options)

    def example(self, request: HttpRequest) -> HttpResponse:
        """Preview the typed template with example data, without saving it."""
        if not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        kind, subject = request.POST.get("kind", ""), request.POST.get("subject", "")[:150]
        body = "\n".join(request.POST.get("body", "").strip().splitlines())[:_MAX_BODY]
        context = self.admin_site.each_context(request)
        context |= {"title": "Example", "opts": self.opts}
        try:
            if kind in list(Kind):
                context["draft"] = example_draft(Kind(kind), subject=subject, body=body)
            else:
                context["refused"] = "Choose the type first."
        except TextRefused as error:
            context["refused"] = str(error)
        return TemplateResponse(request, "admin/answers/drafttemplate/example.html", context)


@admin.register(Handover)
class HandoverAdmin(LookupPartAdmin):
    """Deliveries without their texts, read-only."""

    list_display = ("at", "kind", "state", "by", "attempts", "next_try", "sent_at", "lookup_link")
    list_filter = ("state", "kind", "at")
    allowed_filters = frozenset(("state__exact", "kind__exact", *FILTERS_BY_TIME))
    list_select_related = ("by", "lookup")
    fields = (
        *("at", "kind", "by", "state", "problem", "attempts", "next_try", "sent_at"),
        *("message_id", "lookup_link"),
    )
    readonly_fields = ("message_id", "lookup_link")
