"""`manage.py backup`: write everything to one file, while the site runs."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from apps.backup import BackupRefused, Manifest, new_file, write_backup
from apps.events.query import counted
from apps.lookups.access import command_line

_MIN_LENGTH = 12


class Command(BaseCommand):
    """Prints which keys the backup needs, by their fingerprints."""

    help = "Back up the database to one file, from which SQLite or PostgreSQL can be restored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a path, or - for standard output")
        parser.add_argument("--force", action="store_true", help="replace an existing file")
        parser.add_argument(
            "--with-keys", action="store_true", help="include the keys, encrypted with a passphrase"
        )
        add_passphrase_file(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write the file. Raise `CommandError` if that isn't possible."""
        actor = command_line().actor
        name, passphrase = options["file"], ""
        try:
            if options["with_keys"]:
                passphrase = read_passphrase(options["passphrase_file"], is_new=True)
            if name == "-":
                manifest = write_backup(sys.stdout.buffer, actor, passphrase)
            else:
                with new_file(Path(name), overwrite=options["force"]) as file:
                    manifest = write_backup(file, actor, passphrase)
        except BackupRefused as refused:
            raise CommandError(str(refused)) from refused
        self.stderr.write(_summary(manifest, bool(passphrase)), self.style.SUCCESS)


def _summary(manifest: Manifest, has_keys: bool) -> str:
    lines = [
        f"Backed up {counted(manifest.rows, 'row')} in {counted(len(manifest.tables), 'table')}.",
        f"A restore needs these keys, which are {'' if has_keys else 'not '}in the backup:",
        f"  TRIAGE_HASH_KEY   {manifest.hash_key}",
    ]
    for key, count in manifest.data_keys.items():
        lines.append(f"  TRIAGE_DATA_KEYS  {key} ({counted(count, 'value')})")
    if manifest.unreadable:
        lines.append(
            f"{counted(manifest.unreadable, 'value')} can't be read with any of TRIAGE_DATA_KEYS. "
            "If you still have an older key, add it to the end."
        )
    return "\n".join(lines)


def add_passphrase_file(parser: ArgumentParser) -> None:
    """Add the option to read the passphrase from a file."""
    parser.add_argument(
        "--passphrase-file",
        metavar="PATH",
        help="read the passphrase from this file instead of asking for it",
    )


def read_passphrase(path: str | None, *, is_new: bool = False) -> str:
    """Read the passphrase from the file, or ask for it. Raise `CommandError`."""
    if path is not None:
        try:
            passphrase = Path(path).read_text().strip("\r\n")
        except (OSError, ValueError) as error:
            raise CommandError(f"{path} can't be read.") from error
    elif sys.stdin.isatty():
        passphrase = getpass("Passphrase: ")
        if is_new and getpass("Passphrase (again): ") != passphrase:
            raise CommandError("The passphrases don't match.")
    else:
        raise CommandError("Use --passphrase-file: there is no terminal to ask for it.")
    if is_new and len(passphrase) < _MIN_LENGTH:
        raise CommandError(f"The passphrase must have at least {_MIN_LENGTH} characters.")
    return passphrase
