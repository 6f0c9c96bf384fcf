"""Test the plain sentences about events."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Request
from apps.events.grouping import Group, Problem
from apps.events.rules.engine import all_rules
from apps.events.rules.rule import US, Place, Side, UserAction, user_action_of
from apps.events.summary import (
    arrival_text,
    delay_text,
    handling_of,
    is_specific,
    place_of,
    summarize,
    summarize_group,
    worst_handling,
)

AT = datetime(2026, 11, 20, tzinfo=UTC)


def event(title: str = "boom", **fields: Any) -> Event:
    return Event(id="a" * 32, timestamp=AT, title=title, **{"level": "error", **fields})


def requested(url: str, method: str = "GET", **fields: Any) -> Event:
    body = EventBody(request=Request(method=method, url=url))
    return event(body=body, **fields)


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("PaymentDeclined: Card declined", "The payment was declined."),
        ("ChunkLoadError: Loading chunk 7 failed", "A part of the page could not be loaded."),
        (
            "BookingError: cancellations are no longer possible",
            "It was too late or too early for that step.",
        ),
        ("MemoryError: OOM in worker", "The app ran out of memory."),
        (
            "NullPointerException",
            "The app failed at a step because something was missing.",
        ),
        ("TimeoutError: timed out", "Something took too long and was stopped."),
    ],
)
def test_known_kind_has_sentence(title: str, sentence: str) -> None:
    assert summarize(event(title)) == sentence


@pytest.mark.parametrize("title", ["boom", "Zoom meeting failed", "bloomfilter", "Vanilla sync"])
def test_part_of_word_does_not_match(title: str) -> None:
    assert summarize(event(title)) == "Something in the app failed."
    assert not is_specific(event(title))
    assert place_of(event(title)) is None


def test_unknown_level_is_not_called_a_failure() -> None:
    assert summarize(event(level=None)) == "The app recorded something."
    assert summarize(event(level=None, handled=False)) == "Something in the app failed."
    raised = EventBody(exceptions=(ExceptionInfo(type="Boom"),))
    assert summarize(event(level=None, body=raised)) == "Something in the app failed."
    assert summarize(event("PaymentDeclined", level=None)) == "The payment was declined."


def test_unknown_handled_error_is_noted() -> None:
    assert summarize(event(handled=True)) == "The app noted a problem and kept going."


def test_sure_cause_precedes_vague_error() -> None:
    raised = ExceptionInfo("TypeError", "fetch failed")
    cause = ExceptionInfo("Error", "unable to verify the first certificate")
    error = event(platform="node", body=EventBody(exceptions=(raised, cause)))
    assert summarize(error).startswith("Our server could not confirm")
    assert place_of(error) is Place.SERVICE


def test_our_program_is_our_server_if_it_ran_there() -> None:
    assert place_of(event("TypeError: wrong", platform="python")) is Place.SERVER
    value = ExceptionInfo("InvalidOperation", "[<class 'decimal.ConversionSyntax'>]")
    assert place_of(event(platform="python", body=EventBody(exceptions=(value,)))) is Place.SERVER


def test_a_refusal_for_too_many_requests_is_read_in_spanish_too() -> None:
    busy = event("CarrierBusyException: Demasiadas solicitudes (429)", platform="php")
    assert place_of(busy) is Place.SERVICE


@pytest.mark.parametrize(
    ("url", "method", "action"),
    [
        ("https://a.example/checkout/pay", "POST", UserAction.PAYING),
        ("https://a.example/checkout?next=/pay", "GET", UserAction.CHECKING_OUT),
        ("https://a.example/cart#pay", "GET", UserAction.CART),
        ("https://a.example/signin", "POST", UserAction.SIGNING_IN),
        ("https://a.example/users/register", "POST", UserAction.SIGNING_UP),
        ("https://a.example/api/uploads", "PUT", UserAction.UPLOADING),
        ("https://a.example/invoices/7", "GET", UserAction.INVOICE),
        ("https://a.example/Appointments/Book", "POST", UserAction.BOOKING),
        ("https://a.example/api/orders", "POST", UserAction.ORDERING),
        ("https://a.example/api/orders", "GET", UserAction.ORDERS),
        ("https://a.example/reports", "GET", UserAction.REPORT),
        ("https://a.example/chat/3", "GET", UserAction.MESSAGES),
        ("https://a.example/notifications", "GET", UserAction.NOTICES),
        ("https://a.example/settings", "GET", UserAction.ACCOUNT),
        ("https://a.example/search", "GET", UserAction.SEARCHING),
        ("https://a.example/2026/invoice/7/issue", "POST", UserAction.ISSUING),
        ("https://a.example/orders/B-7/reserve", "POST", UserAction.ORDERING),
        ("https://a.example/es/envios", "POST", UserAction.SHIPPING),
        ("https://a.example/claims/7/photos", "POST", UserAction.UPLOADING),
        ("https://a.example/claims/7/photos", "GET", None),
        ("https://a.example/de/kasse", "GET", UserAction.CHECKING_OUT),
        ("https://a.example/payments", "POST", UserAction.PAYING),
        ("https://a.example/payments", "GET", None),
        ("https://a.example/payments/7/receipt", "POST", None),
        ("https://a.example/payment-methods", "POST", UserAction.ACCOUNT),
        ("https://a.example/checkout/payment-methods", "GET", UserAction.CHECKING_OUT),
        ("https://a.example/orders/7/cancel", "POST", UserAction.CANCELING),
        ("https://a.example/orders/7/cancellation", "PATCH", UserAction.CANCELING),
        ("https://a.example/orders/canceled", "GET", None),
        ("https://a.example/orders/7/return", "POST", None),
        ("https://a.example/orders/7", "DELETE", None),
        ("https://a.example/orders/7", "PATCH", None),
        ("https://a.example/orders/search", "POST", UserAction.SEARCHING),
        ("https://a.example/cart/items/7", "DELETE", UserAction.CART),
        ("https://a.example/appointments", "GET", None),
        ("https://a.example/book", "GET", UserAction.BOOKING),
        ("https://a.example/attachments/7", "GET", None),
        ("https://a.example/invoices", "POST", None),
        ("https://a.example/reports", "POST", None),
        ("https://a.example/sso/logout", "GET", None),
        ("https://a.example/webhooks/payments", "POST", None),
        ("https://a.example/workers/invoices", "GET", None),
        ("https://pay.example/", "GET", None),
        ("https://a.example/repay", "GET", None),
    ],
)
def test_user_action_follows_from_url(url: str, method: str, action: UserAction | None) -> None:
    assert user_action_of(requested(url, method)) is action


def refused(method: str) -> Event:
    """Return the error of a page whose call was answered by an error and handled."""
    data = {"method": method, "url": "https://api.example/orders/7/pay", "status_code": 500}
    crumbs = (Breadcrumb(category="xhr", data=data),)
    title = "AxiosError: Request failed with status code 500"
    body = EventBody(breadcrumbs=crumbs)
    return event(title, platform="javascript", transaction="/cart", handled=True, body=body)


def test_call_that_was_refused_says_what_the_customer_did() -> None:
    assert user_action_of(refused("POST")) is UserAction.PAYING
    assert handling_of(refused("POST")) == "The app kept going, but this step failed."
    assert handling_of(refused("GET")) == "The app handled it and kept going."


def test_what_was_sent_and_not_accepted_is_a_failed_step() -> None:
    for title, platform, body, is_step in (
        ("AxiosError: Request failed with status code 422", "javascript", None, True),
        ("ActiveRecord::RecordInvalid: Validation failed: Email is invalid", "ruby", None, True),
        ("ValidationError: x is required", "python", EventBody(request=Request("GET")), False),
        ("AxiosError: Request failed with status code 404", "javascript", None, False),
    ):
        for level in ("error", "warning"):
            one = event(title, platform=platform, handled=True, level=level, body=body)
            text = handling_of(one)
            expected = is_step and level == "error"
            assert (text == "The app kept going, but this step failed.") == expected, (title, text)


def test_event_that_was_read_in_full_speaks_for_its_issue() -> None:
    read = event("Error", body=EventBody(exceptions=(ExceptionInfo("KeyError", "x"),)))
    assert "a detail was missing" in summarize_group(Group("1", None, (event("Error"), read)))


def test_user_action_follows_from_last_click() -> None:
    crumbs = (
        Breadcrumb(category="navigation", data={"from": "/", "to": "/cart"}),
        Breadcrumb(category="ui.click", message="button.search"),
        Breadcrumb(category="fetch", data={"url": "/pay"}),
    )
    clicked = event(platform="javascript", body=EventBody(breadcrumbs=crumbs))
    assert user_action_of(clicked) is UserAction.SEARCHING


def test_job_is_not_a_user_action() -> None:
    assert user_action_of(event(platform="python", transaction="invoices.push")) is None


def test_user_action_precedes_failure_and_is_not_repeated() -> None:
    url = "https://a.example/pay"
    assert summarize(requested(url, platform="python")) == (
        "While paying: something on our server failed."
    )
    declined = event("PaymentDeclined: no", body=EventBody(request=Request("POST", url)))
    assert summarize(declined) == "The payment was declined."


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (event(handled=None), None),
        (event(handled=True), "The app handled it and kept going."),
        (event(handled=False, platform="python"), "The app did not catch it."),
        (
            requested("https://a.example/", handled=False, platform="python"),
            "It stopped what the customer was doing.",
        ),
        (
            event(handled=False, platform="cocoa", level="fatal"),
            "It stopped what the customer was doing.",
        ),
        (event(body=EventBody(handled=True)), "The app handled it and kept going."),
    ],
)
def test_handling_text(error: Event, sentence: str | None) -> None:
    assert handling_of(error) == sentence


def test_problem_is_unhandled_if_one_event_is() -> None:
    def handling(*events: Event) -> str | None:
        return worst_handling(Problem(Group("1", None, events), (), events))

    assert handling(event(handled=True), event(handled=False)) == "The app did not catch it."
    assert handling(event()) is None


@pytest.mark.parametrize(
    ("levels", "worst"),
    [
        (("info", "fatal", "error"), "fatal"),
        (("info", None, "error"), "error"),
        (("info", None, "warning"), None),
        (("debug", "info"), "info"),
    ],
)
def test_group_is_as_bad_as_its_worst_event(levels: tuple[str, ...], worst: str | None) -> None:
    group = Group("1", None, tuple(event(level=level) for level in levels))
    assert group.worst_level == worst
    assert summarize_group(group) == summarize(event(level=worst))


CORES = {
    *(f"{us[0].upper()}{us[1:]} noted a problem and kept going." for us in US.values()),
    *(f"{us[0].upper()}{us[1:]} recorded something." for us in US.values()),
    *(f"Something {'in' if us == 'the app' else 'on'} {us} failed." for us in US.values()),
    *(rule.sentence_for(side) for rule in all_rules() for side in Side),
}
SENTENCES = CORES | {
    f"While {action.value}: {sentence[0].lower()}{sentence[1:]}"
    for action in UserAction
    for sentence in CORES
}
HOSTILE = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["{Us} {us} {0}", "<script>alert(1)</script>", "ada@example.com timed out", "\u202epay"]
    ),
    st.builds("{}: {}".format, st.sampled_from(["TypeError", "KeyError", "N+1 Query"]), st.text()),
)


@given(
    texts=st.tuples(*[HOSTILE] * 8),
    platform=st.sampled_from([None, "python", "javascript", "cocoa", "native", "\0"]),
    handled=st.sampled_from([None, True, False]),
)
def test_sentence_contains_no_event_text(
    texts: tuple[str, ...], platform: str | None, handled: bool | None
) -> None:
    title, message, kind, value, transaction, url, crumb, module = texts
    body = EventBody(
        message=message,
        exceptions=(ExceptionInfo(kind, value, module), ExceptionInfo(value, kind)),
        breadcrumbs=(
            Breadcrumb(category="ui.click", message=crumb),
            Breadcrumb(category="fetch", data={"url": [url], "status_code": crumb}),
        ),
        request=Request(url=url, method=crumb),
        tags=(("mechanism", module),),
    )
    hostile = event(
        title,
        message=message,
        transaction=transaction,
        platform=platform,
        handled=handled,
        body=body,
    )
    assert summarize(hostile) in SENTENCES


def test_late_and_early_receipts_are_mentioned() -> None:
    """Each row: the seconds from the event to its receipt, its platform, and what is said."""
    day = 86_400
    rows: tuple[tuple[float | None, str, str | None, str | None], ...] = (
        (None, "cocoa", None, None),
        (0, "cocoa", None, None),
        (600, "cocoa", None, None),
        (-60, "cocoa", None, None),
        (601, "cocoa", "received 10 min later", "10 min after its time: the device’s clock"),
        (3 * day, "cocoa", "received 3 days later", "or the event waited in a queue"),
        (3 * day, "python", "received 3 days later", "our server’s clock was wrong, or the event"),
        (-61, "cocoa", "received 1 min earlier", "1 min before its time: the device’s clock was"),
        (-2 * day, "python", "received 2 days earlier", "our server’s clock was ahead"),
    )
    for seconds, platform, short, sentence in rows:
        received = None if seconds is None else AT + timedelta(seconds=seconds)
        body = EventBody(happened_at=AT, received_at=received)
        event = Event(id="a" * 32, timestamp=AT, platform=platform, body=body)
        said = delay_text(event)
        assert arrival_text(event) == short, f"{seconds}"
        assert said is sentence is None or (sentence and said and sentence in said), f"{said}"
    assert delay_text(Event(id="a" * 32, timestamp=AT)) is None
