"""The first sentence of a page, and the order of what stands below it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.events.answer import Answer, Notice, NoticeCode, Searched
from apps.events.event import Event, EventBody, Request
from apps.events.grouping import group_by_issue
from apps.events.query import Question, Window, parse_customer
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
        searched=Searched("acme"),
        events=newest,
        issues=(),
        complete=True,
        fetched_at=MOMENT + timedelta(days=1),
        events_total=len(newest),
    )


def order(*events: Event) -> list[str]:
    return [group.issue_id for group in group_by_issue(answer(*events))]


def noise(*events: Event) -> list[str]:
    return [group.issue_id for group in group_by_issue(answer(*events)) if group.is_noise]


def test_it_says_what_and_how_often_and_from_when_to_when_in_the_zone() -> None:
    told = headline(answer(*(event(at, **DECLINED) for at in (-120, 0, 130))), BERLIN)
    assert told == "The payment was declined, 3 times between 14:03 and 14:07."


def test_what_happened_within_a_minute_has_one_time() -> None:
    told = headline(answer(event(0, **DECLINED), event(30, **DECLINED)), BERLIN)
    assert told == "The payment was declined, 2 times at 14:05."


def test_another_problem_is_counted_and_noise_is_not() -> None:
    told = answer(event(0, **DECLINED), event(60, **UNKNOWN), event(90, **WARNED))
    assert headline(told, BERLIN).endswith(", once at 14:05. There was 1 other problem.")


def test_another_day_is_named() -> None:
    told = answer(event(0, **DECLINED), event(-50_000, **DECLINED), minutes=1440)
    assert headline(told, BERLIN).endswith("2 times between 00:11 and 14:05.")
    told = answer(event(0, **DECLINED), event(-60_000, **DECLINED), minutes=1440)
    assert headline(told, BERLIN).endswith("2 times between 19 Nov, 21:25 and 14:05.")


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    events = [
        replace(event(0, **DECLINED), timestamp=first),
        replace(event(1, **DECLINED), timestamp=first + timedelta(hours=1)),
    ]
    told = headline(answer(*events, moment=first, minutes=120), BERLIN)
    assert told.endswith("2 times between 02:30 CEST and 02:30 CET.")


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        (NoticeCode.CAPPED, "at least 2 times at 14:05."),
        (NoticeCode.WINDOW_OPEN, "2 times so far, at 14:05."),
    ],
)
def test_what_may_not_be_all_is_not_told_as_all(code: NoticeCode, ending: str) -> None:
    told = answer(event(0, **DECLINED), event(9, **DECLINED))
    told = replace(told, complete=False, notices=(Notice(code, "…"),))
    assert headline(told, BERLIN).endswith(ending)


def test_nothing_is_said_to_be_nothing_only_when_it_is_sure() -> None:
    assert headline(answer(), BERLIN) == "No errors for this customer in this window."
    waiting = (Notice(NoticeCode.WINDOW_OPEN, "…"),)
    assert "so far" in headline(replace(answer(), complete=False, notices=waiting), BERLIN)
    assert "not complete" in headline(replace(answer(), complete=False), BERLIN)


def test_what_nothing_caught_comes_before_what_was_dealt_with() -> None:
    dealt_with = {**UNKNOWN, "handled": True}
    assert order(event(0, **dealt_with), event(20, **DECLINED)) == ["1", "2"]


def test_what_is_near_the_moment_comes_first() -> None:
    assert order(event(0, **UNKNOWN), event(250, **DECLINED)) == ["2", "1"]


def test_what_a_customer_waits_for_comes_before_a_job() -> None:
    job = {**UNKNOWN, "platform": "python", "transaction": "tasks.send_mail"}
    page = {**DECLINED, "title": "boom", "body": EventBody(request=Request("GET", "/cart"))}
    assert order(event(0, **job), event(30, **page)) == ["1", "2"]


def test_a_fatal_error_comes_before_an_error() -> None:
    assert order(event(0, **DECLINED), event(1, **{**UNKNOWN, "level": "fatal"})) == ["2", "1"]


def test_notes_and_warnings_that_were_gone_on_from_are_noise_and_last() -> None:
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
def test_a_warning_is_no_noise_when_it_was_not_caught_or_fits_the_trouble(
    loud: dict[str, Any],
) -> None:
    assert noise(event(30, **loud), event(200, **DECLINED)) == []


def test_where_all_is_noise_nothing_is_folded() -> None:
    assert noise(event(0, **WARNED)) == []


def test_a_warning_that_a_payment_failed_is_no_noise_wherever_it_lies() -> None:
    payment = event(90, issue_id="1", level="warning", handled=True, title="Card declined")
    slow = event(90, issue_id="2", level="warning", handled=True, title="DoesNotExist: 4")
    assert noise(payment, slow, event(0, issue_id="3")) == ["2"]


def test_what_a_customer_seldom_means_comes_after_other_errors() -> None:
    add_on = event(0, issue_id="1", platform="javascript", title="ResizeObserver loop limit")
    assert order(add_on, event(4, issue_id="2", platform="javascript"))[0] == "2"
