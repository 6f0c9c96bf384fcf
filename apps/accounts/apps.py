"""Configuration of the accounts app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Keep the groups' permissions in step with `ROLES` after every migration."""

    name = "apps.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect to post_migrate: all permissions exist only then."""
        post_migrate.connect(_grant_roles, dispatch_uid="accounts.grant_roles")


def _grant_roles(**_signal: Any) -> None:
    from apps.accounts.permissions import grant_roles

    grant_roles()
