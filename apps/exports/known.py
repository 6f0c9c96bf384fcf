"""What is known already of a problem, as an export tells it. People wrote it, no event did."""

from collections.abc import Iterator, Sequence
from datetime import date

from apps.events.answer import Known, KnownMatch
from apps.events.grouping import Group
from apps.events.releases import told_fix
from apps.exports.facts import Header, KnownFacts, LinkFacts
from apps.exports.selection import Selection

WRITTEN_BY = "written by the support team, not by the event"


def known_facts(
    group: Group, matches: Sequence[KnownMatch], selection: Selection, today: date
) -> tuple[KnownFacts, ...]:
    """The known errors of one issue, the best first, as many as there is room for."""
    if not matches:
        return ()
    where = selection.text(f"issue {group.issue_id}", 60, "")
    kept = selection.first(matches, selection.detail.known, "known errors", where)
    return tuple(_facts(match, group, selection, today) for match in kept)


def _facts(match: KnownMatch, group: Group, selection: Selection, today: date) -> KnownFacts:
    known, detail = match.known, selection.detail
    where = f"known error {known.slug}"

    def told(text: str, limit: int) -> str:
        return selection.text(text, limit, where)

    return KnownFacts(
        slug=told(known.slug, 80),
        title=told(known.title, detail.names),
        explanation=told(known.explanation, detail.known_texts),
        reply=told(known.reply, detail.known_texts),
        workaround=told(known.workaround, detail.known_texts),
        state=known.state.value,
        planned_for=known.planned_for,
        fixed_in=told(known.fixed_in, detail.names),
        owner=told(known.owner, detail.names),
        links=tuple(_links(known, selection, where)),
        fix=told(told_fix(known, group, today), max(detail.names, 160)),
        why=tuple(told(reason, detail.names) for reason in match.why),
    )


def _links(known: Known, selection: Selection, where: str) -> Iterator[LinkFacts]:
    detail = selection.detail
    for link in selection.first(known.links, detail.known_links, "links", where):
        if not link.address.lower().startswith(("https://", "http://")):
            continue
        address = selection.link(link.address, where, wanted=detail.references)
        if address is not None:
            yield LinkFacts(selection.text(link.label, detail.names, where), address)


def known_rows(known: KnownFacts) -> Iterator[tuple[str, str]]:
    """What formats for people say of it, each under its name; what is empty is left away."""
    planned = known.planned_for.isoformat() if known.planned_for else ""
    rows = (
        ("explanation", known.explanation),
        ("tell the customer", known.reply),
        ("workaround", known.workaround),
        ("state", known.state),
        ("planned for", planned),
        ("fixed in", known.fixed_in),
        ("owner", known.owner),
        *(("matched because", reason) for reason in known.why),
        *(("link", f"{link.label}: {link.address}") for link in known.links),
    )
    return ((name, value) for name, value in rows if value)


def unchecked(header: Header) -> str:
    """That there was no time for some of the known errors; empty where all were looked at."""
    if not header.known_unchecked:
        return ""
    return (
        f"{header.known_unchecked} known errors could not be checked in time: "
        "an issue without one may still be known."
    )
