"""Moments are found, counted from the ticket's date, and questioned if ambiguous."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.tickets.reader import read_ticket
from apps.tickets.text import MomentFound, TicketReading
from tests.tickets.rows import (
    AMBIGUOUS,
    DURATIONS,
    NOTED,
    NOTHING,
    NOW,
    OPEN_DURATIONS,
    SURE,
    TIMED,
    UNREAD,
    Row,
)


def reading(row: Row) -> TicketReading:
    """Read the row's text as a ticket."""
    return read_ticket(row.text, zone=ZoneInfo(row.zone), now=NOW, written=row.written)


def utc_times(found: MomentFound) -> tuple[str, ...]:
    """Return the readings in UTC."""
    return tuple(f"{one.moment:%Y-%m-%d %H:%M}" for one in found.readings)


def test_unambiguous_moment_raises_no_question() -> None:
    for row in SURE:
        (found,) = reading(row).moments
        assert (utc_times(found), found.questions) == (row.utc, ()), row.text
        assert found.is_sure, row.text
        assert found.readings[0].minutes == row.minutes, row.text


def test_ambiguous_moment_raises_questions_and_lists_all_readings() -> None:
    for row in AMBIGUOUS:
        read = reading(row)
        if not read.moments:
            assert row.utc == (), row.text
            assert all(question in " ".join(read.notes) for question in row.questions), row.text
            continue
        found = read.moments[0]
        assert utc_times(found) == row.utc, row.text
        assert not found.is_sure, row.text
        assert found.lacks_date is (not row.utc), row.text
        for question in row.questions:
            assert question in " ".join(found.questions), row.text
        assert not row.utc or found.readings[0].minutes == row.minutes, row.text


def test_other_text_is_not_read_as_a_moment() -> None:
    for text in NOTHING:
        assert reading(Row(text)).moments == (), text


def test_unusable_moment_becomes_a_note() -> None:
    for text, note in NOTED:
        read = reading(Row(text))
        assert read.moments == (), text
        assert any(note in sentence for sentence in read.notes), text


def test_duration_is_subtracted_from_when_the_ticket_was_written() -> None:
    for text, minutes in DURATIONS:
        (found,) = reading(Row(f"It broke, {text}, for me", written=TIMED)).moments
        assert found.is_sure, text
        assert TIMED - found.readings[0].moment == timedelta(minutes=minutes), text


def test_open_duration_raises_a_question() -> None:
    for text, minutes, question in OPEN_DURATIONS:
        (found,) = reading(Row(text, written=TIMED)).moments
        assert TIMED - found.readings[0].moment == timedelta(minutes=minutes), text
        assert question in " ".join(found.questions), text


def test_label_is_asked_about_for_all_times_it_lists() -> None:
    hours = reading(Row("Hours: Mon 9:00-12:00, Thu 14:00-16:00", written=TIMED)).moments
    assert len(hours) == 2
    assert all("“Hours”" in " ".join(found.questions) for found in hours)


def test_words_belong_to_the_times_of_their_clause() -> None:
    for text, are_sure in (
        ("It failed yesterday at 14:05 and at 15:10", [True, True]),
        ("It broke yesterday at 14:05, but I ordered today at 15:10", [True, False]),
        ("It broke yesterday at 14:05 and was fixed at 15:10", [True, False]),
    ):
        found = reading(Row(text, written=NOW)).moments
        assert [one.is_sure for one in found] == are_sure, text


def test_words_that_may_be_a_time_are_named_when_they_cannot_be_read() -> None:
    for text, words in UNREAD:
        read = reading(Row(text, written=TIMED))
        assert not any(found.is_sure for found in read.moments), text
        assert f"“{words}” may be a time, but we can't read it." in read.notes, text


def test_there_are_at_least_sixty_sample_tickets() -> None:
    assert len(SURE) + len(AMBIGUOUS) + len(NOTHING) + len(NOTED) >= 60


def test_no_reading_is_in_the_future() -> None:
    for row in (*SURE, *AMBIGUOUS):
        for found in reading(row).moments:
            assert all(one.moment <= NOW for one in found.readings)


def test_readings_explain_how_they_were_understood() -> None:
    (found,) = reading(Row("yesterday around 3:15 pm Berlin time", zone="Asia/Tokyo")).moments
    understood = found.readings[0].understood
    assert "“yesterday” counted from Fri 20 Nov 2026, the ticket's date" in understood
    assert "“around” makes it approximate" in understood
    assert "“Berlin time” is Europe/Berlin" in understood
    (bare,) = reading(Row("yesterday at 3:15 pm", zone="Asia/Tokyo")).moments
    assert "no time zone is given, so Asia/Tokyo" in bare.readings[0].understood


