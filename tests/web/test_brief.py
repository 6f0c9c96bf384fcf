"""The first screen of a result: answers about its headline, and what to tell the customer."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.events.answer import (
    Answer,
    CatalogEntry,
    Feedback,
    FixState,
    KnownErrors,
    KnownMatch,
    OtherOccurrences,
    RelatedData,
    Replay,
)
from apps.events.correlation import Reason
from apps.events.event import Breadcrumb, Event, EventBody, Request
from apps.events.grouping import Group, Joined, Problem, problems_of
from apps.events.summary import headline
from apps.web.presenters.brief import Brief
from apps.web.presenters.story import story_view
from apps.web.templatetags.triage import slashes
from tests.web.answers import (
    FETCHED,
    MOMENT,
    answer,
    bare_event,
    body,
    event,
    log,
    never_seen,
    slow_and_refused,
    span,
    without_errors,
)

pytestmark = pytest.mark.usefixtures("one_request")

BERLIN = ZoneInfo("Europe/Berlin")
ISOLATES = dict.fromkeys((0x2068, 0x2069))


def brief(sample: Answer) -> Brief:
    return Brief(sample, problems_of(sample), zone=BERLIN, today=FETCHED.date())


def browser_event(*crumbs: Breadcrumb, at: int = 0, **changes: object) -> Event:
    return event(at, platform="javascript", body=body(breadcrumbs=crumbs), **changes)


def crumb(seconds: float, message: str = "button.pay", category: str = "ui.click") -> Breadcrumb:
    return Breadcrumb(MOMENT + timedelta(seconds=seconds), category=category, message=message)


def test_answers_are_about_the_first_problem() -> None:
    sample = event(platform="python")
    fixed = answer(sample, event(200, issue_id="2", level="warning", handled=True))
    first = replace(fixed.issues[0], status="resolved", fixed_in="2.15.0")
    shown = brief(replace(fixed, issues=(first, *fixed.issues[1:])))
    assert dict(shown.answers) == {
        "Where problem 1 happened": "the customer’s bank",
        "Stopped the customer": "yes",
        "Customers": "57 so far",
        "Status": "fixed in 2.15.0; the customer was on 2.14.0, which is older",
        "Just before": "clicked \u2068pay\u2069 (14:04:46)",
    }
    assert shown.next == "Ask them to update."
    assert shown.reply.startswith("The payment was declined. We saw this once")
    assert "Where it failed" in dict(brief(answer(sample)).answers)


def test_reply_counts_what_the_headline_counts() -> None:
    crashes = [
        replace(
            event(at, issue_id=str(at), title=title, platform="cocoa", body=None),
            level="fatal",
            handled=False,
        )
        for at, title in ((0, "SIGABRT"), (100, "WatchdogTermination"))
    ]
    sample = answer(*crashes)
    assert headline(sample, BERLIN).startswith("The app crashed")
    tell = brief(sample).reply
    assert "In total, the app crashed" in tell
    assert "twice between 14:05 and 14:06. We have recorded these errors" in tell
    assert "We saw this once" in brief(answer(crashes[0])).reply


def test_reply_has_details_only_of_what_was_read() -> None:
    for of_first, expected in (
        (None, "recorded these errors"),
        (EventBody(), "details of each time"),
    ):
        tell = brief(
            answer(
                event(platform="python", title="KeyError: x", body=of_first),
                event(60, platform="python", title="KeyError: x", body=EventBody()),
            )
        ).reply
        assert expected in tell, tell


def test_what_is_unknown_is_called_so() -> None:
    shown = dict(brief(answer(bare_event())).answers)
    assert shown["Where it failed"] == "unknown"
    assert shown["Stopped the customer"] == "unknown"
    assert shown["Customers"] == "unknown"
    assert shown["Just before"] == "no steps recorded"
    unread = dict(brief(answer(event(body=None))).answers)
    assert unread["Just before"] == "unknown; not read in full"
    partly = dict(
        brief(answer(bare_event(), event(60, issue_id="2", body=None, level="info"))).answers
    )
    assert partly["Just before"] == "no steps in the events that were read"


SLOW = "AxiosError: Request failed with status code 504"
PAY = Breadcrumb(
    MOMENT,
    category="fetch",
    data={"method": "POST", "url": "/api/orders/1/pay", "status_code": 504},
)


def test_customers_next_step_shows_whether_they_went_on() -> None:
    pay = (crumb(-30, "a.cart"), crumb(-2))
    for later, expected in (
        ((), "yes"),
        ((crumb(4),), "yes; they tried again (14:05:04)"),
        ((crumb(9, "a.help"),), "yes, that request; they clicked help (14:05:09)"),
        ((crumb(4, "/error", "navigation"),), "yes"),
        ((crumb(1),), "yes"),
    ):
        failed = event(platform="python", body=body(breadcrumbs=()))
        shown = brief(answer(failed, browser_event(*pay, *later, at=20, issue_id="2")))
        text = dict(shown.answers)["Stopped the customer"].translate(ISOLATES)
        assert text == expected, later


def test_just_before_is_from_one_event_and_its_last_minute() -> None:
    request = body(breadcrumbs=())
    queried = body(breadcrumbs=(crumb(-3, "SELECT 1", "query"),))
    page = replace(request, request=Request(url="https://shop.example/cart?x=1"))
    other = browser_event(crumb(-1, "a.other"), at=200, issue_id="2")
    for events, expected in (
        (
            (browser_event(crumb(-30, "a.cart"), crumb(-2), crumb(9, "a.help")),),
            "clicked cart, then clicked pay (14:04:58)",
        ),
        ((browser_event(crumb(-70, "a.cart"), crumb(-2)), other), "clicked pay (14:04:58)"),
        (
            (event(platform="python", body=queried),),
            "our server asked the data store SELECT 1 (14:04:57)",
        ),
        ((event(platform="python", body=request),), "a request: POST shop.example/pay (14:05:00)"),
        ((event(body=page, platform="javascript"),), "was on shop.example/cart"),
        (
            (
                event(body=queried, platform="python"),
                browser_event(crumb(-90), at=-80, issue_id="2"),
            ),
            "clicked pay (14:03:30)",
        ),
        (
            (
                event(platform="rust", body=EventBody()),
                browser_event(crumb(-190), at=-180, issue_id="2", level="info"),
            ),
            "none in the 2 minutes before",
        ),
    ):
        shown = dict(brief(answer(*events)).answers)["Just before"].translate(ISOLATES)
        assert shown == expected


def test_status_of_an_issue_has_its_first_and_last_time_over_all_customers() -> None:
    sample = answer(event())
    new = MOMENT - timedelta(hours=2)
    for first_seen, last_seen, expected in (
        (None, None, "not resolved yet"),
        (new, None, "not resolved yet, first seen 20 Nov 2026, 12:05"),
        (new, MOMENT, "not resolved yet, first seen 20 Nov 2026, 12:05, last 14:05"),
        (None, FETCHED, "not resolved yet, last seen 23 Nov 2026, 10:00"),
        (None, new, "not resolved yet"),  # older than the customer's own event
    ):
        issue = replace(sample.issues[0], first_seen=first_seen, last_seen=last_seen)
        assert dict(brief(replace(sample, issues=(issue,))).answers)["Status"] == expected


def test_without_steps_the_customers_requests_came_just_before() -> None:
    failed = event(platform="python", body=body(breadcrumbs=()))
    saved = span(-90, "http.client", "POST https://shop.example/cart/lines", 80, http_status=200)
    polled = span(-9, "http.client", "GET https://shop.example/prices", 80, http_status=200)
    sample = replace(answer(failed), beside=without_errors(saved, polled).beside)
    shown = dict(brief(sample).answers)["Just before"].translate(ISOLATES)
    assert shown == "requested POST shop.example/cart/lines (14:03:30)"
    old = replace(saved, started_at=MOMENT - timedelta(minutes=11))
    sample = replace(sample, beside=without_errors(old, polled).beside)
    assert dict(brief(sample).answers)["Just before"].startswith("a request: ")


def test_other_problems_that_have_no_fix_are_named_next() -> None:
    first, other = event(platform="python", title="KeyError: x"), event(60, issue_id="2")
    other = replace(other, platform="python", title="TypeError: x", body=None)
    both = answer(replace(first, body=None), other)
    fixed = replace(both.issues[0], status="resolved", fixed_in="2.15.0")
    newer = replace(both.issues[1], status="resolved", fixed_in="2.13.0")
    for issues, expected in (
        ((fixed, both.issues[1]), "Ask them to update. Escalate problem 2: no fix known."),
        (
            (both.issues[0], newer),
            "Escalate, then reply. Escalate problem 2: fixed, but may be back.",
        ),
    ):
        assert brief(replace(both, issues=issues)).next == expected


def test_last_time_is_that_of_all_halves() -> None:
    page, server = event(1, issue_id="2", body=None), event(body=None)
    sample = answer(server, page)
    cause, half = (
        Group(one.issue_id or "", replace(issue, last_seen=MOMENT + later), (one,))
        for one, issue, later in zip(
            (server, page), sample.issues, (timedelta(), timedelta(minutes=10)), strict=True
        )
    )
    later = "resolved yet, last seen 20 Nov 2026, 14:15"
    for is_whole, expected in ((True, later), (False, "resolved yet")):
        halves = (Joined(half, Reason.CONSEQUENCE, is_whole),)
        shown = Brief(
            sample,
            [Problem(cause, halves, (page, server))],
            zone=BERLIN,
            today=FETCHED.date(),
        )
        assert dict(shown.answers)["Status"].endswith(expected)
    today = replace(sample, fetched_at=MOMENT + timedelta(hours=1))
    shown = Brief(today, [Problem(cause, (), (server,))], zone=BERLIN, today=FETCHED.date())
    assert dict(shown.answers)["Status"].endswith("resolved yet, last seen 14:05")


def test_halves_count_for_customers_and_for_what_was_stopped() -> None:
    """Sentry counts each issue's customers, so those of several halves are at least as many."""
    first, again = event(body=None), event(30, issue_id="2", body=None)
    sample = answer(first, again)
    cause, half = (
        Group(one.issue_id or "", replace(issue, users_affected=users), (one,))
        for one, issue, users in zip((first, again), sample.issues, (3, 4), strict=True)
    )
    for reason, stopped in (
        (Reason.TRIED_AGAIN, "yes, that step; they tried again"),
        (Reason.SAME_REQUEST, "unknown"),
    ):
        problem = Problem(cause, (Joined(half, reason),), (again, first))
        shown = dict(Brief(sample, [problem], zone=BERLIN, today=FETCHED.date()).answers)
        assert shown["Customers"] == "at least 4 so far"
        assert shown["Stopped the customer"] == stopped


