"""Where a result leads on to, and where the person has been."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.events.query import Move, Question, duration, moved
from apps.lookups.answers import Projects, Since, sees_all_of
from apps.lookups.models import Lookup, Outcome
from apps.web.clock import LocalTime, half_window, local_moment, minutes_long
from apps.web.wording import counted, visible


@dataclass(frozen=True, slots=True)
class MoveButton:
    """A place to go to: what is posted, and what stands on the button."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RecentLookup:
    """A lookup to come back to."""

    lookup_id: str
    customer: str
    moment: LocalTime
    zone: str
    window: str
    outcome: str
    age: str
    whose: str = ""


def move_buttons(question: Question, now: datetime) -> tuple[MoveButton, ...]:
    """The moves that lead somewhere, in the order in which they stand."""
    span = minutes_long(2 * question.window.minutes)
    labels = {
        Move.EARLIER: (f"{span} earlier", "the window before this one"),
        Move.LATER: (f"{span} later", "the window after this one"),
        Move.NOW: ("Look up now", "the same customer, right now"),
    }
    buttons = []
    for move in (Move.EARLIER, Move.LATER, Move.WIDER, Move.NOW):
        onward = moved(question, move, now)
        if onward is None:
            continue
        label, hint = labels.get(move) or (half_window(onward.window.minutes), "a wider window")
        buttons.append(MoveButton(move.value, label, hint))
    return tuple(buttons)


def recent_view(
    lookups: Sequence[Lookup], projects: Projects, now: datetime
) -> tuple[RecentLookup, ...]:
    """The person's last lookups as rows. Counts are only for who may see all that was searched."""
    return tuple(
        RecentLookup(
            lookup_id=str(lookup.uuid),
            customer=visible(lookup.customer),
            moment=local_moment(lookup.moment, ZoneInfo(lookup.zone)),
            zone=lookup.zone,
            window=half_window(lookup.minutes),
            outcome=_outcome(lookup) if sees_all_of(lookup, projects) else "only your projects",
            age=f"{duration((now - lookup.created_at).total_seconds())} ago",
        )
        for lookup in lookups
    )


def shared_view(
    lookups: Sequence[Lookup], projects: Projects, now: datetime
) -> tuple[RecentLookup, ...]:
    """Lookups of others as rows, with whose they are."""
    rows = recent_view(lookups, projects, now)
    return tuple(
        replace(row, whose=f"by {lookup.user or lookup.system_user or 'a deleted account'}")
        for row, lookup in zip(rows, lookups, strict=True)
    )


def _outcome(lookup: Lookup) -> str:
    if lookup.purged_at:
        return "deleted"
    if lookup.outcome == Outcome.FOUND:
        return counted(lookup.issues or 0, "problem")
    if lookup.outcome == Outcome.NOTHING:
        return "no errors"
    if lookup.outcome == Outcome.INCOMPLETE and lookup.issues:
        return f"{counted(lookup.issues, 'problem')}, incomplete"
    return str(Outcome(lookup.outcome).label)


def since_words(since: Since | None, now: datetime) -> str:
    """What is new since the person looked; empty where that cannot be told."""
    if since is None:
        return ""
    when = f"since you looked {duration((now - since.looked_at).total_seconds())} ago"
    return f"{counted(since.new, 'new event')} {when}" if since.new else f"nothing new {when}"
