"""URLs of the pages, the API, and the health checks. None of them contains customer data."""

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, include, path, re_path

from apps.answers.templates import Kind
from apps.web import api as web_api
from apps.web.api import api
from apps.web.views import drafts, events, explain, exports, health, incidents, lookups

api_patterns, api_app_name, api_namespace = api.urls
for pattern in api_patterns:
    if isinstance(pattern, URLPattern):
        login_not_required(pattern.callback)  # programs send a token instead

_of_lookup = [
    path("", lookups.lookup_detail, name="lookup_detail"),
    path("progress", lookups.lookup_progress, name="lookup_progress"),
    path("newer", lookups.lookup_newer, name="lookup_newer"),
    path("cancel/", lookups.lookup_cancel, name="lookup_cancel"),
    path("again/", lookups.lookup_again, name="lookup_again"),
    path("beside/", lookups.lookup_beside, name="lookup_beside"),
    path("move/", lookups.lookup_move, name="lookup_move"),
    path("shown/", events.lookup_shown, name="lookup_shown"),
    path("table/", events.lookup_table, name="lookup_table"),
    path("events/<slug:event_id>/", events.lookup_event, name="lookup_event"),
    path("events/<slug:event_id>/brief/", events.lookup_event_brief, name="lookup_event_brief"),
    path("export.<slug:suffix>", exports.lookup_export, name="lookup_export"),
    path("export/panel/", exports.lookup_export_panel, name="lookup_export_panel"),
    path("explain/", explain.lookup_explain, name="lookup_explain"),
    path("copied/", exports.lookup_copied, name="lookup_copied"),
    path("known/feedback/", lookups.lookup_known_feedback, name="lookup_known_feedback"),
    path("unredacted/", exports.lookup_unredacted, name="lookup_unredacted"),
    path("reply/", drafts.lookup_draft, {"kind": Kind.REPLY}, name="lookup_reply"),
    path("escalation/", drafts.lookup_draft, {"kind": Kind.ESCALATION}, name="lookup_escalation"),
    path("drafted/", drafts.draft_used, name="lookup_drafted"),
    path("handover/", drafts.lookup_handover, name="lookup_handover"),
    path("share/", lookups.share, name="lookup_share"),
    path("unshare/", lookups.unshare, name="lookup_unshare"),
]
_of_incident = [
    path("", incidents.incident_detail, name="incident_detail"),
    path("progress", incidents.incident_progress, name="incident_progress"),
    path("cancel/", incidents.incident_cancel, name="incident_cancel"),
    path("lookup/", incidents.incident_lookup, name="incident_lookup"),
    path("events/<slug:event_id>/", incidents.incident_event, name="incident_event"),
    path("export.<slug:suffix>", incidents.incident_export, name="incident_export"),
    path("escalation/<slug:issue_id>/", drafts.incident_escalation, name="incident_escalation"),
    path("drafted/", drafts.draft_used, name="incident_drafted"),
    path("share/", lookups.share, name="incident_share"),
    path("unshare/", lookups.unshare, name="incident_unshare"),
]
urlpatterns = [
    path("", lookups.lookup_form, name="lookup_form"),
    path("tickets/", lookups.ticket, {"is_chosen": False}, name="ticket_read"),
    path("tickets/use/", lookups.ticket, {"is_chosen": True}, name="ticket_use"),
    path("lookups/", lookups.lookup_create, name="lookup_create"),
    path("lookups/<uuid:lookup_id>/", include(_of_lookup)),
    path("incidents/", incidents.incident_list, name="incident_list"),
    path("incidents/<uuid:incident_id>/", include(_of_incident)),
    path("review/forget/", lookups.forget, name="forget"),
    path("review/sentry/", lookups.check_sentry, name="check_sentry"),
    path("accounts/preferences/", lookups.preferences, name="preferences"),
    path("accounts/theme/", lookups.theme, name="theme"),
    path("api/v1/", web_api.api_page, name="api_page"),
    path("api/v1/", (api_patterns, api_app_name, api_namespace)),
    re_path(r"^api/", web_api.no_such_address, name="api_nothing"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
