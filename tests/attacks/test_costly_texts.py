"""Hostile text costs about as much as plain text, in steps: calls of functions.

For redaction, see tests/events/test_redaction_cost.py.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from apps.events.identifier import parse_customer
from apps.incidents.reading import ListRefused, read_list


def _steps(read: Callable[[str], object], text: str) -> int:
    """Return how many functions are called, of ours and of Python's."""
    steps = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal steps
        steps += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        read(text)
    finally:
        sys.setprofile(before)
    return steps


def _listed(text: str) -> None:
    with suppress(ListRefused):
        read_list(text, parse_customer)


def test_no_list_of_customers_takes_more_steps_than_its_length_allows() -> None:
    texts = {
        "customers": "".join(f"user{number}@example.com\n" for number in range(200)),
        "columns": ";".join("a" * 2_000) + "\n" + "x;y\n" * 20,
        "headings": ";".join(["user id"] * 500) + "\n" + "x;y\n" * 20,
        "quotes": '"a";' * 1_000,
        "items": "a, " * 1_300,
        "labels": "id: id: id:\n" * 330,
    }
    for name, text in texts.items():
        assert _steps(_listed, text) < 80 * len(text), name
