"""The date a ticket was written is found in headers, or entered by a person."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.tickets.reader import read_ticket, read_ticket_date
from apps.tickets.text import TicketReading, TicketRefused
from tests.tickets.rows import FRIDAY, NOW

BERLIN = ZoneInfo("Europe/Berlin")


def reading(text: str, written: date | None = None) -> TicketReading:
    """Read the text as a ticket, in Berlin."""
    return read_ticket(text, zone=BERLIN, now=NOW, written=written)


def moments(read: TicketReading) -> list[list[str]]:
    """Return the readings of each moment, in UTC."""
    return [[f"{one.moment:%d %H:%M}" for one in found.readings] for found in read.moments]


HEADERS = [
    "Sent: Tuesday, 17 November 2026 14:20",
    "**Sent:** Tuesday, November 17, 2026 2:20 PM",
    "> Date: Tue, 17 Nov 2026 14:20:07 +0100",
    "Gesendet: Dienstag, 17. November 2026 14:20",
    "Envoyé : mardi 17 novembre 2026 14:20",
    "Enviado el: martes, 17 de noviembre de 2026 14:20",
    "Inviato: martedì 17 novembre 2026 14:20",
    "Verzonden: dinsdag 17 november 2026 14:20",
    "Sendt: tirsdag den 17. november 2026 14:20",
    "Dato: tirsdag, 17. november 2026 kl. 14.20",
    "Skickat: den 17 november 2026 14:20",
    "Lähetetty: tiistai 17. marraskuuta 2026 14.20",
    "Päivämäärä: tiistaina, 17. marraskuuta 2026 klo 14.20",
    "Wysłano: wtorek, 17 listopada 2026 14:20",
    "Data: terça-feira, 17 de novembro de 2026, 14:20",
    "Date: ter., 17 de nov. de 2026 às 14:20",
    "送信日時: 2026年11月17日 14:20",
    "Odesláno: úterý 17. listopadu 2026 14:20",
    "Отправлено: вторник, 17 ноября 2026 г. 14:20",
    "Gönderildi: 17 Kasım 2026 Salı 14:20",
    "Dne 17. 11. 2026 v 14:20 Jana Nová napsal(a):",
    "вт, 17 нояб. 2026 г. в 14:20, Иван <ivan@example.com>:",
    "17.11.2026 14:20, Иван пишет:",
    "Ayşe <ayse@example.com>, 17 Kas 2026 Sal, 14:20 tarihinde şunu yazdı:",
    "Created at: 2026-11-17 14:20",
    "Created: 17/Nov/26 2:20 PM",
    "Jane Doe added a comment - 17/Nov/26 2:20 PM",
    "On 17 Nov 2026 at 14:20, Jane Doe <jane@example.com> wrote:",
    "On Tue, Nov 17, 2026 at 2:20 PM Jane Doe\n<jane@example.com> wrote:",
    "On 17/11/2026 14:20, Jane Doe wrote:",
    "---- On Tue, 17 Nov 2026 14:20:07 +0100 jane@example.com wrote ----",
    "Am 17.11.2026 um 14:20 schrieb Jane Doe <jane@example.com>:",
    "Jane <jane@example.com> schrieb am Di., 17. Nov.\n2026 um 14:20 Uhr:",
    "Le mar. 17 nov. 2026 à 14:20, Jane <jane@example.com> a écrit :",
    "El 17 nov 2026 a las 14:20, Jane escribió:",
    "Il giorno mar 17 nov 2026 alle ore 14:20 Jane <jane@example.com> ha scritto:",
    "Em ter., 17 de nov. de 2026 às 14:20, Jane <jane@example.com> escreveu:",
    "Op di 17 nov 2026 om 14:20 schreef Jane <jane@example.com>:",
    "Op 17 nov. 2026 om 14:20 heeft Jane <jane@example.com> het volgende geschreven:",
    "tir. 17. nov. 2026 kl. 14.20 skrev Jane <jane@example.com>:",
    "Den tis 17 nov. 2026 kl 14:20 skrev Jane <jane@example.com>:",
    "ti 17. marrask. 2026 klo 14.20 Jane\n(jane@example.com) kirjoitti:",
    "wt., 17 lis 2026 o 14:20 Jane <jane@example.com> napisał(a):",
    "2026年11月17日(火) 14:20 Jane <jane@example.com>:",
    "2026/11/17 14:20、Jane <jane@example.com>のメール\uff1a",
    '17.11.2026, 14:20, "Jane" <jane@example.com>:',
    "On Tue, 17 Nov 2026 at 14:20 Jane Doe\n<\nmailto:jane@example.com\n> wrote:",
    "From: Jane <jane@example.com>Sent: Tuesday, November 17, 2026, 2:20 PM",
    "Posted by jane on 17 Nov 2026 14:20",
    "jane opened this issue on Nov 17, 2026 14:20 · 3 comments",
    "Jane Doe reported via email 2 days ago (Tue, 17 Nov 2026 at 2:20 PM)",
]


def test_header_is_a_reference_time_and_not_a_moment() -> None:
    for header in HEADERS:
        read = reading(f"{header}\n\nIt broke yesterday at 15:15.")
        assert moments(read) == [["16 14:15"]], header
        assert read.moments[0].is_sure, header
        assert "the date of the message" in read.moments[0].readings[0].understood, header
        assert len(read.written) == 1, header


@pytest.mark.parametrize(
    "sentence",
    [
        "On November 18 at 16:10 it broke, please help.",
        "Le paiement a échoué le 18 novembre 2026 à 16h10.",
        "Am 18.11. um 16:10 Uhr kam ein Fehler, mein Chef schrieb mir: nichts geht",
        "El 18 de noviembre a las 16:10 falló.",
        "On November 18, 2026 at 16:10 the log wrote:",
        "On November 18, 2026 at 16:10 I wrote:",
        "On Nov 18, 2026 at 16:10 I got this from the shop <shop@example.com>:",
    ],
)
def test_sentence_that_begins_like_a_header_is_read(sentence: str) -> None:
    header = "On Thu, Nov 19, 2026 at 5:05 PM Jane <jane@example.com> wrote:"
    read = reading(f"{sentence}\n{header}\n> hello")
    assert moments(read) == [["18 15:10"]]
    assert len(read.written) == 1


def test_relative_words_count_from_the_message_they_are_in() -> None:
    read = reading(
        "It broke again today at 14:10.\n\n"
        "On Thu, Nov 19, 2026 at 5:05 PM Help <help@example.com> wrote:\n"
        "> When did it break first?\n>\n"
        "> On Wed, Nov 18, 2026 at 3:00 PM Kim <kim@example.com> wrote:\n"
        ">> It broke yesterday at 15:20.\n"
        ">\n> Was it before that?\n"
        "No, it broke only today at 16:30.",
        written=FRIDAY,
    )
    assert moments(read) == [["20 13:10"], ["17 14:20"], ["20 15:30"]]
    assert all(found.is_sure for found in read.moments)


def test_header_on_two_lines_counts_for_the_quotation_below() -> None:
    header = "On Fri, Nov 20, 2026 at 9:05 AM Kim Fox via Help <\nkim@example.com> wrote:"
    read = reading(f"{header}\n\n> It broke yesterday at 15:15.\n\nSince today at 13:30?")
    assert moments(read) == [["19 14:15"], []]


def test_time_takes_no_day_from_another_message() -> None:
    read = reading("it broke on Monday\nSent: 18 November 2026 14:20\nat 13:10 it was gone", FRIDAY)
    assert moments(read) == [["17 12:10", "18 12:10"], ["16 11:00"]]


def test_words_count_from_the_senders_day_and_clock_too() -> None:
    read = reading("Date: Thu, 19 Nov 2026 23:30:07 -0800\n\nIt broke yesterday at 15:10.")
    assert moments(read) == [["18 14:10", "18 23:10", "19 14:10"]]
    questions = " ".join(read.moments[0].questions)
    assert "in its own time zone" in questions
    assert "“-0800”" in questions


def test_time_in_a_question_of_an_older_message_is_not_sure() -> None:
    header = "On Nov 18, 2026 at 14:20 Help <help@example.com> wrote:\n"
    read = reading(
        f"Thanks!\n{header}> At your place in the office since today at 13:30?\n"
        "> It did today at 12:30."
    )
    assert moments(read) == [["18 12:30"], ["18 11:30"]]
    assert [found.is_sure for found in read.moments] == [False, True]


def test_quotation_without_a_header_may_be_older_than_the_ticket() -> None:
    read = reading("Any news?\n\n> It broke yesterday at 15:10.", FRIDAY)
    assert moments(read) == [["19 14:10"]]
    assert "in a quotation" in read.moments[0].questions[0]


def test_header_that_cannot_be_read_is_named_and_gives_no_time() -> None:
    read = reading("18 noiembrie 2026 14:20 Kim <kim@example.com> a scris:\n> it broke yesterday")
    assert [found.excerpt.found for found in read.moments] == ["yesterday"]
    assert read.lacks_date
    assert "“18 noiembrie 2026 14:20 Kim <kim@example.com> a scris:” says when" in read.notes[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kim Lee\nYesterday 2:05 PM\nThe page is white", []),
        ("Kim Lee  [2:05 PM]\ncart is empty", []),
        ("[2:05 PM] Kim Lee\n  checkout is down", []),
        ("2:05 PM\tkim\tlogin fails\n2:06 PM\tshop\twhich one?", []),
        ("Kim Lee (14:05): login fails\nShop (14:06): which one?", []),
        ("Kim — 18/11/2026 14:05\nlogin fails", []),
        ("Kim Lee (kim@example.com) - 18 Nov 2026 14:05\nlogin fails", []),
        ("Status changed to Open on 18 Nov 2026, 14:05\nlogin fails", []),
        ("| 18.11.2026 14:05 | Kim Lee | login fails |\n| x |", []),
        ('"2026-11-18 14:05","Kim Lee","login fails"\nx', []),
        ("18 November 2026\nKim Lee, 14:05\nlogin fails", []),
        ("Kim Lee\n2 hours ago\nlogin fails", []),
        ("Order date: 18 Nov 2026 14:05\nI can't see it.", []),
        ("Report time: 2026-11-18 14:05\nI can't see it.", []),
        ("Time: 16:10\nDate: 18/11/2026\nUser: 5512", ["18 15:10"]),
        ("Kim Lee · 18 Nov 2026, 14:05\nit froze at 16:10\nThanks", []),
        ("Kim Lee • 2 h\nit froze 10 minutes ago", []),
        ("Kim Lee · 18 Nov 2026, 14:05\nit froze 10 minutes ago\nThanks", []),
        (
            "18/11/2026, 14:05 - Kim: down\n18/11/2026, 14:08 - Kim: since yesterday 16:10",
            ["17 15:10"],
        ),
        ("Error time: 18 Nov 2026 16:10\nPlease help", ["18 15:10"]),
        ("2026-11-18 16:10:05\tERROR\ttimeout\nplease help", ["18 15:10"]),
    ],
)
def test_stamp_of_a_message_is_never_sure(text: str, expected: list[str]) -> None:
    sure = [found for found in reading(text, FRIDAY).moments if found.is_sure]
    assert [f"{found.readings[0].moment:%d %H:%M}" for found in sure] == expected


@pytest.mark.parametrize(
    "header",
    [
        "Sent: Yesterday 14:05",
        "Gesendet: Gestern, 14:05",
        "Envoyé : hier 14:05",
        "Отправлено: вчера, 14:05",
        "From: Kim\nDate: Wed 18 Nov, 14:05",
        "Trimis: miercuri, 18 noiembrie 2026 14:05",
        "보낸 날짜: 2026년 11월 18일 수요일 오후 2:05",
    ],
)
def test_header_without_a_readable_date_is_not_a_moment_and_leaves_others_unsure(
    header: str,
) -> None:
    read = reading(f"{header}\n\nIt broke yesterday at 15:15.", FRIDAY)
    assert moments(read)[0] in (["19 14:15"], ["17 14:15", "19 14:15"])
    assert not any(found.is_sure for found in read.moments)
    assert len(read.moments) == len(read.written) == 1


def test_header_does_not_apply_to_the_text_above_it() -> None:
    read = reading("It broke yesterday at 15:15.\n\nSent: Tuesday, 17 November 2026 14:20\nHello")
    assert read.lacks_date
    assert moments(read) == [[]]


def test_different_dates_of_ticket_and_message_are_ambiguous() -> None:
    text = "Sent: Tuesday, 17 November 2026 14:20\n\nIt broke yesterday at 15:15."
    read = reading(text, written=FRIDAY)
    assert moments(read) == [["16 14:15", "19 14:15"]]
    assert "could be counted from" in read.moments[0].questions[0]
    same = reading(text, written=date(2026, 11, 17))
    assert same.moments[0].is_sure


@pytest.mark.parametrize(
    "line",
    ["Jane Doe, Nov 17, 2026, 2:20 PM:", "Tuesday 17 November 2026 14:20", "17.11.2026 14:20"],
)
def test_date_on_a_line_of_its_own_raises_a_question(line: str) -> None:
    read = reading(f"{line}\nIt broke yesterday at 15:15.")
    assert sorted(moments(read)) == [["16 14:15"], ["17 13:20"]]
    assert not any(found.is_sure for found in read.moments)
    assert "This line is on its own" in " ".join(read.moments[0].questions)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("2026-11-20 14:05", datetime(2026, 11, 20, 13, 5, tzinfo=UTC)),
        ("20 Nov 2026", date(2026, 11, 20)),
        ("Nov 20, 2026, 2:05 PM", datetime(2026, 11, 20, 13, 5, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 14:05:00 -0500", datetime(2026, 11, 20, 19, 5, tzinfo=UTC)),
        ("20.11.2026", date(2026, 11, 20)),
        ("yesterday", date(2026, 11, 22)),
        ("today", date(2026, 11, 23)),
    ],
)
def test_entered_date_is_read(typed: str, written: date) -> None:
    assert read_ticket_date(typed, zone=BERLIN, now=NOW) == written


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("soonish", "can't read"),
        ("10/11/2026", "more than one time"),
        ("2026-12-20", "in the future"),
        ("20 Nov 2026 at 2:05", "more than one time"),
        ("", "can't read"),
    ],
)
def test_unusable_entered_date_is_refused(typed: str, why: str) -> None:
    with pytest.raises(TicketRefused, match=why):
        read_ticket_date(typed, zone=BERLIN, now=NOW)