def test_customers_are_those_of_the_headline() -> None:
    def shown(sample: Answer, *users: int) -> str:
        issues = tuple(
            replace(one, users_affected=count)
            for one, count in zip(sample.issues, users, strict=True)
        )
        return dict(brief(replace(sample, issues=issues)).answers)["Customers"]

    two = answer(event(), event(-240, issue_id="2", level="warning", handled=True))
    assert shown(two, 3, 2) == "3 so far"
    assert shown(two, 3, 4) == "problem 1: 3 so far"
    assert shown(two, 3, 137) == "problem 1: 3 so far; problem 2: 137"
    crash = event(level="fatal", handled=False, platform="cocoa", title="SIGABRT", body=None)
    again = replace(crash, id="f" * 32, issue_id="2", timestamp=MOMENT - timedelta(minutes=3))
    assert shown(answer(crash, again), 3, 2) == "problem 1: 3 so far"


def test_payment_that_may_have_gone_through_is_checked_first() -> None:
    paid = event(
        title=SLOW, platform="javascript", handled=True, body=EventBody(breadcrumbs=(PAY,))
    )
    shown = brief(answer(paid))
    assert shown.next == "Check whether it was charged, then reply."
    assert shown.reply.endswith(
        "don’t pay again until we have checked whether the payment went through."
    )
    other = brief(
        answer(event(), replace(paid, issue_id="2", timestamp=MOMENT - timedelta(minutes=4)))
    )
    assert other.next.endswith(" Check whether they were charged: problem 2.")


