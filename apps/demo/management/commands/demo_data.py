"""`manage.py demo_data`: accounts and known errors for the demo."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.audit.trail import SYSTEM
from apps.known_errors.catalogue import save_entry
from apps.known_errors.models import KnownError

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


_TICKETS = "https://tickets.example"


def add_known_errors(today: date) -> int:
    """Add the missing known errors and return their number; existing ones are not changed."""
    existing = set(KnownError.objects.values_list("slug", flat=True))
    missing = [one for one in _entries(today) if one["slug"] not in existing]
    for fields in missing:
        save_entry(
            KnownError(**fields), change="added by the demo", parts=(), actor=SYSTEM, user=None
        )
    return len(missing)


def _entries(today: date) -> tuple[dict[str, Any], ...]:
    """Return one or two known errors in each state, for the first customers."""
    return (
        {
            "slug": "card-declined",
            "title": "Declined cards are not explained",
            "pattern": {"project": "checkout-api", "type": {"exact": "PaymentDeclined"}},
            "explanation": "The customer's bank said no, and nothing was charged. The shop does "
            "not say so clearly, so people try again and again.",
            "reply": "{greeting}\n\nYour bank declined the payment on {moment}. Nothing was "
            "charged. Another card or a bank transfer works right away.\n\nThe shop should have "
            "told you why. A clearer message is coming {planned_for}.",
            "workaround": "Another card, or paying by bank transfer.",
            "state": KnownError.State.PLANNED,
            "planned_for": today + timedelta(days=2),
            "owner": "Payments",
            "links": [{"label": "Ticket PAY-231", "address": f"{_TICKETS}/PAY-231"}],
        },
        {
            "slug": "cart-price-missing",
            "title": "The cart breaks after a voucher is removed",
            "pattern": {
                "project": "web-shop",
                "type": {"exact": "TypeError"},
                "message": {"expression": "price is undefined|reading 'amount'"},
            },
            "explanation": "When the prices do not load, the cart stops. It is not the voucher.",
            "reply": "{greeting}\n\nThe cart stopped working on {moment} because of an error of "
            "ours. It is fixed in {fixed_in}: please close all windows of the shop and open it "
            "again. Your cart is still there.",
            "workaround": "Close all windows of the shop and open it again.",
            "state": KnownError.State.FIXED,
            "fixed_in": "2026.11.5",
            "owner": "Shop",
        },
        {
            "slug": "old-page-after-release",
            "title": "A page that was open during a release stops working",
            "pattern": {"project": "web-shop", "type": {"exact": "ChunkLoadError"}},
            "explanation": "The page asks for a part of itself that a newer release has replaced.",
            "reply": "{greeting}\n\nWe had updated the shop while your page was open. Please "
            "load it anew, then everything works.",
            "workaround": "Load the page anew.",
            "state": KnownError.State.OPEN,
            "owner": "Shop",
        },
        {
            "slug": "stock-locked",
            "title": "Reserving stock takes too long",
            "pattern": {"project": "checkout-api", "type": {"exact": "LockNotAvailable"}},
            "explanation": "A nightly job holds the stock of some articles for minutes. The order "
            "was not placed.",
            "reply": "{greeting}\n\nYour order of {moment} did not go through, and nothing was "
            "charged. Please try again in about ten minutes.",
            "workaround": "Trying again after ten minutes.",
            "state": KnownError.State.OPEN,
            "owner": "Warehouse",
            "links": [{"label": "Ticket WH-88", "address": f"{_TICKETS}/WH-88"}],
        },
        {
            "slug": "confirmation-without-template",
            "title": "Confirmations are not sent for some languages",
            "pattern": {
                "project": "orders-worker",
                "message": {"contains": "reading 'render'"},
            },
            "explanation": "A language had no template for the mail. The order itself is fine.",
            "reply": "{greeting}\n\nYour order is fine, only its confirmation was not sent. We "
            "are looking into it and will send it to you.",
            "state": KnownError.State.FIXED,
            "fixed_in": "31.1.0",
            "owner": "Orders",
        },
        {
            "slug": "coupon-expired",
            "title": "A coupon has expired",
            "pattern": {"project": "checkout-api", "log": {"contains": "expired on"}},
            "explanation": "The shop refuses an expired coupon without saying why.",
            "reply": "{greeting}\n\nThe coupon has expired, so the shop didn't accept it. We're "
            "sorry the shop didn't tell you why.",
            "state": KnownError.State.OPEN,
            "owner": "Shop",
        },
    )
