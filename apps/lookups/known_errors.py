"""Known errors of an answer, matched anew whenever it is read, and replies for its customer."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.events.answer import Answer, KnownMatch
from apps.events.grouping import UNGROUPED
from apps.events.observations import troubles_of
from apps.events.releases import format_day, short_release
from apps.events.rules.rule import zone_of_customer
from apps.known_errors.catalogue import current_catalogue
from apps.known_errors.matching import match
from apps.known_errors.patterns import fill_variables

_MAX_NAME_LENGTH = 80


def render_reply(
    match: KnownMatch, answer: Answer, *, name: str, zone: ZoneInfo, today: date
) -> str:
    """Return the known error's reply with a greeting, or an empty text if it has none.

    `name` is the customer's, as typed, or empty. `zone` is used if the customer's own time zone
    is unknown.
    """
    reply = match.known.reply
    if not reply:
        return ""
    values = reply_variables(match, answer, name=name, zone=zone, today=today)
    text = fill_variables(reply, values)
    return text if "{greeting}" in reply else f"{values['greeting']}\n\n{text}"


def reply_variables(
    match: KnownMatch | None, answer: Answer, *, name: str, zone: ZoneInfo, today: date
) -> dict[str, str]:
    """Return the variables of a reply; without a match, `moment` is the reported time."""
    known = match.known if match else None
    own = zone_of_customer(answer.events) or zone
    planned = known.planned_for if known else None
    return {
        "greeting": greeting(name),
        "moment": customer_time(*_span(match, answer), own),
        "planned_for": format_day(planned, today) if planned else "",
        "fixed_in": short_release(known.fixed_in) if known else "",
    }


def _span(match: KnownMatch | None, answer: Answer) -> tuple[datetime, datetime]:
    """Return when what matched first and last occurred, or the reported time twice."""
    times = [
        *((event.issue_id or UNGROUPED, event.timestamp) for event in answer.events),
        *((trouble.rows[0].id, trouble.at) for trouble in troubles_of(answer)),
    ]
    matched = [at for issue_id, at in times if match and issue_id == match.issue_id]
    reported = answer.question.window.moment
    return min(matched, default=reported), max(matched, default=reported)


def greeting(name: str) -> str:
    """Return the first line of a reply, with the name as one line of printable characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    return f"Hello {line[:_MAX_NAME_LENGTH]}," if line else "Hello,"


def customer_time(first: datetime, last: datetime, zone: ZoneInfo) -> str:
    """Return date and time in that zone: 20 Nov 2026, 14:05 to 14:07 (Berlin time)."""
    since, until = first.astimezone(zone), last.astimezone(zone)
    area, _slash, city = zone.key.rpartition("/")
    zone_name = f"{city.replace('_', ' ')} time" if area and area != "Etc" else zone.key
    text = f"{since.day} {since:%b %Y, %H:%M}"
    if since.date() != until.date():
        text = f"{text} to {until.day} {until:%b %Y, %H:%M}"
    elif f"{since:%H:%M}" != f"{until:%H:%M}":
        text = f"{text} to {until:%H:%M}"
    return f"{text} ({zone_name})"


def with_known_errors(answer: Answer) -> Answer:
    """Return the answer with its known errors, which are never stored with it."""
    zone = ZoneInfo(settings.TIME_ZONE)
    return replace(answer, known=match(current_catalogue(), answer, zone=zone))


def with_replies(answer: Answer, *, zone: ZoneInfo, today: date) -> Answer:
    """Return the answer with the replies of its known errors filled in, without a name."""

    def fill(match: KnownMatch) -> KnownMatch:
        reply = render_reply(match, answer, name="", zone=zone, today=today)
        return replace(match, known=replace(match.known, reply=reply))

    matches = tuple(map(fill, answer.known.matches))
    return replace(answer, known=replace(answer.known, matches=matches))
