"""What the catalogue of known errors says of an answer, found anew whenever it is read."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.events.answer import Answer
from apps.known_errors.catalogue import current_catalogue
from apps.known_errors.matching import match


def with_known(answer: Answer) -> Answer:
    """The answer with its known errors; nothing of them is kept with it."""
    zone = ZoneInfo(settings.TIME_ZONE)
    return replace(answer, known=match(current_catalogue(), answer, zone=zone))
