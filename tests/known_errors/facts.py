"""Small answers and catalogues for the tests of the matching."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Known, KnownErrors, Searched
from apps.events.event import Event, EventBody, ExceptionInfo, Issue
from apps.events.query import Question, Window, parse_customer
from apps.known_errors.matching import Catalogue, Entry, catalogue_of, match
from apps.known_errors.patterns import pattern_from

MOMENT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
PLENTY_S = 60.0


def event(number: int = 0, **fields: object) -> Event:
    """A declined payment that was not read in full; each number is an event of its own."""
    values: dict[str, object] = {
        "id": f"{number:032x}",
        "timestamp": MOMENT - timedelta(seconds=number),
        "project": "web",
        "issue_id": "9001",
        "title": "PaymentDeclined: Card issuer declined order 17",
        "culprit": "checkout.pay in charge",
        "release": "web@2.14.0",
    }
    return Event(**{**values, **fields})  # type: ignore[arg-type]


def raised(kind: str, value: str) -> EventBody:
    """The body of an event with this exception."""
    return EventBody(exceptions=(ExceptionInfo(type=kind, value=value),))


def answer(*events: Event, short_ids: dict[str, str] | None = None) -> Answer:
    """A complete answer with these events and their issues."""
    ids = dict.fromkeys(event.issue_id or "" for event in events)
    short = short_ids or {}
    return Answer(
        question=Question(parse_customer("4711"), Window(MOMENT, 5)),
        searched=Searched("acme"),
        events=events,
        issues=tuple(Issue(id=one, short_id=short.get(one)) for one in ids if one),
        complete=True,
        fetched_at=MOMENT,
        events_total=len(events),
    )


def entry(slug: str, pattern: dict[str, object], **fields: object) -> Entry:
    """A known error of that name."""
    return Entry(Known(slug, slug, "It is known."), pattern_from(pattern), **fields)  # type: ignore[arg-type]


def catalogue(**patterns: dict[str, object]) -> Catalogue:
    """A catalogue of entries by their names."""
    return catalogue_of(entry(name, pattern) for name, pattern in patterns.items())


def found(known: Catalogue, one: Answer, zone: ZoneInfo = UTC_ZONE) -> KnownErrors:
    """What the catalogue says, with all the time there is."""
    return match(known, one, zone=zone, seconds=PLENTY_S)


def names(known: KnownErrors, issue_id: str = "9001") -> list[str]:
    """The names of an issue's matches, the best first."""
    return [match.known.slug for match in known.of(issue_id)]
