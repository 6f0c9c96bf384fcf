"""The web application: templates' tags and static files."""

from django.apps import AppConfig
from django.core import checks

from apps.web.checks import check_settings


class WebConfig(AppConfig):
    """Pages and API."""

    name = "apps.web"
    label = "web"

    def ready(self) -> None:
        """Let `manage.py check --deploy` look at our own settings too."""
        checks.register(check_settings, checks.Tags.security, deploy=True)
