"""The export as Markdown in which no text of an event can become markup."""

import re

from apps.exports.content import (
    UNKNOWN,
    WRITTEN_BY,
    caught,
    clock,
    completeness,
    counts,
    differences,
    how_to_get_it,
    iso,
    known_rows,
    looked_through,
    moment_and_window,
    nothing_listed,
    omission,
    own_link,
    rule_of_links,
    seconds,
    sights,
    title_if_more,
    unchecked,
)
from apps.exports.escaping import enclose, folded, longest_run
from apps.exports.facts import (
    Document,
    EventFacts,
    ExceptionFacts,
    FrameFacts,
    Header,
    IssueFacts,
    KnownFacts,
)

_HARMLESS = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*|\d{1,20}")


def render(document: Document) -> str:
    """The preset's question, then everything else inside the marked block."""
    parts = [_header(document.header), _summary(document)]
    parts += [
        _issue(number, issue, document.events_of(issue))
        for number, issue in enumerate(document.issues, 1)
        if document.events_of(issue) or issue.known
    ]
    parts += [_story(document), _asides(document), _closing(document)]
    written = "\n\n".join(filter(None, parts))
    return f"{document.preset.question}{enclose(written, document.marker)}"


def inline(text: str | None) -> str:
    """The text on one line in a code span that nothing in it can end; plain when it is a word."""
    if text is None:
        return UNKNOWN
    line = folded(text)
    if _HARMLESS.fullmatch(line):
        return line
    if not line:
        return "(empty)"
    fence = "`" * (longest_run(line, "`") + 1)
    space = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{fence}{space}{line}{space}{fence}"


def block(text: str) -> str:
    """The text in a fence longer than any in it; on one line when it has only one."""
    if "\n" not in text:
        return inline(text)
    fence = "`" * max(3, longest_run(text, "`") + 1, longest_run(text, "~") + 1)
    return f"\n{fence}text\n{text}\n{fence}"


def _cell(text: str | None) -> str:
    return inline(text).replace("|", "\\|")


def _header(header: Header) -> str:
    def listed(names: tuple[str, ...], nothing: str) -> str:
        return ", ".join(map(inline, names)) or nothing

    lines = [
        "# What went wrong for one customer",
        f"- Customer: {inline(header.customer)}, found in {listed(header.matched_on, 'no field')}",
        f"- Moment: {moment_and_window(header)}",
        f"- Searched: {inline(header.organization)}, projects {listed(header.projects, 'none')}, "
        f"environments {listed(header.environments, 'all')}",
        f"- {completeness(header)}",
        *([f"- Only this issue is told: {inline(header.only_issue)}"] if header.only_issue else []),
    ]
    lines += [f"- Notice {note.code}: {inline(note.message)}" for note in header.notices]
    lines += [f"- {unchecked(header)}"] if header.known_unchecked else []
    lines += [f"- Lookup: {inline(header.lookup_id)}"] if header.lookup_id else []
    return "\n".join(lines)


def _summary(document: Document) -> str:
    if not document.issues:
        return "" if document.header.events_listed else _nothing(document)
    rows = [_row(number, issue) for number, issue in enumerate(document.issues, 1)]
    told = [name for name in rows[0] if any(row[name] for row in rows)]
    table = [told, ["---"] * len(told), *([row[name] for name in told] for row in rows)]
    lines = ["# Issues", *(f"| {' | '.join(cells)} |" for cells in table)]
    rule = rule_of_links(document)
    return "\n".join(lines + (["", rule] if rule else []))


def _nothing(document: Document) -> str:
    lines = [nothing_listed(document.header)]
    for name, sight in sights(document.nearby) if document.nearby else ():
        known = (
            ("title", sight.title),
            ("level", sight.level),
            ("project", sight.project),
            ("event", sight.id),
            ("link", sight.permalink),
        )
        said = "; ".join(f"{key} {inline(value)}" for key, value in known if value)
        lines.append(f"- {name}: {iso(sight.timestamp)}, {sight.distance}: {sight.summary} {said}")
    lines += [f"- {inline(looked_through(document.nearby))}"] if document.nearby else []
    return "\n".join(lines)


