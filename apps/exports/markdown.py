"""Exports as Markdown and plain text, made of blocks that each have one author."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, groupby
from typing import Literal
from zoneinfo import ZoneInfo

from apps.events.event import ExceptionInfo, Frame
from apps.events.query import format_utc
from apps.exports import facts
from apps.exports.escaping import enclose, longest_run, one_line

# Who wrote it: Triage, the support team, or the application and the people who use it.
Source = Literal["triage", "team", "event"]
# How a block that isn't ours is marked
AUTHORS = {"event": "recorded", "team": "support"}
Row = tuple[str, str | None]
Quote = Callable[[str], str]
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines by one author. Those by others must be marked as such; a heading is always ours."""

    source: Source
    lines: Sequence[str]
    heading: str = ""


def blocks(document: facts.Document, quote: Quote) -> Iterator[Block]:
    """Yield all blocks in order, without empty ones; `quote` makes a text safe among our words."""
    yield Block("triage", _header_lines(document, quote))
    if not document.answer.events:
        empty = (
            "There were no errors for this customer in this window."
            if document.answer.complete
            else "No errors are listed, but the list is incomplete. There may have been some."
        )
        yield Block("triage", [document.note or empty])
    if document.other_occurrences:
        yield from _other_occurrences(document.other_occurrences, quote)
    for number, issue in enumerate(document.issues, 1):
        heading = f"{number}. {issue.summary}" if len(document.issues) > 1 else issue.summary
        yield Block("triage", [_issue_line(issue, document, quote)], heading)
        yield from (Block("team", _known(known)) for known in issue.known)
        if lines := _events(document, issue):
            yield Block("event", lines)
    if document.breadcrumbs:
        heading = "Steps, in seconds from the reported time"
        yield Block("event", list(_steps(document)), heading)
    yield from _activity(document)
    if document.related:
        lines = [_related_line(row, document) for row in document.related]
        yield Block("event", lines, "Also around this time")
    if lines := _closing_lines(document, quote):
        yield Block("triage", lines)


def iso(at: datetime | None) -> str | None:
    """Format as ISO 8601 in UTC with a `Z`, and milliseconds unless they are zero."""
    if at is None:
        return None
    return format_utc(at, "milliseconds" if at.microsecond else "seconds")


def clock(at: datetime, day_of: datetime) -> str:
    """Format as ISO 8601 in UTC, without the date if `day_of` has the same one."""
    text = iso(at) or ""
    same = at.astimezone(UTC).date() == day_of.astimezone(UTC).date()
    return text.partition("T")[2] if same else text


def seconds(at: datetime | None, moment: datetime) -> str:
    """Format the seconds from the reported time, with their sign: `-12.5 s`."""
    if at is None:
        return "? s"
    return f"{f'{(at - moment).total_seconds():+.1f}'.removesuffix('.0')} s"


def _time(at: datetime, moment: datetime, day_of: datetime | None = None) -> str:
    return f"{clock(at, day_of or moment)} ({seconds(at, moment)})"


def _count_of(name: str, count: int) -> str:
    """Return a count with its noun, and without separators, which cost tokens: `1204 events`."""
    return f"{count} {name}{'' if count == 1 else 's'}"


def caught(handled: bool | None) -> str:
    """Say whether the application caught the error."""
    return UNKNOWN if handled is None else "yes" if handled else "no"


def counts(by_kind: dict[str, int]) -> str:
    """Format counts by kind: `email 3, card 1`."""
    return ", ".join(f"{kind} {count}" for kind, count in by_kind.items())


def fact(text: str) -> str:
    """Return a text on one line, quoted if it could be taken for several facts."""
    line = one_line(text)
    return json.dumps(line, ensure_ascii=False) if ";" in line else line


def join_rows(rows: Iterable[Row]) -> str:
    """Join labeled facts, without empty ones: `release 2.14.0; device iPhone`."""
    return "; ".join(f"{label} {fact(value)}" for label, value in rows if value)


