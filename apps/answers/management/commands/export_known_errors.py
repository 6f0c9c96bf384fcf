"""`manage.py export_known_errors`: the catalogue as Markdown files, for a repository."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandError

from apps.audit.models import Action
from apps.audit.trail import Actor, Fact, record
from apps.known_errors.files import to_text
from apps.known_errors.models import KnownError
from apps.lookups.management.person import system_user
from apps.lookups.models import Origin


class Command(BaseCommand):
    """A file for each entry, named like it. Other files are left alone, and named."""

    help = "Write all known errors as Markdown files into a directory."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to."""
        parser.add_argument("directory", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write what differs; raises CommandError where that cannot be done."""
        directory: Path = options["directory"]
        entries = list(KnownError.objects.order_by("slug"))
        detail: dict[str, Fact] = {"entries": len(entries), "format": "markdown"}
        actor = Actor(Origin.CLI, name=system_user())
        record(Action.REVIEWED, actor, target="known errors", detail=detail)
        try:
            directory.mkdir(parents=True, exist_ok=True)
            written = sum(_write(directory / f"{one.slug}.md", to_text(one)) for one in entries)
            others = {file.stem for file in directory.glob("*.md")} - {one.slug for one in entries}
        except OSError as failed:
            raise CommandError(f"{directory} cannot be written: {failed.strerror}.") from None
        self.stdout.write(f"{len(entries)} known errors, {written} files updated.")
        for name in sorted(others):
            self.stdout.write(f"Not in the catalog, left unchanged: {name}.md")


def _write(file: Path, text: str) -> bool:
    """Whether there was something to write."""
    content = text.encode()
    if file.is_file() and file.read_bytes() == content:
        return False
    file.write_bytes(content)
    return True
