"""Settings of the processes that `test_kills` kills: their leases are short."""

from importlib import import_module

from django.apps import AppConfig

from triage_site.settings import *  # noqa: F403
from triage_site.settings import INSTALLED_APPS


class ShortConfig(AppConfig):
    """Shortens the leases of all other apps, in web processes as well."""

    name = "tests.jobs"
    label = "short"
    jobs = ("tests.jobs.short",)

    def ready(self) -> None:
        import_module("apps.jobs.engine").handlers()


INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs.settings.ShortConfig"]
