"""From one question to the next: the same customer at another time, or in a wider window."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from apps.events.question import MAX_WINDOW_MINUTES, Question, Window

WIDER_MINUTES = (15, 60, MAX_WINDOW_MINUTES)


class Move(StrEnum):
    """Where to look next."""

    NOW = "now"
    WIDER = "wider"
    EARLIER = "earlier"
    LATER = "later"


def moved(question: Question, move: Move, now: datetime) -> Question | None:
    """The question after the move; None where there is nothing to move to.

    `now` is aware. Earlier and later are the windows that join this one; a later one must have
    begun. Wider is the next of ± 15 minutes, an hour and a day.
    """
    window = question.window
    whole = timedelta(minutes=2 * window.minutes)
    if move is Move.NOW:
        return replace(question, window=Window(now, window.minutes))
    if move is Move.EARLIER:
        return replace(question, window=Window(window.moment - whole, window.minutes))
    if move is Move.LATER:
        if window.end >= now:
            return None
        return replace(question, window=Window(min(window.moment + whole, now), window.minutes))
    minutes = next((wider for wider in WIDER_MINUTES if wider > window.minutes), None)
    return replace(question, window=Window(window.moment, minutes)) if minutes else None
