"""Django's admin with the site's own review."""

from django.contrib.admin.apps import AdminConfig


class ReviewConfig(AdminConfig):
    """What lies below `/admin/`."""

    default_site = "triage_site.admin_site.ReviewSite"
