"""URLs of the pages, the API, and the health checks. None of them contains customer data."""

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, path, re_path

from apps.answers.templates import Kind
from apps.web import api as web_api
from apps.web import theme
from apps.web.api import api
from apps.web.views import drafts, events, explain, exports, health, incidents, lookups

api_patterns, api_app_name, api_namespace = api.urls
for pattern in api_patterns:
    if isinstance(pattern, URLPattern):
        login_not_required(pattern.callback)  # programs send a token instead

urlpatterns = [
    path("", lookups.lookup_form, name="lookup_form"),
    path("tickets/", lookups.ticket_read, name="ticket_read"),
    path("tickets/use/", lookups.ticket_use, name="ticket_use"),
    path("lookups/", lookups.lookup_create, name="lookup_create"),
    path("lookups/<uuid:lookup_id>/", lookups.lookup_detail, name="lookup_detail"),
    path("lookups/<uuid:lookup_id>/progress", lookups.lookup_progress, name="lookup_progress"),
    path("lookups/<uuid:lookup_id>/newer", lookups.lookup_newer, name="lookup_newer"),
    path("lookups/<uuid:lookup_id>/cancel/", lookups.lookup_cancel, name="lookup_cancel"),
    path("lookups/<uuid:lookup_id>/again/", lookups.lookup_again, name="lookup_again"),
    path("lookups/<uuid:lookup_id>/beside/", lookups.lookup_beside, name="lookup_beside"),
    path("lookups/<uuid:lookup_id>/move/", lookups.lookup_move, name="lookup_move"),
    path("lookups/<uuid:lookup_id>/shown/", events.lookup_shown, name="lookup_shown"),
    path("lookups/<uuid:lookup_id>/table/", events.lookup_table, name="lookup_table"),
    path(
        "lookups/<uuid:lookup_id>/events/<slug:event_id>/",
        events.lookup_event,
        name="lookup_event",
    ),
    path(
        "lookups/<uuid:lookup_id>/events/<slug:event_id>/brief/",
        events.lookup_event_brief,
        name="lookup_event_brief",
    ),
    path(
        "lookups/<uuid:lookup_id>/export.<slug:suffix>",
        exports.lookup_export,
        name="lookup_export",
    ),
    path(
        "lookups/<uuid:lookup_id>/export/panel/",
        exports.lookup_export_panel,
        name="lookup_export_panel",
    ),
    path("lookups/<uuid:lookup_id>/explain/", explain.lookup_explain, name="lookup_explain"),
    path("lookups/<uuid:lookup_id>/copied/", exports.lookup_copied, name="lookup_copied"),
    path(
        "lookups/<uuid:lookup_id>/known/feedback/",
        lookups.lookup_known_feedback,
        name="lookup_known_feedback",
    ),
    path(
        "lookups/<uuid:lookup_id>/unredacted/",
        exports.lookup_unredacted,
        name="lookup_unredacted",
    ),
    path(
        "lookups/<uuid:lookup_id>/reply/",
        drafts.lookup_draft,
        {"kind": Kind.REPLY},
        name="lookup_reply",
    ),
    path(
        "lookups/<uuid:lookup_id>/escalation/",
        drafts.lookup_draft,
        {"kind": Kind.ESCALATION},
        name="lookup_escalation",
    ),
    path("lookups/<uuid:lookup_id>/drafted/", drafts.draft_used, name="lookup_drafted"),
    path("lookups/<uuid:lookup_id>/handover/", drafts.lookup_handover, name="lookup_handover"),
    path("incidents/", incidents.incident_list, name="incident_list"),
    path("incidents/<uuid:incident_id>/", incidents.incident_detail, name="incident_detail"),
    path(
        "incidents/<uuid:incident_id>/progress",
        incidents.incident_progress,
        name="incident_progress",
    ),
    path("incidents/<uuid:incident_id>/cancel/", incidents.incident_cancel, name="incident_cancel"),
    path("incidents/<uuid:incident_id>/lookup/", incidents.incident_lookup, name="incident_lookup"),
    path(
        "incidents/<uuid:incident_id>/events/<slug:event_id>/",
        incidents.incident_event,
        name="incident_event",
    ),
    path(
        "incidents/<uuid:incident_id>/export.<slug:suffix>",
        incidents.incident_export,
        name="incident_export",
    ),
    path(
        "incidents/<uuid:incident_id>/escalation/<slug:issue_id>/",
        drafts.incident_escalation,
        name="incident_escalation",
    ),
    path("incidents/<uuid:incident_id>/drafted/", drafts.draft_used, name="incident_drafted"),
    path("incidents/<uuid:incident_id>/share/", incidents.incident_share, name="incident_share"),
    path(
        "incidents/<uuid:incident_id>/unshare/",
        incidents.incident_unshare,
        name="incident_unshare",
    ),
    path("review/forget/", lookups.forget, name="forget"),
    path("lookups/<uuid:lookup_id>/share/", lookups.lookup_share, name="lookup_share"),
    path("lookups/<uuid:lookup_id>/unshare/", lookups.lookup_unshare, name="lookup_unshare"),
    path("review/sentry/", lookups.check_sentry, name="check_sentry"),
    path("accounts/preferences/", lookups.preferences, name="preferences"),
    path("accounts/theme/", theme.theme, name="theme"),
    path("api/v1/", web_api.api_page, name="api_page"),
    path("api/v1/", (api_patterns, api_app_name, api_namespace)),
    re_path(r"^api/", web_api.no_such_address, name="api_nothing"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
