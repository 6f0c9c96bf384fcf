"""Test other occurrences around an empty window: in narrowed results, and redacted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from apps.events.answer import Answer, OtherOccurrences, SearchScope, narrow_to_window
from apps.events.event import Event, EventBody
from apps.events.query import Customer, Question, Window
from apps.redaction.engine import add_related, redact

MOMENT = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FETCHED = MOMENT + timedelta(days=1)


def event(minutes: int, **fields: object) -> Event:
    made = {"id": f"{minutes + 5000:032x}", "timestamp": MOMENT + minutes * MINUTE}
    return Event(**{**made, **fields})  # type: ignore[arg-type]


def wide(*events: Event, nearby: OtherOccurrences | None = None) -> Answer:
    return Answer(
        question=Question(Customer("4711"), Window(MOMENT, 60)),
        searched=SearchScope("acme", ("web",)),
        events=tuple(sorted(events, key=lambda one: one.timestamp, reverse=True)),
        issues=(),
        complete=True,
        fetched_at=FETCHED,
        events_total=len(events),
        nearby=nearby,
    )


def narrow(answer: Answer) -> OtherOccurrences | None:
    return narrow_to_window(answer, Question(Customer("4711"), Window(MOMENT, 5))).nearby


def test_narrow_window_takes_neighbors_from_wider_result() -> None:
    found = narrow(wide(event(-40), event(-20), event(6), event(50)))
    assert found
    assert (found.before, found.after) == (event(-20), event(6))
    assert (found.since, found.until) == (MOMENT - 60 * MINUTE, MOMENT + 60 * MINUTE)


def test_newest_error_is_unknown_in_wider_result() -> None:
    found = narrow(wide(event(-20)))
    assert found
    assert (found.before, found.after, found.last) == (event(-20), None, None)
    assert not found.covers_retention


def test_neighbors_of_empty_window_apply_to_narrower_window() -> None:
    known = OtherOccurrences(
        FETCHED - timedelta(days=30), FETCHED, last=event(-90), before=event(-90)
    )
    assert narrow(wide(nearby=known)) is known


def test_window_with_errors_has_no_neighbors() -> None:
    assert narrow(wide(event(-20), event(0))) is None


def test_neighbors_have_no_body() -> None:
    found = narrow(wide(event(-20, body=EventBody(message="all there is"))))
    assert found
    assert found.before
    assert found.before.body is None


def test_unknown_neighbors_stay_unknown() -> None:
    assert narrow(wide()) is None


LEAKING = {
    "title": "No cart of jane.doe@example.com (janedoe77) with card 4242 4242 4242 4242",
    "message": "janedoe77 failed",
    "identities": (("user.id", "4711"), ("user.username", "janedoe77")),
}


def leaking() -> OtherOccurrences:
    one = event(-20, **LEAKING)
    return OtherOccurrences(FETCHED - timedelta(days=30), FETCHED, before=one, last=one)


def test_neighbors_are_redacted_and_counted_once() -> None:
    shown = redact(wide(nearby=leaking()))
    assert shown.nearby
    for leak in ("jane", "4242", "4711"):
        assert leak not in repr(shown)
    assert shown.nearby.before == shown.nearby.last
    assert shown.redaction["card"] == 1
    assert shown.nearby.since == FETCHED - timedelta(days=30)


def test_narrow_window_counts_aliases_of_neighbors() -> None:
    answer = redact(wide(nearby=leaking()))
    part = narrow_to_window(answer, Question(Customer("4711"), Window(MOMENT, 5)))
    assert part.redaction == answer.redaction


def test_later_aliases_are_numbered_after_those_of_neighbors() -> None:
    shown = redact(wide(nearby=leaking()))
    late = event(-1, title="mail to other@example.org")
    later = replace(shown.beside, trace_errors=(late,))
    both = add_related(shown, later, customer="4711")
    assert "<email-2>" in str(both.beside.trace_errors[0].title)
