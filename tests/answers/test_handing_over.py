"""Deliveries to a real server that verifies signatures with an independent library."""

import socket
from datetime import timedelta
from threading import Thread
from time import monotonic
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.answers.models import Handover
from apps.answers.webhook import send_due
from apps.audit.models import Action, Entry
from apps.audit.trail import Actor
from apps.jobs.engine import enqueue, work
from apps.jobs.models import Job
from apps.lookups.models import Lookup
from apps.lookups.records import forget_customer
from apps.lookups.retention import prune
from apps.lookups.services import purge_answers
from tests.answers.hooks import Receiver
from tests.web.asking import text

BY = Actor("cli", name="root")


def handed(ana: Client, result: str, kind: str = "reply", **changes: str) -> Handover:
    """Send the draft on the page with the given changes."""
    posted = {"do": "hand over", "subject": "About it", "text": "Hello Jane,\n\nbye", **changes}
    response = ana.post(f"{result}{kind}/", posted)
    assert response.status_code == 303, text(response)
    return Handover.objects.latest("pk")


def make_due() -> None:
    past = timezone.now() - timedelta(seconds=1)
    Handover.objects.update(next_try=past)
    Job.objects.update(due_at=past)


def test_the_edited_draft_arrives_signed(ana: Client, result: str, receiver: Receiver) -> None:
    handover = handed(ana, result, text="Hello Jane,\r\n\r\n2 * 3 [x]")
    (message,) = receiver.messages
    assert receiver.forged == 0
    data = message["data"]
    assert message["type"] == "triage.reply"
    assert data["id"] == receiver.ids[0] == handover.message_id
    assert (data["title"], data["text"]) == ("About it", "Hello Jane,\n\n2 * 3 [x]")
    assert data["markdown"] == "Hello Jane,\n\n2 \\* 3 \\[x\\]"
    assert data["lookup"]["link"].endswith(result)
    assert data["complete"] is True
    assert data["problems"][0]["project"] == "web"
    assert handover.state == "sent"
    assert handover.sealed is None
    assert "Sent" in text(ana.get(f"{result}reply/"))


def test_without_a_webhook_nothing_that_waits_is_tried(
    ana: Client, result: str, receiver: Receiver, settings: Settings
) -> None:
    receiver.status = 503
    waiting = handed(ana, result)
    make_due()
    settings.TRIAGE_WEBHOOK_URL = ""
    assert send_due() == 0
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts) == ("waiting", 1)


