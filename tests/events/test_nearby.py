"""What lies near an empty window: taken from a wider answer, and redacted like everything else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from apps.events.answer import Answer, Nearby, Searched, narrowed
from apps.events.event import Event, EventBody
from apps.events.query import Customer, Question, Window
from apps.redaction.engine import redact, with_later

MOMENT = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ASKED = MOMENT + timedelta(days=1)


def event(minutes: int, **fields: object) -> Event:
    made = {"id": f"{minutes + 5000:032x}", "timestamp": MOMENT + minutes * MINUTE}
    return Event(**{**made, **fields})  # type: ignore[arg-type]


def wide(*events: Event, nearby: Nearby | None = None) -> Answer:
    return Answer(
        question=Question(Customer("4711"), Window(MOMENT, 60)),
        searched=Searched("acme", ("web",)),
        events=tuple(sorted(events, key=lambda one: one.timestamp, reverse=True)),
        issues=(),
        complete=True,
        fetched_at=ASKED,
        events_total=len(events),
        nearby=nearby,
    )


def narrow(answer: Answer) -> Nearby | None:
    return narrowed(answer, Question(Customer("4711"), Window(MOMENT, 5))).nearby


def test_a_narrower_window_takes_its_neighbours_from_the_wider_answer() -> None:
    found = narrow(wide(event(-40), event(-20), event(6), event(50)))
    assert found
    assert (found.before, found.after) == (event(-20), event(6))
    assert (found.since, found.until) == (MOMENT - 60 * MINUTE, MOMENT + 60 * MINUTE)


def test_the_newest_of_all_is_not_claimed_from_a_part_of_the_time() -> None:
    found = narrow(wide(event(-20)))
    assert found
    assert (found.before, found.after, found.last) == (event(-20), None, None)
    assert not found.is_of_all_time


def test_what_was_known_around_an_empty_window_holds_around_a_part_of_it() -> None:
    known = Nearby(ASKED - timedelta(days=30), ASKED, last=event(-90), before=event(-90))
    assert narrow(wide(nearby=known)) is known


def test_a_window_with_errors_has_no_neighbours() -> None:
    assert narrow(wide(event(-20), event(0))) is None


def test_neighbours_from_a_wider_answer_bring_no_details_along() -> None:
    found = narrow(wide(event(-20, body=EventBody(message="all there is"))))
    assert found
    assert found.before
    assert found.before.body is None


def test_an_answer_that_does_not_know_its_neighbours_claims_none() -> None:
    assert narrow(wide()) is None


LEAKING = {
    "title": "No cart of jane.doe@example.com (janedoe77) with card 4242 4242 4242 4242",
    "message": "janedoe77 failed",
    "identities": (("user.id", "4711"), ("user.username", "janedoe77")),
}


def leaking() -> Nearby:
    one = event(-20, **LEAKING)
    return Nearby(ASKED - timedelta(days=30), ASKED, before=one, last=one)


def test_the_neighbours_are_redacted_by_their_own_names_and_counted_once() -> None:
    shown = redact(wide(nearby=leaking()))
    assert shown.nearby
    for leak in ("jane", "4242", "4711"):
        assert leak not in repr(shown)
    assert shown.nearby.before == shown.nearby.last
    assert shown.redaction["card"] == 1
    assert shown.nearby.since == ASKED - timedelta(days=30)


def test_what_the_neighbours_hide_is_counted_in_a_narrower_window_too() -> None:
    answer = redact(wide(nearby=leaking()))
    part = narrowed(answer, Question(Customer("4711"), Window(MOMENT, 5)))
    assert part.redaction == answer.redaction


def test_numbers_of_later_aliases_go_on_after_those_of_the_neighbours() -> None:
    shown = redact(wide(nearby=leaking()))
    late = event(-1, title="mail to other@example.org")
    later = replace(shown.beside, trace_errors=(late,))
    both = with_later(shown, later, customer="4711")
    assert "<email-2>" in str(both.beside.trace_errors[0].title)
