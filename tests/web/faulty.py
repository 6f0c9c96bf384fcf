"""The words of each failure, and reading them off its page."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.test import Client
from pytest_django import Settings

from tests.web.asking import text
from tests.web.wire import Said, Wire

AGAIN = "Try again in a minute. If it keeps happening, tell your Triage admin."
ADMIN = "Tell your Triage admin. It's nothing you typed."
UNREACHABLE = ("We could not reach Sentry.", AGAIN)
UNREADABLE = ("Sentry answered, but the answer could not be read.", AGAIN)
OWN_FAULT = ("We could not ask Sentry: it's having problems of its own.", AGAIN)
TOO_SLOW = ("Sentry did not answer in time.", "Try again, or choose a shorter window.")
REFUSED = ("We could not ask Sentry: it does not accept our key.", ADMIN)
UNKNOWN = ("We could not ask Sentry: it doesn't recognize our organization or project.", ADMIN)
LIMITED = "We could not ask Sentry: we've reached its limit on requests."
NO_ROWS = b'{"data": [], "meta": {}}'

_HEADLINE = re.compile(r'<h1 class="headline">(.*?)</h1>')
_STEP = re.compile(r'<p class="lead"[^>]*>(.*?)</p>')


def failed(client: Client, address: str) -> tuple[str, str]:
    """The headline and the next step of a failure's page, whose status is always 503."""
    response = client.get(address)
    page = text(response)
    assert response.status_code == 503
    assert "Traceback" not in page
    assert "No errors" not in page
    assert "demo-token" not in page
    return headline_of(page)


def headline_of(page: str) -> tuple[str, str]:
    """What the page says first, and the step below it."""
    headline, step = _HEADLINE.search(page), _STEP.search(page)
    assert headline
    assert step
    return html.unescape(headline[1]), html.unescape(step[1])


@contextmanager
def wired(settings: Settings, says: Said) -> Iterator[Wire]:
    """The site's own settings point at a server that says what it is told to."""
    with Wire(says) as wire:
        settings.SENTRY_BASE_URL = wire.url
        settings.SENTRY_ORG = "acme"
        settings.SENTRY_AUTH_TOKEN = "demo-token"
        yield wire
