"""The apps that need no more than a name, and Manage."""

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class ManageConfig(SimpleAdminConfig):
    """The admin site. Its URLs import the admin modules, which most commands don't need."""

    default_site = "triage_site.admin_site.ManageSite"


class AuditConfig(AppConfig):
    """The audit trail."""

    name = "apps.audit"
    verbose_name = "Audit trail"


class LookupsConfig(AppConfig):
    """Lookups, their results, and what becomes of them."""

    name = "apps.lookups"
    jobs = ("apps.lookups.retention", "apps.lookups.admin.statistics")


class ExplainConfig(AppConfig):
    """Explanations by a language model."""

    name = "apps.explain"
    verbose_name = "Explanations"


class KnownErrorsConfig(AppConfig):
    """The catalog of known errors."""

    name = "apps.known_errors"
    verbose_name = "Known errors"


class JobsConfig(AppConfig):
    """The work that workers do."""

    name = "apps.jobs"
    jobs = ("apps.jobs.engine",)


class IncidentsConfig(AppConfig):
    """Many customers looked up at once."""

    name = "apps.incidents"
    jobs = ("apps.incidents.services",)
