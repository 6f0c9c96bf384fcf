"""The part of a complete answer that lies in a narrower window."""

import re
from collections import Counter
from dataclasses import replace

from apps.events.answer import Answer
from apps.events.question import Question

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
    )
    return replace(part, redaction=_hidden_in(part, set(answer.redaction)))


def _hidden_in(answer: Answer, kinds: set[str]) -> dict[str, int]:
    """How often each kind of alias stands in the answer."""
    text = repr((answer.events, answer.issues, answer.beside))
    counts = Counter(kind for kind in _ALIAS.findall(text) if kind in kinds)
    return dict(sorted(counts.items()))
