"""Logs and error reports show what failed and where, but never any user input."""

import logging
import re
import sys

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from apps.sentry.config import SentryConfig
from triage_site.logging import SafeFormatter, SafeReporter

MARKER = "-".join(("planted", "customer"))  # joined so that no line of this file contains it


def broken(customer: str) -> None:
    """Fail with the customer in the error, its cause, and a variable."""
    try:
        raise KeyError(customer)
    except KeyError as error:
        raise ValueError(f"cannot read {customer}") from error


def test_error_is_logged_without_message() -> None:
    try:
        broken("planted")
    except ValueError:
        record = logging.LogRecord("x", 40, "f", 1, "It broke", (), sys.exc_info())
    record.exc_text = "planted by another formatter"
    output = SafeFormatter("%(message)s").format(record)
    assert "planted" not in output
    assert "ValueError in broken" in output
    assert "because of KeyError in broken" in output


def test_log_line_starts_with_time_and_utc_offset() -> None:
    record = logging.LogRecord("x", 40, "f", 1, "It broke", (), None)
    handlers = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    (line,) = [one.format(record) for one in handlers]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} ERROR x It broke", line)


@pytest.mark.parametrize("debug", [True, False])
def test_error_report_contains_no_request_data(settings: Settings, debug: bool) -> None:
    settings.DEBUG = debug
    settings.SENTRY_AUTH_TOKEN = settings.REDIS_URL = MARKER
    request = RequestFactory().post(f"/?customer={MARKER}", {"customer": MARKER})
    request.COOKIES["x"] = MARKER
    request.META["HTTP_REFERER"] = f"https://helpdesk.example/{MARKER}"
    try:
        broken(MARKER)
    except ValueError:
        reporter = SafeReporter(request, *sys.exc_info())
    for output in (reporter.get_traceback_html(), reporter.get_traceback_text()):
        assert "ValueError" in output
        assert MARKER not in output


def test_token_is_absent_from_config_repr() -> None:
    config = SentryConfig("https://sentry.example", "acme", "planted")
    assert "planted" not in f"{config!r} {config}"
