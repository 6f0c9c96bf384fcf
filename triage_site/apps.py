"""The apps, what they connect to at the start, and which of their modules define jobs.

Models can be imported only once the apps are ready, and most commands don't need them.
"""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.core import checks
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate, pre_save


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

    def ready(self) -> None:
        pre_migrate.connect(check_later, self, dispatch_uid="lookups.check_later")
        post_migrate.connect(check_now, self, dispatch_uid="lookups.check_now")


def check_later(using: str, plan: list[Any], **_signal: Any) -> None:
    """Keep Django from checking all of SQLite's foreign keys after each migration.

    With a million lookups, each check takes seconds. One at the end, of the tables that were
    rewritten, finds the same. Adding a column only appends to a table's SQL.
    """
    if plan and connections[using].vendor == "sqlite":
        vars(connections[using]).update(
            check_constraints=lambda table_names=None: None, tables_before=_tables(using)
        )


def check_now(using: str, **_signal: Any) -> None:
    """Check the foreign keys of the rewritten tables."""
    vars(connections[using]).pop("check_constraints", None)
    before = vars(connections[using]).pop("tables_before", None)
    if before is not None:
        rewritten = [
            name
            for name, sql in _tables(using).items()
            if name not in before or not sql.startswith(before[name][:-1])
        ]
        connections[using].check_constraints(table_names=rewritten)


def _tables(using: str) -> dict[str, str]:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        return dict(cursor.fetchall())


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


class AccountsConfig(AppConfig):
    """Grant the roles their permissions after every migration, and lower email addresses."""

    name = "apps.accounts"

    def ready(self) -> None:
        post_migrate.connect(_grant_roles, dispatch_uid="accounts.grant_roles")
        pre_save.connect(_lower_email, "auth.User", dispatch_uid="accounts.lower_email")


def _lower_email(instance: Any, **_signal: Any) -> None:
    """Find people by their email address however it was typed."""
    instance.email = instance.email.lower()


def _grant_roles(**_signal: Any) -> None:
    from apps.accounts.models import grant_roles

    grant_roles()


class AnswersConfig(AppConfig):
    """Drafts, deliveries, and feedback on known errors."""

    name = "apps.answers"
    jobs = ("apps.answers.webhook",)

    def ready(self) -> None:
        """Delete drafts together with the results they are based on."""
        from apps.lookups.models import results_deleted

        results_deleted.connect(_delete_bodies, dispatch_uid="answers.drop_bodies")


def _delete_bodies(lookup_ids: Iterable[int], **_signal: Any) -> None:
    from apps.answers.webhook import delete_bodies

    delete_bodies(list(lookup_ids))


class WebConfig(AppConfig):
    """The pages and the API."""

    name = "apps.web"

    def ready(self) -> None:
        """Register the checks of our own settings and data for `manage.py check --deploy`."""
        checks.register(_check_deploy, checks.Tags.security, deploy=True)


def _check_deploy(**_options: Any) -> list[checks.CheckMessage]:
    from apps.web.checks import check_settings, check_upgrade

    return [*check_settings(), *check_upgrade()]


class SigninConfig(AppConfig):
    """Records sign-ins in the audit trail."""

    name = "apps.signin"

    def ready(self) -> None:
        from apps.signin import sessions

        sessions.connect()
