"""The Django app that carries the demo's management commands."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Commands only: the demo Sentry keeps its events in memory and has no tables."""

    name = "apps.demo"
    label = "demo"
    verbose_name = "Demo Sentry"
