"""Settings of the processes that `test_kills` kills: they know jobs with short leases."""

from django.apps import AppConfig

from triage_site.settings import *  # noqa: F403
from triage_site.settings import INSTALLED_APPS


class WorkConfig(AppConfig):
    """The jobs to kill workers at."""

    name = "tests.jobs"
    label = "killed"
    jobs = ("tests.jobs.work",)


INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs.settings.WorkConfig"]
