"""The sign-in application."""

from django.apps import AppConfig


class SigninConfig(AppConfig):
    """Installs the cache for sign-in attempts, and records sign-ins in the audit trail."""

    name = "apps.signin"
    label = "signin"

    def ready(self) -> None:
        """Install the cache and connect the signals."""
        from apps.signin import allauth_adapters, signals

        allauth_adapters.install_cache()
        signals.connect()
