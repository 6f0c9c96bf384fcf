"""Known errors as the result page tells them: on top of their problem, and in a line at its head.

People of the staff wrote the entries; no text of an event gets into them.
"""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, KnownMatch
from apps.events.filtering import Numbered
from apps.events.grouping import Group
from apps.events.releases import told_fix
from apps.lookups.known_errors import greeting, reply_of
from apps.web.wording import counted, listed, safe_link

Said = Mapping[tuple[str, str], bool]
_MOST_LINES = 3


@dataclass(frozen=True, slots=True)
class KnownView:
    """One entry that a problem is taken for.

    `reply` are the parts of the reply around its greetings. `helped` is what the reader said,
    None where nothing. `same_as` is where the page has the same entry before, empty where nowhere.
    """

    anchor: str
    same_as: str
    slug: str
    issue_id: str
    title: str
    fix: str
    explanation: str
    workaround: str
    owner: str
    links: tuple[tuple[str, str], ...]
    why: str
    reply: tuple[str, ...]
    helped: bool | None


@dataclass(frozen=True, slots=True)
class KnownLine:
    """That a problem is known, for the head of the page."""

    lead: str
    title: str
    fix: str
    link: str
    anchor: str


@dataclass(frozen=True, slots=True)
class KnownSummary:
    """What the head of the page tells; `unchecked` says that there was no time for everything."""

    lines: tuple[KnownLine, ...]
    more: str
    unchecked: str
    unnamed: str = greeting("")
    named: str = greeting("{name}")  # as a script fills the name in


def known_views(
    answer: Answer,
    problems: Sequence[Numbered],
    *,
    zone: ZoneInfo,
    now: datetime,
    said: Said | None = None,
    hidden: Collection[int] = (),
) -> dict[str, tuple[KnownView, ...]]:
    """The entries of each issue that has any, the best first.

    `zone` is the agent's, `said` what they said, `hidden` the problems that the page leaves out.
    """
    telling = _Telling(answer, zone, now.astimezone(zone).date(), said or {}, hidden)
    return {
        group.issue_id: tuple(telling.views(number, group))
        for number, group in problems
        if answer.known.of(group.issue_id)
    }


@dataclass(frozen=True, slots=True)
class _Telling:
    """One page's known errors; `told` is where each entry stands first."""

    answer: Answer
    zone: ZoneInfo
    today: date
    said: Said
    hidden: Collection[int]
    told: dict[str, str] = field(default_factory=dict)

    def views(self, number: int, group: Group) -> Iterator[KnownView]:
        """The entries of one problem, the best first."""
        for place, match in enumerate(self.answer.known.of(group.issue_id), 1):
            anchor = f"known-{number}-{place}"
            first = self.told.get(match.known.slug, "")
            if not first and number not in self.hidden:
                self.told[match.known.slug] = anchor
            yield self._view(match, group, anchor, first)

    def _view(self, match: KnownMatch, group: Group, anchor: str, same_as: str) -> KnownView:
        known = match.known
        links = ((link.label or link.address, safe_link(link.address)) for link in known.links)
        return KnownView(
            anchor=anchor,
            same_as=same_as,
            slug=known.slug,
            issue_id=match.issue_id,
            title=known.title,
            fix=told_fix(known, group, self.today),
            explanation=known.explanation,
            workaround=known.workaround,
            owner=known.owner,
            links=tuple((label, address) for label, address in links if address),
            why=listed(match.why),
            reply=_around_greetings(match, self.answer, self.zone, self.today),
            helped=self.said.get((match.issue_id, known.slug)),
        )


def _around_greetings(
    match: KnownMatch, answer: Answer, zone: ZoneInfo, today: date
) -> tuple[str, ...]:
    """The reply cut at its greetings, so that a name can be put in; empty where there is none."""
    nobody = secrets.token_hex(16)
    reply = reply_of(match, answer, name=nobody, zone=zone, today=today)
    return tuple(reply.split(greeting(nobody))) if reply else ()


def known_summary(
    answer: Answer, problems: Sequence[Numbered], known: Mapping[str, Sequence[KnownView]]
) -> KnownSummary:
    """The best match of each problem that has one, each entry once, in the order of the page."""
    best: dict[str, KnownLine] = {}
    for number, group in problems:
        for view in known.get(group.issue_id, ())[:1]:
            lead = f"Problem {number} is known" if len(problems) > 1 else "Known"
            link = "What to tell the customer" if view.reply else "More"
            line = KnownLine(lead, view.title, view.fix, link, view.anchor)
            best.setdefault(view.slug, line)
    lines, missing = tuple(best.values()), answer.known.unchecked
    more = len(lines) - _MOST_LINES
    return KnownSummary(
        lines=lines[:_MOST_LINES],
        more=f"{counted(more, 'more known error')} below" if more > 0 else "",
        unchecked=_unchecked(missing) if missing else "",
    )


def _unchecked(count: int) -> str:
    return (
        f"{counted(count, 'known error')} could not be checked in time. A problem without the "
        "word “Known” may be known all the same. Please reload the page to check again."
    )
