"""The Django app of Manage."""

from django.contrib.admin.apps import AdminConfig


class ManageConfig(AdminConfig):
    """The admin site below `/admin/`."""

    default_site = "triage_site.admin_site.ManageSite"
