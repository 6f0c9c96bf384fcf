"""Test the first sentence of a page, and the order of its problems."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.events.answer import (
    Answer,
    CatalogEntry,
    KnownErrors,
    KnownMatch,
    Notice,
    NoticeCode,
    SearchScope,
)
from apps.events.event import Breadcrumb, Event, EventBody, Issue, Request
from apps.events.grouping import problems_of
from apps.events.identifier import parse_customer
from apps.events.query import Question, Window
from apps.events.summary import headline

BERLIN = ZoneInfo("Europe/Berlin")
MOMENT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
DECLINED = {"issue_id": "1", "title": "PaymentDeclined: no", "handled": False}
UNKNOWN = {"issue_id": "2", "title": "boom", "handled": False}
WARNED = {"issue_id": "3", "title": "slow", "level": "warning", "handled": True}


def event(seconds: int, **fields: Any) -> Event:
    at = MOMENT + timedelta(seconds=seconds)
    known = {"id": f"{fields['issue_id']}{abs(seconds):031}", "level": "error"}
    return Event(timestamp=at, **{**known, **fields})


def answer(*events: Event, minutes: int = 5, moment: datetime = MOMENT) -> Answer:
    newest = tuple(sorted(events, key=lambda one: one.timestamp, reverse=True))
    question = Question(parse_customer("1001"), Window(moment, minutes))
    return Answer(
        question=question,
        searched=SearchScope("acme"),
        events=newest,
        issues=(),
        complete=True,
        fetched_at=MOMENT + timedelta(days=1),
        events_total=len(newest),
    )


def order(*events: Event) -> list[str]:
    return [group.issue_id for group in problems_of(answer(*events))]


def noise(*events: Event) -> list[str]:
    return [group.issue_id for group in problems_of(answer(*events)) if group.is_noise]


def test_headline_has_failure_count_and_times_in_zone() -> None:
    text = headline(answer(*(event(at, **DECLINED) for at in (-120, 0, 130))), BERLIN)
    assert text == "The payment was declined, 3 times between 14:03 and 14:07."


def test_failure_that_fills_the_window_has_no_beginning_and_end() -> None:
    for seconds, expected in (
        ((-296, -200, -100), "3 times in these 10 minutes."),
        (range(-265, 270, 15), "36 times in these 10 minutes."),
        (range(-59, 60, 10), "12 times between 14:04 and 14:05."),
        ((-280, 281), "2 times between 14:00 and 14:09."),
    ):
        text = headline(answer(*(event(at, issue_id="1") for at in seconds)), BERLIN)
        assert text.endswith(expected), text


def test_events_within_a_minute_have_one_time() -> None:
    text = headline(answer(event(0, **DECLINED), event(30, **DECLINED)), BERLIN)
    assert text == "The payment was declined, 2 times at 14:05."


def test_other_problems_are_counted_without_noise() -> None:
    result = answer(event(0, **DECLINED), event(60, **UNKNOWN), event(90, **WARNED))
    assert headline(result, BERLIN).endswith(", once at 14:05. There was 1 other problem.")


def test_other_day_is_named() -> None:
    result = answer(event(0, **DECLINED), event(-50_000, **DECLINED), minutes=1440)
    assert headline(result, BERLIN).endswith("2 times between 00:11 and 14:05.")
    result = answer(event(0, **DECLINED), event(-60_000, **DECLINED), minutes=1440)
    assert headline(result, BERLIN).endswith("2 times between 19 Nov, 21:25 and 14:05.")


def test_repeated_hour_has_zone_names() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    events = [
        replace(event(0, **DECLINED), timestamp=first),
        replace(event(1, **DECLINED), timestamp=first + timedelta(hours=1)),
    ]
    text = headline(answer(*events, moment=first, minutes=120), BERLIN)
    assert text.endswith("2 times between 02:30 CEST and 02:30 CET.")


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        (NoticeCode.CAPPED, "at least 2 times at 14:05."),
        (NoticeCode.WINDOW_OPEN, "2 times so far, at 14:05."),
    ],
)
def test_incomplete_result_has_qualified_count(code: NoticeCode, ending: str) -> None:
    result = answer(event(0, **DECLINED), event(9, **DECLINED))
    result = replace(result, complete=False, notices=(Notice(code, "…"),))
    assert headline(result, BERLIN).endswith(ending)


def test_empty_result_is_qualified_unless_complete() -> None:
    assert headline(answer(), BERLIN) == "No errors for this customer in this window."
    waiting = (Notice(NoticeCode.WINDOW_OPEN, "…"),)
    assert "so far" in headline(replace(answer(), complete=False, notices=waiting), BERLIN)
    assert "incomplete" in headline(replace(answer(), complete=False), BERLIN)


def test_unhandled_error_ranks_before_handled() -> None:
    handled = {**UNKNOWN, "handled": True}
    assert order(event(0, **handled), event(20, **DECLINED)) == ["1", "2"]


def test_nearby_error_ranks_first() -> None:
    other = {**UNKNOWN, "issue_id": "1"}
    assert order(event(0, **UNKNOWN), event(250, **other)) == ["2", "1"]


def test_request_ranks_before_job() -> None:
    job = {**UNKNOWN, "platform": "python", "transaction": "tasks.send_mail"}
    page = {**DECLINED, "title": "boom", "body": EventBody(request=Request("GET", "/cart"))}
    assert order(event(0, **job), event(30, **page)) == ["1", "2"]


def test_fatal_error_ranks_before_error() -> None:
    other = {**UNKNOWN, "issue_id": "1"}
    assert order(event(0, **other), event(1, **{**UNKNOWN, "level": "fatal"})) == ["2", "1"]


def test_handled_warning_is_noise_and_last() -> None:
    events = (event(0, **WARNED), event(200, **DECLINED))
    assert order(*events) == ["1", "3"]
    assert noise(*events) == ["3"]


@pytest.mark.parametrize(
    "loud",
    [
        {**WARNED, "handled": False},
        {**WARNED, "level": "error"},
        {**WARNED, "title": "PaymentDeclined: no"},
    ],
)
def test_unhandled_or_specific_warning_is_not_noise(
    loud: dict[str, Any],
) -> None:
    assert noise(event(30, **loud), event(200, **DECLINED)) == []


def test_only_noise_is_not_marked_as_noise() -> None:
    assert noise(event(0, **WARNED)) == []


def test_payment_warning_is_never_noise() -> None:
    payment = event(90, issue_id="1", level="warning", handled=True, title="Card declined")
    slow = event(90, issue_id="2", level="warning", handled=True, title="DoesNotExist: 4")
    assert noise(payment, slow, event(0, issue_id="3")) == ["2"]


def test_slight_failure_ranks_last() -> None:
    add_on = event(0, issue_id="1", platform="javascript", title="ResizeObserver loop limit")
    assert order(add_on, event(4, issue_id="2", platform="javascript"))[0] == "2"


PAY = "https://api.shop.example/orders/B-42/pay"
RESERVE = "https://api.shop.example/orders/B-42/reserve"


def called(url: str, status: int) -> EventBody:
    data = {"method": "POST", "url": url, "status_code": status}
    return EventBody(breadcrumbs=(Breadcrumb(category="xhr", data=data),))


def failed(issue_id: str, title: str, seconds: int, **fields: Any) -> Event:
    known = {"platform": "javascript", "handled": False, "transaction": "/orders"}
    return event(seconds, **{"issue_id": issue_id, "title": title, **known, **fields})


def on_server(issue_id: str, title: str, seconds: int, url: str, **fields: Any) -> Event:
    body = EventBody(request=Request("POST", url))
    return failed(issue_id, title, seconds, platform="python", body=body, **fields)


REFUSED = "AxiosError: Request failed with status code"
KILLED = "WatchdogTermination: The OS watchdog terminated your app"
APP = EventBody(contexts={"app": {"app_identifier": "shop"}})
WEB_APP = {"platform": "cocoa", "level": "fatal", "body": APP}
# What happened, and the events, of which those of issue 1 lead.
LEADERS: tuple[tuple[str, tuple[Event, ...]], ...] = (
    (
        "a payment without an answer before a nearer error",
        (
            failed("1", f"{REFUSED} 504", 40, handled=True, body=called(PAY, 504)),
            on_server("2", "KeyError: 'badge'", 5, "https://api.shop.example/badges"),
        ),
    ),
    (
        "a crash of our own before an app that the phone closed",
        (
            failed("1", "EXC_BREAKPOINT: found nil", -150, **WEB_APP),
            failed("2", KILLED, -10, **WEB_APP),
        ),
    ),
    (
        "a form that was refused three times before an error that was handled",
        (
            *(
                failed("1", f"{REFUSED} 422", at, handled=True, body=called("/vouchers", 422))
                for at in (-200, -150, -100)
            ),
            failed("2", "TypeError: x is undefined", 1, handled=True),
        ),
    ),
    (
        "two tries of one step before one of another",
        (
            on_server("1", "KeyError: 'a'", -280, RESERVE),
            on_server("1", "KeyError: 'a'", -90, RESERVE),
            on_server("2", "KeyError: 'b'", 5, "https://api.shop.example/profile"),
        ),
    ),
    (
        "what was handled just then before a crash of an hour ago",
        (
            failed("1", "TypeError: x is not a function", 0, handled=True),
            failed("2", "EXC_BREAKPOINT: found nil", -3000, **{**WEB_APP, "level": "error"}),
        ),
    ),
    (
        "a sign-in that came back before an error elsewhere",
        (
            *(
                on_server("1", "StateMismatch", at, "https://a.example/auth/callback")
                for at in (0, 9)
            ),
            on_server("2", "KeyError: 'a'", 1, "https://a.example/help"),
        ),
    ),
    (
        "a page before a job",
        (
            failed("1", "TypeError: x is not a function", -200),
            failed("2", "OSError: boom", 0, platform="node", transaction="job:x", level="fatal"),
        ),
    ),
    (
        "a failed call before a counter of visits",
        (
            failed("1", f"{REFUSED} 413", -20, handled=True, body=called("/photos", 413)),
            failed("2", "ReferenceError: gtag is not defined", 0),
        ),
    ),
)


def test_what_stopped_the_customer_leads() -> None:
    wrong = [what for what, events in LEADERS if order(*events)[0] != "1"]
    assert wrong == []


def test_known_and_fresh_issues_lead_among_equals() -> None:
    one, other = (on_server(key, f"KeyError: '{key}'", 20, PAY[:-3] + key) for key in ("1", "2"))
    result = answer(one, other)
    assert problems_of(result)[0].issue_id == "1"
    entry = CatalogEntry(slug="x", title="x", explanation="x")
    known = replace(result, known=KnownErrors((KnownMatch(entry, "2", ("type",)),)))
    back = replace(result, issues=(Issue("2", substatus="regressed"),))
    new = replace(result, issues=(Issue("2", first_seen=MOMENT - timedelta(hours=2)),))
    assert [problems_of(each)[0].issue_id for each in (known, back, new)] == ["2", "2", "2"]


def test_headline_counts_the_failures_of_one_order() -> None:
    events = (
        on_server("1", "OperationalError: could not obtain lock on row", -240, RESERVE),
        on_server("1", "OperationalError: could not obtain lock on row", -60, RESERVE),
        failed("2", f"{REFUSED} 504", 41, handled=True, body=called(PAY, 504)),
        failed("3", "TypeError: x is not a function", 50),
    )
    assert headline(answer(*events), BERLIN) == (
        "The same order failed 3 times between 14:01 and 14:05. The last time, the payment got no "
        "answer in time, so it may or may not have gone through. There was 1 other problem."
    )
    lock = "OperationalError: could not obtain lock"
    for other in (
        on_server("1", lock, -60, PAY.replace("42", "43")),
        on_server("1", lock, -60, RESERVE, handled=True),
        on_server("1", lock, 40, RESERVE),  # perhaps the same failure
    ):
        assert "same order" not in headline(answer(other, events[2]), BERLIN)


def test_headline_counts_crashes() -> None:
    crash = failed("1", "EXC_BREAKPOINT: unexpectedly found nil", -150, project="app", **WEB_APP)
    killed = failed("2", KILLED, -10, project="app", **WEB_APP)
    assert headline(answer(crash, killed), BERLIN) == (
        "The app crashed or was closed 2 times between 14:02 and 14:04. At 14:02, the app failed "
        "at a step because something was missing."
    )
