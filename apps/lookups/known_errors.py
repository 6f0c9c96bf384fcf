"""What the catalogue of known errors says of an answer, found anew whenever it is read."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.events.answer import Answer, KnownMatch
from apps.events.grouping import UNGROUPED
from apps.events.releases import short_release, told_day
from apps.events.rules.rule import zone_of_customer
from apps.known_errors.catalogue import current_catalogue
from apps.known_errors.matching import match
from apps.known_errors.patterns import filled

# A known error's reply in the words for one customer: their name, their clock.

_LONGEST_NAME = 80


def reply_of(match: KnownMatch, answer: Answer, *, name: str, zone: ZoneInfo, today: date) -> str:
    """What to tell the customer, with a greeting before it; empty where the entry has no reply.

    `name` is as somebody typed it, empty where nobody did. `zone` is the lookup's: it counts only
    where the customer's device does not tell its own.
    """
    known = match.known
    if not known.reply:
        return ""
    values = values_for(match, answer, name=name, zone=zone, today=today)
    text = filled(known.reply, values)
    return text if "{greeting}" in known.reply else f"{values['greeting']}\n\n{text}"


def values_for(
    match: KnownMatch | None, answer: Answer, *, name: str, zone: ZoneInfo, today: date
) -> dict[str, str]:
    """The variables of a reply; without a match its moment is the one that was asked for."""
    known = match.known if match else None
    own = zone_of_customer(answer.events) or zone
    planned = known.planned_for if known else None
    return {
        "greeting": greeting(name),
        "moment": customer_moment(_happened(match, answer), own),
        "planned_for": told_day(planned, today) if planned else "",
        "fixed_in": short_release(known.fixed_in) if known else "",
    }


def _happened(match: KnownMatch | None, answer: Answer) -> datetime:
    """When the problem came nearest to the moment asked for: in a wide window that is far off."""
    asked = answer.question.window.moment
    if match is None:
        return asked
    same = (one for one in answer.events if (one.issue_id or UNGROUPED) == match.issue_id)
    return min((one.timestamp for one in same), key=lambda at: abs(at - asked), default=asked)


def greeting(name: str) -> str:
    """How a reply begins; a name is one line of readable letters."""
    told = " ".join("".join(one if one.isprintable() else " " for one in name).split())
    return f"Hello {told[:_LONGEST_NAME]}," if told else "Hello,"


def customer_moment(moment: datetime, zone: ZoneInfo) -> str:
    """Date and time on a clock of that zone: 20 Nov 2026, 14:05 (Berlin time)."""
    local = moment.astimezone(zone)
    area, _slash, city = zone.key.rpartition("/")
    named = f"{city.replace('_', ' ')} time" if area and area != "Etc" else zone.key
    return f"{local.day} {local:%b %Y, %H:%M} ({named})"


def with_known(answer: Answer) -> Answer:
    """The answer with its known errors; nothing of them is kept with it."""
    zone = ZoneInfo(settings.TIME_ZONE)
    return replace(answer, known=match(current_catalogue(), answer, zone=zone))


def with_replies(answer: Answer, *, zone: ZoneInfo, today: date) -> Answer:
    """The answer with the replies of its known errors filled in, for a customer without a name."""
    filled_in = (
        replace(one.known, reply=reply_of(one, answer, name="", zone=zone, today=today))
        for one in answer.known.matches
    )
    matches = tuple(
        replace(one, known=known)
        for one, known in zip(answer.known.matches, filled_in, strict=True)
    )
    return replace(answer, known=replace(answer.known, matches=matches))
