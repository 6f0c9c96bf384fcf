"""`manage.py import_known_errors`: import entries from Markdown files, all or none."""

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandError

from apps.audit.trail import Actor
from apps.known_errors.files import MAX_FILE_BYTES, File, import_files, plan_import
from apps.lookups.access import system_user
from apps.lookups.models import Origin
from apps.lookups.problems import EXIT_FAILED, EXIT_USAGE


class Command(BaseCommand):
    """Create entries, or update those with the same slug. Other entries don't change."""

    help = "Read known errors from Markdown files or directories of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the paths and --dry-run."""
        parser.add_argument("paths", nargs="+", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="only show what would change")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import the files. Raise CommandError, without importing any, if one is refused."""
        files = list(_files(options["paths"]))
        if not files:
            raise CommandError("There are no Markdown (.md) files.", returncode=EXIT_USAGE)
        if options["dry_run"]:
            plan = plan_import(files)
        else:
            plan = import_files(files, Actor(Origin.CLI, name=system_user()))
        for one in plan.refused:
            line = f"{one.name}: {one.part}: {one.sentence}"  # can contain control characters
            self.stderr.write("".join(char if char.isprintable() else "\ufffd" for char in line))
        for change in plan.changes:
            parts = "new" if change.is_new else ", ".join(change.labels)
            self.stdout.write(f"{change.entry.slug}: {parts}")
        if plan.refused:
            raise CommandError("Nothing was imported.", returncode=EXIT_FAILED)
        done = "would be imported" if options["dry_run"] else "imported"
        self.stdout.write(f"{len(plan.changes)} {done}, {len(plan.unchanged)} unchanged.")


def _files(paths: Iterable[Path]) -> Iterator[File]:
    for path in paths:
        try:
            files = sorted(path.glob("*.md")) if path.is_dir() else [path]
            for file in files:
                with file.open("rb") as opened:
                    yield File(str(file), opened.read(MAX_FILE_BYTES + 1))
        except OSError as error:
            message = f"{path} can't be read: {error.strerror}."
            raise CommandError(message, returncode=EXIT_USAGE) from None
