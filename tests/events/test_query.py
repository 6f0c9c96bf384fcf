"""Test parsing the customer, and the window."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.events.query import (
    CustomerKind,
    CustomerRefused,
    IssueLinkRefused,
    Window,
    parse_customer,
)

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


@pytest.mark.parametrize(
    "link",
    [
        f"https://acme.sentry.io/issues/6507376925/events/{EVENT}/?project=1",
        f"https://sentry.example.org/organizations/acme/issues/12/events/{EVENT}",
        f"https://sentry.io/organizations/acme/discover/web:{EVENT}/",
    ],
)
def test_event_link_becomes_event(link: str) -> None:
    customer = parse_customer(link)
    assert (customer.kind, customer.hex_id) == (CustomerKind.EVENT, EVENT)


def test_trace_link_becomes_trace() -> None:
    customer = parse_customer(f"https://acme.sentry.io/explore/traces/trace/{EVENT}/?x=1")
    assert (customer.kind, customer.hex_id) == (CustomerKind.TRACE, EVENT)


def test_issue_link_is_refused() -> None:
    with pytest.raises(IssueLinkRefused, match="many customers"):
        parse_customer("https://acme.sentry.io/issues/6507376925/")


def test_other_link_is_identifier() -> None:
    typed = "https://openid.example.org/jane"
    assert parse_customer(typed).identifier == typed


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
