"""The web application: templates' tags and static files."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages and API."""

    name = "apps.web"
    label = "web"
