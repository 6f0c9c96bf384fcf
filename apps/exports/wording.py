"""Words and figures that the formats for people share: times, yes and no, lists of counts."""

from datetime import UTC, datetime

from apps.exports.facts import Document, EventFacts, Header, IssueFacts, Omission

UNKNOWN = "unknown"
_ALIKE = ("culprit", "transaction", "level", "release", "environment", "project")


def iso(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with a `Z`; milliseconds only where there are any."""
    if at is None:
        return None
    precision = "milliseconds" if at.microsecond else "seconds"
    return at.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def clock(at: datetime, day_of: datetime) -> str:
    """ISO 8601 in UTC, without the date where it is the other one's."""
    told = iso(at) or ""
    return told.partition("T")[2] if at.date() == day_of.date() else told


def seconds(value: float | None) -> str:
    """Seconds from the moment, with their sign: `-12.5 s`."""
    if value is None:
        return "? s"
    return f"{value:+.1f}".removesuffix(".0") + " s"


def moment_and_window(header: Header) -> str:
    """The moment in UTC and in the zone asked for, and how far around it was looked."""
    local = f"{header.local_moment:%Y-%m-%d %H:%M:%S} {header.zone}"
    both = iso(header.moment) or ""
    both = both if header.zone == "UTC" else f"{both} ({local})"
    return f"{both}, {header.minutes} min each side"


def completeness(header: Header) -> str:
    """Whether the list of events is complete, and what it holds, in one sentence."""
    state = "complete" if header.complete else "not complete"
    total = UNKNOWN if header.events_total is None else header.events_total
    cached = ", from the cache" if header.from_cache else ""
    return (
        f"The list of events is {state}: {total} events in all, {header.events_listed} listed in "
        f"{header.issues_total} issues, {header.bodies_read} read in full; "
        f"asked at {iso(header.fetched_at)}{cached}."
    )


def caught(handled: bool | None) -> str:
    """Whether the application caught the error."""
    return UNKNOWN if handled is None else "yes" if handled else "no"


def counts(by_kind: dict[str, int]) -> str:
    """`email 3, card 1`."""
    return ", ".join(f"{kind} {count}" for kind, count in by_kind.items())


def omission(left_out: Omission) -> str:
    """`40 frames (event 1a2b3c4d)`."""
    return f"{left_out.count} {left_out.what} ({left_out.where})"


def how_to_get_it(document: Document) -> str:
    """Where what was left out can be had."""
    if document.budget is None:
        return "The lookup page and the events in Sentry have it."
    return (
        f"This export has a budget of {document.budget} tokens; "
        "a larger one, the lookup page or Sentry has the rest."
    )


def own_link(event: EventFacts, issue: IssueFacts) -> str | None:
    """A further event's link, unless it is made of the issue's as `rule_of_links` tells."""
    is_made = issue.permalink and event.permalink == f"{issue.permalink}events/{event.id}/"
    return None if is_made else event.permalink


def rule_of_links(document: Document) -> str:
    """How the link of an event is made, where that is not written out; else nothing."""
    made = (
        event.permalink and own_link(event, issue) is None
        for issue in document.issues
        for event in document.events_of(issue)[1:]
    )
    return "The link of an event is that of its issue, events/ and its id." if any(made) else ""


def title_if_more(event: EventFacts) -> str | None:
    """The event's title, unless the exception that is told says the same."""
    raised = event.exceptions[0] if event.exceptions else None
    told = f"{raised.type}: {raised.value}" if raised else ""
    return None if event.title is None or event.title in told else event.title


def differences(event: EventFacts, lead: EventFacts) -> list[tuple[str, str]]:
    """What is different about a further event, as names and values."""
    pairs = [
        (name, getattr(event, name))
        for name in (*_ALIKE, "method")
        if getattr(event, name) != getattr(lead, name)
    ]
    title = None if event.title == lead.title else title_if_more(event)
    handled = None if event.handled == lead.handled else caught(event.handled)
    pairs += [("title", title), ("caught", handled), ("url", event.url)]
    trace = None if event.trace_id == lead.trace_id else event.trace_id
    pairs += [("device", event.device), ("trace", trace)]
    pairs += [("error", f"{raised.type}: {raised.value}") for raised in event.exceptions]
    return [(name, value) for name, value in pairs if value]


def nothing_listed(header: Header) -> str:
    """What an empty list means: nothing happened only where the answer is complete."""
    if header.complete:
        return "There were no errors for this customer in this window."
    return "No errors are listed, but the list isn't complete. There may have been some."
