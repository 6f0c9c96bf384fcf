"""Plain words for an error, and none that are not true."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Request
from apps.events.grouping import Group
from apps.events.rules.engine import RULES
from apps.events.rules.rule import Deed, Side, Where, deed_of
from apps.events.summary import caught, caught_in, is_specific, place_of, summarize

AT = datetime(2026, 11, 20, tzinfo=UTC)


def event(title: str = "boom", **fields: Any) -> Event:
    return Event(id="a" * 32, timestamp=AT, title=title, **fields)


def asked(url: str, method: str = "GET", **fields: Any) -> Event:
    body = EventBody(request=Request(method=method, url=url))
    return event(body=body, **fields)


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("PaymentDeclined: Card declined", "The payment was declined."),
        ("ChunkLoadError: Loading chunk 7 failed", "A part of the page could not be loaded."),
        ("MemoryError: OOM in worker", "The program ran out of memory."),
        ("NullPointerException", "The program tried to use something that was missing."),
        ("TimeoutError: timed out", "Something took too long and was stopped."),
    ],
)
def test_a_known_kind_of_error_has_its_sentence(title: str, sentence: str) -> None:
    assert summarize(event(title)) == sentence


@pytest.mark.parametrize("title", ["boom", "Zoom meeting failed", "bloomfilter", "Vanilla sync"])
def test_a_word_inside_another_word_says_nothing(title: str) -> None:
    assert summarize(event(title)) == "Something in the program failed."
    assert not is_specific(event(title))
    assert place_of(event(title)) is None


def test_what_was_caught_and_is_not_known_is_only_noted() -> None:
    told = summarize(event(handled=True))
    assert told == "The program noted a problem and carried on."


def test_a_cause_that_is_sure_is_told_before_a_vague_error() -> None:
    raised = ExceptionInfo("TypeError", "fetch failed")
    cause = ExceptionInfo("Error", "unable to verify the first certificate")
    told = event(platform="node", body=EventBody(exceptions=(raised, cause)))
    assert summarize(told).startswith("Our server could not confirm")
    assert place_of(told) is Where.SERVICE


@pytest.mark.parametrize(
    ("url", "method", "deed"),
    [
        ("https://a.example/checkout/pay", "POST", Deed.PAYING),
        ("https://a.example/checkout?next=/pay", "GET", Deed.CHECKING_OUT),
        ("https://a.example/cart#pay", "GET", Deed.CART),
        ("https://a.example/signin", "POST", Deed.SIGNING_IN),
        ("https://a.example/users/register", "POST", Deed.SIGNING_UP),
        ("https://a.example/api/uploads", "PUT", Deed.UPLOADING),
        ("https://a.example/invoices/7", "GET", Deed.INVOICE),
        ("https://a.example/Appointments/Book", "POST", Deed.BOOKING),
        ("https://a.example/api/orders", "POST", Deed.ORDERING),
        ("https://a.example/api/orders", "GET", Deed.ORDERS),
        ("https://a.example/reports", "GET", Deed.REPORT),
        ("https://a.example/chat/3", "GET", Deed.MESSAGES),
        ("https://a.example/notifications", "GET", Deed.NOTICES),
        ("https://a.example/settings", "GET", Deed.ACCOUNT),
        ("https://a.example/search", "GET", Deed.SEARCHING),
        ("https://a.example/webhooks/payments", "POST", None),
        ("https://a.example/workers/invoices", "GET", None),
        ("https://pay.example/", "GET", None),
        ("https://a.example/repay", "GET", None),
    ],
)
def test_the_address_tells_what_the_customer_tried(
    url: str, method: str, deed: Deed | None
) -> None:
    assert deed_of(asked(url, method)) is deed


def test_the_last_click_tells_it_where_no_address_does() -> None:
    crumbs = (
        Breadcrumb(category="navigation", data={"from": "/", "to": "/cart"}),
        Breadcrumb(category="ui.click", message="button.search"),
        Breadcrumb(category="fetch", data={"url": "/pay"}),
    )
    clicked = event(platform="javascript", body=EventBody(breadcrumbs=crumbs))
    assert deed_of(clicked) is Deed.SEARCHING


def test_a_job_is_nothing_that_a_customer_tried() -> None:
    assert deed_of(event(platform="python", transaction="invoices.push")) is None


def test_what_was_tried_stands_before_what_failed_and_is_not_said_twice() -> None:
    url = "https://a.example/pay"
    assert summarize(asked(url, platform="python")) == (
        "While paying: something in the program failed."
    )
    declined = event("PaymentDeclined: no", body=EventBody(request=Request("POST", url)))
    assert summarize(declined) == "The payment was declined."


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (event(handled=None), None),
        (event(handled=True), "The app handled it and kept going."),
        (event(handled=False, platform="python"), "The app did not catch it."),
        (
            asked("https://a.example/", handled=False, platform="python"),
            "It stopped what the customer was doing.",
        ),
        (
            event(handled=False, platform="cocoa", level="fatal"),
            "It stopped what the customer was doing.",
        ),
        (event(body=EventBody(handled=True)), "The app handled it and kept going."),
    ],
)
def test_whether_it_was_caught_is_said_only_when_it_is_known(
    told: Event, sentence: str | None
) -> None:
    assert caught(told) == sentence


def test_one_event_that_nothing_caught_tells_for_its_issue() -> None:
    group = Group("1", None, (event(handled=True), event(handled=False)))
    assert caught_in(group) == "The app did not catch it."
    assert caught_in(Group("1", None, (event(),))) is None


CORES = {
    "The program noted a problem and carried on.",
    "Something in the program failed.",
    *(rule.core(side) for rule in RULES for side in Side),
}
SENTENCES = CORES | {
    f"While {deed.value}: {core[0].lower()}{core[1:]}" for deed in Deed for core in CORES
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
def test_no_text_of_an_event_gets_into_a_sentence(
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
