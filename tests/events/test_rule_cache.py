"""Test the cache of the rules."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from apps.events.event import Event
from apps.events.grouping import Group
from apps.events.once import rule_cache
from apps.events.rules.engine import rule_for
from apps.events.rules.rule import Symptom, symptoms_of
from apps.events.summary import summarize, summarize_group

DECLINED = Event("a" * 32, datetime(2026, 11, 20, tzinfo=UTC), title="PaymentDeclined: no")


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Return the evaluated events, once for each evaluation."""
    seen: list[Event] = []

    def recorded(event: Event) -> list[Symptom]:
        seen.append(event)
        return symptoms_of(event)

    monkeypatch.setattr("apps.events.rules.engine.symptoms_of", recorded)
    return seen


def test_event_is_evaluated_once_inside_cache(evaluated: list[Event]) -> None:
    outside = rule_for(DECLINED)
    with rule_cache():
        assert {rule_for(DECLINED) for _time in range(3)} == {outside}
    assert len(evaluated) == 2


def test_groups_sentence_is_found_once_and_with_the_worst_level(evaluated: list[Event]) -> None:
    quiet, loud = replace(DECLINED, level="info"), replace(DECLINED, id="b" * 32, level="fatal")
    with rule_cache():
        for group in (Group("1", None, (DECLINED,)), Group("2", None, (quiet, loud))):
            for _time in range(3):
                assert summarize_group(group) == summarize(group.summarized)
        rule_for(DECLINED)
    assert [event.level for event in evaluated] == [None, "fatal"]


def test_changed_event_is_not_cached() -> None:
    with rule_cache():
        rule = rule_for(DECLINED)
        assert rule_for(replace(DECLINED, title="MemoryError: no")) != rule


def test_cache_is_cleared_afterwards(evaluated: list[Event]) -> None:
    with rule_cache():
        rule_for(DECLINED)
    rule_for(DECLINED)
    assert len(evaluated) == 2
