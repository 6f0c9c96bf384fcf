"""The webhook's variables at the start: both or neither, and each as it must be."""

import base64

import pytest

from tests.shell import start_with

URL = "https://hooks.example.org/triage?x=1"
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.mark.parametrize(
    ("url", "secret", "said"),
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
def test_what_cannot_work_stops_the_start_with_a_sentence(url: str, secret: str, said: str) -> None:
    done = start_with({"TRIAGE_WEBHOOK_URL": url, "TRIAGE_WEBHOOK_SECRET": secret})
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not secret or secret not in done.stderr


def test_a_whole_webhook_starts() -> None:
    read = start_with({"TRIAGE_WEBHOOK_URL": URL, "TRIAGE_WEBHOOK_SECRET": SECRET}).settings
    assert read["TRIAGE_WEBHOOK_URL"] == URL
