"""The sign-in application."""

from django.apps import AppConfig


class SigninConfig(AppConfig):
    """Lets sign-in survive a lost cache, and writes what happens into the audit trail."""

    name = "apps.signin"
    label = "signin"

    def ready(self) -> None:
        """Connect what can only be connected once all applications are there."""
        from apps.signin import allauth_adapters, signals

        allauth_adapters.install()
        signals.connect()
