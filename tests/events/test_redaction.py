"""Test that personal data and secrets are redacted, and lookalikes are not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from apps.events.answer import Answer, SearchScope
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Request
from apps.events.identifier import parse_customer
from apps.events.query import Customer, Question, Window
from apps.redaction.engine import Ledger, redact, redact_event, redact_text, redact_value

MOMENT = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
EVENT_ID = "7ca573c0f4814912aaa9bdc77d1a7d51"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"


def hide(text: str, *customer: str) -> str:
    return redact_text(text, Ledger(frozenset(customer)))


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("mail jane.doe+x@mail.example.co.uk now", "mail <email-1> now"),
        ("?u=jane%40example.com&x=1", "?u=<email-1>&x=1"),
        ("from 203.0.113.9: refused", "from <ip-1>: refused"),
        ("http://203.0.113.9/x", "http://<ip-1>/x"),
        ("peer 2001:db8::8a2e:370:7334 gone", "peer <ip-1> gone"),
        ("card 4242 4242 4242 4242.", "card <card-1>."),
        ("card 4242424242424242", "card <card-1>"),
        ("5555-5555-5555-4444", "<card-1>"),
        ("Authorization: Bearer abc.def-123456", "Authorization: Bearer <token-1>"),
        (f"jwt {JWT} end", "jwt <jwt-1> end"),
        ("password=hunter2&x=1", "password=<secret-1>&x=1"),
        ('"api_key": "k-123 456"', '"api_key": "<secret-1>"'),
        ("postgres://app:s3cret@db/x", "postgres://app:<secret-1>@db/x"),
        ("ghp_" + "a1B2" * 9, "<token-1>"),
        ("paying with a card, cvc 737", "paying with a card, cvc <secret-1>"),
        ('{\\"password\\":\\"hunter2\\"}', '{\\"password\\":\\"<secret-1>\\"}'),
        ("authorization: Token abcdef123", "authorization: Token <token-1>"),
        ("AKIAIOSFODNN7EXAMPLE", "<token-1>"),
    ],
)
def test_secrets_in_text_are_redacted(text: str, hidden: str) -> None:
    assert hide(text) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "web@1.5.0",
        "Chrome/105.0.0.0 Safari/537.36",
        "version 10.2.3.4",
        "Microsoft.AspNetCore, Version=3.1.3.0, Culture=neutral",
        EVENT_ID,
        "1763647500000",
        "4242 4242 4242 4241",
        "at 12:30:45",
        "listening on 0.0.0.0:8001 and 127.0.0.1",
        "std::vector::at",
        "line 118 of pay.py",
        "2026-11-20T14:05:00.123456Z",
        "order 1234567890123456",
        "tokens used",
    ],
)
def test_lookalikes_survive(text: str) -> None:
    assert hide(text) == text


def test_equal_values_share_an_alias() -> None:
    assert hide("a@b.example, c@d.example, A@B.example") == "<email-1>, <email-2>, <email-1>"


def test_customer_has_own_alias() -> None:
    assert hide("user 1001 (jane@example.com)", "1001", "jane@example.com") == (
        "user <customer> (<customer>)"
    )


def test_short_customer_id_in_text_survives() -> None:
    assert hide("7 of 17 items", "7") == "7 of 17 items"


@pytest.mark.parametrize(
    "key",
    ["password", "X-Api-Key", "authToken", "SESSION_ID", "set-cookie", "client_secret", "cvv"],
)
def test_value_of_secret_key_is_redacted(key: str) -> None:
    assert redact_value({key: "plain"}, Ledger(frozenset())) == {key: "<secret-1>"}


def test_nested_value_of_secret_key_is_redacted() -> None:
    value = {"credentials": {"user": "a", "list": [1, 2]}, "safe": {"count": 3, "none": None}}
    hidden = redact_value(value, Ledger(frozenset()))
    assert hidden == {"credentials": "<secret-1>", "safe": {"count": 3, "none": None}}


def test_pair_is_key_and_value() -> None:
    hidden = redact_value([["Cookie", "a=b"], ["Accept", "text/html"]], Ledger(frozenset()))
    assert hidden == [["Cookie", "<secret-1>"], ["Accept", "text/html"]]


def answer_with_secret(secret: str) -> Answer:
    body = EventBody(
        message=secret,
        exceptions=(
            ExceptionInfo(
                type="Error",
                value=secret,
                module=secret,
                mechanism=secret,
                frames=(
                    Frame(
                        file="a.py",
                        function="f",
                        line=1,
                        code=((1, secret),),
                        variables={"x": [secret]},
                    ),
                ),
            ),
        ),
        breadcrumbs=(Breadcrumb(message=secret, data={"url": secret}),),
        request=Request(
            url=f"https://x.example/?q={secret}",
            query=(("q", secret),),
            headers=(("X-Note", secret),),
            cookies=(("c", secret),),
            data={"note": secret},
        ),
        tags=(("note", secret),),
        contexts={"app": {"note": secret}},
        extra={"note": secret},
        lists={"spans": f"db 12 ms\nhttp {secret}"},
        unread={f"entries of the type {secret}": 1},
        culprit=secret,
        user={"id": "1001", "note": secret},
    )
    event = Event(
        id=EVENT_ID,
        timestamp=MOMENT,
        title=secret,
        message=secret,
        culprit=secret,
        transaction=secret,
        identities=(("user.id", "1001"), ("user.email", "own@example.com")),
        matched_on=("user.id",),
        trace_id=EVENT_ID,
        release="web@1.5.0",
        body=body,
    )
    return Answer(
        question=Question(Customer("1001"), Window(MOMENT, 5)),
        searched=SearchScope("acme"),
        events=(event,),
        issues=(),
        complete=True,
        fetched_at=MOMENT,
        events_total=1,
    )


@pytest.mark.parametrize("secret", ["jane@example.com", "4242 4242 4242 4242", JWT])
def test_every_event_field_is_redacted(secret: str) -> None:
    redacted = redact(answer_with_secret(secret))
    assert secret not in repr(redacted)
    assert "1001" not in repr(redacted.question)
    kind = {"j": "email", "4": "card", "e": "jwt"}[secret[0]]
    assert redacted.redaction[kind] > 10


def test_ids_releases_and_times_survive() -> None:
    event = redact(answer_with_secret("x@y.example")).events[0]
    assert (event.id, event.trace_id, event.release) == (EVENT_ID, EVENT_ID, "web@1.5.0")
    assert event.timestamp == MOMENT


def test_short_customer_id_under_id_key_is_redacted() -> None:
    ledger = Ledger(frozenset({"1"}))
    hidden = redact_value({"user_id": 1, "user": "id:1", "Dnt": "1", "rows": 1}, ledger)
    alias = "<customer>"
    assert hidden == {"user_id": alias, "user": f"id:{alias}", "Dnt": "1", "rows": 1}


def test_user_data_is_redacted_except_geo() -> None:
    answer = answer_with_secret("x@y.example")
    user = {"display_name": "Jane D", "data": {"plan": "gold"}, "geo": {"city": "Wien"}}
    body = replace(answer.events[0].body or EventBody(), user=user)
    event = replace(answer.events[0], body=body)
    shown = redact(replace(answer, events=(event,))).events[0].body
    assert shown is not None
    assert "Jane" not in repr(shown.user)
    assert "gold" not in repr(shown.user)
    assert shown.user["geo"] == {"city": "Wien"}


def test_uuid_is_redacted_with_and_without_dashes() -> None:
    dashed = "7ca573c0-f481-4912-aaa9-bdc77d1a7d51"
    plain = dashed.replace("-", "")
    answer = answer_with_secret("note")
    event = replace(answer.events[0], id="b" * 32, trace_id=None, message=f"{dashed} {plain}")
    question = replace(answer.question, customer=parse_customer(dashed))
    shown = redact(replace(answer, events=(event,), question=question))
    assert plain not in repr(shown)
    assert dashed not in repr(shown)


def test_event_read_later_shares_no_alias_with_result() -> None:
    event = answer_with_secret("x@y.example").events[0]
    assert "<email-1>" not in repr(redact_event(event, customer="1001"))


def test_redaction_is_idempotent() -> None:
    once = redact(answer_with_secret("jane@example.com"))
    assert replace(redact(once), redaction=once.redaction) == once


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "a@" * 100_000,
        "1 " * 100_000,
        "1." * 100_000,
        ":" * 200_000,
        "eyJ" * 70_000,
        "://" * 70_000,
        "password=" * 25_000,
        "-----BEGIN PRIVATE KEY-----" * 8_000,
        "a-" * 100_000,
        "card:" * 50_000,
        "A_B=" * 50_000,
        "key={" * 50_000,
        "/token/" * 30_000,
        "C:\\Users\\Public\\" * 15_000,
        "insert into u (password) values ('" * 8_000,
        "failing row contains (" * 9_000,
    ],
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    """A pattern with quadratic time would take hours for one of these."""
    assert len(hide(text)) <= len(text)


def test_identifiers_in_event_body_are_redacted() -> None:
    answer = answer_with_secret("note")
    user = {"id": "1001", "email": "jane@example.com", "username": "jane-d"}
    body = replace(answer.events[0].body or EventBody(), user=user, message="jane-d failed")
    event = replace(answer.events[0], body=body)
    shown = redact(replace(answer, events=(event,))).events[0].body
    later = redact_event(event, customer="1001").body
    assert shown is not None
    assert later is not None
    assert shown.message == later.message == "<customer> failed"
