"""Answers made of the sample events, as if one customer had met them within minutes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from apps.events.answer import Answer, Searched
from apps.events.event import Event, Issue
from apps.events.question import Customer, Question, Window
from apps.events.redaction import redact
from apps.sentry.parsing import parse_full_event
from tests import samples
from tests.exports.answers import MOMENT

FIELDS = ("user.id", "user.email", "user.username")


def sample_event(name: str, number: int, issue: int) -> Event:
    """One sample, moved to 20 seconds after the one before it."""
    event = parse_full_event(samples.load(name), FIELDS)
    assert event is not None
    assert event.body is not None
    shift = MOMENT + timedelta(seconds=20 * number - 60) - event.timestamp
    crumbs = tuple(
        replace(crumb, timestamp=crumb.timestamp and crumb.timestamp + shift)
        for crumb in event.body.breadcrumbs
    )
    return replace(
        event,
        id=f"{number + 1:016x}{event.id[16:]}",
        timestamp=event.timestamp + shift,
        issue_id=str(9000 + issue),
        project=event.project or "web",
        permalink=f"https://acme.sentry.io/issues/{9000 + issue}/events/{event.id}/",
        matched_on=("user.id",),
        body=replace(event.body, breadcrumbs=crumbs),
    )


def sample_answer(names: Sequence[str]) -> Answer:
    """The redacted answer of these samples; a name that stands there again is the same issue."""
    issues = {name: place + 1 for place, name in enumerate(dict.fromkeys(names))}
    events = [sample_event(name, number, issues[name]) for number, name in enumerate(names)]
    return redact(
        Answer(
            question=Question(Customer("4711"), Window(MOMENT, 5)),
            searched=Searched("acme", ("web",)),
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
    )
