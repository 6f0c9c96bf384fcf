"""Logs and error reports say what broke and where, and nothing that was typed."""

import logging
import re
import sys

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from apps.sentry import SentryConfig
from triage_site.logging import SafeFormatter, SafeReporter

MARKER = "-".join(("planted", "customer"))  # so that no line of this file holds it


def broken(customer: str) -> None:
    """Fail with the customer in the error, in its cause and in a variable."""
    try:
        raise KeyError(customer)
    except KeyError as error:
        raise ValueError(f"cannot read {customer}") from error


def test_an_error_is_logged_without_its_words() -> None:
    try:
        broken("planted")
    except ValueError:
        record = logging.LogRecord("x", 40, "f", 1, "It broke", (), sys.exc_info())
    record.exc_text = "planted by another formatter"
    told = SafeFormatter("%(message)s").format(record)
    assert "planted" not in told
    assert "ValueError in broken" in told
    assert "because of KeyError in broken" in told


def test_a_line_tells_when_with_the_offset_of_its_zone() -> None:
    record = logging.LogRecord("x", 40, "f", 1, "It broke", (), None)
    ours = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    (line,) = [one.format(record) for one in ours]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} ERROR x It broke", line)


@pytest.mark.parametrize("debug", [True, False])
def test_an_error_report_holds_nothing_of_the_request(settings: Settings, debug: bool) -> None:
    settings.DEBUG = debug
    settings.SENTRY_AUTH_TOKEN = settings.REDIS_URL = MARKER
    request = RequestFactory().post(f"/?customer={MARKER}", {"customer": MARKER})
    request.COOKIES["x"] = MARKER
    request.META["HTTP_REFERER"] = f"https://helpdesk.example/{MARKER}"
    try:
        broken(MARKER)
    except ValueError:
        reporter = SafeReporter(request, *sys.exc_info())
    for told in (reporter.get_traceback_html(), reporter.get_traceback_text()):
        assert "ValueError" in told
        assert MARKER not in told


def test_the_token_is_not_in_the_words_for_a_configuration() -> None:
    config = SentryConfig("https://sentry.example", "acme", "planted")
    assert "planted" not in f"{config!r} {config}"
