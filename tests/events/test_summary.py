"""Plain words for an error, and none that are not true."""

from datetime import UTC, datetime

import pytest

from apps.events.event import Event
from apps.events.summary import summarize


def told(title: str) -> str:
    return summarize(Event(id="a" * 32, timestamp=datetime(2026, 11, 20, tzinfo=UTC), title=title))


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("PaymentDeclined: Card declined", "The payment was declined."),
        ("ChunkLoadError: Loading chunk 7 failed", "A part of the page could not be loaded."),
        ("MemoryError: OOM in worker", "The program ran out of memory."),
        ("NullPointerException", "The program tried to use something that was missing."),
        ("TimeoutError: timed out", "Something took too long and was given up."),
    ],
)
def test_a_known_kind_of_error_has_its_sentence(title: str, sentence: str) -> None:
    assert told(title) == sentence


@pytest.mark.parametrize("title", ["boom", "Zoom meeting failed", "bloomfilter", "Vanilla sync"])
def test_a_word_inside_another_word_says_nothing(title: str) -> None:
    assert told(title) == "Something in the program failed."