def paragraph(label: str, text: str) -> Iterator[str]:
    """Yield the lines of a text; all but the first are marked, so that none passes for a fact."""
    lines = [one_line(line) for line in text.split("\n") if line.strip()]
    yield f"{label}{''.join(lines[:1])}"
    yield from (f"| {line}" for line in lines[1:])


def _header_lines(document: facts.Document, quote: Quote) -> list[str]:
    header, window = document.header, document.answer.question.window

    def listed(names: tuple[str, ...], nothing: str, label: str) -> str:
        return f"{label} {', '.join(map(quote, names))}" if names else nothing

    moment = window.moment
    local = f" ({moment.astimezone(ZoneInfo(header.zone)):%Y-%m-%d %H:%M:%S} {header.zone})"
    searched = filter(
        None,
        (
            f"searched {quote(header.organization)}",
            listed(header.projects, "no projects", "projects"),
            listed(header.environments, "", "environments"),
            listed(header.only_fields, "", "only in"),
            listed(header.matched_on, "", "found in"),
        ),
    )
    lines = [
        f"Customer {quote(header.customer)} at {iso(moment)}"
        f"{'' if header.zone == 'UTC' else local} ± {window.minutes} min; "
        f"{', '.join(searched)}.",
        _completeness(document),
    ]
    if header.only_issue:
        lines.append(f"Only issue {quote(header.only_issue)} is included.")
    for notice in header.notices:
        message = f": {quote(notice.message)}" if notice.message else ""
        lines.append(f"Notice {notice.code}{message}")
    if count := document.answer.known.unchecked:
        unchecked = _count_of("known error", count)
        lines.append(f"{unchecked} could not be checked in time, so more of them may match.")
    if header.lookup_id:
        lines.append(f"Lookup {quote(header.lookup_id)}")
    return lines


def _completeness(document: facts.Document) -> str:
    header, answer = document.header, document.answer
    state = "complete" if answer.complete else "incomplete"
    total, listed, read = answer.events_total, len(answer.events), answer.bodies_read
    parts = [
        UNKNOWN + " number of events" if total is None else _count_of("event", total),
        "" if listed == total else f"{listed} listed",
        _count_of("issue", header.issues_total) if header.issues_total > 1 else "",
        "" if read == listed else f"{read} read in full",
    ]
    queried = clock(answer.fetched_at, answer.question.window.moment)
    return (
        f"The list of events is {state}: {', '.join(filter(None, parts))}; queried {queried}"
        f"{', from cache' if header.from_cache else ''}."
    )


def _other_occurrences(nearby: facts.OtherOccurrences, quote: Quote) -> Iterator[Block]:
    """Yield each of the errors at other times once, and what was searched for them."""
    errors: list[tuple[str, facts.Occurrence]] = []
    for side, error in (("before", nearby.before), ("after", nearby.after)):
        if error:
            newest = ", the newest of all" if error == nearby.last else ""
            errors.append((f"Nearest error {side}{newest}", error))
    if nearby.last and nearby.last not in (nearby.before, nearby.after):
        errors.append(("Newest error of all", nearby.last))
    lines = []
    for label, error in errors:
        rows = (
            ("title", error.title),
            ("level", error.level),
            ("project", error.project),
            ("event", error.permalink or error.id),
        )
        at = f"{iso(error.timestamp)}, {error.distance}"
        lines.append(f"{label}: {at}: {error.summary} {join_rows(rows)}")
    if lines:
        yield Block("event", lines)
    fields = ", ".join(nearby.fields)
    time = f"from {iso(nearby.since)} to {iso(nearby.until)}"
    searched = f"We searched {fields} for this customer's errors {time}."
    if nearby.is_never:
        searched = f"We found no errors for this customer where we searched, in {fields}, {time}."
    yield Block("triage", [quote(nearby.problem or searched)])