def test_next_step_considers_the_other_problems() -> None:
    offline = event(title="TypeError: Failed to fetch", platform="javascript", body=None)
    crash = event(100, issue_id="2", title="SIGABRT", platform="cocoa", body=None)
    crash = replace(crash, level="fatal", handled=False)
    assert brief(answer(offline)).next == "Reply; escalate if it continues."
    assert brief(answer(event(), crash)).next == "Reply. Escalate problem 2: a crash."
    known = KnownErrors((KnownMatch(CatalogEntry("a", "A", "Why"), "2", ()),))
    both = replace(answer(event(), crash), known=known)
    assert brief(both).next == "Reply; escalate if it continues. Problem 2 is known."
    too = KnownMatch(CatalogEntry("b", "B", "Why"), "9001", ())
    both = replace(both, known=KnownErrors((too, *known.matches)))
    assert brief(both).next == "Reply; problems 1 and 2 are known."
    fixed = CatalogEntry("c", "C", "Why", state=FixState.FIXED, fixed_in="2.13.0")
    again = replace(both, known=KnownErrors((KnownMatch(fixed, "2", ()),)))
    assert brief(again).next.endswith(" Escalate problem 2: fixed, but may be back.")
    back = replace(answer(event()).issues[0], status="resolved", fixed_in="2.13.0")
    assert brief(replace(answer(event()), issues=(back,))).next == "Escalate; it may be back."


