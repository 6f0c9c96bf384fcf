"""The URLs of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from apps.mcp.endpoint import mcp
from apps.signin.views import admin_login, admin_password_change

admin.autodiscover()
admin.site.site_header = "Triage management"
admin.site.site_title = "Triage management"
admin.site.enable_nav_sidebar = False
admin.site.index_title = "Manage"
if settings.TRIAGE_ADMIN_HOST:
    admin.site.site_url = f"//{settings.TRIAGE_SITE_HOST}{settings.FORCE_SCRIPT_NAME or ''}/"

admin.site.login = admin_login  # type: ignore[method-assign]
admin.site.password_change = admin_password_change  # type: ignore[method-assign,assignment]

urlpatterns = [
    path(settings.TRIAGE_ADMIN_PATH, admin.site.urls),
    path("accounts/", include("apps.signin.urls")),
    path("mcp", mcp, name="mcp"),
    path("", include("apps.web.urls")),
]
handler500 = "apps.web.middleware.server_error"
