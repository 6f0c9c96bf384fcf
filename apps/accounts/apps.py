"""Configuration of the accounts app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_save


class AccountsConfig(AppConfig):
    """Grant the roles their permissions after every migration, and lower email addresses."""

    name = "apps.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the signals; all permissions exist only after migrating."""
        post_migrate.connect(_grant_roles, dispatch_uid="accounts.grant_roles")
        pre_save.connect(_lower_email, "auth.User", dispatch_uid="accounts.lower_email")


def _lower_email(instance: Any, **_signal: Any) -> None:
    """Find people by their email address however it was typed."""
    instance.email = instance.email.lower()


def _grant_roles(**_signal: Any) -> None:
    from apps.accounts.permissions import grant_roles

    grant_roles()
