"""`manage.py demo_data`: accounts and known errors for the demo."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.demo.catalogue import add_known_errors

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
