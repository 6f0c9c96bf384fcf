"""Optional calls start only when they are not in the way of those that a result needs."""

import pytest

from apps.sentry.config import SentryCrowded
from apps.sentry.throttling import LocalRateLimiter, PriorityRateLimiter, RelatedRateLimiter

SHORT_S = 0.03


def may_start(related: RelatedRateLimiter) -> bool:
    try:
        with related.slot(SHORT_S):
            return True
    except SentryCrowded:
        return False


@pytest.fixture
def needed() -> PriorityRateLimiter:
    return PriorityRateLimiter(LocalRateLimiter(2))


def test_optional_call_waits_for_announced_calls(needed: PriorityRateLimiter) -> None:
    optional = needed.for_related()
    assert may_start(optional)
    needed.announce(2)
    with needed.slot(1):
        assert not may_start(optional)
    with needed.slot(1):
        assert may_start(optional)


def test_optional_call_starts_along_with_a_call_or_not_at_all(
    needed: PriorityRateLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that starts later would still run when the next calls are sent."""
    optional = needed.for_related()
    with needed.slot(1):
        assert may_start(optional)
        monkeypatch.setattr("apps.sentry.throttling._ALONGSIDE_S", 0.0)
        assert not may_start(optional)
        monkeypatch.setattr("apps.sentry.throttling._LONG_S", 0.0)
        assert may_start(optional), "nothing has started for long"
    monkeypatch.setattr("apps.sentry.throttling._LONG_S", 5.0)
    assert not may_start(optional)
    optional.stop_yielding()
    assert may_start(optional)
    optional.cancel()
    assert not may_start(optional)
