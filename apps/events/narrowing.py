"""The part of a complete answer that lies in a narrower window."""

import re
from collections import Counter
from dataclasses import replace

from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.nearby import Nearby
from apps.events.question import Question, Window

_ALIAS = re.compile(r"<([a-z][a-z-]*?)(?:-\d+)?>")


def narrowed(answer: Answer, question: Question) -> Answer:
    """The answer to the same question in a window inside the answer's own.

    Only for complete answers: all events of the narrower window are among theirs. Nothing new is
    known, so the time of asking stays; what was hidden is counted anew.
    """
    events = tuple(event for event in answer.events if question.window.contains(event.timestamp))
    issue_ids = {event.issue_id for event in events}
    part = replace(
        answer,
        question=replace(answer.question, window=question.window),
        events=events,
        issues=tuple(issue for issue in answer.issues if issue.id in issue_ids),
        events_total=len(events),
        call_log=(),
        beside=answer.beside.in_window(question.window, events),
        nearby=None if events else _nearby(answer, question.window),
    )
    return replace(part, redaction=hidden_in(part, set(answer.redaction)))


def _nearby(answer: Answer, window: Window) -> Nearby | None:
    """The nearest errors among those of the wider window; what lies beyond is known if it had none.

    The newest of all times may be a later one, and is not told.
    """
    if not answer.events:
        return answer.nearby
    before = next((event for event in answer.events if event.timestamp < window.start), None)
    after = next((event for event in answer.events[::-1] if event.timestamp > window.end), None)
    wider = answer.question.window
    found = Nearby(since=wider.start, until=wider.end, before=before, after=after)
    return found.with_each(_without_body)


def _without_body(event: Event) -> Event:
    """As it would have come, had it been looked for."""
    return replace(event, body=None)


def hidden_in(answer: Answer, kinds: set[str]) -> dict[str, int]:
    """How often each kind of alias stands in the answer."""
    nearby = answer.nearby.events if answer.nearby else ()
    text = repr((answer.events, answer.issues, answer.beside, nearby))
    counts = Counter(kind for kind in _ALIAS.findall(text) if kind in kinds)
    return dict(sorted(counts.items()))
