"""Writing down that somebody took an export: who, how, in which form. Nothing of what it says."""

from dataclasses import dataclass

from apps.events.ledger import Ledger
from apps.events.redaction import redact_text
from apps.lookups.asked import names_of
from apps.lookups.asker import Asker
from apps.lookups.models import ExportRecord, How, Lookup


@dataclass(frozen=True, slots=True)
class Exported:
    """The form of an export. `reason` is why somebody needs it without redaction, as typed."""

    format: str
    tokens: int
    preset: str = "none"
    budget: int | None = None
    issue_id: str = ""
    redacted: bool = True
    reason: str = ""


def record_export(lookup: Lookup, exported: Exported, *, asker: Asker, how: How) -> ExportRecord:
    """Save it. A reason is redacted first: whoever types one may name the customer."""
    ledger = Ledger(names_of(lookup))
    return ExportRecord.objects.create(
        lookup=lookup,
        user=asker.user,
        system_user=asker.system_user,
        origin=asker.origin,
        how=how,
        format=exported.format,
        preset=exported.preset,
        budget=exported.budget,
        tokens=exported.tokens,
        issue_id=exported.issue_id[:100],
        redacted=exported.redacted,
        reason=redact_text(exported.reason, ledger)[:200] if exported.reason else "",
    )
