"""All addresses of the site."""

from django.contrib import admin
from django.urls import include, path

admin.site.site_header = "Triage review"
admin.site.site_title = "Triage review"
admin.site.enable_nav_sidebar = False
admin.site.index_title = "Lookups, people, tokens"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("apps.web.urls")),
]
