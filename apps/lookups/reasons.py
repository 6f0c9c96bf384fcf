"""Why somebody looks: a ticket number or a few words, asked for as the site is set."""

from collections.abc import Collection

from django.conf import settings

from apps.audit.models import Action
from apps.audit.trail import words_of
from apps.events.ledger import Ledger
from apps.events.redaction import redact_text
from apps.lookups.models import Lookup
from apps.lookups.problems import LookupFailed, bad_input

LONGEST_REASON = 200
OFF, OPTIONAL, REQUIRED = "off", "optional", "required"


def is_asked() -> bool:
    """Whether people may say why they look."""
    return settings.TRIAGE_REASON != OFF


def is_required() -> bool:
    """Whether they have to."""
    return bool(settings.TRIAGE_REASON == REQUIRED)


def reason_to_keep(typed: str, names: Collection[str]) -> str:
    """The reason on one line and without personal data: whoever types one may name the customer.

    `names` is what the customer is known by.
    Raises `LookupFailed` when there is none and the site requires one.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in typed).split())
    if not line and is_required():
        raise LookupFailed(
            bad_input(
                "Enter a ticket number or a reason. This site requires one.",
                "Add one next to the customer and look up again.",
            )
        )
    return redact_text(line, Ledger(frozenset(names)))[:LONGEST_REASON] if line else ""


def reason_of(lookup: Lookup) -> str:
    """The reason that was given for this lookup; empty when there was none, or it was erased."""
    return words_of(lookup.audit_target, Action.LOOKED_UP) if is_asked() else ""
