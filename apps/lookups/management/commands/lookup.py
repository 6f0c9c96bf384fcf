"""`manage.py lookup`: one lookup, printed; the exit status says whether it is complete."""

import fcntl
import logging
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

from apps.events.identifier import reading_of
from apps.exports import ExportRefused
from apps.exports.tokens import DEFAULT_BUDGET, FAMILIES, MAX_TOKENS, MIN_TOKENS
from apps.known_errors.catalogue import with_known_errors
from apps.lookups import exports, problems, records
from apps.lookups.access import command_line
from apps.lookups.models import ExportMethod
from apps.lookups.services import answer_lookup, answer_unredacted


class Command(BaseCommand):
    """`manage.py lookup CUSTOMER --at TIME`."""

    help = "Show what went wrong for one customer around one reported time."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "customer",
            help="user ID, email, username, event ID, or Sentry link; - reads it from standard "
            "input, which keeps it out of process lists",
        )
        parser.add_argument("--at", required=True, help="ISO 8601 or epoch seconds")
        parser.add_argument("--window", type=int, default=settings.TRIAGE_WINDOW_MINUTES)
        parser.add_argument("--project", action="append", default=[], metavar="SLUG")
        parser.add_argument("--environment", action="append", default=[], metavar="NAME")
        parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")
        parser.add_argument("--budget", type=_budget, metavar="TOKENS")
        parser.add_argument(
            "--preset", default="none", metavar="NAME", help="the prompt to put before the data"
        )
        parser.add_argument(
            "--model",
            default=settings.TRIAGE_EXPORT_MODEL,
            choices=[family.name for family in FAMILIES],
            help="the family of language models that --budget is counted for",
        )
        parser.add_argument(
            "--marking", action="store_true", help="replace each space in recorded text with a mark"
        )
        parser.add_argument("--reason", default="", help="ticket number or reason for the lookup")
        parser.add_argument("--no-cache", action="store_true", help="always ask Sentry")
        parser.add_argument(
            "--no-redact", action="store_true", help="show personal data; asks Sentry again"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Look up, print, and exit with 0, 2, 3, or 4."""
        # Standard error is for the person who looks up; a lost cache costs them only time.
        logging.getLogger("apps.redis_cache").setLevel(logging.ERROR)
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # the terminal may be ASCII only
        if options["customer"] == "-":
            options["customer"] = sys.stdin.readline().strip()
        is_limited = options["budget"] is None and options["format"] == "markdown"
        choice = exports.Choice(
            format=options["format"],
            budget=DEFAULT_BUDGET if is_limited else options["budget"],
            preset=options["preset"],
            model=options["model"],
            marking=options["marking"],
        )
        zone, requester = ZoneInfo(settings.TIME_ZONE), command_line()
        names = [*options["project"], *options["environment"]]
        if any(not name.isprintable() or not name.strip() for name in names):
            sentence = "A project or environment name isn't valid text."
            raise CommandError(sentence, returncode=problems.EXIT_USAGE)
        is_redacted = not options["no_redact"]
        try:
            question = records.read_question(
                options["customer"],
                options["at"],
                options["window"],
                zone=zone,
                projects=options["project"],
                environments=options["environment"],
            )
            prepare_database()
            preset = exports.get_preset(options["preset"])
            lookup = records.record_lookup(
                question,
                requester=requester,
                typed=options["customer"],
                zone=zone,
                fresh=options["no_cache"],
                reason=options["reason"],
            )
            result = answer_lookup(lookup) if is_redacted else answer_unredacted(lookup)
            result = replace(result, answer=with_known_errors(result.answer))
            customer = "<customer>" if is_redacted else options["customer"]
            rendered = exports.render_result(result, choice, preset, customer=customer)
        except problems.LookupFailed as failure:
            raise _stopped(failure.problem) from failure
        except ExportRefused as refused:
            raise CommandError(str(refused), returncode=problems.EXIT_USAGE) from refused
        exports.record_export(
            lookup,
            choice,
            rendered.tokens,
            requester=requester,
            how=ExportMethod.PRINTED,
            redacted=is_redacted,
            reason="" if is_redacted else options["reason"],
        )
        reading = reading_of(lookup.customer, question.customer)
        if reading:
            self.stderr.write(reading.replace(question.customer.identifier, "<customer>"))
        self.stdout.write(rendered.text)
        is_complete = result.answer.complete
        raise SystemExit(problems.EXIT_COMPLETE if is_complete else problems.EXIT_INCOMPLETE)


def _stopped(problem: problems.Problem) -> CommandError:
    message = f"{problem.message} {problem.next_step}".strip()
    if problem.detail:
        message += f" [{problem.code}: {problem.detail}]"
    return CommandError(message, returncode=problem.exit_status)


def _budget(typed: str) -> int:
    if not (typed.isascii() and typed.isdigit()) or not MIN_TOKENS <= int(typed) <= MAX_TOKENS:
        raise ArgumentTypeError(
            f"the token limit is a whole number from {MIN_TOKENS} to {MAX_TOKENS}"
        )
    return int(typed)


def prepare_database() -> None:
    """Create SQLite's tables on first use. Raise `CommandError` if another isn't migrated."""
    if _has_tables():
        return
    if connection.vendor != "sqlite":
        raise CommandError(
            "The database is not ready. Run: python manage.py migrate",
            returncode=problems.EXIT_FAILED,
        )
    with Path(f"{settings.DATABASES['default']['NAME']}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several may start at once on a new machine
        if not _has_tables():
            call_command("migrate", verbosity=0)


def _has_tables() -> bool:
    """Return whether every migration was run. Raise `CommandError` if there is no database."""
    try:
        executor = MigrationExecutor(connection)
    except OperationalError as error:
        raise CommandError(
            "The database can't be reached. Check DATABASE_URL.", returncode=problems.EXIT_FAILED
        ) from error
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
