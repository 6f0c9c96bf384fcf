"""`manage.py incident`: many customers, printed; the exit status says whether it is complete."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import BaseCommand
from django.core.management.base import CommandError
from django.utils import timezone

from apps.events.query import MomentRefused, Window, counted, parse_moment
from apps.exports import ExportRefused, family_named
from apps.exports.tokens import DEFAULT_BUDGET
from apps.incidents.exports import MEDIA_TYPES, export_incident
from apps.incidents.models import Incident
from apps.incidents.reading import CustomerList, ListRefused, decode_list, read_list
from apps.incidents.services import (
    cancel_incident,
    read_incident,
    record_incident,
    record_incident_export,
    settle,
)
from apps.jobs.engine import work
from apps.lookups.access import Requester, command_line
from apps.lookups.management.commands.lookup import prepare_database
from apps.lookups.problems import (
    EXIT_COMPLETE,
    EXIT_FAILED,
    EXIT_INCOMPLETE,
    EXIT_USAGE,
    LookupFailed,
)
from apps.lookups.sentry_connection import read_customer

_PAUSE_S = 0.5


class Command(BaseCommand):
    """`manage.py incident FILE --at TIME`."""

    help = "Show which failures the customers of a list share around one time."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the documented arguments."""
        parser.add_argument("file", help="one customer per line, or CSV; - reads standard input")
        parser.add_argument("--at", required=True, help="ISO 8601 or epoch seconds")
        parser.add_argument("--window", type=int, default=settings.TRIAGE_WINDOW_MINUTES)
        parser.add_argument("--project", action="append", default=[], metavar="SLUG")
        parser.add_argument("--environment", action="append", default=[], metavar="NAME")
        parser.add_argument(
            "--column", type=int, metavar="NUMBER", help="column of a CSV file, from 1"
        )
        parser.add_argument(
            "--reason", default="", help="ticket number, or why you're looking this up"
        )
        parser.add_argument("--format", choices=tuple(MEDIA_TYPES), default="json")
        parser.add_argument("--budget", type=int, default=DEFAULT_BUDGET, metavar="TOKENS")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Check the list, query Sentry, print, and exit with 0, 2, 3, or 4."""
        prepare_database()
        found = self._list(options)
        requester = command_line()
        zone = ZoneInfo(settings.TIME_ZONE)
        try:
            moment = parse_moment(options["at"], zone=zone, now=timezone.now())
            incident = record_incident(
                found,
                Window(moment, options["window"]),
                projects=tuple(dict.fromkeys(options["project"])),
                environments=tuple(dict.fromkeys(options["environment"])),
                requester=requester,
                zone=zone,
                reason=options["reason"],
            )
        except (MomentRefused, ValueError) as refused:
            raise CommandError(str(refused), returncode=EXIT_USAGE) from refused
        except LookupFailed as failure:
            problem = failure.problem
            message = f"{problem.message} {problem.next_step}"
            raise CommandError(message, returncode=problem.exit_status) from failure
        self._wait(incident, requester)
        result = read_incident(incident, None)
        try:
            family = family_named(settings.TRIAGE_EXPORT_MODEL)
            text = export_incident(
                result, options["format"], budget=options["budget"], family=family
            )
        except ExportRefused as refused:
            raise CommandError(str(refused), returncode=EXIT_USAGE) from refused
        record_incident_export(result, options["format"], requester)
        self.stdout.write(text)
        not_asked = result.lines["not_asked"]
        if not result.answered and not_asked:
            raise CommandError(result.notes[not_asked[0]], returncode=EXIT_FAILED)
        raise SystemExit(EXIT_COMPLETE if result.complete else EXIT_INCOMPLETE)

    def _list(self, options: dict[str, Any]) -> CustomerList:
        """Return the list, and first say which lines are left out."""
        column = None if options["column"] is None else options["column"] - 1
        try:
            file = options["file"]
            text = sys.stdin.read() if file == "-" else decode_list(Path(file).read_bytes())
            found = read_list(text, read_customer, column=column)
        except (ListRefused, OSError, UnicodeError) as refused:
            raise CommandError(str(refused), returncode=EXIT_USAGE) from refused
        for remark in sorted((*found.refused, *found.duplicates), key=lambda one: one.line):
            self.stderr.write(f"Line {remark.line}: {remark.why}")
        if not found.customers:
            raise CommandError("The list has no customers.", returncode=EXIT_USAGE)
        self.stderr.write(f"{counted(len(found.customers), 'customer')} to look up.")
        return found

    def _wait(self, incident: Incident, requester: Requester) -> None:
        """Do the jobs, along with the site's workers, if any are running."""
        try:
            while not incident.is_over:
                if not work():
                    settle(incident)
                    time.sleep(_PAUSE_S)
                incident.refresh_from_db()
        except KeyboardInterrupt:
            cancel_incident(incident, requester.actor)
            raise
