"""The export as Markdown, in which no text of an event can become markup."""

import re

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
from apps.exports.escaping import enclose, longest_run, one_line
from apps.exports.facts import (
    Document,
    EventFacts,
    ExceptionFacts,
    FrameFacts,
    IssueFacts,
    KnownFacts,
)

_PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*|\d{1,20}")


def render(document: Document) -> str:
    """Return the prompt, then everything else inside the marked block."""
    parts = [
        _section("What went wrong for one customer", header_lines(document.header, inline)),
        _summary(document),
    ]
    parts += [
        _issue(number, issue, document.events_of(issue))
        for number, issue in enumerate(document.issues, 1)
        if document.events_of(issue) or issue.known
    ]
    parts += [
        _section(
            "Steps before the errors, in seconds from the reported time",
            step_lines(document, inline),
        ),
        _section("Also around this time", related_lines(document, inline)),
        "\n".join(closing_lines(document, inline)),
    ]
    text = "\n\n".join(filter(None, parts))
    return f"{document.preset.prompt}{enclose(text, document.marker)}"


def _section(heading: str, items: list[str]) -> str:
    return "\n".join([f"# {heading}", *(f"- {item}" for item in items)]) if items else ""


def inline(text: str | None) -> str:
    """Return the text on one line, as a plain word or in a code span that it cannot end."""
    if text is None:
        return UNKNOWN
    line = one_line(text)
    if _PLAIN_WORD.fullmatch(line):
        return line
    if not line:
        return "(empty)"
    fence = "`" * (longest_run(line, "`") + 1)
    space = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{fence}{space}{line}{space}{fence}"


def block(text: str) -> str:
    """Return the text in a fence longer than any in it; a single line as `inline` does."""
    if "\n" not in text:
        return inline(text)
    fence = "`" * max(3, longest_run(text, "`") + 1, longest_run(text, "~") + 1)
    return f"\n{fence}text\n{text}\n{fence}"


def _cell(text: str | None) -> str:
    return inline(text).replace("|", "\\|")


def _summary(document: Document) -> str:
    if not document.issues:
        if document.header.events_listed:
            return ""
        times = other_occurrences_lines(document.other_occurrences, inline)
        return "\n".join([empty_list_note(document.header), *(f"- {line}" for line in times)])
    rows = [_row(number, issue) for number, issue in enumerate(document.issues, 1)]
    columns = [name for name in rows[0] if any(row[name] for row in rows)]
    table = [columns, ["---"] * len(columns), *([row[name] for name in columns] for row in rows)]
    lines = ["# Issues", *(f"| {' | '.join(cells)} |" for cells in table)]
    note = permalink_note(document)
    return "\n".join(lines + (["", note] if note else []))


def _row(number: int, issue: IssueFacts) -> dict[str, str]:
    """Return the cells by column; a column that is empty in every row is left out."""
    status = issue.status
    last_day = status.last_day if status else None
    return {
        "#": str(number),
        "issue": _cell(issue.name),
        "what happened": issue.summary,
        "one failure with": ", ".join(f"{_cell(one)} ({why})" for one, why in issue.half_of),
        "title": _cell(issue.title),
        "level": _cell(issue.level) if issue.level else "",
        "project": _cell(issue.project) if issue.project else "",
        "caught": caught(issue.handled),
        "events": str(issue.events),
        "users affected": "" if issue.users_affected is None else str(issue.users_affected),
        "first seen": iso(issue.first_seen) or "",
        "last seen": iso(issue.last_seen) or "",
        "status": _cell(status.state) if status and status.state else "",
        "fix": _cell(status.fix) if status and status.fix else "",
        "events of all customers, last day": "" if last_day is None else str(last_day),
        "link": _cell(issue.permalink) if issue.permalink else "",
    }


def _issue(number: int, issue: IssueFacts, events: tuple[EventFacts, ...]) -> str:
    lines = [f"## Issue {number}", *map(_known, issue.known)]
    if events:
        lead, *further = events
        lines += [_lead(lead), *(_exception(exception) for exception in lead.exceptions)]
        lines += [f"- {line}" for line in detail_lines(lead, inline)]
        lines += [_further(event, lead, issue) for event in further]
    return "\n".join(lines)


def _known(known: KnownFacts) -> str:
    lines = [
        f"### Known error {inline(known.slug)}, {WRITTEN_BY}",
        f"{inline(known.title)}: {inline(known.fix)}",
        *(f"- {name}: {block(value)}" for name, value in known_rows(known)),
    ]
    return "\n".join([*lines, ""])


def _lead(event: EventFacts) -> str:
    facts = join_rows(event_rows(event), inline)
    return f"{iso(event.timestamp)} ({seconds(event.seconds)}): {facts}"


def _exception(exception: ExceptionFacts) -> str:
    value = block(exception.value) if exception.value is not None else "no message"
    kind = inline(exception.type)
    heading = f"\n{kind}:{value}\n" if "\n" in value else f"- {kind}: {value}"
    if exception.type is None and exception.value is None:
        heading = "- stack trace"
    rows = join_rows(caught_by(exception), inline)
    return "\n".join([heading, *([f"- {rows}"] if rows else []), *map(_frame, exception.frames)])


def _frame(frame: FrameFacts) -> str:
    line = f"- {'crash ' if frame.crash else ''}{inline(frame_line(frame))}"
    around = "; ".join(inline(f"{number} {text}") for number, text in frame.around)
    return f"{line}\n- around it: {around}" if around else line


def frame_line(frame: FrameFacts) -> str:
    """Format a frame: `library stripe/api.py:12 charge: client.post(card)`."""
    where = f"{frame.file or UNKNOWN}:{UNKNOWN if frame.line is None else frame.line}"
    library = "library " if frame.in_app is False else ""
    code = f": {frame.code}" if frame.code is not None else ""
    return f"{library}{where} {frame.function or UNKNOWN}{code}"


def _further(event: EventFacts, lead: EventFacts, issue: IssueFacts) -> str:
    rows = join_rows(further_rows(event, lead, issue), inline)
    facts = "; ".join([rows, *detail_lines(event, inline)])
    return f"- again {clock(event.timestamp, lead.timestamp)} ({seconds(event.seconds)}): {facts}"
