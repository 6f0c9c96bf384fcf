"""Results made of the sample events, as if one customer had them within minutes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from apps.events.answer import Answer, SearchScope
from apps.events.event import Event, Issue
from apps.events.query import Customer, Question, Window
from apps.redaction.engine import redact
from apps.sentry.parsing import parse_full_event
from tests import samples
from tests.exports.answers import MOMENT

FIELDS = ("user.id", "user.email", "user.username")


def sample_event(name: str, number: int, issue: int, first: int) -> Event:
    """Return a sample event, 20 seconds after the one before it.

    A repeated sample has the breadcrumbs of the first one, like the events of one visit.
    """
    event = parse_full_event(samples.load(name), FIELDS)
    assert event is not None
    assert event.body is not None
    shift = MOMENT + timedelta(seconds=20 * number - 60) - event.timestamp
    of_first = shift - timedelta(seconds=20 * (number - first))
    crumbs = tuple(
        replace(crumb, timestamp=crumb.timestamp and crumb.timestamp + of_first)
        for crumb in event.body.breadcrumbs
    )
    own_id = f"{number + 1:016x}{event.id[16:]}"
    return replace(
        event,
        id=own_id,
        timestamp=event.timestamp + shift,
        issue_id=str(9000 + issue),
        project=event.project or "web",
        permalink=f"https://acme.sentry.io/issues/{9000 + issue}/events/{own_id}/",
        matched_on=("user.id",),
        body=replace(event.body, breadcrumbs=crumbs),
    )


def sample_answer(names: Sequence[str]) -> Answer:
    """Return the redacted result of these samples; repeated names are events of one issue."""
    return redact(raw_answer(names))


def raw_answer(names: Sequence[str]) -> Answer:
    """Return the result before redaction."""
    issues = {name: place + 1 for place, name in enumerate(dict.fromkeys(names))}
    events = [
        sample_event(name, number, issues[name], names.index(name))
        for number, name in enumerate(names)
    ]
    return Answer(
        question=Question(Customer("4711"), Window(MOMENT, 5)),
        searched=SearchScope("acme", ("web",)),
        events=tuple(sorted(events, key=lambda event: event.timestamp, reverse=True)),
        issues=tuple(
            Issue(
                id=str(9000 + number),
                short_id=f"WEB-{number}",
                title=next(e.title for e in events if e.issue_id == str(9000 + number)),
                project="web",
                level="error",
                users_affected=12,
                first_seen=MOMENT - timedelta(days=number),
                last_seen=MOMENT,
                permalink=f"https://acme.sentry.io/issues/{9000 + number}/",
            )
            for number in issues.values()
        ),
        complete=True,
        fetched_at=MOMENT + timedelta(minutes=9),
        events_total=len(events),
    )
