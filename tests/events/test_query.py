"""Test parsing the customer, and the window."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.events.identifier import parse_customer
from apps.events.query import CustomerKind, CustomerRefused, Window

EVENT = "7ca573c0f4814912aaa9bdc77d1a7d51"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "\n",
        "a\nb",
        "a\tb",
        "a\x00b",
        "x" * 201,
        "\u200b",
        "a\x85b",
        "a\u2028b",
        "\udcff",
        "\\",
        '\\"',
        "\\*",
        "{}\\",
    ],
)
def test_invalid_customer_is_refused(typed: str) -> None:
    with pytest.raises(CustomerRefused):
        parse_customer(typed)


@pytest.mark.parametrize(
    "typed", ["DOMAIN\\user", "x OR level:error", '"', "*", "[a,b]", "José", "x" * 200, "a,b"]
)
def test_unusual_customer_is_unchanged(typed: str) -> None:
    assert parse_customer(f" {typed} ").identifier == typed


@pytest.mark.parametrize("typed", ["1001\u200b", "\ufeff1001", "\u202a 1001 \u202c", "1001\n"])
def test_invisible_characters_are_stripped(typed: str) -> None:
    assert parse_customer(typed).identifier == "1001"


def test_dashed_uuid_is_identifier_or_hex() -> None:
    customer = parse_customer("7CA573C0-F481-4912-AAA9-BDC77D1A7D51")
    assert customer.kind == CustomerKind.IDENTIFIER_OR_HEX
    assert customer.hex_id == EVENT
    assert customer.identifier == "7CA573C0-F481-4912-AAA9-BDC77D1A7D51"


def test_window_includes_both_ends() -> None:
    moment = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
    window = Window(moment, 5)
    assert window.contains(moment - timedelta(minutes=5))
    assert window.contains(moment + timedelta(minutes=5, microseconds=900_000))
    assert not window.contains(moment + timedelta(minutes=5, seconds=1))


@pytest.mark.parametrize("minutes", [0, -1, 1441])
def test_window_length_is_limited(minutes: int) -> None:
    with pytest.raises(ValueError, match="minutes"):
        Window(datetime(2026, 11, 20, tzinfo=UTC), minutes)
