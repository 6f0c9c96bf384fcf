"""What a receiver answers is a stranger's: nothing in it ends the sending or fills the memory."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.answers.models import Handover
from apps.answers.webhook import send_due, send_once
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
def test_a_redirect_that_cannot_be_read_is_a_refusal(
    headers: dict[str, str], ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status, receiver.headers = 302, headers
    handover = handed(ana, result)
    assert handover.state == "failed"
    assert "Triage doesn't follow redirects" in handover.problem


def test_what_comes_with_a_redirect_is_not_read(
    ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status, receiver.headers, receiver.pours = 307, {"Location": "/on"}, True
    handover = handed(ana, result)
    assert handover.state == "failed"
    assert "Triage doesn't follow redirects" in handover.problem


@pytest.mark.django_db(transaction=True)
def test_what_nobody_foresaw_ends_one_round_and_not_the_sending(
    ana: Client,
    result: str,
    receiver: Receiver,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver.status = 503
    handed(ana, result)
    make_due()
    settings.TRIAGE_WEBHOOK_SECRET = "whsec_none"
    assert send_once() == 0
    assert "could not be handed over: SecretRefused" in caplog.text
    assert "whsec" not in caplog.text
    settings.TRIAGE_WEBHOOK_SECRET = SECRET
    receiver.status = 204
    make_due()
    assert send_once() == 1
    assert Handover.objects.get().state == "sent"


@pytest.mark.parametrize(
    ("told", "least"),
    [
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 0),
        ("Mon, 01 Jan 2400 00:00:00 +9999999999", 0),
        ("1000000000", 6),
        ("9" * 5000, 6),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 6),
    ],
)
def test_a_pause_that_no_clock_can_tell_keeps_it_waiting(
    told: str, least: int, ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": told}
    handover = handed(ana, result)
    assert handover.state == "waiting"
    assert handover.next_try is not None
    assert handover.next_try - timezone.now() > timedelta(hours=least) - timedelta(minutes=1)
    make_due()
    assert send_due() == 1
    assert Handover.objects.get().attempts == 2
