"""The sign-in application."""

from django.apps import AppConfig


class SigninConfig(AppConfig):
    """Records sign-ins in the audit trail."""

    name = "apps.signin"
    label = "signin"

    def ready(self) -> None:
        """Connect the signals."""
        from apps.signin import signals

        signals.connect()
