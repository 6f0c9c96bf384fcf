"""Test the first sentence of a page, and the order of its problems."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.events.answer import Answer, Notice, NoticeCode, SearchScope
from apps.events.event import Event, EventBody, Request
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
    assert order(event(0, **UNKNOWN), event(250, **DECLINED)) == ["2", "1"]


def test_request_ranks_before_job() -> None:
    job = {**UNKNOWN, "platform": "python", "transaction": "tasks.send_mail"}
    page = {**DECLINED, "title": "boom", "body": EventBody(request=Request("GET", "/cart"))}
    assert order(event(0, **job), event(30, **page)) == ["1", "2"]


def test_fatal_error_ranks_before_error() -> None:
    assert order(event(0, **DECLINED), event(1, **{**UNKNOWN, "level": "fatal"})) == ["2", "1"]


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
