"""Hostile text: nothing raises, every repetition is bounded, and long text is refused."""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import apps.tickets
from apps.tickets.reader import read_ticket
from apps.tickets.text import MAX_TICKET_LENGTH, TicketReading, TicketRefused
from tests.examples import examples
from tests.tickets.rows import AMBIGUOUS, FRIDAY, NOTHING, NOW, SURE, TIMED

BERLIN = ZoneInfo("Europe/Berlin")
PIECES = [
    *(row.text for row in (*SURE, *AMBIGUOUS)),
    *NOTHING,
    *(
        "1",
        "/",
        ":",
        "-",
        "\n",
        " ",
        "@",
        "a@b.",
        "at ",
        "On ",
        " wrote:",
        "Sent: ",
        "CST",
        "(",
        "00",
    ),
    *(
        "customer ",
        "https://x/issues/1/",
        "\u202e",
        "\x00",
        "\u0663:\u0661\u0665",
        "²",
        "ß",
        "İ",
        "\ud800",
        "—",
    ),
]


def reading(text: str, written: date | datetime | None = FRIDAY) -> TicketReading:
    """Read the text as a ticket, in Berlin."""
    return read_ticket(text, zone=BERLIN, now=NOW, written=written)


@settings(max_examples=examples(150), deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=40),
    st.sampled_from([None, FRIDAY, TIMED]),
    st.sampled_from(["is", "\u0131\u017f", "\u0130S"]),
)
def test_no_sequence_of_pieces_raises(
    pieces: list[str], written: date | datetime | None, i_and_s: str
) -> None:
    text = "x" + "".join(pieces)
    read = reading(text.replace("i", i_and_s[0]).replace("s", i_and_s[1]), written)
    for found in read.moments:
        assert all(one.moment <= NOW for one in found.readings)
        assert all(1 <= (one.minutes or 1) <= 1440 for one in found.readings)
        assert found.readings or found.questions


@settings(max_examples=examples(100), deadline=None)
@given(st.text(max_size=400))
def test_no_text_raises(text: str) -> None:
    reading(f"x{text}")


@pytest.mark.parametrize(
    "piece", ["1", "at 5 ", "a@", "On a", "\n", "11/12 ", "2026-11-20T", "user 123 "]
)
def test_longest_text_is_read_and_result_stays_short(piece: str) -> None:
    read = reading((piece * MAX_TICKET_LENGTH)[: MAX_TICKET_LENGTH - 1] + "x")
    assert len(read.moments) <= 8
    assert len(read.customers) <= 8
    assert len(read.written) <= 8
    shown = [found.excerpt for found in read.moments] + [found.excerpt for found in read.customers]
    assert all(len(one.before + one.found + one.after) < 300 for one in shown)


def test_longer_text_is_refused_with_length_and_limit() -> None:
    with pytest.raises(TicketRefused, match=r"20,001 characters; the limit is 20,000"):
        reading("x" * (MAX_TICKET_LENGTH + 1))
    reading("\r\n" * (MAX_TICKET_LENGTH - 1) + "x")


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_empty_text_is_refused(text: str) -> None:
    with pytest.raises(TicketRefused, match="Paste the ticket text"):
        reading(text)


# The costliest beginnings, found by repeating and joining what each pattern begins with.
OPENINGS = (
    *(">", "(", "\n\n", " , ", "a@b.cc 2026:\n", "> 1 a@b.cc wrote:\n", "1\n2\n3\n4 a@b.cc:\n"),
    *("am 1\nam 2\nam 3\nam 4 schrieb:\n", "sent: 1:05 pm\n", "commented(20.11.2026)", "a·1h\n"),
    *("1 h ago ", "vor 1 1 1 1 ", "3 pm\n", "3 pm in ", "a 20 nov 2026 14:05\n", "since 3 nov, "),
    *("Kim (14:02): \n", "order placed 3 nov. ", "https://sentry.io/issues/1/ ", "user 123 "),
)


def steps(text: str) -> int:
    """Return how many functions are called while the text is read."""
    count = 0

    def called(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        reading(text, TIMED)
    finally:
        sys.setprofile(None)
    return count


def test_work_grows_no_faster_than_the_text() -> None:
    reading("x")
    for opening in OPENINGS:
        short, long = ((opening * length)[:length] + "x" for length in (500, 1_000))
        assert steps(long) < 2.3 * steps(short), opening


def test_lines_and_times_that_are_not_read_are_named() -> None:
    headers = reading(
        "a@b.cc 2026 but this is no line of a mail:\n" * 400 + "Broke 15:15 yesterday"
    )
    (found,) = headers.moments
    assert not found.is_sure
    assert "too many lines that look like mail headers" in " ".join(found.questions)
    times = reading("2026-11-01 10:05 error, " * 101)
    assert "We read only the first 100 dates and times." in " ".join(times.notes)


def patterns() -> Iterator[re.Pattern[str]]:
    """Yield every pattern of the package."""
    for module in pkgutil.iter_modules(apps.tickets.__path__):
        for value in vars(importlib.import_module(f"apps.tickets.{module.name}")).values():
            for one in value if isinstance(value, tuple) else (value,):
                parts = one if isinstance(one, tuple) else (one,)
                yield from (part for part in parts if isinstance(part, re.Pattern))


def test_every_repetition_in_a_pattern_is_bounded() -> None:
    """Bounded repetitions limit the work for each place in the text."""
    found = list(patterns())
    assert len(found) > 30
    for pattern in found:
        bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "x", pattern.pattern)
        assert not re.search(r"[*+]|\{\d*,\}", bare), pattern.pattern