def _issue_line(issue: facts.Issue, document: facts.Document, quote: Quote) -> str:
    """Return what Sentry keeps about an issue; its title and link may follow from its event."""
    lead = next(iter(document.events_of(issue)), None)
    status = issue.status
    link, title = issue.permalink, issue.title
    raised = lead.exceptions[0] if lead and lead.exceptions else None
    said = (f"{raised.type}: {raised.value}", raised.type) if raised else ()
    if lead and title in (lead.title, *said):
        title = ""
    if link and lead and (lead.permalink or "").startswith(link):
        link = None
    parts = (
        f"Issue {quote(issue.name)}",
        title and quote(title),
        *(
            f"same failure as {quote(cause)} ({reason})"
            for cause, reason in document.causes_of(issue)
        ),
        issue.level and quote(issue.level),
        issue.project
        and document.header.projects != (issue.project,)
        and f"project {quote(issue.project)}",
        issue.handled is not None and f"caught {caught(issue.handled)}",
        issue.events != document.answer.events_total and _count_of("event", issue.events),
        issue.users_affected is not None and f"users affected {issue.users_affected}",
        issue.first_seen and f"first seen {iso(issue.first_seen)}",
        issue.last_seen and f"last seen {iso(issue.last_seen)}",
        status and status.state and quote(status.state),
        status and status.fix and quote(status.fix),
        status
        and status.last_day is not None
        and f"{_count_of('event', status.last_day)} across all customers in the last day",
        link and quote(link),
    )
    return ", ".join(one for one in parts if one)


def _known(known: facts.KnownError) -> list[str]:
    entry = known.entry
    rows = (
        ("explanation", entry.explanation),
        ("tell the customer", entry.reply),
        ("workaround", entry.workaround),
        ("state", entry.state),
        ("planned for", entry.planned_for.isoformat() if entry.planned_for else ""),
        ("fixed in", entry.fixed_in),
        ("owner", entry.owner),
        *(("matched because", reason) for reason in known.why),
        *(("link", f"{link.label}: {link.address}") for link in entry.links),
    )
    texts = (paragraph(f"{name}: ", value) for name, value in rows if value)
    return [f"known error {entry.slug}: {one_line(f'{entry.title}: {known.fix}')}", *chain(*texts)]


def _events(document: facts.Document, issue: facts.Issue) -> list[str]:
    events, moment = document.events_of(issue), document.answer.question.window.moment
    if not events:
        return []
    lead, *further = events
    rows = (
        ("event", _identified(lead)),
        ("title", _distinct_title(lead)),
        ("culprit", lead.culprit),
        ("transaction", None if lead.transaction == lead.culprit else lead.transaction),
        ("release", lead.release),
        ("environment", lead.environment),
        ("device", lead.device),
        ("trace", lead.trace_id),
        ("request", " ".join(filter(None, (lead.method, lead.url)))),
        ("received", iso(lead.received)),
    )
    lines = [f"{_time(lead.timestamp, moment)} {join_rows(rows)}"]
    for exception in lead.exceptions:
        lines += _exception(exception)
    lines += _detail_lines(lead)
    for event in further:
        parts = [join_rows(_further_rows(event, lead)), *_detail_lines(event)]
        at = _time(event.timestamp, moment, day_of=lead.timestamp)
        lines.append(f"again {at} {'; '.join(parts)}")
    return lines


def _identified(event: facts.Event) -> str:
    """Return the link if it ends with the ID, else the ID with a link next to it."""
    link = event.permalink or event.id
    return link if link.rstrip("/").endswith(event.id) else f"{event.id} {link}"


def _distinct_title(event: facts.Event) -> str | None:
    raised = event.exceptions[0] if event.exceptions else None
    headline = f"{raised.type}: {raised.value}" if raised else ""
    return None if event.title is None or event.title in headline else event.title


def _further_rows(event: facts.Event, lead: facts.Event) -> list[Row]:
    """Return the labeled facts of a further event: its ID and what differs from the lead."""
    compared = "culprit", "transaction", "level", "release", "environment", "project", "method"
    return [
        ("event", event.id if _has_derived_link(event, lead) else _identified(event)),
        *(
            (name, getattr(event, name))
            for name in compared
            if getattr(event, name) != getattr(lead, name)
        ),
        ("title", None if event.title == lead.title else _distinct_title(event)),
        ("caught", None if event.handled == lead.handled else caught(event.handled)),
        ("url", event.url),
        ("device", event.device),
        ("trace", None if event.trace_id == lead.trace_id else event.trace_id),
        *(("error", f"{raised.type}: {raised.value}") for raised in event.exceptions),
        ("received", iso(event.received)),
    ]


