"""Writing down that somebody took an export: who, how, in which form. Nothing of what it says."""

from dataclasses import dataclass

from django.db import transaction

from apps.audit.models import Action
from apps.audit.trail import record
from apps.exports import ExportRefused, Preset
from apps.exports.facts import NO_PRESET
from apps.lookups.access import Asker
from apps.lookups.models import ExportPreset, ExportRecord, How, Lookup
from apps.lookups.records import names_of, reason_to_keep


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
    """Save it, in the audit trail too. The reason is redacted first."""
    reason = _without_customer(exported.reason, lookup)
    with transaction.atomic():
        kept = ExportRecord.objects.create(
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
            reason=reason,
        )
        record(
            _action(exported, how),
            asker.actor,
            target=lookup.audit_target,
            customer_hash=lookup.customer_hash,
            detail={
                "how": how.value,
                "format": exported.format,
                "preset": exported.preset,
                "budget": exported.budget,
                "tokens": exported.tokens,
                "problem": exported.issue_id[:100],
            },
            words=reason,
        )
    return kept


def _action(exported: Exported, how: How) -> Action:
    if not exported.redacted:
        return Action.REVEALED
    return Action.COPIED if how == How.COPIED else Action.EXPORTED


def _without_customer(reason: str, lookup: Lookup) -> str:
    if not reason:
        return ""
    return reason_to_keep(reason, names_of(lookup))


# The questions that people can put before an export, as admins write them, and no question.


def presets() -> tuple[Preset, ...]:
    """What is offered: no question, then the admins' questions in their order."""
    rows = ExportPreset.objects.filter(is_active=True)
    return (NO_PRESET, *(row.as_preset() for row in rows))


def preset_of(name: str) -> Preset:
    """The offered preset of that name. Raises `ExportRefused` when there is none."""
    offered = presets()
    for preset in offered:
        if preset.name == name:
            return preset
    known = ", ".join(preset.name for preset in offered)
    raise ExportRefused(f"There is no preset with that name. Choose one of: {known}.")
