"""The URLs of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from apps.mcp.endpoint import mcp

admin.autodiscover()
admin.site.site_header = "Triage management"
admin.site.site_title = "Triage management"
admin.site.enable_nav_sidebar = False
admin.site.index_title = "Manage"
if settings.TRIAGE_ADMIN_HOST:
    admin.site.site_url = f"//{settings.TRIAGE_SITE_HOST}{settings.FORCE_SCRIPT_NAME or ''}/"

urlpatterns = [
    path(settings.TRIAGE_ADMIN_PATH, admin.site.urls),
    path("accounts/", include("apps.signin.urls")),
    path("mcp", mcp, name="mcp"),
    path("", include("apps.web.urls")),
]
handler500 = "apps.web.middleware.server_error"
