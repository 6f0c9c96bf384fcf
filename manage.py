#!/usr/bin/env python
"""Django's command line for Triage."""

import gc
import os
import sys

try:
    from django.conf import settings
    from django.core.management import BaseCommand, ManagementUtility
    from django.db import DatabaseError
except ImportError:
    sys.exit("Django is not installed here. Run `make run` once, or use .venv/bin/python.")


class _CommandLine(ManagementUtility):
    """Collects no garbage while modules are loaded: a third of a short command's time."""

    def execute(self) -> None:
        if self.argv[1:] in (["version"], ["--version"]):
            from triage_site.settings import TRIAGE_VERSION

            print(TRIAGE_VERSION)
            return
        gc.disable()
        super().execute()

    def fetch_command(self, subcommand: str) -> BaseCommand:
        command = super().fetch_command(subcommand)
        gc.freeze()
        gc.enable()
        return command


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "triage_site.settings")
    if sys.argv[1:2] == ["init_env"]:
        settings.configure()  # there may be no usable settings yet
        from apps.web.management.commands.init_env import Command

        Command().run_from_argv(sys.argv)
        return
    from triage_site.start import check_database, check_services

    if sys.argv[1:2] == ["run_huey"]:
        check_services()
    try:
        _CommandLine(sys.argv).execute()
    except DatabaseError:
        check_database()  # explains a database that can't be opened
        raise


if __name__ == "__main__":
    main()
