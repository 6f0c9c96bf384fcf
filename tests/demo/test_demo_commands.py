"""The management commands without a database."""

import pytest
from django.core.management.base import CommandError
from django.test import override_settings

from apps.demo.management.commands.demo_data import Command as DemoData
from apps.demo.management.commands.demo_sentry import Command as DemoSentryCommand


def test_accounts_are_created_in_demo_mode_only() -> None:
    with override_settings(DEMO=False), pytest.raises(CommandError, match="demo mode only"):
        DemoData().handle(password="known")


def test_an_invalid_start_time_stops_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAGE_DEMO_STARTED", "teatime")
    with pytest.raises(CommandError, match="cannot start"):
        DemoSentryCommand().handle()
