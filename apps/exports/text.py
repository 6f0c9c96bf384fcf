"""The export as plain text for a terminal. Control characters are spelled out before it."""

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
from apps.exports.escaping import folded
from apps.exports.facts import (
    Document,
    EventFacts,
    ExceptionFacts,
    Header,
    IssueFacts,
    KnownFacts,
    NearbyFacts,
    StandingFacts,
)
from apps.exports.markdown import frame_line


def render(document: Document) -> str:
    """The same facts as the other formats, one to a line, the shape made by indents."""
    lines = [document.preset.instruction, ""] if document.preset.instruction else []
    lines += _header(document.header) + _nearby(document.nearby)
    for number, issue in enumerate(document.issues, 1):
        lines += ["", f"{number}. {issue.summary}", *_issue(issue)]
        lines += _told(document.events_of(issue), issue)
    rule = rule_of_links(document)
    lines += ["", rule] if rule else []
    lines += _story(document) + _asides(document) + _closing(document)
    return "\n".join(lines) + "\n"


def _header(header: Header) -> list[str]:
    return [
        f"Customer: {header.customer}, found in {', '.join(header.matched_on) or 'no field'}",
        f"Moment: {moment_and_window(header)}",
        f"Searched: {header.organization}, projects {', '.join(header.projects) or 'none'}, "
        f"environments {', '.join(header.environments) or 'all'}",
        completeness(header),
        *([f"Only this issue is told: {header.only_issue}"] if header.only_issue else []),
        *(f"Notice {note.code}: {folded(note.message)}" for note in header.notices),
        *([unchecked(header)] if header.known_unchecked else []),
        *([f"Lookup: {header.lookup_id}"] if header.lookup_id else []),
        *([] if header.events_listed else [nothing_listed(header)]),
    ]


def _nearby(nearby: NearbyFacts | None) -> list[str]:
    if nearby is None:
        return []
    lines = []
    for name, sight in sights(nearby):
        known = (
            ("title", sight.title),
            ("level", sight.level),
            ("project", sight.project),
            ("event", sight.id),
            ("link", sight.permalink),
        )
        said = "; ".join(f"{key} {value}" for key, value in known if value)
        at = f"{iso(sight.timestamp)}, {sight.distance}"
        lines.append(folded(f"{name}: {at}: {sight.summary} {said}"))
    return [*lines, folded(looked_through(nearby))]


def _issue(issue: IssueFacts) -> list[str]:
    users = UNKNOWN if issue.users_affected is None else issue.users_affected
    last = f", last {iso(issue.last_seen)}" if issue.last_seen else ""
    seen = f"first seen {iso(issue.first_seen) or UNKNOWN}{last}"
    lines = [
        f"{issue.name} {folded(issue.title)}",
        f"level {issue.level or UNKNOWN}, project {issue.project or UNKNOWN}, "
        f"caught {caught(issue.handled)}, events {issue.events}, users affected {users}",
        seen,
        *_standing(issue.standing),
        *([issue.permalink] if issue.permalink else []),
    ]
    lines = [f"   {folded(line)}" for line in lines]
    return lines + [line for known in issue.known for line in _known(known)]


def _known(known: KnownFacts) -> list[str]:
    return [
        f"   Known error {known.slug}, {WRITTEN_BY}: {folded(known.title)}: {folded(known.fix)}",
        *(f"     {name}: {folded(value)}" for name, value in known_rows(known)),
    ]


def _standing(stands: StandingFacts | None) -> list[str]:
    if stands is None:
        return []
    state = [f"status {stands.state}"] if stands.state else []
    if stands.last_day is not None:
        state.append(f"{stands.last_day} events of all customers in the last day")
    return [*([", ".join(state)] if state else []), *([stands.fix] if stands.fix else [])]


def _told(events: tuple[EventFacts, ...], issue: IssueFacts) -> list[str]:
    if not events:
        return []
    lead, *further = events
    known = (
        ("event", lead.id),
        ("title", title_if_more(lead)),
        ("culprit", lead.culprit),
        ("transaction", None if lead.transaction == lead.culprit else lead.transaction),
        ("release", lead.release),
        ("environment", lead.environment),
        ("device", lead.device),
        ("trace", lead.trace_id),
        ("request", " ".join(filter(None, (lead.method, lead.url)))),
        ("link", lead.permalink),
    )
    said = "; ".join(f"{name} {value}" for name, value in known if value)
    lines = [f"{iso(lead.timestamp)} ({seconds(lead.seconds)}): {said}"]
    for exception in lead.exceptions:
        lines += _exception(exception)
    for event in further:
        link = own_link(event, issue)
        further_known = (*differences(event, lead), *([("link", link)] if link else []))
        other = "".join(f"; {name} {value}" for name, value in further_known)
        at = f"{clock(event.timestamp, lead.timestamp)} ({seconds(event.seconds)})"
        lines.append(f"again {at}: event {event.id}{other}")
    return [f"   {folded_but_indented(line)}" for line in lines]


def folded_but_indented(line: str) -> str:
    """The line on one line, its own indent kept."""
    indent = len(line) - len(line.lstrip(" "))
    return " " * indent + folded(line)


def _exception(exception: ExceptionFacts) -> list[str]:
    value = "no message" if exception.value is None else exception.value
    return [
        f"{exception.type or UNKNOWN}: {value}",
        *(f"  {'crash ' if frame.crash else ''}{frame_line(frame)}" for frame in exception.frames),
    ]


def _story(document: Document) -> list[str]:
    lines = ["", "Story before the errors, in seconds from the moment:"] if document.story else []
    for crumb in document.story:
        level = f" {crumb.level}" if crumb.level else ""
        said = folded(f"{crumb.category or UNKNOWN}{level}: {crumb.message or ''}")
        lines.append(f"   {seconds(crumb.seconds)} {said}")
    return lines


def _asides(document: Document) -> list[str]:
    lines = ["", "Also around this time:"] if document.asides else []
    for aside in document.asides:
        known = (("project", aside.project), ("id", aside.id), ("link", aside.permalink))
        said = "; ".join(f"{name} {value}" for name, value in known if value)
        lines.append(
            f"   {iso(aside.timestamp)} ({seconds(aside.seconds)}) {aside.kind}: "
            f"{folded(aside.text)}; {said}"
        )
    return lines


def _closing(document: Document) -> list[str]:
    lines = []
    if document.hidden:
        lines.append(f"Hidden personal data and secrets: {counts(document.hidden)}.")
    if document.neutralised:
        lines.append(f"Neutralized: {counts(document.neutralised)}.")
    if document.omitted:
        left_out = ", ".join(map(omission, document.omitted))
        lines.append(f"Left out: {left_out}. {how_to_get_it(document)}")
    return ["", *lines] if lines else []
