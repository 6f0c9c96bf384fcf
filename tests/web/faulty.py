"""The messages of each failure, and helpers to read them from a page."""

import html
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test import Client
from pytest_django import Settings

from tests.web.asking import text
from tests.web.wire import Responder, Wire

TRY_AGAIN = "Try again in a minute. If it keeps happening, tell your Triage admin."
ADMIN = "Tell your Triage admin. It's nothing you typed."
UNREACHABLE = ("We couldn't reach Sentry.", TRY_AGAIN)
UNREADABLE = ("Sentry answered, but the answer could not be read.", TRY_AGAIN)
SENTRY_FAILED = ("We couldn't check Sentry: it's having problems of its own.", TRY_AGAIN)
TOO_SLOW = ("Sentry did not answer in time.", "Try again, or choose a shorter window.")
REFUSED = ("We couldn't check Sentry: it doesn't accept our key.", ADMIN)
UNKNOWN = ("We couldn't check Sentry: it doesn't recognize our organization or project.", ADMIN)
LIMITED = "We couldn't check Sentry: we've reached its limit on requests."
AWAY = (
    "Triage can't use its database right now.",
    f"Nothing you typed is wrong. {TRY_AGAIN}",
)
NO_ROWS = b'{"data": [], "meta": {}}'

_HEADLINE = re.compile(r'<h1 class="headline">(.*?)</h1>')
_STEP = re.compile(r'<p class="lead"[^>]*>(.*?)</p>')


def failure_message(client: Client, address: str) -> tuple[str, str]:
    """Return the headline and next step of a failure page, which always has status 503."""
    response = client.get(address)
    page = text(response)
    assert response.status_code == 503
    assert "Traceback" not in page
    assert "No errors" not in page
    assert "demo-token" not in page
    return headline_of(page)


def headline_of(page: str) -> tuple[str, str]:
    """Return the page's headline and the step below it."""
    headline, step = _HEADLINE.search(page), _STEP.search(page)
    assert headline
    assert step
    return html.unescape(headline[1]), html.unescape(step[1])


@contextmanager
def use_wire(settings: Settings, says: Responder) -> Iterator[Wire]:
    """Point the settings at a server that sends the given responses."""
    with Wire(says) as wire:
        settings.SENTRY_BASE_URL = wire.url
        settings.SENTRY_ORG = "acme"
        settings.SENTRY_AUTH_TOKEN = "demo-token"
        yield wire


@contextmanager
def locked_database() -> Iterator[None]:
    """Lock the database for writing, and wait 0.2 s for it instead of the usual 20 s."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 200")
    writer = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        writer.rollback()
        writer.close()
        connection.close()
