"""The Django app that carries the demo's management commands."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Management commands only; the demo Sentry stores its events in memory."""

    name = "apps.demo"
    label = "demo"
    verbose_name = "Demo Sentry"