def _has_derived_link(event: facts.Event, lead: facts.Event) -> bool:
    """Return whether the link is that of the lead with this event's ID."""
    link = lead.permalink
    return link is not None and event.permalink == link.replace(lead.id, event.id)


def _detail_lines(event: facts.Event) -> Iterator[str]:
    if event.delay:
        yield event.delay
    if event.message:
        yield from paragraph("message: ", event.message)
    for section, group in groupby(event.details, key=lambda one: one.section):
        yield f"{section}: {'; '.join(_named_values(list(group)))}"


def _named_values(details: Sequence[facts.EventDetail]) -> Iterator[str]:
    """Yield names and values; repeated lines once, and the name of a context once."""
    repeats = Counter((one.name, one.value) for one in details)
    before = ""
    for (name, value), times in repeats.items():
        context, _space, rest = (name or "").partition(" ")
        shown = rest if rest and context == before else (name or "").removesuffix(" name")
        before = context if rest else ""
        again = f" ({times} times)" if times > 1 else ""
        yield f"{fact(shown)} {fact(value)}{again}".lstrip()


def _exception(exception: ExceptionInfo) -> Iterator[str]:
    heading = f"{exception.type or UNKNOWN}: "
    if exception.type is None and exception.value is None:
        yield "stack trace"
    else:
        yield from paragraph(heading, "no message" if exception.value is None else exception.value)
    how = join_rows(
        (
            ("module", exception.module),
            ("mechanism", exception.mechanism),
            ("caught", None if exception.handled is None else caught(exception.handled)),
        )
    )
    if how:
        yield f" {how}"
    before = None
    for frame in exception.frames:
        crash = "crash " if frame is exception.crash_frame else ""
        yield f" {crash}{one_line(frame_line(frame, before))}"
        around = ((number, text) for number, text in frame.code if number != frame.line)
        yield from (f"  {number} {one_line(text)}" for number, text in around)
        before = frame


def frame_line(frame: Frame, before: Frame | None = None) -> str:
    """Format a frame: `library stripe/api.py:12 charge: client.post(card)`.

    The file is left out if it is that of the frame `before`.
    """
    same = before is not None and (before.file, before.in_app) == (frame.file, frame.in_app)
    library = "library " if frame.in_app is False and not same else ""
    line = "" if frame.line is None else f":{frame.line}"
    where = f"{'' if same else frame.file or ''}{line}"
    code = f": {frame.crash_code}" if frame.crash_code is not None else ""
    names = filter(None, (where, frame.function or ("" if where else frame.file or UNKNOWN)))
    return f"{library}{' '.join(names)}{code}"


def _steps(document: facts.Document) -> Iterator[str]:
    moment = document.answer.question.window.moment
    for crumb in document.breadcrumbs:
        at = seconds(crumb.timestamp, moment).removesuffix(" s")
        yield f"{at} {one_line(step_text(crumb))}"


def step_text(crumb: facts.Breadcrumb) -> str:
    """Format a breadcrumb, with its level unless it is the usual one: `fetch error: GET /cart`."""
    level = f" {crumb.level}" if crumb.level and crumb.level != "info" else ""
    return f"{crumb.category or UNKNOWN}{level}: {crumb.message or ''}"


def _activity(document: facts.Document) -> Iterator[Block]:
    """Yield what logs and requests show in our words, and then what was recorded."""
    heading, moment = "Logs and requests", document.answer.question.window.moment
    for row in document.activity:
        if row.sentence:
            at = _time(row.timestamp, moment)
            yield Block("triage", [f"{at}: {row.sentence}"], heading)
            heading = ""
            yield from (Block("team", _known(known)) for known in row.known)
    if document.activity:
        rows = sorted(document.activity, key=lambda row: (row.timestamp, row.id or ""))
        yield Block("event", [_related_line(row, document) for row in rows], heading)


