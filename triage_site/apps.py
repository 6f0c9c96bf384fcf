"""The Django app of Manage."""

from django.contrib.admin.apps import SimpleAdminConfig


class ManageConfig(SimpleAdminConfig):
    """The admin site. Its URLs import the admin modules, which most commands don't need."""

    default_site = "triage_site.admin_site.ManageSite"
