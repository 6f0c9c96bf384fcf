"""Optional calls start only when they are not in the way of those that a result needs."""

import pytest

from apps.sentry import throttling
from apps.sentry.errors import SentryCrowded
from apps.sentry.throttling import PrioritySlots, RateLimiter, RelatedSlots


def may_start(related: RelatedSlots, seconds: float) -> bool:
    try:
        with related.slot(seconds):
            return True
    except SentryCrowded:
        return False


@pytest.fixture
def needed(monkeypatch: pytest.MonkeyPatch) -> PrioritySlots:
    """Return two slots and, for slow machines, a minute's grace."""
    monkeypatch.setattr(throttling, "_ALONGSIDE_S", 60.0)
    return PrioritySlots(RateLimiter(2))


def test_optional_call_waits_for_announced_calls(needed: PrioritySlots) -> None:
    optional = needed.for_related()
    assert may_start(optional, 9)
    needed.announce(2)
    with needed.slot(9):
        assert not may_start(optional, 0.03)
    with needed.slot(9):
        assert may_start(optional, 9)


def test_optional_call_starts_along_with_a_call_or_not_at_all(
    needed: PrioritySlots, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that starts later would still run when the next calls are sent, unless it is short."""
    optional, short = needed.for_related(), needed.for_related()
    assert may_start(short, 9)
    with needed.slot(9):
        assert may_start(needed.for_related(), 9)
        monkeypatch.setattr(throttling, "_ALONGSIDE_S", 0.0)
        assert not may_start(optional, 0.03)
        assert may_start(short, 9)
    assert not may_start(optional, 0.03)
    optional.stop_yielding()
    assert may_start(optional, 9)
    optional.cancel()
    assert not may_start(optional, 9)


def test_optional_calls_with_two_lanes_leave_the_first_one_to_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They take it only while the last one is busy."""
    monkeypatch.setattr(throttling, "_ALONGSIDE_S", 60.0)
    needed = PrioritySlots(RateLimiter(4))
    wide, narrow = needed.for_related(2), needed.for_related()
    with wide.slot(9):
        assert may_start(narrow, 9)
        with wide.slot(9):
            assert not may_start(narrow, 0.03)
            assert not may_start(wide, 0.03)


def test_optional_calls_can_get_priority(needed: PrioritySlots) -> None:
    """They then take any slot, even while a call with priority is waiting."""
    optional = needed.for_related()
    needed.announce(2)
    assert not may_start(optional, 0.03)
    optional.prioritize()
    with optional.slot(9), optional.slot(9):
        assert not may_start(optional, 0.03)
