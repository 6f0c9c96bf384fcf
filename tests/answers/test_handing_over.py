"""Handing drafts over, to a real server that verifies them with a library of its own."""

import socket
from datetime import timedelta
from threading import Thread
from time import monotonic

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
from apps.lookups.models import Lookup
from apps.lookups.records import forget_customer
from apps.lookups.retention import prune
from apps.lookups.services import purge_answers
from tests.answers.hooks import Receiver
from tests.web.asking import text

BY = Actor("cli", name="root")


def handed(ana: Client, result: str, kind: str = "reply", **changes: str) -> Handover:
    """Hand over what stands on the page, but for the changes."""
    posted = {"do": "hand over", "subject": "About it", "text": "Hello Jane,\n\nbye", **changes}
    response = ana.post(f"{result}{kind}/", posted)
    assert response.status_code == 303, text(response)
    return Handover.objects.latest("pk")


def make_due() -> None:
    Handover.objects.update(next_try=timezone.now() - timedelta(seconds=1))


def test_what_stands_in_the_form_arrives_signed(
    ana: Client, result: str, receiver: Receiver
) -> None:
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


def test_it_is_recorded_without_its_text(ana: Client, result: str, receiver: Receiver) -> None:
    handed(ana, result, text="Hello Jane Doe")
    entry = Entry.objects.filter(action=Action.HANDED_OVER).get()
    assert entry.detail["draft"] == "reply"
    assert "Jane" not in str(Entry.objects.values_list())


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
def test_a_receiver_that_is_busy_is_tried_again_later_with_the_same_id(
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


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410, 422])
def test_a_receiver_that_refuses_is_left_alone(
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


@pytest.mark.parametrize(("told", "least", "most"), [("7200", 7100, 7300), ("9999999", 0, 21_700)])
def test_retry_after_is_kept_within_limits(
    told: str, least: int, most: int, ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": told}
    waiting = handed(ana, result)
    assert waiting.next_try
    assert least < (waiting.next_try - timezone.now()).total_seconds() < most


def test_pauses_grow_and_end_within_about_a_day(
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


def test_a_receiver_that_drips_holds_the_page_for_seconds_only(
    ana: Client, result: str, receiver: Receiver
) -> None:
    receiver.drips = True
    began = monotonic()
    waiting = handed(ana, result)
    assert monotonic() - began < 15  # it would drip for twenty
    assert waiting.state == "waiting"


def test_a_receiver_that_is_not_there_is_told_in_plain_words(
    ana: Client, result: str, receiver: Receiver, settings: Settings
) -> None:
    settings.TRIAGE_WEBHOOK_URL = "http://127.0.0.1:9/hook"
    assert handed(ana, result).state == "waiting"
    assert "The receiver couldn&#x27;t be reached" in text(ana.get(f"{result}reply/"))


def test_a_public_name_that_leads_inside_is_not_called(
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
def test_two_processes_do_not_send_the_same_one_at_once(
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


def test_what_was_cancelled_is_not_sent(ana: Client, result: str, receiver: Receiver) -> None:
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
def test_with_the_answer_goes_what_waits(
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


def test_what_is_past_its_time_is_not_sent_even_before_it_is_pruned(
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


def test_what_waits_is_sealed(ana: Client, result: str, receiver: Receiver) -> None:
    receiver.status = 500
    waiting = handed(ana, result, text="Hello Jane Doe")
    assert waiting.sealed is not None
    assert b"Jane" not in bytes(waiting.sealed)
    assert b"Jane" in waiting.body()


def test_the_command_sends_what_is_due(
    ana: Client, result: str, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.status = 500
    handed(ana, result)
    receiver.status = 200
    make_due()
    call_command("send_handovers")
    assert "Tried: 1 draft." in capsys.readouterr().out


def test_the_command_says_where_there_is_no_webhook(db: None) -> None:
    with pytest.raises(CommandError, match="TRIAGE_WEBHOOK_URL"):
        call_command("send_handovers")
