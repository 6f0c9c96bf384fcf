"""Addresses of pages, API and health. None of them carries customer data."""

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, path, re_path

from apps.answers.templates import Kind
from apps.web import api as web_api
from apps.web import (
    draft_views,
    event_views,
    explain_views,
    export_views,
    filter_views,
    flow_views,
    forget_views,
    health,
    known_views,
    progress_views,
    share_views,
    theme,
    ticket_views,
    views,
)
from apps.web.api import api

api_patterns, api_app_name, api_namespace = api.urls
for pattern in api_patterns:
    if isinstance(pattern, URLPattern):
        login_not_required(pattern.callback)  # a program shows a token instead

urlpatterns = [
    path("", views.lookup_form, name="lookup_form"),
    path("tickets/", ticket_views.ticket_read, name="ticket_read"),
    path("tickets/use/", ticket_views.ticket_use, name="ticket_use"),
    path("lookups/", views.lookup_create, name="lookup_create"),
    path("lookups/<uuid:lookup_id>/", views.lookup_detail, name="lookup_detail"),
    path(
        "lookups/<uuid:lookup_id>/progress", progress_views.lookup_progress, name="lookup_progress"
    ),
    path("lookups/<uuid:lookup_id>/newer", progress_views.lookup_newer, name="lookup_newer"),
    path("lookups/<uuid:lookup_id>/cancel/", progress_views.lookup_cancel, name="lookup_cancel"),
    path("lookups/<uuid:lookup_id>/again/", views.lookup_again, name="lookup_again"),
    path("lookups/<uuid:lookup_id>/beside/", views.lookup_beside, name="lookup_beside"),
    path("lookups/<uuid:lookup_id>/move/", flow_views.lookup_move, name="lookup_move"),
    path("lookups/<uuid:lookup_id>/shown/", filter_views.lookup_shown, name="lookup_shown"),
    path("lookups/<uuid:lookup_id>/table/", filter_views.lookup_table, name="lookup_table"),
    path(
        "lookups/<uuid:lookup_id>/events/<slug:event_id>/",
        event_views.lookup_event,
        name="lookup_event",
    ),
    path(
        "lookups/<uuid:lookup_id>/events/<slug:event_id>/brief/",
        event_views.lookup_event_brief,
        name="lookup_event_brief",
    ),
    path(
        "lookups/<uuid:lookup_id>/export.<slug:suffix>",
        export_views.lookup_export,
        name="lookup_export",
    ),
    path(
        "lookups/<uuid:lookup_id>/export/panel/",
        export_views.lookup_export_panel,
        name="lookup_export_panel",
    ),
    path("lookups/<uuid:lookup_id>/explain/", explain_views.lookup_explain, name="lookup_explain"),
    path("lookups/<uuid:lookup_id>/copied/", export_views.lookup_copied, name="lookup_copied"),
    path(
        "lookups/<uuid:lookup_id>/known/reply/",
        known_views.lookup_known_reply,
        name="lookup_known_reply",
    ),
    path(
        "lookups/<uuid:lookup_id>/known/copied/",
        known_views.lookup_known_copied,
        name="lookup_known_copied",
    ),
    path(
        "lookups/<uuid:lookup_id>/known/feedback/",
        known_views.lookup_known_feedback,
        name="lookup_known_feedback",
    ),
    path(
        "lookups/<uuid:lookup_id>/unredacted/",
        export_views.lookup_unredacted,
        name="lookup_unredacted",
    ),
    path(
        "lookups/<uuid:lookup_id>/reply/",
        draft_views.lookup_draft,
        {"kind": Kind.REPLY},
        name="lookup_reply",
    ),
    path(
        "lookups/<uuid:lookup_id>/escalation/",
        draft_views.lookup_draft,
        {"kind": Kind.ESCALATION},
        name="lookup_escalation",
    ),
    path("lookups/<uuid:lookup_id>/drafted/", draft_views.lookup_drafted, name="lookup_drafted"),
    path("lookups/<uuid:lookup_id>/handover/", draft_views.lookup_handover, name="lookup_handover"),
    path("review/forget/", forget_views.forget, name="forget"),
    path("lookups/<uuid:lookup_id>/share/", share_views.lookup_share, name="lookup_share"),
    path("lookups/<uuid:lookup_id>/unshare/", share_views.lookup_unshare, name="lookup_unshare"),
    path("review/sentry/", views.check_sentry, name="check_sentry"),
    path("accounts/preferences/", views.preferences, name="preferences"),
    path("accounts/theme/", theme.theme, name="theme"),
    path("api/v1/", web_api.api_page, name="api_page"),
    path("api/v1/", (api_patterns, api_app_name, api_namespace)),
    re_path(r"^api/", web_api.no_such_address, name="api_nothing"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
