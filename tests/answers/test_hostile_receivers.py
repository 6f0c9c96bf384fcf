"""Hostile receivers can neither stop the sender nor fill the memory."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.answers.models import Handover
from apps.answers.webhook import send_due
from apps.jobs.engine import work
from tests.answers.hooks import SECRET, Receiver
from tests.answers.test_handing_over import handed, make_due

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "headers",
    [
        {"Location": "http://["},
        {"Location": "http://\u00ad.example/"},
        {"Location": "http://a:99999999/"},
        {"Location": "https://" + "a" * 300 + ".example/"},
        {"Location": "//\x00"},
    ],
)
def test_a_malformed_redirect_is_a_refusal(
    headers: dict[str, str], ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status, receiver.headers = 302, headers
    handover = handed(ana, result)
    assert handover.state == "failed"
    assert "Triage doesn't follow redirects" in handover.problem


def test_the_body_of_a_redirect_is_not_read(ana: Client, result: str, receiver: Receiver) -> None:
    receiver.status, receiver.headers, receiver.pours = 307, {"Location": "/on"}, True
    handover = handed(ana, result)
    assert handover.state == "failed"
    assert "Triage doesn't follow redirects" in handover.problem


def test_an_unexpected_error_does_not_stop_the_worker(
    ana: Client,
    result: str,
    receiver: Receiver,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver.status = 503
    handed(ana, result)
    make_due()
    settings.TRIAGE_WEBHOOK_SECRET = "whsec_x"
    assert work()
    assert "will be tried again: Error" in caplog.text
    assert "whsec" not in caplog.text
    settings.TRIAGE_WEBHOOK_SECRET = SECRET
    receiver.status = 204
    make_due()
    assert work()
    assert Handover.objects.get().state == "sent"


@pytest.mark.parametrize(
    ("value", "min_wait"),
    [
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 0),
        ("Mon, 01 Jan 2400 00:00:00 +9999999999", 0),
        ("1000000000", 6),
        ("9" * 5000, 6),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 6),
    ],
)
def test_an_overflowing_retry_after_keeps_the_draft_waiting(
    value: str, min_wait: int, ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": value}
    handover = handed(ana, result)
    assert handover.state == "waiting"
    assert handover.next_try is not None
    assert handover.next_try - timezone.now() > timedelta(hours=min_wait) - timedelta(minutes=1)
    make_due()
    assert send_due() == 1
    assert Handover.objects.get().attempts == 2