def test_excerpt_has_the_words_and_their_surroundings() -> None:
    (found,) = reading(Row("Hello,\n\nit broke\nyesterday at 3:15 pm CET, again.")).moments
    assert found.excerpt.found == "yesterday at 3:15 pm CET"
    assert found.excerpt.before == "Hello, it broke "
    assert found.excerpt.after == ", again."


def test_today_ends_now() -> None:
    (found,) = reading(Row("today", written=NOW.date())).moments
    one = found.readings[0]
    assert (f"{one.moment:%H:%M}", one.minutes) == ("07:30", 510)


def test_a_day_is_too_much_to_search_unasked_even_if_it_has_just_begun() -> None:
    early = datetime(2026, 11, 20, 0, 31, tzinfo=UTC)
    for text, is_rough in (("today", True), ("today at 00:10", False), ("19 Nov", True)):
        found = read_ticket(text, zone=ZoneInfo("UTC"), now=early, written=early.date())
        assert [one.is_rough for one in found.moments[0].readings] == [is_rough], text


def test_two_times_on_one_day_are_two_moments() -> None:
    read = reading(Row("yesterday at 3:15 pm and again at 4:20 pm"))
    assert [utc_times(found) for found in read.moments] == [
        ("2026-11-19 14:15",),
        ("2026-11-19 15:20",),
    ]


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("3 pm yesterday, 4 pm today", ["2026-11-19 14:00", "2026-11-20 15:00"]),
        ("3 pm yesterday and 4 pm today", ["2026-11-19 14:00", "2026-11-20 15:00"]),
        ("yesterday at 3 pm, today at 4 pm", ["2026-11-19 14:00", "2026-11-20 15:00"]),
        ("yesterday 3 pm, 18 Nov 4 pm", ["2026-11-19 14:00", "2026-11-18 15:00"]),
        ("yesterday, 3 pm", ["2026-11-19 14:00"]),
        ("3 pm, yesterday", ["2026-11-19 14:00"]),
    ],
)
def test_each_time_takes_the_adjacent_day(text: str, moments: list[str]) -> None:
    assert [utc_times(found)[0] for found in reading(Row(text)).moments] == moments


def test_time_without_zone_next_to_one_with_a_zone_is_ambiguous() -> None:
    read = reading(Row("yesterday at 3:15 pm EST, then 4:20 pm"))
    assert utc_times(read.moments[1]) == ("2026-11-19 15:20", "2026-11-19 21:20")
    assert "gives no time zone" in read.moments[1].questions[0]


def test_zone_given_for_all_times_applies_to_each() -> None:
    (found,) = reading(Row("All times are UTC.\nyesterday at 3:15 pm")).moments
    assert utc_times(found) == ("2026-11-19 15:15",)


def test_note_counts_the_moments_not_listed() -> None:
    read = reading(Row(", ".join(f"2026-11-{day:02} 10:05" for day in range(1, 15))))
    assert len(read.moments) == 8
    assert "6 more times were found but not listed." in read.notes


def test_two_times_counted_from_an_unknown_date_are_both_listed() -> None:
    read = reading(Row("hier vers 15h30, puis à 16h10", written=None))
    assert [found.excerpt.found for found in read.moments] == ["hier vers 15h30", "16h10"]


CHAT = """[14:02] Visitor: my payment fails
[14:03] Kim: Since when?
[14:05] Visitor: it happened again just now"""


def test_time_of_a_chat_line_is_never_sure() -> None:
    read = reading(Row(CHAT))
    assert not any(found.is_sure for found in read.moments)
    just_now = next(found for found in read.moments if found.excerpt.found == "just now")
    assert "2026-11-20 13:05" in utc_times(just_now)


def test_times_within_a_chat_rank_before_the_times_of_its_lines() -> None:
    lines = "\n".join(f"[20.11.26, 14:{minute:02}] Kim: hello" for minute in range(12))
    read = reading(Row(f"{lines}\nIt was yesterday at 3:15 pm"))
    assert utc_times(read.moments[0]) == ("2026-11-19 14:15",)


def test_time_without_zone_next_to_one_in_utc_is_ambiguous() -> None:
    read = reading(Row("yesterday at 15:15 UTC, then at 16:20"))
    assert utc_times(read.moments[1]) == ("2026-11-19 15:20", "2026-11-19 16:20")


def test_whole_day_is_not_sure_while_the_tickets_date_is_missing() -> None:
    read = reading(Row("Review of 19 Nov 2026. It broke yesterday.", written=None))
    assert not any(found.is_sure for found in read.moments)


def test_chat_lines_count_from_the_mail_around_them() -> None:
    mail = "Date: Fri, 20 Nov 2026 14:31:07 +0100\n\nIt broke today at 13:30.\n"
    read = reading(Row(f"{mail}[14:02] Kim: hello\n[14:05] Kim: hello", written=None))
    assert not read.lacks_date
    assert utc_times(read.moments[0]) == ("2026-11-20 12:30",)
