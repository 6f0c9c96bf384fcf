"""`manage.py demo_data`: accounts and known errors for the demo."""

from __future__ import annotations

import secrets
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


class Command(BaseCommand):
    """Create an account for each role, or reset its password, and add missing known errors."""

    help = "Create the demo's accounts and known errors. Only works in demo mode."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option for one password instead of random ones."""
        parser.add_argument("--password", default=None)

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the accounts. Raises CommandError outside demo mode."""
        if getattr(settings, "DEMO", False) is not True:
            raise CommandError(
                "demo_data creates accounts with known passwords, so it works in demo mode only."
            )
        with transaction.atomic():
            for name in GROUPS:
                Group.objects.get_or_create(name=name)
                password = options["password"] or secrets.token_urlsafe(9)
                self._account(name, password, is_admin=name == "admin")
                self.stdout.write(f"{name}: {password}")
            add_known_errors(timezone.localdate())

    def _account(self, name: str, password: str, *, is_admin: bool) -> None:
        """Create or update the account, with the password and exactly one group."""
        account, _ = get_user_model().objects.get_or_create(username=name)
        account.is_active = True
        account.is_staff = account.is_superuser = is_admin
        account.set_password(password)
        account.save()
        account.groups.set(Group.objects.filter(name=name))


def add_known_errors(today: date) -> int:
    """Add the missing known errors and return their number; existing ones are not changed."""
    existing = set(KnownError.objects.values_list("slug", flat=True))
    missing = [file for file in sorted(_FILES.glob("*.md")) if file.stem not in existing]
    for file in missing:
        entry = from_text(file.read_bytes(), file.stem)
        if entry.state == KnownError.State.PLANNED:
            entry.planned_for = today + timedelta(days=2)
        save_entry(entry, change="added by the demo", parts=(), actor=SYSTEM, user=None)
    return len(missing)