def test_known_error_is_named_with_its_status() -> None:
    entry = CatalogEntry("a", "Declined cards are not explained", "Why", state=FixState.PLANNED)
    known = KnownErrors((KnownMatch(entry, "9001", ()),))
    shown = dict(brief(replace(answer(event()), known=known)).answers)
    assert shown["Status"] == "Known: Declined cards are not explained. Fix planned."


def test_lines_break_at_slashes() -> None:
    assert slashes("POST /a/<b>") == "POST /<wbr>a/<wbr>&lt;b&gt;"


def test_customers_message_is_quoted_once() -> None:
    short, long = (Feedback(text[:1], MOMENT, text) for text in ("No luck", "w" * 400))
    for message, on_top, in_story in ((short, "No luck", ""), (long, "w" * 300, "w" * 400)):
        sample = replace(answer(event()), beside=RelatedData(feedback=(message,)))
        assert brief(sample).messages[0].quote.startswith(on_top)
        story = story_view(sample, problems_of(sample), BERLIN)
        assert story
        assert story.parts[-1].steps[-1].quote == in_story


def test_crash_is_in_the_headline() -> None:
    crash = event(level="fatal", handled=False, platform="cocoa")
    other = event(-200, issue_id="2", title="KeyError: x", handled=True)
    assert dict(brief(answer(crash)).answers)["Stopped the customer"] == "yes, the app crashed"
    assert headline(answer(crash), BERLIN).endswith("The app crashed.")
    closed = replace(crash, title="WatchdogTermination: The OS watchdog ended it", body=None)
    assert dict(brief(answer(closed)).answers)["Stopped the customer"] == "yes, the app closed"
    assert "crash" not in headline(answer(closed), BERLIN) + brief(answer(closed)).reply
    caught = replace(crash, handled=True)
    assert "crash" not in headline(answer(caught), BERLIN)
    late = replace(crash, timestamp=MOMENT - timedelta(minutes=4), issue_id="3", body=None)
    near = event(0, level="fatal", handled=False, platform="python")
    assert "a crash among them" in headline(answer(near, replace(other, body=None), late), BERLIN)
    assert headline(answer(near, late), BERLIN).endswith("There was 1 other problem, with a crash.")


def test_result_without_errors_leads_with_what_speaks_against_it() -> None:
    message = Feedback("f1", MOMENT, "The button does nothing")
    related = RelatedData(
        feedback=(message,),
        replays=(Replay("r1", MOMENT, urls=("https://shop.example/pay",), dead_clicks=6),),
    )
    sample = replace(answer(), beside=related)
    assert headline(sample, BERLIN) == (
        "No errors for this customer in this window, but 6 clicks in a session replay did "
        "nothing, and the customer wrote to us."
    )
    shown = brief(sample)
    assert [one.quote for one in shown.messages] == ["The button does nothing"]
    assert dict(shown.answers)["Stopped the customer"] == "unknown; 6 clicks had no effect"
    assert dict(shown.answers)["Just before"] == "was on shop.example/pay (recorded from 14:05:00)"
    assert shown.next == "Escalate with the session replay, then reply."
    assert "We have your message from 14:05" in shown.reply
    partial = replace(sample, complete=False)
    assert headline(partial, BERLIN) == "No errors were found, but the result is incomplete."


def test_result_without_errors_says_what_logs_and_requests_show() -> None:
    sample = slow_and_refused()
    assert headline(sample, BERLIN) == (
        "No errors, but three requests were refused and one step took 41 seconds. "
        "The upload was refused: too large, 3 times."
    )
    shown = brief(sample)
    assert shown.answers == (
        ("Where it failed", "what was entered or sent"),
        ("Stopped the customer", "yes, that step"),
        ("When", "14:04:40 to 14:04:57, 3 times"),
        ("Request", "POST /api/files/upload"),
        ("Customers", "not counted without an error"),
        ("Status", "no known error matches; we don’t know whether it still happens"),
        ("Just before", "the search took 41 seconds; it usually takes 0.4 seconds (14:03:25)"),
    )
    assert "At 14:04, the upload was refused: too large, 3 times." in shown.reply
    assert "no errors" not in shown.reply
    assert shown.next == "Reply; escalate if it continues."


