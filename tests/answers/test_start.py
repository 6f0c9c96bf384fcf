"""Validation of the webhook's settings at start."""

import base64

import pytest

from tests.shell import start_with

URL = "https://hooks.example.org/triage?x=1"
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.mark.parametrize(
    ("url", "secret", "message"),
    [
        (URL, "", "belong together"),
        ("", SECRET, "belong together"),
        ("ftp://hooks.example.org", SECRET, "TRIAGE_WEBHOOK_URL must be"),
        ("https://me:pw@hooks.example.org", SECRET, "TRIAGE_WEBHOOK_URL must be"),
        ("https://hooks.example.org:99999", SECRET, "TRIAGE_WEBHOOK_URL must be"),
        (URL, "hunter2", "TRIAGE_WEBHOOK_SECRET must be whsec_"),
        (URL, "whsec_aGk=", "TRIAGE_WEBHOOK_SECRET must be whsec_"),
    ],
)
def test_an_invalid_webhook_prevents_the_start(url: str, secret: str, message: str) -> None:
    done = start_with({"TRIAGE_WEBHOOK_URL": url, "TRIAGE_WEBHOOK_SECRET": secret})
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not secret or secret not in done.stderr


def test_a_valid_webhook_starts() -> None:
    read = start_with({"TRIAGE_WEBHOOK_URL": URL, "TRIAGE_WEBHOOK_SECRET": SECRET}).settings
    assert read["TRIAGE_WEBHOOK_URL"] == URL
