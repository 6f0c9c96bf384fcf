"""The accounts application."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Keeps the groups and their permissions as `roles` has them, after every migration."""

    name = "apps.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Wait for migrations to end: only then all permissions exist."""
        post_migrate.connect(_grant_roles, dispatch_uid="accounts.grant_roles")


def _grant_roles(**_signal: Any) -> None:
    from apps.accounts.permissions import grant_roles

    grant_roles()