def _related_line(row: facts.RelatedEntry, document: facts.Document) -> str:
    at = _time(row.timestamp, document.answer.question.window.moment)
    state = f" {fact(row.state)}" if row.state else ""
    rows = (
        ("took", _duration(row.duration_ms)),
        ("usually", _duration(row.usual_ms)),
        ("project", row.project),
        *row.details,
        ("trace", row.trace_id),
        ("id", row.id),
        ("link", row.permalink),
    )
    return "; ".join(filter(None, (f"{at} {row.kind}{state}: {fact(row.text)}", join_rows(rows))))


def _duration(milliseconds: float | None) -> str | None:
    return None if milliseconds is None else f"{milliseconds:.0f} ms"


def _closing_lines(document: facts.Document, quote: Quote) -> list[str]:
    lines = []
    for issue in document.issues:
        lead, *further = document.events_of(issue) or (None,)
        if lead and any(_has_derived_link(event, lead) for event in further):
            lines.append("Events marked again: same link as their first event, with their own ID.")
            break
    if document.hidden:
        lines.append(f"Hidden: {counts(document.hidden)}.")
    if document.neutralized:
        lines.append(f"Neutralized: {counts(document.neutralized)}.")
    if document.omitted:
        listed = ", ".join(
            f"{one.what} {one.count}{'' if one.where == facts.EVERYWHERE else f' ({one.where})'}"
            for one in document.omitted
        )
        least = document.least_budget
        advice = (
            "No token limit fits everything, but JSON without a limit does."
            if least is None
            else f"A limit of {least:,} tokens fits everything."
        )
        lines.append(f"Left out: {_listed(listed, quote)}. {advice}")
    if document.elsewhere:
        listed = ", ".join(f"{one.what} {one.count}" for one in document.elsewhere)
        lines.append(f"Event page only: {_listed(listed, quote)}.")
    return lines


def _listed(names: str, quote: Quote) -> str:
    """Return names that are ours as they are; one that an event chose is quoted."""
    return names if re.fullmatch(r"[A-Za-z0-9 ,()-]+", names) else quote(names)


def plain_text(document: facts.Document) -> str:
    """Return the export for a terminal, with lines by others indented under their source.

    Control characters are spelled out already.
    """
    lines = [document.preset.instruction, ""] if document.preset.instruction else []
    for block in blocks(document, one_line):
        lines += ["", block.heading] if block.heading else []
        if block.source == "triage":
            lines += block.lines
        else:
            lines += [f"  [{AUTHORS[block.source]}]", *(f"  {line}" for line in block.lines)]
    return "\n".join(lines) + "\n"


# One of them replaces each space in recorded text, if words are marked.
_SIGNS = "^~¦§\ue000"
_PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*|\d{1,20}")


def markdown_text(document: facts.Document) -> str:
    """Return the prompt, then everything else inside the marked block.

    No text of an event can become markup. If words are marked, whatever is written with spaces is
    ours or the support team's.
    """
    parts, note = list(blocks(document, inline)), ""
    if document.datamarking:
        recorded = [one for one in parts if one.source == "event"]
        letters = {letter for one in recorded for line in one.lines for letter in line}
        sign = next((sign for sign in _SIGNS if sign not in letters), _SIGNS[-1])
        note = f"In recorded text, {sign} stands for a space."
        parts = [
            replace(one, lines=[line.replace(" ", sign) for line in one.lines])
            if one.source == "event"
            else one
            for one in parts
        ]
    text = "\n".join(map(_markdown_block, parts))
    return f"{document.preset.prompt}{enclose(text, document.marker, note)}"


def _markdown_block(block: Block) -> str:
    """Return our lines as Markdown, and those of others in a fence longer than any in them."""
    text = "\n".join(block.lines)
    heading = f"# {block.heading}\n" if block.heading else ""
    if block.source == "triage":
        return f"{heading}{text}"
    fence = "`" * max(3, longest_run(text, "`") + 1)
    return f"{heading}{fence}{AUTHORS[block.source]}\n{text}\n{fence}"


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
