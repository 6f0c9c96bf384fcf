"""Moments: found, counted from the ticket's date, and asked about where they are ambiguous."""

from zoneinfo import ZoneInfo

import pytest

from apps.tickets import MomentFound, Reading, read_ticket
from tests.tickets.rows import ASKED, NOTED, NOTHING, NOW, SURE, Row


def reading(row: Row) -> Reading:
    """What is read in the row's text."""
    return read_ticket(row.text, zone=ZoneInfo(row.zone), now=NOW, written=row.written)


def told(found: MomentFound) -> tuple[str, ...]:
    """The readings in UTC."""
    return tuple(f"{one.moment:%Y-%m-%d %H:%M}" for one in found.readings)


@pytest.mark.parametrize("row", SURE, ids=lambda row: row.text)
def test_what_can_only_mean_one_moment_is_suggested_without_a_question(row: Row) -> None:
    (found,) = reading(row).moments
    assert (told(found), found.questions) == (row.utc, ())
    assert found.is_sure
    assert found.readings[0].minutes == row.minutes


@pytest.mark.parametrize("row", ASKED, ids=lambda row: row.text)
def test_what_is_ambiguous_is_asked_with_all_it_can_mean(row: Row) -> None:
    read = reading(row)
    if not read.moments:
        assert row.utc == ()
        assert all(ask in " ".join(read.notes) for ask in row.asks)
        return
    found = read.moments[0]
    assert told(found) == row.utc
    assert not found.is_sure
    assert found.lacks_date is (not row.utc)
    for ask in row.asks:
        assert ask in " ".join(found.questions)
    assert not row.utc or found.readings[0].minutes == row.minutes


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_no_moment_is_not_taken_for_one(text: str) -> None:
    assert reading(Row(text)).moments == ()


@pytest.mark.parametrize(("text", "note"), NOTED)
def test_a_moment_that_cannot_be_offered_is_said(text: str, note: str) -> None:
    read = reading(Row(text))
    assert read.moments == ()
    assert any(note in said for said in read.notes)


def test_the_table_holds_sixty_tickets_at_least() -> None:
    assert len(SURE) + len(ASKED) + len(NOTHING) + len(NOTED) >= 60


def test_no_moment_after_now_is_ever_offered() -> None:
    for row in (*SURE, *ASKED):
        for found in reading(row).moments:
            assert all(one.moment <= NOW for one in found.readings)


def test_what_was_understood_is_said_in_words() -> None:
    (found,) = reading(Row("yesterday around 3:15 pm Berlin time", zone="Asia/Tokyo")).moments
    said = found.readings[0].understood
    assert "“yesterday” counted from Fri 20 Nov 2026, the ticket's date" in said
    assert "“around” makes it approximate" in said
    assert "“Berlin time” is Europe/Berlin" in said
    (bare,) = reading(Row("yesterday at 3:15 pm", zone="Asia/Tokyo")).moments
    assert "no time zone is given, so Asia/Tokyo" in bare.readings[0].understood


def test_the_excerpt_marks_the_words_that_were_read() -> None:
    (found,) = reading(Row("Hello,\n\nit broke\nyesterday at 3:15 pm CET, again.")).moments
    assert found.excerpt.found == "yesterday at 3:15 pm CET"
    assert found.excerpt.before == "Hello, it broke "
    assert found.excerpt.after == ", again."


def test_today_is_searched_only_as_far_as_it_is_over() -> None:
    (found,) = reading(Row("today", written=NOW.date())).moments
    one = found.readings[0]
    assert (f"{one.moment:%H:%M}", one.minutes) == ("07:30", 510)


def test_two_times_of_one_day_are_two_suggestions() -> None:
    read = reading(Row("yesterday at 3:15 pm and again at 4:20 pm"))
    assert [told(found) for found in read.moments] == [
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
def test_each_time_takes_the_day_it_stands_beside(text: str, moments: list[str]) -> None:
    assert [told(found)[0] for found in reading(Row(text)).moments] == moments


def test_a_time_without_a_zone_beside_one_with_a_zone_is_asked() -> None:
    read = reading(Row("yesterday at 3:15 pm EST, then 4:20 pm"))
    assert told(read.moments[1]) == ("2026-11-19 15:20", "2026-11-19 21:20")
    assert "gives no time zone" in read.moments[1].questions[0]


def test_a_zone_of_all_times_holds_for_each() -> None:
    (found,) = reading(Row("All times are UTC.\nyesterday at 3:15 pm")).moments
    assert told(found) == ("2026-11-19 15:15",)


def test_many_moments_are_cut_with_a_word_on_how_many() -> None:
    read = reading(Row(", ".join(f"2026-11-{day:02} 10:05" for day in range(1, 15))))
    assert len(read.moments) == 8
    assert "6 more times were found and left out." in read.notes


CHAT = """[14:02] Visitor: my payment fails
[14:03] Kim: Since when?
[14:05] Visitor: it happened again just now"""


def test_a_line_of_a_chat_tells_when_it_was_sent_and_is_never_sure() -> None:
    read = reading(Row(CHAT))
    assert not any(found.is_sure for found in read.moments)
    just_now = next(found for found in read.moments if found.excerpt.found == "just now")
    assert "2026-11-20 13:05" in told(just_now)


def test_what_a_chat_says_comes_before_the_times_of_its_lines() -> None:
    lines = "\n".join(f"[20.11.26, 14:{minute:02}] Kim: hello" for minute in range(12))
    read = reading(Row(f"{lines}\nIt was yesterday at 3:15 pm"))
    assert told(read.moments[0]) == ("2026-11-19 14:15",)


def test_a_time_without_a_zone_beside_one_in_utc_is_asked() -> None:
    read = reading(Row("yesterday at 15:15 UTC, then at 16:20"))
    assert told(read.moments[1]) == ("2026-11-19 15:20", "2026-11-19 16:20")


def test_a_whole_day_is_not_sure_while_another_waits_for_the_tickets_date() -> None:
    read = reading(Row("Review of 19 Nov 2026. It broke yesterday.", written=None))
    assert not any(found.is_sure for found in read.moments)


def test_the_lines_of_a_chat_count_from_the_mail_that_they_are_in() -> None:
    mail = "Date: Fri, 20 Nov 2026 14:31:07 +0100\n\nIt broke today at 13:30.\n"
    read = reading(Row(f"{mail}[14:02] Kim: hello\n[14:05] Kim: hello", written=None))
    assert not read.lacks_date
    assert told(read.moments[0]) == ("2026-11-20 12:30",)
