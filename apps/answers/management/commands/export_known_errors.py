"""`manage.py export_known_errors`: write the catalog as Markdown files, for a repository."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandError

from apps.audit.models import Action
from apps.audit.trail import Actor, Fact, record
from apps.events.query import counted
from apps.known_errors.files import to_text
from apps.known_errors.models import KnownError
from apps.lookups.access import system_user
from apps.lookups.models import Origin


class Command(BaseCommand):
    """Write one file per entry, named by its slug. Other files are listed, but not changed."""

    help = "Write all known errors to a directory as Markdown files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the directory."""
        parser.add_argument("directory", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write the files that differ. Raise CommandError if the directory isn't writable."""
        directory: Path = options["directory"]
        entries = list(KnownError.objects.order_by("slug"))
        detail: dict[str, Fact] = {"entries": len(entries), "format": "markdown"}
        actor = Actor(Origin.CLI, name=system_user())
        record(Action.REVIEWED, actor, target="known errors", detail=detail)
        try:
            directory.mkdir(parents=True, exist_ok=True)
            written = 0
            for one in entries:
                file, content = directory / f"{one.slug}.md", to_text(one).encode()
                if not file.is_file() or file.read_bytes() != content:
                    file.write_bytes(content)
                    written += 1
            others = {file.stem for file in directory.glob("*.md")} - {one.slug for one in entries}
        except OSError as error:
            raise CommandError(f"{directory} can't be written: {error.strerror}.") from None
        self.stdout.write(
            f"{counted(len(entries), 'known error')}, {counted(written, 'file')} updated."
        )
        for name in sorted(others):
            self.stdout.write(f"Not in the catalog, left unchanged: {name}.md")