def test_sending_is_recorded_without_the_text(ana: Client, result: str, receiver: Receiver) -> None:
    handed(ana, result, text="Hello Jane Doe")
    entry = Entry.objects.filter(action=Action.HANDED_OVER).get()
    assert entry.detail["draft"] == "reply"
    assert "Jane" not in str(Entry.objects.values_list())


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
def test_a_busy_receiver_is_retried_with_the_same_id(
    status: int, ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status = status
    waiting = handed(ana, result)
    assert (waiting.state, waiting.attempts) == ("waiting", 1)
    assert waiting.next_try
    assert waiting.next_try > timezone.now() + timedelta(seconds=50)
    assert send_due() == 0
    make_due()
    receiver.status = 200
    assert send_due() == 1
    waiting.refresh_from_db()
    assert waiting.state == "sent"
    assert len(set(receiver.ids)) == 1
    assert len(receiver.ids) == 2


def test_a_worker_repeats_an_attempt_until_the_draft_arrives(
    ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status = 500
    waiting = handed(ana, result)
    assert not work(), "the first attempt was made a moment ago"
    make_due()
    assert work()
    waiting.refresh_from_db()
    job = Job.objects.get()
    assert (job.state, job.due_at) == ("waiting", waiting.next_try)
    assert "status 500" in job.problem
    receiver.status = 200
    make_due()
    assert work()
    assert (Handover.objects.get().state, Job.objects.get().state) == ("sent", "done")
    assert not work()
    assert len(receiver.ids) == 3


def test_a_delivery_whose_process_died_is_sent_by_a_worker(
    ana: Client, result: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("apps.answers.webhook.post_once", Mock(side_effect=SystemExit))
        with pytest.raises(SystemExit):
            handed(ana, result)
    assert not work()
    make_due()
    assert work()
    assert Handover.objects.get().state == "sent"
    assert len(receiver.ids) == 1


def test_a_delivery_without_a_job_gets_one(
    ana: Client, result: str, receiver: Receiver, settings: Settings
) -> None:
    receiver.status = 500
    handed(ana, result)
    make_due()
    Job.objects.all().delete()  # as an older version left it
    enqueue("periodic.deliveries")
    receiver.status = 200
    address, settings.TRIAGE_WEBHOOK_URL = settings.TRIAGE_WEBHOOK_URL, ""
    assert work()
    assert Job.objects.count() == 1, "there is nowhere to send to"
    settings.TRIAGE_WEBHOOK_URL = address
    make_due()
    assert work()
    assert work()
    assert Handover.objects.get().state == "sent"


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410, 422])
def test_a_refusal_is_not_retried(
    status: int, ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status = status
    receiver.headers = {"Location": "/elsewhere"}
    failed = handed(ana, result)
    assert (failed.state, failed.next_try) == ("failed", None)
    assert len(receiver.ids) == 1
    page = text(ana.get(f"{result}reply/"))
    assert f"status {status}" in page
    assert "Try again" in page
    receiver.status = 200
    ana.post(f"{result}handover/", {"handover": failed.pk, "do": "again"})
    failed.refresh_from_db()
    assert failed.state == "sent"


@pytest.mark.parametrize(("value", "low", "high"), [("7200", 7100, 7300), ("9999999", 0, 21_700)])
def test_retry_after_is_limited(
    value: str, low: int, high: int, ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": value}
    waiting = handed(ana, result)
    assert waiting.next_try
    assert low < (waiting.next_try - timezone.now()).total_seconds() < high


def test_retries_back_off_and_end_after_about_a_day(
    ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status = 500
    waiting, pauses = handed(ana, result), []
    while waiting.state == "waiting":
        assert waiting.next_try
        pauses.append((waiting.next_try - timezone.now()).total_seconds())
        make_due()
        send_due()
        waiting.refresh_from_db()
    assert pauses == sorted(pauses)
    assert 20 * 3600 < sum(pauses) < 26 * 3600
    assert waiting.state == "failed"
    assert waiting.has_body


def test_a_dripping_receiver_delays_the_page_for_seconds_only(
    ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.drips = True
    began = monotonic()
    waiting = handed(ana, result)
    assert monotonic() - began < 15  # it drips for 20 seconds
    assert waiting.state == "waiting"


def test_an_unreachable_receiver_is_explained(
    ana: Client, result: str, receiver: Receiver, settings: Settings
) -> None:
    settings.TRIAGE_WEBHOOK_URL = "http://127.0.0.1:9/hook"
    assert handed(ana, result).state == "waiting"
    assert "The receiver couldn&#x27;t be reached" in text(ana.get(f"{result}reply/"))


def test_a_public_name_with_a_private_address_is_not_called(
    ana: Client, result: str, receiver: Receiver, settings: Settings
) -> None:
    port = receiver.server_address[1]
    settings.TRIAGE_WEBHOOK_URL = f"http://localtest.me.example.org:{port}/"
    real = socket.getaddrinfo
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda _name, *a, **k: real("127.0.0.1", *a, **k))
        failed = handed(ana, result)
    assert failed.state == "failed"
    assert "TRIAGE_PRIVATE_HOSTS" in failed.problem
    assert receiver.ids == []


@pytest.mark.django_db(transaction=True)
def test_concurrent_processes_send_a_draft_once(
    ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status = 500
    handed(ana, result)
    receiver.status = 200
    make_due()
    receiver.goes_on.clear()

    def send() -> None:
        send_due()
        connections.close_all()

    threads = [Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(receiver.ids) < 2:
        threads[0].join(0.05)
    assert send_due() == 0
    receiver.goes_on.set()
    for thread in threads:
        thread.join()
    assert len(receiver.ids) == 2
    assert Handover.objects.get().state == "sent"


def test_a_canceled_delivery_is_not_sent(ana: Client, result: str, receiver: Receiver) -> None:
    receiver.status = 500
    waiting = handed(ana, result)
    ana.post(f"{result}handover/", {"handover": waiting.pk, "do": "cancel"})
    make_due()
    assert send_due() == 0
    waiting.refresh_from_db()
    assert (waiting.state, waiting.sealed) == ("cancelled", None)
    assert Entry.objects.filter(action=Action.HANDED_OVER, detail__change="cancelled").exists()


def _purge() -> None:
    purge_answers(list(Lookup.objects.all()))


def _forget() -> None:
    forget_customer("1001", BY)


def _expire() -> None:
    Lookup.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    prune(BY)


@pytest.mark.parametrize("gone", [_purge, _forget, _expire])
def test_deleting_a_result_fails_its_waiting_deliveries(
    gone: object, ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status = 500
    waiting = handed(ana, result)
    assert callable(gone)
    gone()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.sealed) == ("failed", None)
    make_due()
    assert send_due() == 0
    assert len(receiver.ids) == 1


def test_a_draft_of_an_expired_result_is_not_sent(
    ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status = 500
    waiting = handed(ana, result)
    Lookup.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    make_due()
    send_due()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.sealed) == ("failed", None)
    assert len(receiver.ids) == 1


def test_a_waiting_draft_is_encrypted(ana: Client, result: str, receiver: Receiver) -> None:
    receiver.status = 500
    waiting = handed(ana, result, text="Hello Jane Doe")
    assert waiting.sealed is not None
    assert b"Jane" not in bytes(waiting.sealed)
    assert b"Jane" in waiting.body()


def test_the_command_sends_due_drafts(
    ana: Client, result: str, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.status = 500
    handed(ana, result)
    receiver.status = 200
    make_due()
    call_command("send_handovers")
    assert "Tried: 1 draft." in capsys.readouterr().out


def test_the_command_needs_a_webhook(db: None) -> None:
    with pytest.raises(CommandError, match="TRIAGE_WEBHOOK_URL"):
        call_command("send_handovers")
