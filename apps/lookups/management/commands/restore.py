"""`manage.py restore`: load a backup into an empty database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from apps.backup import Backup, BackupRefused, new_file, restore
from apps.events.query import counted
from apps.lookups.access import command_line
from apps.lookups.management.commands.backup import add_passphrase_file, read_passphrase


class Command(BaseCommand):
    """Loads everything or nothing, and verifies the audit trail."""

    help = "Restore a backup into an empty database. Stop the site and all workers first."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--check", action="store_true", help="only check the file and the keys")
        parser.add_argument(
            "--keys-to", metavar="PATH", help="only write the keys of the backup to a new file"
        )
        parser.add_argument(
            "--without-lost-keys",
            action="store_true",
            help="restore even if a data key is lost: what it encrypted will stay unreadable",
        )
        add_passphrase_file(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Check, or restore. Raise `CommandError`, with a sentence, if that isn't possible."""
        try:
            with Path(options["file"]).open("rb") as file:
                backup = Backup(file)
                if options["keys_to"]:
                    self._write_keys(backup, options)
                    return
                backup.check(without_keys=options["without_lost_keys"])
                manifest = backup.manifest
                self.stdout.write(
                    f"A backup made at {manifest.made_at} by Triage {manifest.version}, with "
                    f"{counted(manifest.rows, 'row')}. The file is intact, and its keys are set."
                )
                self.stdout.flush()
                if not options["check"]:
                    self._restore(backup)
        except BackupRefused as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"{options['file']} can't be read ({error.strerror}).") from error

    def _write_keys(self, backup: Backup, options: dict[str, Any]) -> None:
        keys = backup.keys(read_passphrase(options["passphrase_file"]))
        with new_file(Path(options["keys_to"]), overwrite=False) as file:
            file.write("".join(f"{name}={key}\n" for name, key in keys.items()).encode())
        self.stdout.write(
            f"Wrote {', '.join(keys)} to {options['keys_to']}. Set them in the environment or in "
            ".env, and run this again without --keys-to."
        )

    def _restore(self, backup: Backup) -> None:
        done = restore(backup, command_line().actor)
        self.stdout.write(
            f"Restored {counted(backup.manifest.rows, 'row')}. Everyone has to sign in again."
        )
        if done.unreadable:
            self.stdout.write(
                f"{counted(done.unreadable, 'value')} can't be read with any of TRIAGE_DATA_KEYS."
            )
        if done.broken:
            raise CommandError(
                "The audit trail is broken, as it was when the backup was made. " + done.broken
            )
        self.stdout.write(f"The audit trail is intact.\nEnd: {done.audit_end}")