def _row(number: int, issue: IssueFacts) -> dict[str, str]:
    """The cells by the name of their column; a column without any is left away."""
    stands = issue.standing
    lately = stands.last_day if stands else None
    return {
        "#": str(number),
        "issue": _cell(issue.name),
        "what happened": issue.summary,
        "title": _cell(issue.title),
        "level": _cell(issue.level),
        "project": _cell(issue.project),
        "caught": caught(issue.handled),
        "events": str(issue.events),
        "users affected": "" if issue.users_affected is None else str(issue.users_affected),
        "first seen": iso(issue.first_seen) or "",
        "last seen": iso(issue.last_seen) or "",
        "status": _cell(stands.state) if stands and stands.state else "",
        "fix": _cell(stands.fix) if stands and stands.fix else "",
        "events of all, last day": "" if lately is None else str(lately),
        "link": _cell(issue.permalink) if issue.permalink else "",
    }


def _issue(number: int, issue: IssueFacts, events: tuple[EventFacts, ...]) -> str:
    lines = [f"## Issue {number}", *map(_known, issue.known)]
    if events:
        lead, *further = events
        lines += [_told(lead), *(_exception(exception) for exception in lead.exceptions)]
        lines += [_further(event, lead, issue) for event in further]
    return "\n".join(lines)


def _known(known: KnownFacts) -> str:
    lines = [
        f"### Known error {inline(known.slug)}, {WRITTEN_BY}",
        f"{inline(known.title)}: {inline(known.fix)}",
        *(f"- {name}: {block(value)}" for name, value in known_rows(known)),
    ]
    return "\n".join([*lines, ""])


def _told(event: EventFacts) -> str:
    known = (
        ("event", event.id),
        ("title", title_if_more(event)),
        ("culprit", event.culprit),
        ("transaction", None if event.transaction == event.culprit else event.transaction),
        ("release", event.release),
        ("environment", event.environment),
        ("device", event.device),
        ("trace", event.trace_id),
        ("request", " ".join(filter(None, (event.method, event.url)))),
        ("link", event.permalink),
    )
    said = "; ".join(f"{name} {inline(value)}" for name, value in known if value)
    return f"{iso(event.timestamp)} ({seconds(event.seconds)}): {said}"


def _exception(exception: ExceptionFacts) -> str:
    value = block(exception.value) if exception.value is not None else "no message"
    lines = [f"- {inline(exception.type)}: {value}" if "\n" not in value else ""]
    if not lines[0]:
        lines = [f"\n{inline(exception.type)}:{value}\n"]
    return "\n".join(lines + [_frame(frame) for frame in exception.frames])


def _frame(frame: FrameFacts) -> str:
    return f"- {'crash ' if frame.crash else ''}{inline(frame_line(frame))}"


def frame_line(frame: FrameFacts) -> str:
    """`checkout/pay.py:42 charge: total = cart.total`, with "library" for what is not in-app."""
    where = f"{frame.file or UNKNOWN}:{UNKNOWN if frame.line is None else frame.line}"
    library = "" if frame.in_app else "library "
    code = f": {frame.code}" if frame.code is not None else ""
    return f"{library}{where} {frame.function or UNKNOWN}{code}"


def _further(event: EventFacts, lead: EventFacts, issue: IssueFacts) -> str:
    link = own_link(event, issue)
    known = (("event", event.id), *differences(event, lead), *([("link", link)] if link else []))
    said = "; ".join(f"{name} {inline(value)}" for name, value in known)
    return f"- again {clock(event.timestamp, lead.timestamp)} ({seconds(event.seconds)}): {said}"


def _story(document: Document) -> str:
    if not document.story:
        return ""
    lines = ["# Story before the errors, in seconds from the moment"]
    for crumb in document.story:
        level = f" {crumb.level}" if crumb.level else ""
        lines.append(
            f"- {seconds(crumb.seconds)} "
            f"{inline(f'{crumb.category or UNKNOWN}{level}: {crumb.message or str()}')}"
        )
    return "\n".join(lines)


def _asides(document: Document) -> str:
    if not document.asides:
        return ""
    lines = ["# Also around this time"]
    for aside in document.asides:
        known = (("project", aside.project), ("id", aside.id), ("link", aside.permalink))
        said = "; ".join(f"{name} {inline(value)}" for name, value in known if value)
        lines.append(
            f"- {iso(aside.timestamp)} ({seconds(aside.seconds)}) {aside.kind}: "
            f"{inline(aside.text)}; {said}"
        )
    return "\n".join(lines)


def _closing(document: Document) -> str:
    lines = []
    if document.hidden:
        lines.append(f"Hidden personal data and secrets: {inline(counts(document.hidden))}.")
    if document.neutralised:
        lines.append(f"Neutralized: {inline(counts(document.neutralised))}.")
    if document.omitted:
        left_out = ", ".join(inline(omission(left_out)) for left_out in document.omitted)
        lines.append(f"Left out: {left_out}. {how_to_get_it(document)}")
    return "\n".join(lines)
