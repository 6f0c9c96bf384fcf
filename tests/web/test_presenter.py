"""Presenters of the result and event pages, mostly without templates."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string

from apps.events.answer import Notice, NoticeCode, RelatedData, Signal, UnreadSignal
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Request
from apps.events.grouping import worst_level
from apps.events.identifier import parse_customer
from apps.exports import render
from apps.web.presenters import formatting, result
from apps.web.presenters.formatting import Clock, level_mark
from apps.web.presenters.issue import FULL, EventView, IssueCard
from apps.web.presenters.result import ResultPage
from apps.web.presenters.timeline import MAX_LANES
from tests.exports.answers import detailed
from tests.web import answers
from tests.web.answers import FETCHED, MOMENT, answer, event, lookup

pytestmark = pytest.mark.usefixtures("one_request")

BERLIN = ZoneInfo("Europe/Berlin")
CLOCK = Clock(MOMENT, BERLIN)


def page(*events: Event, seconds_later: int = 12, **changes: object) -> ResultPage:
    """Return the result page of these events, viewed `seconds_later` after the fetch."""
    now = FETCHED + timedelta(seconds=seconds_later)
    return result.ResultPage(answer(*events), lookup(**changes), zone=BERLIN, now=now)


def events_of(card: IssueCard) -> list[EventView]:
    return [shown for row in card.cause.rows for shown in row]


def test_facts_show_counts_and_completeness() -> None:
    assert page(event(), event(9)).facts == ("complete list of events", "1 problem", "2 events")
    assert page().facts == ("search complete",)
    unread = RelatedData(unread=(UnreadSignal(Signal.TRACES, "Read only in part."),))
    partly = replace(answer(event()), beside=unread)
    assert result.ResultPage(partly, lookup(), zone=BERLIN, now=FETCHED).facts[-1] == (
        "related data incomplete"
    )


def test_card_says_that_other_events_of_its_issue_are_other_problems() -> None:
    def failed(seconds: int, issue_id: str, path: str) -> Event:
        url = f"https://api.shop.example/{path}/A-7193"
        is_page = issue_id == "2"
        raised = ("AxiosError", "status code 500") if is_page else ("Declined", f"No {path} today")
        call = Breadcrumb(
            MOMENT + timedelta(seconds=seconds),
            category="xhr",
            data={"url": url, "status_code": 500},
        )
        return event(
            seconds,
            issue_id=issue_id,
            project="web" if is_page else "api",
            platform="javascript" if is_page else "python",
            trace_id="a1" * 16,
            body=EventBody(
                exceptions=(ExceptionInfo(*raised),),
                breadcrumbs=(call,) if is_page else (),
                request=None if is_page else Request("GET", url),
            ),
        )

    cards = page(
        failed(1, "2", "pay"), failed(2, "2", "list"), failed(0, "1", "pay"), failed(1, "3", "list")
    ).groups
    part = "1 of this issue’s 2 events; the rest belong to other problems"
    assert [[half.facts[0] for half in card.others] for card in cards] == [[part], [part]]
    assert not any(part in card.cause.facts for card in cards)


def test_facts_tell_how_many_events_were_read_in_full() -> None:
    assert page(event(), event(9, body=None)).facts[2:] == ("2 events", "1 read in full")


@pytest.mark.parametrize("events", [(), (event(),)])
def test_facts_never_call_an_incomplete_result_complete(events: tuple[Event, ...]) -> None:
    incomplete = replace(answer(*events), complete=False)
    facts = result.ResultPage(incomplete, lookup(), zone=BERLIN, now=FETCHED).facts
    assert "incomplete" in facts
    assert "complete" not in " ".join(facts).replace("incomplete", "")


@pytest.mark.parametrize(
    ("seconds", "from_cache", "text"),
    [
        (0.5, False, "read from Sentry just now"),
        (12, False, "read from Sentry 12 s ago"),
        (250, True, "from cache, 4 min old"),
    ],
)
def test_source_shows_its_age(seconds: float, from_cache: bool, text: str) -> None:
    now = FETCHED + timedelta(seconds=seconds)
    assert result.source_text(lookup(from_cache=from_cache), "Sentry", FETCHED, now) == text


def test_reported_time_is_shown_in_both_zones() -> None:
    assert page(event()).summary["both_zones"] == "14:05 Europe/Berlin = 13:05 UTC"


def test_utc_date_is_shown_when_it_differs() -> None:
    moment = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)

    assert formatting.in_utc_too(moment, BERLIN) == (
        "00:30 Europe/Berlin = 23:30 UTC on 19 Nov 2026"
    )


def test_event_time_is_local_with_utc() -> None:
    shown = page(event(-130)).groups[0].cause.rows[0][0]

    assert shown.time.text == "14:02:50"
    assert shown.time.utc == "2026-11-20 13:02:50 UTC"
    assert shown.time.iso == "2026-11-20T13:02:50Z"
    assert shown.time.relative == "2 min before"


def test_event_facts_show_time_in_both_zones() -> None:
    late = formatting.in_both(datetime(2026, 11, 19, 23, 30, 5, tzinfo=UTC), BERLIN)

    shown_time = dict(page(event(-130)).groups[0].cause.rows[0][0].facts)["Time"]

    assert shown_time == "20 Nov 2026, 14:02:50 Europe/Berlin = 13:02:50 UTC"
    assert late == "20 Nov 2026, 00:30:05 Europe/Berlin = 19 Nov 2026, 23:30:05 UTC"


def test_repeated_hour_includes_offset() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert formatting.typed_in(first, BERLIN) == "2026-10-25 02:30:00+02:00"
    assert formatting.typed_in(MOMENT, BERLIN) == "2026-11-20 14:05:00"


def test_every_mark_links_to_event_on_page() -> None:
    shown = page(*answers.many_events(120))
    assert shown.timeline is not None

    anchors = {
        f"#event-{e.id}" for card in shown.groups for e in (*events_of(card), *card.cause.folded)
    }

    assert {mark.href for lane in shown.timeline.lanes for mark in lane.marks} <= anchors


def test_levels_have_distinct_shapes_and_words() -> None:
    marks = [level_mark(level) for level in answers.LEVELS]

    assert [mark.word for mark in marks] == list(answers.LEVELS)
    assert len({mark.shape for mark in (*marks, level_mark(None))}) == 5
    assert level_mark(None).word == "level unknown"
    assert worst_level(("warning", None, "error")) == "error"
    assert worst_level(("warning", None)) is None


def test_many_problems_are_folded_without_loss() -> None:
    shown = page(*answers.many_events(60, 60))

    assert len(shown.groups) + len(shown.folded) == 60
    assert shown.folded
    assert shown.timeline is not None
    assert shown.timeline.lanes_left_out == 60 - MAX_LANES


def test_events_nearest_reported_time_are_expanded() -> None:
    card = page(*(event(seconds) for seconds in range(-200, 200, 10))).groups[0]

    assert [shown.time.relative for shown in events_of(card)][3:6] == [
        "10 s before",
        events_of(card)[4].time.relative,
        "10 s after",
    ]
    assert events_of(card)[4].id == card.nearest
    assert len(events_of(card)) + len(card.cause.folded) == 40


def test_repeated_frames_are_shown_once_with_count() -> None:
    frames = (answers.frame(1),) * 250
    body = answers.body(exceptions=(ExceptionInfo(type="RecursionError", frames=frames),))

    exception = page(event(body=body)).groups[0].cause.rows[0][0].exceptions[0]

    assert [frame.times for frame in exception.own] == [249]
    assert exception.left_out == 0


def test_omitted_frames_are_counted_and_shown_on_event_page() -> None:
    long = answers.recursion_event()

    brief = page(long).groups[0].cause.rows[0][0].exceptions[0]
    full = EventView(long, CLOCK, FULL).exceptions[0]

    assert 1 + len(brief.own) + len(brief.library) + brief.left_out == 250
    assert 1 + len(full.own) + len(full.library) == 250


def test_own_code_precedes_library_code() -> None:
    exception = page(event()).groups[0].cause.rows[0][0].exceptions[0]

    assert exception.crash is not None
    assert exception.crash.place == "checkout/pay1.py:101"
    assert [is_hit for _number, _text, is_hit in exception.crash.lines] == [False, True, False]
    assert [frame.place for frame in exception.own] == ["checkout/pay3.py:103"]
    assert [frame.place for frame in exception.library] == ["site-packages/http2.py:102"]


def test_frame_of_unknown_origin_is_not_called_a_librarys() -> None:
    frames = tuple(Frame(file=f"{name}.js", in_app=None) for name in "abc")
    unknown = event(body=EventBody(exceptions=(ExceptionInfo(type="E", frames=frames),)))
    (exception,) = page(unknown).groups[0].cause.rows[0][0].exceptions
    assert ([frame.place for frame in exception.own], exception.library) == (["b.js", "c.js"], [])
    exported = render(answer(unknown), format="markdown", marker="0" * 16).text
    assert "b.js" in exported
    assert "library" not in exported


def test_steps_are_relative_to_event_with_failures_marked() -> None:
    steps = page(event()).groups[0].cause.rows[0][0].steps

    assert [(step.time and step.time.relative, step.words, step.has_failed) for step in steps] == [
        ("14 s before", "clicked", False),
        ("2 s before", "the program asked for", True),
    ]


def test_event_page_also_shows_raw_breadcrumbs() -> None:
    clicked = Breadcrumb(MOMENT, category="ui.click", message="button.pay-now > span")
    one = event(body=answers.body(breadcrumbs=(clicked,)))

    (full,) = EventView(one, CLOCK, FULL).steps
    (brief,) = page(one).groups[0].cause.rows[0][0].steps

    assert (full.text, full.raw) == ("pay now", "button.pay-now > span")
    assert (brief.text, brief.raw) == ("pay now", "")


def test_empty_result_shows_searched_scope_and_offers_wider_windows() -> None:
    nothing = page().nothing

    assert nothing is not None
    assert nothing["fields"] == "user ID, email, and username"
    assert nothing["projects"] == "checkout-api and web"
    assert [minutes for minutes, _words in nothing["wider"]] == [15, 60, 1440]


def test_event_id_also_lists_event_and_trace_id_fields() -> None:
    sample = answer()
    by_id = replace(sample, question=replace(sample.question, customer=parse_customer("a" * 32)))

    shown = result.ResultPage(by_id, lookup(), zone=BERLIN, now=FETCHED)

    assert shown.nothing is not None
    assert shown.nothing["fields"] == "user ID, email, username, event ID, and trace ID"


def test_counts_show_when_more_events_exist_than_listed() -> None:
    sample = answer(event())
    for total, words in ((None, "at least 1 event"), (12_345, "1 of 12,345 events")):
        shown = result.ResultPage(
            replace(sample, events_total=total), lookup(), zone=BERLIN, now=FETCHED
        )
        assert words in shown.facts


def test_redaction_is_receipted_in_words() -> None:
    receipt = formatting.redaction_receipt(answer(event()).redaction)
    assert receipt == "Hidden: 3 emails, 1 card number, the customer (12 times)"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example"])
def test_only_http_urls_become_links(address: str) -> None:
    assert page(event(permalink=address)).groups[0].cause.rows[0][0].permalink == ""


def test_direction_and_control_characters_are_made_visible() -> None:
    assert formatting.visible("a\u202egpj.exe\x1b[31m") == "a\ufffdgpj.exe\u241b[31m"


def test_event_page_shows_what_an_sdk_adds() -> None:
    one = detailed().events[0]
    view = EventView(one, CLOCK, FULL)
    context = {"event": view, "is_page": True, "lookup": lookup()}
    page_text = render_to_string("lookups/_event_body.html", context)
    facts = (
        "3 days after its time: our server’s clock was wrong",
        "Charging order 9917 failed at step 3",
        "from shop.errors, recorded by django, caught by the program",
        *("acme-eu", "nightly-import", "new-basket", "3.11.7 (main)", "SPRING", "19.99"),
        *("7 worker: pool.py:55 wait\n8 idle", "django 4.2", "before()"),
        *("Only in Sentry", "entries of the type hologram (1)"),
    )
    for fact in facts:
        assert fact in page_text, fact
    line = render_to_string("lookups/_event_line.html", context)
    assert "received 3 days later" in line


def test_own_sentences_have_typographic_apostrophes_and_event_texts_are_unchanged() -> None:
    failed = event(
        title="TypeError: Failed to fetch",
        message="the user's cart",
        platform="javascript",
        body=None,
    )
    notice = Notice(NoticeCode.PARTIAL_BODIES, "Sentry didn't send all of O'Brien.")
    sample = answer(failed, notices=(notice,), complete=False)
    shown = result.ResultPage(sample, lookup(), zone=BERLIN, now=FETCHED)
    assert shown.headline.startswith("The customer’s browser could not reach our server")
    assert shown.notices[0].message == "Sentry didn’t send all of O'Brien."
    assert "couldn’t check everything" in shown.brief.reply
    assert shown.groups[0].cause.rows[0][0].message == "the user's cart"


def test_problems_with_the_same_sentence_show_their_titles() -> None:
    first, second, third = (
        event(place, issue_id=str(place), title=title, body=None)
        for place, title in enumerate(("Declined: no", "Declined: never", "KeyError: x"), 1)
    )
    shown = page(
        replace(first, title="PaymentDeclined: a"), replace(second, title="PaymentDeclined: b")
    )
    assert [card.hint for card in shown.groups] == ["PaymentDeclined: a", "PaymentDeclined: b"]
    assert [card.hint for card in page(first, third).groups] == ["", ""]
