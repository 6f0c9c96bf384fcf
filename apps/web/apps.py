"""Configuration of the web app."""

from django.apps import AppConfig
from django.core import checks


class WebConfig(AppConfig):
    """The pages and the API."""

    name = "apps.web"
    label = "web"

    def ready(self) -> None:
        """Register the checks of our own settings for `manage.py check --deploy`."""
        from apps.web.checks import check_settings

        checks.register(check_settings, checks.Tags.security, deploy=True)
