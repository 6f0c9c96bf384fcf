"""What a draft is made of: an answer as its reader may see it, and who asks for it."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from apps.events.answer import Answer
from apps.events.known import KnownMatch
from apps.events.timeline import Group, group_by_issue


@dataclass(frozen=True, slots=True)
class About:
    """An answer and the problems of it that a draft is about.

    `zone` is the lookup's, `name` the customer's as somebody typed it, `agent` the full name of
    who writes. `lookup_link` leads to the lookup, `marker` is the lookup's own.
    """

    answer: Answer
    issue_ids: tuple[str, ...]
    zone: ZoneInfo
    today: date
    marker: str
    name: str = ""
    agent: str = ""
    lookup_link: str = ""

    @property
    def groups(self) -> tuple[Group, ...]:
        """The problems, the most telling first."""
        return tuple(one for one in group_by_issue(self.answer) if one.issue_id in self.issue_ids)

    @property
    def best_known(self) -> tuple[tuple[Group, KnownMatch], ...]:
        """The best match of each problem that is known, each known error once."""
        best: dict[str, tuple[Group, KnownMatch]] = {}
        for group in self.groups:
            for match in self.answer.known.of(group.issue_id)[:1]:
                best.setdefault(match.known.slug, (group, match))
        return tuple(best.values())
