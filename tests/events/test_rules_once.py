"""Holding each event against the rules once for a page."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from apps.events.event import Event
from apps.events.rules.engine import rule_for, rules_asked_once
from apps.events.rules.rule import Clue, clues

DECLINED = Event("a" * 32, datetime(2026, 11, 20, tzinfo=UTC), title="PaymentDeclined: no")


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """The events whose words were read, each time they were."""
    seen: list[Event] = []

    def noted(event: Event) -> list[Clue]:
        seen.append(event)
        return clues(event)

    monkeypatch.setattr("apps.events.rules.engine.clues", noted)
    return seen


def test_inside_an_event_is_read_once_and_told_the_same(looked_at: list[Event]) -> None:
    outside = rule_for(DECLINED)
    with rules_asked_once():
        assert {rule_for(DECLINED) for _time in range(3)} == {outside}
    assert len(looked_at) == 2


def test_an_equal_event_with_other_words_is_another_one() -> None:
    with rules_asked_once():
        told = rule_for(DECLINED)
        assert rule_for(replace(DECLINED, title="MemoryError: no")) != told


def test_afterwards_all_is_forgotten(looked_at: list[Event]) -> None:
    with rules_asked_once():
        rule_for(DECLINED)
    rule_for(DECLINED)
    assert len(looked_at) == 2
