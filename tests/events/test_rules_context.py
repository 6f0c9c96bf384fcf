"""Test the rules on what surrounds an error: its file, and the call just before it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Request
from apps.events.rules.rule import Place, Side, UserAction, side_of, user_action_of
from apps.events.summary import is_specific, place_of, summarize

AT = datetime(2026, 11, 20, tzinfo=UTC)
PAGE = Request(method="GET", url="https://www.shop.example/cart")


def event_after_call(
    url: str, status: int | None, platform: str = "javascript", **fields: Any
) -> Event:
    """Return an event that matches no rule itself, after a call with this status."""
    call = Breadcrumb(AT, category="fetch", data={"url": url, "status_code": status})
    body = EventBody(breadcrumbs=(call,), request=PAGE)
    return Event("a" * 32, AT, title="boom", platform=platform, body=body, **fields)


@pytest.mark.parametrize("url", ["/api/cart", "https://api.shop.example/cart"])
def test_failed_call_explains_unknown_error(url: str) -> None:
    event = event_after_call(url, 503)
    assert summarize(event) == "While using the cart: our server was down or too busy."
    assert is_specific(event)


@pytest.mark.parametrize(
    "event",
    [
        event_after_call("https://stats.example/collect", 503),
        event_after_call("/api/cart", 200),
        event_after_call("/api/cart", None),
        event_after_call("/api/cart", 503, level="info"),
    ],
    ids=["another site", "it went well", "no status", "only a note"],
)
def test_other_calls_are_ignored(event: Event) -> None:
    assert not is_specific(event)


def test_service_is_recognized_by_host() -> None:
    mailed = event_after_call("https://api.sendgrid.example/v3/send", 401, "node")
    assert summarize(mailed).endswith("an email could not be sent.")
    other = event_after_call("https://erp.example/orders", 500, "node")
    assert summarize(other).endswith("another service was down or having problems.")


def test_browser_extension_is_recognized_by_file() -> None:
    frames = (Frame(file="chrome-extension://abc/content.js", function="send"),)
    raised = ExceptionInfo("TypeError", "x of null", frames=frames)
    event = Event("a" * 32, AT, platform="javascript", body=EventBody(exceptions=(raised,)))
    assert summarize(event) == "An add-on in the customer's browser got in the way."


def test_app_failure_is_placed_on_device() -> None:
    result = Event("a" * 32, AT, title="kCLErrorDomain: denied (Code: 1)", platform="cocoa")
    assert place_of(result) is Place.DEVICE


def unanswered(*crumbs: Breadcrumb) -> str:
    """Return the sentence for a call without a response after these breadcrumbs."""
    body = EventBody(
        breadcrumbs=crumbs, exceptions=(ExceptionInfo("TypeError", "Failed to fetch"),)
    )
    return summarize(Event("a" * 32, AT, platform="javascript", body=body))


def test_breadcrumbs_explain_missing_response() -> None:
    gone = Breadcrumb(category="device.connectivity", message="offline")
    back = Breadcrumb(category="device.connectivity", message="online")
    refused = Breadcrumb(category="console", message="x has been blocked by CORS policy")
    assert unanswered(gone) == "The customer's device was offline."
    assert unanswered(refused) == "The browser did not let the page talk to another site."
    reached = "The customer's browser could not reach our server."
    assert unanswered() == unanswered(gone, back) == reached


WEB = "https://shop.example/cart"
ON_WINDOWS = {"sdk": {"name": "sentry.dotnet"}, "os": {"name": "Windows"}}
PLACES: tuple[tuple[str, Side, dict[str, Any], str | None, str], ...] = (
    ("javascript", Side.BROWSER, {}, None, "index.js"),
    ("javascript", Side.BROWSER, {"os": {"name": "iOS"}, "browser": {"name": "Safari"}}, WEB, ""),
    ("javascript", Side.BROWSER, {"device": {}, "browser": {}}, None, "index.js"),
    ("javascript", Side.DEVICE, {"device": {"model": "Pixel"}}, None, "index.js"),
    ("javascript", Side.DEVICE, {}, None, "app:///index.android.bundle"),
    ("javascript", Side.DEVICE, {"sdk": {"name": "sentry.javascript.react-native"}}, None, ""),
    ("javascript", Side.DEVICE, {"sdk": {"name": "sentry.javascript.capacitor"}}, WEB, ""),
    ("javascript", Side.BROWSER, {"sdk": {"name": "sentry.dart.flutter"}}, WEB, ""),
    ("other", Side.DEVICE, {"sdk": {"name": "sentry.dart.flutter"}}, None, ""),
    ("javascript", Side.DEVICE, {"browser": {"name": "Electron"}}, WEB, ""),
    ("javascript", Side.DEVICE, {}, "tauri://localhost/cart", ""),
    ("javascript", Side.DEVICE, {}, "http://tauri.localhost/cart", ""),
    ("javascript", Side.SERVER, {"runtime": {"name": "cloudflare"}}, WEB, ""),
    ("javascript", Side.SERVER, {"runtime": {"name": "vercel-edge"}}, None, ""),
    ("javascript", Side.SERVER, {"runtime": {"name": "bun"}, "device": {"arch": "x"}}, None, ""),
    ("javascript", Side.SERVER, {"sdk": {"name": "sentry.javascript.cloudflare"}}, WEB, ""),
    ("node", Side.DEVICE, {"runtime": {"name": "Electron"}}, None, ""),
    ("node", Side.SERVER, {"app": {"app_memory": 7}, "device": {"arch": "arm64"}}, None, ""),
    ("python", Side.SERVER, {"runtime": {"name": "CPython"}}, None, "shop/tasks.py"),
    ("python", Side.DEVICE, {}, None, "PyQt6/QtWidgets.py"),
    ("java", Side.SERVER, {}, None, "Cart.java"),
    ("java", Side.SERVER, {"device": {"family": "Mac"}, "browser": {"name": "Safari"}}, WEB, ""),
    ("java", Side.DEVICE, {"device": {"model": "Pixel 8"}}, None, ""),
    ("java", Side.DEVICE, {"app": {"app_identifier": "com.example"}}, "https://a.example/", ""),
    ("java", Side.DEVICE, {}, None, "android.os.Handler"),
    ("java", Side.DEVICE, {}, None, "javafx.application.Platform"),
    ("csharp", Side.DEVICE, {}, None, "UnityEngine.Debug:Log (object)"),
    ("csharp", Side.DEVICE, {}, None, "System.Windows.Forms.Control"),
    ("csharp", Side.SERVER, {"sdk": {"name": "sentry.dotnet.aspnetcore"}}, None, ""),
    ("csharp", Side.SERVER, {"device": {"boot_time": "now"}}, None, "Microsoft.AspNetCore.Mvc"),
    ("csharp", Side.SERVER, {"sdk": {"name": "sentry.dotnet"}}, WEB, ""),
    ("csharp", Side.SERVER, {"sdk": {"name": "sentry.dotnet"}}, None, "Cart.cs"),
    ("csharp", Side.UNKNOWN, ON_WINDOWS, None, "Cart.cs"),
    ("csharp", Side.UNKNOWN, {"device": {"boot_time": "now"}}, None, "Cart.cs"),
    ("native", Side.UNKNOWN, {}, None, ""),
    ("native", Side.DEVICE, {"sdk": {"name": "sentry.native.unreal"}}, None, ""),
    ("other", Side.UNKNOWN, {}, WEB, ""),
)


def test_place_follows_from_what_the_event_says() -> None:
    wrong = []
    for platform, side, contexts, url, frame in PLACES:
        has_module = platform in ("java", "csharp")
        frames = (Frame(file="a"), Frame(file=frame, module=frame if has_module else None))
        body = EventBody(
            exceptions=(ExceptionInfo("TypeError", "x of undefined", frames=frames),),
            contexts=contexts,
            request=Request(url=url) if url else None,
        )
        found = side_of(Event("a" * 32, AT, platform=platform, body=body))
        if found is not side:
            wrong.append(f"{platform}, {contexts}, {url}, {frame} -> {found}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("minutes", "platform", "action"),
    [(1, "javascript", UserAction.ACCOUNT), (5, "javascript", None), (1, "node", None)],
)
def test_only_recent_navigation_of_the_customer_is_their_action(
    minutes: int, platform: str, action: UserAction | None
) -> None:
    when = AT - timedelta(minutes=minutes)
    crumb = Breadcrumb(when, category="navigation", data={"from": "/", "to": "/settings"})
    body = EventBody(breadcrumbs=(crumb,), request=Request(url="https://a.example/sse"))
    assert user_action_of(Event("a" * 32, AT, platform=platform, body=body)) is action


@pytest.mark.parametrize(
    ("title", "platform", "sentence"),
    [
        (
            "CompletionException: java.lang.NoClassDefFoundError: x",
            "java",
            "A part of our server was missing when it was needed.",
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
def test_quoted_error_is_recognized(title: str, platform: str, sentence: str) -> None:
    assert (
        summarize(Event("a" * 32, AT, title=title, platform=platform, body=EventBody())) == sentence
    )


TIMED_OUT = "504 Server Error: Gateway Time-out for url: https://bank.example/v1"
WHERE: tuple[tuple[str, str, Place], ...] = (
    ("python", "LockNotAvailable: could not obtain lock on row", Place.SERVER),
    ("python", "OperationalError: Zeit\u00fcberschreitung: Bestand ist gesperrt", Place.SERVER),
    ("php", "PDOException: d\u00e9lai d\u00e9pass\u00e9", Place.SERVER),
    ("csharp", "NpgsqlException: Exception while reading from stream", Place.SERVER),
    ("python", f"HTTPError: {TIMED_OUT}", Place.SERVICE),
    ("python", "TimeoutError: Lagerdienst antwortet nicht", Place.SERVICE),
    ("ruby", "CardError: Your card was declined.", Place.BANK),
    ("node", "StripeCardError: Your card has insufficient funds.", Place.BANK),
    ("python", "CardError: Your card's security code is incorrect.", Place.INPUT),
    ("python", "ValidationError: Enter a whole number", Place.INPUT),
    ("python", "AuthenticationFailed: no", Place.SIGN_IN),
    ("cocoa", "WatchdogTermination: the OS watchdog terminated it", Place.APP_OR_DEVICE),
    ("javascript", "AxiosError: timeout of 10000ms exceeded", Place.BETWEEN),
)


def test_place_is_named_as_far_as_the_error_says() -> None:
    wrong = []
    for platform, title, place in WHERE:
        found = place_of(Event("a" * 32, AT, title=title, platform=platform))
        if found is not place:
            wrong.append(f"{title} -> {found}")
    assert not wrong, "\n".join(wrong)


def test_a_payment_without_an_answer_may_have_gone_through() -> None:
    url = "https://api.example/orders/7/pay"
    data = {"method": "POST", "url": url, "status_code": 504}
    on_page = EventBody(breadcrumbs=(Breadcrumb(category="xhr", data=data),))
    on_server = EventBody(request=Request("POST", url))
    looked_up = EventBody(request=Request("GET", url))
    late = "ReadTimeout: bank.example: read timed out"
    rows = (
        ("javascript", "AxiosError: Request failed with status code 504", on_page, True),
        ("python", late, on_server, True),
        ("python", late, looked_up, False),
        ("python", "OperationalError: statement timeout", on_server, False),
    )
    for platform, title, body, is_open in rows:
        text = summarize(Event("a" * 32, AT, title=title, platform=platform, body=body))
        assert ("may or may not have gone through" in text) is is_open, text


def test_the_line_that_failed_says_that_it_is_a_price() -> None:
    def failed(code: str) -> str:
        frame = Frame(file="rows.py", line=3, in_app=True, code=((3, code),))
        raised = ExceptionInfo("ValueError", "could not convert string to float", frames=(frame,))
        body = EventBody(exceptions=(raised,))
        return summarize(Event("a" * 32, AT, platform="python", body=body))

    assert failed('cost = float(row["Preis"])') == "A price or amount was not a number."
    assert failed('size = float(row["x"])') == "A value that should be a number was not one."
