"""The first screen of a result: answers about its headline, and what to tell the customer."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Feedback, RelatedData, Replay
from apps.events.grouping import problems_of
from apps.events.summary import headline
from apps.web.presenters.brief import Brief, brief_of
from tests.web.answers import FETCHED, MOMENT, answer, bare_event, event, never_seen

BERLIN = ZoneInfo("Europe/Berlin")


def brief(sample: Answer, just_before: str = "") -> Brief:
    today = FETCHED.date()
    problems = problems_of(sample)
    return brief_of(sample, problems, zone=BERLIN, today=today, just_before=just_before)


def test_answers_are_about_the_first_problem() -> None:
    fixed = answer(event(), event(200, issue_id="2", level="warning", handled=True))
    first = replace(fixed.issues[0], status="resolved", fixed_in="2.15.0")
    shown = brief(replace(fixed, issues=(first, *fixed.issues[1:])), "clicked pay")
    assert dict(shown.answers) == {
        "Where it failed": "another service",
        "Stopped the customer": "unknown; the app did not catch it",
        "Customers": "57 customers",
        "Status": "fixed in 2.15.0; the customer was on 2.14.0, which is older",
        "Just before": "clicked pay",
    }
    assert shown.next == "Ask them to update."
    assert shown.tell.startswith("The payment was declined. We saw this once")


def test_what_is_unknown_is_called_so() -> None:
    shown = dict(brief(answer(bare_event())).answers)
    assert shown["Where it failed"] == "unknown"
    assert shown["Stopped the customer"] == "unknown"
    assert shown["Customers"] == "unknown"


def test_crash_is_in_the_headline() -> None:
    crash = event(level="fatal", handled=False, platform="cocoa")
    other = event(-200, issue_id="2", title="KeyError: x", handled=True)
    assert dict(brief(answer(crash)).answers)["Stopped the customer"] == "yes, the app crashed"
    assert headline(answer(crash), BERLIN).endswith("The app crashed.")
    closed = replace(crash, title="WatchdogTermination: The OS watchdog ended it", body=None)
    assert dict(brief(answer(closed)).answers)["Stopped the customer"] == "yes, the app closed"
    assert "crash" not in headline(answer(closed), BERLIN) + brief(answer(closed)).tell
    caught = replace(crash, handled=True)
    assert "crash" not in headline(answer(caught), BERLIN)
    late = replace(crash, timestamp=MOMENT - timedelta(minutes=4), issue_id="3", body=None)
    near = event(0, level="fatal", handled=False, platform="python")
    assert "a crash among them" in headline(answer(near, replace(other, body=None), late), BERLIN)
    assert headline(answer(near, late), BERLIN).endswith("There was 1 other problem, with a crash.")


def test_result_without_errors_leads_with_what_speaks_against_it() -> None:
    message = Feedback("f1", MOMENT, "The button does nothing")
    related = RelatedData(
        feedback=(message,), replays=(Replay("r1", MOMENT, dead_clicks=6, rage_clicks=1),)
    )
    sample = replace(answer(), beside=related)
    assert headline(sample, BERLIN) == (
        "No errors for this customer in this window, but 6 clicks in a session replay did "
        "nothing, and the customer wrote to us."
    )
    shown = brief(sample)
    assert [one.quote for one in shown.said] == ["The button does nothing"]
    assert shown.next == "Watch the session replay."
    partial = replace(sample, complete=False)
    assert headline(partial, BERLIN) == "No errors were found, but the result is incomplete."


def test_unknown_customer_has_a_headline_of_their_own() -> None:
    assert headline(never_seen(), BERLIN) == (
        "We have not seen this customer where we searched: no errors in the last 30 days."
    )
    assert "Which email or user ID" in brief(never_seen()).tell
    assert "not seen" not in headline(replace(never_seen(), complete=False), BERLIN)
