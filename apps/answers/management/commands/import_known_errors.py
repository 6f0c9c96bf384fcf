"""`manage.py import_known_errors`: entries out of Markdown files, all of them or none."""

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandError

from apps.audit.trail import Actor
from apps.known_errors.files import LARGEST, File, Plan, carry_out, plan_of
from apps.lookups.management.person import system_user
from apps.lookups.models import Origin
from apps.lookups.problems import EXIT_FAILED, EXIT_USAGE


class Command(BaseCommand):
    """Entries are found by their name; what no file names stays as it is."""

    help = "Read known errors from Markdown files or directories of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which files, and whether to do it or only to tell."""
        parser.add_argument("paths", nargs="+", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="only show what would change")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Raises CommandError for files that are refused; nothing is written then."""
        files = list(_files(options["paths"]))
        if not files:
            raise CommandError("There are no Markdown (.md) files.", returncode=EXIT_USAGE)
        if options["dry_run"]:
            plan = plan_of(files)
        else:
            plan = carry_out(files, actor=Actor(Origin.CLI, name=system_user()), user=None)
        self._tell(plan)
        if plan.refused:
            raise CommandError("Nothing was imported.", returncode=EXIT_FAILED)
        done = "would be imported" if options["dry_run"] else "imported"
        self.stdout.write(f"{len(plan.changes)} {done}, {len(plan.unchanged)} unchanged.")

    def _tell(self, plan: Plan) -> None:
        for one in plan.refused:
            self.stderr.write(_plain(f"{one.name}: {one.part}: {one.sentence}"))
        for taken in plan.changes:
            told = "new" if taken.is_new else ", ".join(taken.told)
            self.stdout.write(f"{taken.entry.slug}: {told}")


def _plain(told: str) -> str:
    """A line without what a terminal would take for an order; files and their names can hold it."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in told)


def _files(paths: Iterable[Path]) -> Iterator[File]:
    for path in paths:
        try:
            inside = sorted(path.glob("*.md")) if path.is_dir() else [path]
            for file in inside:
                with file.open("rb") as opened:
                    yield File(str(file), opened.read(LARGEST + 1))
        except OSError as failed:
            told = f"{path} cannot be read: {failed.strerror}."
            raise CommandError(told, returncode=EXIT_USAGE) from None
