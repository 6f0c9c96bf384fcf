"""`manage.py demo_data`: accounts and known errors for the demo."""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.audit.trail import SYSTEM
from apps.known_errors.catalogue import save_entry
from apps.known_errors.files import from_text
from apps.known_errors.models import KnownError

# One or two known errors in each state, for the first customers.
_FILES = Path(__file__).parents[2] / "known_errors"
GROUPS = ("agent", "lead", "admin", "auditor")
_NEXT = """
Triage is running at {url} with made-up customers. What to do next:
  1. Sign in at {url}/accounts/login/ as agent, with the password {password}
  2. Look up the customer {customer} at {moment:%Y-%m-%d %H:%M} UTC.
  3. Connect your own Sentry: run .venv/bin/python manage.py init_env, then make run again."""


class Command(BaseCommand):
    """Create an account for each role, and add missing known errors. Passwords don't change."""

    help = "Create the demo's accounts and known errors. Only works in demo mode."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--password", default=None, help="one for all accounts")
        parser.add_argument(
            "--url", default=None, help="the site's address, for printing what to do next"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the accounts. Raises CommandError outside demo mode."""
        if getattr(settings, "DEMO", False) is not True:
            raise CommandError(
                "demo_data creates accounts with known passwords, so it works in demo mode only."
            )
        given = options["password"]
        passwords = dict.fromkeys(GROUPS, given) if given else _kept_passwords()
        with transaction.atomic():
            for name in GROUPS:
                Group.objects.get_or_create(name=name)
                self._account(name, passwords[name], is_admin=name == "admin")
                self.stdout.write(f"{name}: {passwords[name]}")
            add_known_errors(timezone.localdate())
        if options["url"]:
            first = settings.DEMO_CUSTOMERS[0]
            text = _NEXT.format(
                url=options["url"],
                password=passwords["agent"],
                customer=first.identifier,
                moment=first.moment,
            )
            self.stdout.write(text)

    def _account(self, name: str, password: str, *, is_admin: bool) -> None:
        """Create or update the account, with the password and exactly one group."""
        account, _ = get_user_model().objects.get_or_create(username=name)
        account.is_active = True
        account.is_staff = account.is_superuser = is_admin
        if not account.check_password(password):  # a new hash would sign everyone out
            account.set_password(password)
        account.save()
        account.groups.set(Group.objects.filter(name=name))


def _kept_passwords() -> Mapping[str, str]:
    """Return the passwords of the first start, from a file that only its owner can read."""
    file = settings.VAR_DIR / "passwords.json"
    with suppress(OSError, ValueError):
        kept = json.loads(file.read_text())
        if all(kept.get(name) for name in GROUPS):
            return {name: str(kept[name]) for name in GROUPS}
    passwords = {name: secrets.token_urlsafe(9) for name in GROUPS}
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(passwords, out)
    return passwords


def add_known_errors(today: date) -> int:
    """Add the missing known errors and return their number; existing ones are not changed."""
    existing = set(KnownError.objects.values_list("slug", flat=True))
    missing = [file for file in sorted(_FILES.glob("*.md")) if file.stem not in existing]
    for file in missing:
        entry = from_text(file.read_bytes(), file.stem)
        if entry.state == KnownError.State.PLANNED:
            entry.planned_for = today + timedelta(days=2)
        save_entry(entry, change="added by the demo", parts=(), actor=SYSTEM)
    return len(missing)
