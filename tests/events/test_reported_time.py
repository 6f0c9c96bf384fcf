"""Test parsing the reported time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.events.query import MomentRefused, parse_moment

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def read(typed: str, zone: ZoneInfo = BERLIN) -> datetime:
    return parse_moment(typed, zone=zone, now=NOW)


@pytest.mark.parametrize(
    ("typed", "utc"),
    [
        ("2026-11-20 14:05", "2026-11-20T13:05:00+00:00"),
        ("2026-11-20T14:05:30", "2026-11-20T13:05:30+00:00"),
        ("2026-07-20 9:05", "2026-07-20T07:05:00+00:00"),
        ("2026-11-20T14:05:00Z", "2026-11-20T14:05:00+00:00"),
        ("2026-11-20T14:05:00.123456789Z", "2026-11-20T14:05:00.123456+00:00"),
        ("2026-11-20T14:05:00+05:30", "2026-11-20T08:35:00+00:00"),
        ("2026-11-20 14:05 -0800", "2026-11-20T22:05:00+00:00"),
        ("1763647500", "2025-11-20T14:05:00+00:00"),
        ("1763647500.5", "2025-11-20T14:05:00.500000+00:00"),
        ("1763647500000", "2025-11-20T14:05:00+00:00"),
    ],
)
def test_unambiguous_time_is_converted_to_utc(typed: str, utc: str) -> None:
    assert read(typed).isoformat() == utc


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "when it happened"),
        ("yesterday", "We can't read this time"),
        ("11/12/2026 14:05", "We can't read this time"),
        ("2026-11-20", "We can't read this time"),
        ("2026-02-30 14:05", "does not exist"),
        ("2026-11-20 25:05", "does not exist"),
        ("2026-11-24 14:05", "in the future"),
        ("0001-01-01 00:00", "too long ago"),
        ("2026-03-29 02:30", "did not exist"),
        ("2026-10-25 02:30", "happened twice"),
    ],
)
def test_other_input_is_refused_with_reason(typed: str, reason: str) -> None:
    with pytest.raises(MomentRefused, match=reason):
        read(typed)


def test_repeated_hour_with_offset_is_accepted() -> None:
    assert read("2026-10-25 02:30+01:00").isoformat() == "2026-10-25T01:30:00+00:00"


def test_refusal_of_repeated_hour_names_both_offsets() -> None:
    with pytest.raises(MomentRefused, match=r"02:30\+02:00 .* 02:30\+01:00"):
        read("2026-10-25 02:30")


def test_local_time_is_in_given_zone() -> None:
    assert read("2026-11-20 14:05", ZoneInfo("America/New_York")).hour == 19
