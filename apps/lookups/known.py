"""What the catalogue of known errors says of an answer, found anew whenever it is read."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.events.answer import Answer
from apps.known_errors.catalogue import current_catalogue
from apps.known_errors.matching import match
from apps.lookups.customer_words import reply_of


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
