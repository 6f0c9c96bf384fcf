"""The export as plain text for a terminal; control characters are spelled out already."""

from apps.exports.content import (
    UNKNOWN,
    WRITTEN_BY,
    caught,
    caught_by,
    clock,
    closing_lines,
    detail_lines,
    empty_list_note,
    event_rows,
    further_rows,
    header_lines,
    iso,
    join_rows,
    known_rows,
    other_occurrences_lines,
    permalink_note,
    related_lines,
    seconds,
    step_lines,
)
from apps.exports.escaping import one_line
from apps.exports.facts import (
    Document,
    EventFacts,
    ExceptionFacts,
    FrameFacts,
    IssueFacts,
    KnownFacts,
    StatusFacts,
)
from apps.exports.markdown import frame_line


def render(document: Document) -> str:
    """Return the facts of the other formats, one per line, structured by indentation."""
    lines = [document.preset.instruction, ""] if document.preset.instruction else []
    lines += header_lines(document.header, one_line)
    lines += [] if document.header.events_listed else [empty_list_note(document.header)]
    lines += other_occurrences_lines(document.other_occurrences, one_line)
    for number, issue in enumerate(document.issues, 1):
        lines += ["", f"{number}. {issue.summary}", *_issue(issue)]
        lines += _events(document.events_of(issue), issue)
    lines += _section([note]) if (note := permalink_note(document)) else []
    steps, related = step_lines(document, one_line), related_lines(document, one_line)
    lines += _section(steps, "Steps before the errors, in seconds from the reported time:")
    lines += _section(related, "Also around this time:")
    lines += _section(closing_lines(document, one_line))
    return "\n".join(lines) + "\n"


def _section(lines: list[str], heading: str = "") -> list[str]:
    """Return the lines, indented under their heading if there is one, after an empty line."""
    if not lines or not heading:
        return ["", *lines] if lines else []
    return ["", heading, *(f"   {line}" for line in lines)]


def _issue(issue: IssueFacts) -> list[str]:
    users = issue.users_affected
    facts = {
        "level": issue.level,
        "project": issue.project,
        "caught": caught(issue.handled),
        "events": str(issue.events),
        "users affected": None if users is None else str(users),
    }
    times = (("first seen", issue.first_seen), ("last", issue.last_seen))
    seen = [f"{name} {iso(at)}" for name, at in times if at]
    lines = [
        f"{issue.name} {one_line(issue.title)}",
        *(f"one failure with {cause}: {reason}" for cause, reason in issue.half_of),
        ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None),
        *([", ".join(seen)] if seen else []),
        *_status(issue.status),
        *([issue.permalink] if issue.permalink else []),
    ]
    lines = [f"   {one_line(line)}" for line in lines]
    return lines + [line for known in issue.known for line in _known(known)]


def _known(known: KnownFacts) -> list[str]:
    return [
        f"   Known error {known.slug}, {WRITTEN_BY}: {one_line(f'{known.title}: {known.fix}')}",
        *(f"     {name}: {one_line(value)}" for name, value in known_rows(known)),
    ]


def _status(status: StatusFacts | None) -> list[str]:
    if status is None:
        return []
    facts = [f"status {status.state}"] if status.state else []
    if status.last_day is not None:
        facts.append(f"{status.last_day} events of all customers in the last day")
    return list(filter(None, (", ".join(facts), status.fix)))


def _events(events: tuple[EventFacts, ...], issue: IssueFacts) -> list[str]:
    if not events:
        return []
    lead, *further = events
    lines = [f"{iso(lead.timestamp)} ({seconds(lead.seconds)}): {join_rows(event_rows(lead))}"]
    for exception in lead.exceptions:
        lines += _exception(exception)
    lines += detail_lines(lead, one_line)
    for event in further:
        at = f"{clock(event.timestamp, lead.timestamp)} ({seconds(event.seconds)})"
        facts = [join_rows(further_rows(event, lead, issue)), *detail_lines(event, one_line)]
        lines.append(f"again {at}: {'; '.join(facts)}")
    return [f"   {_one_line_indented(line)}" for line in lines]


def _one_line_indented(line: str) -> str:
    """Collapse whitespace, except for the indentation."""
    indent = len(line) - len(line.lstrip(" "))
    return " " * indent + one_line(line)


def _exception(exception: ExceptionFacts) -> list[str]:
    value = "no message" if exception.value is None else exception.value
    heading = f"{exception.type or UNKNOWN}: {value}"
    if exception.type is None and exception.value is None:
        heading = "stack trace"
    rows = join_rows(caught_by(exception))
    frames = (line for frame in exception.frames for line in _frame(frame))
    return [heading, *([f"  {rows}"] if rows else []), *(f"  {line}" for line in frames)]


def _frame(frame: FrameFacts) -> list[str]:
    line = f"{'crash ' if frame.crash else ''}{frame_line(frame)}"
    return [line, *(f"  around it: {number} {text}" for number, text in frame.around)]
