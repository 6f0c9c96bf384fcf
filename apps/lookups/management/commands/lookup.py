"""The command line's door: one lookup, printed; the exit status says how far it can be trusted."""

import fcntl
import sys
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import BaseCommand, call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from apps.events.query import (
    CustomerRefused,
    MomentRefused,
    Question,
    Window,
    parse_customer,
    parse_moment,
)
from apps.exports import DEFAULT_BUDGET, ExportRefused, Preset, Rendered, render
from apps.exports.budget import LEAST_TOKENS as LEAST
from apps.exports.budget import MOST_TOKENS as MOST
from apps.lookups.access import Asker
from apps.lookups.exports import Exported, preset_of, record_export
from apps.lookups.known_errors import with_known, with_replies
from apps.lookups.management.person import system_user
from apps.lookups.models import How, Origin
from apps.lookups.problems import (
    EXIT_COMPLETE,
    EXIT_FAILED,
    EXIT_INCOMPLETE,
    EXIT_USAGE,
    LookupFailed,
)
from apps.lookups.records import record_lookup
from apps.lookups.services import LookupResult, answer_lookup, answer_unredacted


class Command(BaseCommand):
    """`manage.py lookup CUSTOMER --at TIME`."""

    help = "Show what went wrong for one customer around one moment."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The arguments of the documented interface."""
        parser.add_argument(
            "customer",
            help="user id, e-mail, user name, event id or Sentry link; - reads it from standard "
            "input, which keeps it out of process lists",
        )
        parser.add_argument("--at", required=True, help="ISO 8601 or epoch seconds")
        parser.add_argument("--window", type=int, default=settings.TRIAGE_WINDOW_MINUTES)
        parser.add_argument("--project", action="append", default=[], metavar="SLUG")
        parser.add_argument("--environment", action="append", default=[], metavar="NAME")
        parser.add_argument("--format", choices=("text", "markdown", "xml", "json"), default="text")
        parser.add_argument("--budget", type=_budget, metavar="TOKENS")
        parser.add_argument(
            "--preset", default="none", metavar="NAME", help="the prompt to put before the data"
        )
        parser.add_argument("--reason", default="", help="ticket number, or why you look")
        parser.add_argument("--no-cache", action="store_true", help="always ask Sentry")
        parser.add_argument(
            "--no-redact", action="store_true", help="show personal data; asks Sentry again"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Look up, print, and exit with 0, 2, 3 or 4."""
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may know only ASCII
        if options["customer"] == "-":
            options["customer"] = sys.stdin.readline().strip()
        question, zone = self._read(options)
        _prepare_database()
        preset = _preset(options["preset"])
        asker = Asker(Origin.CLI, system_user=system_user())
        try:
            lookup = record_lookup(
                question,
                asker=asker,
                typed=options["customer"],
                zone=zone,
                fresh=options["no_cache"],
                reason=options["reason"],
            )
            result = answer_unredacted(lookup) if options["no_redact"] else answer_lookup(lookup)
            result = replace(result, answer=with_known(result.answer))
        except LookupFailed as failure:
            problem = failure.problem
            told = f"{problem.message} {problem.next_step}"
            detail = f" [{problem.code}: {problem.detail}]" if problem.detail else ""
            raise CommandError(told + detail, returncode=problem.exit_status) from failure
        rendered = _rendered(result, preset, options)
        record_export(
            lookup,
            Exported(
                format=options["format"],
                tokens=rendered.tokens,
                preset=preset.name,
                budget=_budget_of(options),
                redacted=not options["no_redact"],
                reason=options["reason"] if options["no_redact"] else "",
            ),
            asker=asker,
            how=How.PRINTED,
        )
        self.stdout.write(rendered.text)
        raise SystemExit(EXIT_COMPLETE if result.answer.complete else EXIT_INCOMPLETE)

    def _read(self, options: dict[str, Any]) -> tuple[Question, ZoneInfo]:
        zone = ZoneInfo(settings.TIME_ZONE)
        names = [*options["project"], *options["environment"]]
        if any(not name.isprintable() or not name.strip() for name in names):
            raise CommandError(
                "A project or an environment is not readable text.", returncode=EXIT_USAGE
            )
        try:
            moment = parse_moment(options["at"], zone=zone, now=timezone.now())
            question = Question(
                customer=parse_customer(options["customer"]),
                window=Window(moment=moment, minutes=options["window"]),
                projects=tuple(dict.fromkeys(options["project"])),
                environments=tuple(dict.fromkeys(options["environment"])),
                fields=tuple(settings.TRIAGE_CUSTOMER_FIELDS),
            )
        except (CustomerRefused, MomentRefused, ValueError) as refused:
            raise CommandError(str(refused), returncode=EXIT_USAGE) from refused
        return question, zone


def _rendered(result: LookupResult, preset: Preset, options: dict[str, Any]) -> Rendered:
    zone = ZoneInfo(result.lookup.zone)
    today = timezone.now().astimezone(zone).date()
    try:
        return render(
            with_replies(result.answer, zone=zone, today=today),
            format=options["format"],
            budget=_budget_of(options),
            preset=preset,
            customer=options["customer"] if options["no_redact"] else "<customer>",
            lookup_id=str(result.lookup.uuid),
            marker=result.lookup.marker,
            from_cache=result.lookup.from_cache,
            zone=result.lookup.zone,
            today=today,
        )
    except ExportRefused as refused:
        raise CommandError(str(refused), returncode=EXIT_USAGE) from refused


def _budget_of(options: dict[str, Any]) -> int | None:
    typed: int | None = options["budget"]
    return DEFAULT_BUDGET if typed is None and options["format"] in ("markdown", "xml") else typed


def _preset(name: str) -> Preset:
    try:
        return preset_of(name)
    except ExportRefused as refused:
        raise CommandError(str(refused), returncode=EXIT_USAGE) from refused


def _budget(typed: str) -> int:
    """A number of tokens within the exports' bounds; argparse tells the refusal."""
    if not (typed.isascii() and typed.isdigit()) or not LEAST <= int(typed) <= MOST:
        raise ArgumentTypeError(f"a budget is a whole number of tokens from {LEAST} to {MOST}")
    return int(typed)


def _prepare_database() -> None:
    """Make the tables of the built-in SQLite file on first use; elsewhere say what to type."""
    if _has_tables():
        return
    if connection.vendor != "sqlite":
        raise CommandError(
            "The database is not ready. Please run: python manage.py migrate",
            returncode=EXIT_FAILED,
        )
    with Path(f"{settings.DATABASES['default']['NAME']}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several may meet on a fresh machine
        if not _has_tables():
            call_command("migrate", verbosity=0)


def _has_tables() -> bool:
    """Whether every migration was run. Raises `CommandError` when there is no database at all."""
    try:
        executor = MigrationExecutor(connection)
    except OperationalError as error:
        raise CommandError(
            "The database cannot be reached. Please check DATABASE_URL.", returncode=EXIT_FAILED
        ) from error
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
