"""The date a ticket was written is found in headers, or entered by a person."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.tickets import Reading, TicketRefused, read_ticket, read_ticket_date
from tests.tickets.rows import FRIDAY, NOW

BERLIN = ZoneInfo("Europe/Berlin")


def reading(text: str, written: date | None = None) -> Reading:
    """Read the text as a ticket, in Berlin."""
    return read_ticket(text, zone=BERLIN, now=NOW, written=written)


def moments(read: Reading) -> list[list[str]]:
    """Return the readings of each moment, in UTC."""
    return [[f"{one.moment:%d %H:%M}" for one in found.readings] for found in read.moments]


@pytest.mark.parametrize(
    "header",
    [
        "Sent: Tuesday, 17 November 2026 14:20",
        "**Sent:** Tuesday, November 17, 2026 2:20 PM",
        "> Date: Tue, 17 Nov 2026 14:20:07 +0100",
        "Gesendet: Dienstag, 17. November 2026 14:20",
        "Envoyé : mardi 17 novembre 2026 14:20",
        "Enviado el: martes, 17 de noviembre de 2026 14:20",
        "Created at: 2026-11-17 14:20",
        "On 17 Nov 2026 at 14:20, Jane Doe <jane@example.com> wrote:",
        "On Tue, Nov 17, 2026 at 2:20 PM Jane Doe\n<jane@example.com> wrote:",
        "Am 17.11.2026 um 14:20 schrieb Jane Doe <jane@example.com>:",
        "Le mar. 17 nov. 2026 à 14:20, Jane <jane@example.com> a écrit :",
        "El 17 nov 2026 a las 14:20, Jane escribió:",
        "Jane Doe reported via email 2 days ago (Tue, 17 Nov 2026 at 2:20 PM)",
    ],
)
def test_header_is_a_reference_time_and_not_a_moment(header: str) -> None:
    read = reading(f"{header}\n\nIt broke yesterday at 15:15.")
    assert moments(read) == [["16 14:15"]]
    assert read.moments[0].is_sure
    assert "the date of the message" in read.moments[0].readings[0].understood
    assert len(read.written) == 1


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