def test_trouble_without_errors_is_described_with_a_next_step() -> None:
    """Nobody is asked to wait for what is certain to happen again, or happened again."""
    again, passed_on = "If it happens again", "passing them on to our engineers"
    pay = span(-9, "http.client", "POST /orders/7/pay", 900, http_status=503)
    worked = replace(pay, id="f" * 16, started_at=MOMENT + timedelta(seconds=30), http_status=200)
    off = log(-9, "info", "feature new-view is disabled for this account")
    large = replace(pay, http_status=413)
    escalate, reply = "Escalate, then reply.", "Reply; escalate if it continues."
    for rows, said, next_step, stopped in (
        ((pay,), again, escalate, "yes, that step"),
        ((pay, worked), again, escalate, "no, it worked after that"),
        ((pay, replace(pay, id="e" * 16)), passed_on, escalate, "yes, that step"),
        ((off,), passed_on, escalate, "unknown"),
        ((replace(pay, http_status=403),), passed_on, escalate, "yes, that step"),
        ((large,), "Please try again with a smaller file.", reply, "yes, that step"),
    ):
        shown = brief(without_errors(*rows))
        assert said in shown.reply
        assert (again in shown.reply) == (said == again)
        assert (passed_on in shown.reply) == shown.next.startswith("Escalate")
        assert shown.next == next_step
        assert dict(shown.answers)["Stopped the customer"] == stopped
    late = brief(without_errors(pay, log(9, "error", "no payment webhook for order 7")))
    assert "Please don’t pay again until we have checked" in late.reply
    assert late.next == "Check whether it was charged, then reply."
    opened = span(-60, "pageload", "/checkout", 900)
    polled = span(5, "http.client", "GET /orders/7/status", 70, http_status=200)
    shown = brief(without_errors(opened, polled, log(9, "error", "no payment webhook for order 7")))
    assert dict(shown.answers)["Stopped the customer"] == "not at first; a later step failed"
    before = dict(shown.answers)["Just before"].translate(ISOLATES)
    expected = "opening the checkout worked (14:04:00), then requested GET /orders/7/status"
    assert before == f"{expected} (14:05:05)"
    start = span(-9, "http.client", "POST /express/start", 90, http_status=403)
    shown = brief(without_errors(start, replace(off, trace_id=start.trace_id)))
    assert dict(shown.answers)["Where it failed"] == "our server"
    assert dict(shown.answers)["Stopped the customer"] == "yes, that step"
    unread = without_errors(pay)
    unread = replace(unread, beside=replace(unread.beside, surely=()))
    assert dict(brief(unread).answers)["Stopped the customer"] == "unknown"


def test_what_was_only_noted_answers_nothing() -> None:
    shown = brief(without_errors(span(-9, "http.client", "GET /api/draft", 30, http_status=404)))
    assert {"Where it failed", "Stopped the customer"}.isdisjoint(dict(shown.answers))
    assert dict(shown.answers)["Request"] == "GET /api/draft"
    assert shown.next == "Check what logs and requests show below."
    assert "We did see" not in shown.reply
    assert "At 14:0" not in shown.reply


def test_unknown_customer_has_a_headline_of_their_own() -> None:
    assert headline(never_seen(), BERLIN) == (
        "We have not seen this customer where we searched: no errors in the last 30 days."
    )
    assert "Which email or user ID" in brief(never_seen()).reply
    assert "not seen" not in headline(replace(never_seen(), complete=False), BERLIN)


def test_errors_nearby_are_what_to_ask_about() -> None:
    before, after = (event(60 * minutes, body=None) for minutes in (-19, 30))
    nearby = OtherOccurrences(FETCHED - timedelta(days=30), FETCHED, before=before, after=after)
    shown = brief(replace(answer(), nearby=nearby))
    assert shown.next == "Confirm the time; there were errors at 13:46 and 14:35."
    assert "Could it have been at 13:46 or 14:35?" in shown.reply
    far = replace(nearby, before=event(-7300, body=None), after=None)
    assert brief(replace(answer(), nearby=far)).next == "Confirm the time and time zone."
