"""Plain words from what stands around an error: its file, and the call just before it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Request
from apps.events.rules.rule import Where
from apps.events.summary import is_specific, place_of, summarize

AT = datetime(2026, 11, 20, tzinfo=UTC)
PAGE = Request(method="GET", url="https://www.shop.example/cart")


def told_after(url: str, status: int | None, platform: str = "javascript", **fields: Any) -> Event:
    """An event whose own words tell nothing, after a call that ended so."""
    call = Breadcrumb(AT, category="fetch", data={"url": url, "status_code": status})
    body = EventBody(breadcrumbs=(call,), request=PAGE)
    return Event("a" * 32, AT, title="boom", platform=platform, body=body, **fields)


@pytest.mark.parametrize("url", ["/api/cart", "https://api.shop.example/cart"])
def test_the_failed_call_before_tells_what_the_words_do_not(url: str) -> None:
    event = told_after(url, 503)
    assert summarize(event) == "While using the cart: our server was down or too busy."
    assert is_specific(event)


@pytest.mark.parametrize(
    "event",
    [
        told_after("https://stats.example/collect", 503),
        told_after("/api/cart", 200),
        told_after("/api/cart", None),
        told_after("/api/cart", 503, level="info"),
    ],
    ids=["another site", "it went well", "no status", "only a note"],
)
def test_a_call_that_proves_nothing_tells_nothing(event: Event) -> None:
    assert not is_specific(event)


def test_a_service_that_our_server_asked_is_known_by_its_name() -> None:
    mailed = told_after("https://api.sendgrid.example/v3/send", 401, "node")
    assert summarize(mailed).endswith("an email could not be sent.")
    other = told_after("https://erp.example/orders", 500, "node")
    assert summarize(other).endswith("another service was down or having problems.")


def test_an_error_of_an_add_on_is_known_by_its_file() -> None:
    frames = (Frame(file="chrome-extension://abc/content.js", function="send"),)
    raised = ExceptionInfo("TypeError", "x of null", frames=frames)
    event = Event("a" * 32, AT, platform="javascript", body=EventBody(exceptions=(raised,)))
    assert summarize(event) == "An add-on of the customer's browser got in the way."


def test_what_happens_in_an_app_has_no_place_in_a_browser() -> None:
    told = Event("a" * 32, AT, title="kCLErrorDomain: denied (Code: 1)", platform="cocoa")
    assert place_of(told) is Where.DEVICE


def unanswered(*crumbs: Breadcrumb) -> str:
    """What is told of a call that got no answer after these steps."""
    body = EventBody(
        breadcrumbs=crumbs, exceptions=(ExceptionInfo("TypeError", "Failed to fetch"),)
    )
    return summarize(Event("a" * 32, AT, platform="javascript", body=body))


def test_steps_before_tell_why_a_call_got_no_answer() -> None:
    gone = Breadcrumb(category="device.connectivity", message="offline")
    back = Breadcrumb(category="device.connectivity", message="online")
    refused = Breadcrumb(category="console", message="x has been blocked by CORS policy")
    assert unanswered(gone) == "The customer's device was offline."
    assert unanswered(refused) == "The browser did not let the page talk to another site."
    reached = "The customer's browser could not reach our server."
    assert unanswered() == unanswered(gone, back) == reached


@pytest.mark.parametrize(
    ("contexts", "file", "us"),
    [
        ({"device": {"model": "Pixel"}}, "index.js", "The app"),
        ({}, "app:///index.android.bundle", "The app"),
        ({"device": {}, "browser": {}}, "index.js", "The page"),
        ({}, "index.js", "The page"),
    ],
)
def test_an_app_in_the_web_s_language_is_no_page(
    contexts: dict[str, Any], file: str, us: str
) -> None:
    raised = ExceptionInfo("TypeError", "x of undefined", frames=(Frame(file=file),))
    body = EventBody(exceptions=(raised,), contexts=contexts)
    told = summarize(Event("a" * 32, AT, platform="javascript", body=body))
    assert told == f"{us} tried to use something that was missing."


@pytest.mark.parametrize(
    ("title", "platform", "sentence"),
    [
        (
            "CompletionException: java.lang.NoClassDefFoundError: x",
            "java",
            "A part of the program was missing when it was needed.",
        ),
        (
            'RpcException: Status(StatusCode="DeadlineExceeded")',
            "csharp",
            "Another service did not answer our server in time.",
        ),
        (
            "FirebaseException: [cloud_firestore/unavailable] no",
            "dart",
            "Our server was down or too busy.",
        ),
    ],
)
def test_what_an_error_quotes_is_told(title: str, platform: str, sentence: str) -> None:
    assert (
        summarize(Event("a" * 32, AT, title=title, platform=platform, body=EventBody())) == sentence
    )
