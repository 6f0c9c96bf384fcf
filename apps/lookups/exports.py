"""Records of exports, without their content, and the presets that people can choose from."""

from dataclasses import dataclass

from django.db import transaction

from apps.audit.models import Action
from apps.audit.trail import record
from apps.exports import ExportRefused, Preset
from apps.exports.facts import NO_PRESET
from apps.lookups.access import Requester
from apps.lookups.models import ExportMethod, ExportPreset, ExportRecord, Lookup
from apps.lookups.records import clean_reason, identifiers_of


@dataclass(frozen=True, slots=True)
class ExportDetails:
    """What an export looked like. `reason`, as typed, justifies one without redaction."""

    format: str
    tokens: int
    preset: str = "none"
    budget: int | None = None
    issue_id: str = ""
    redacted: bool = True
    reason: str = ""
    model: str = ""


def record_export(
    lookup: Lookup, details: ExportDetails, *, requester: Requester, how: ExportMethod
) -> ExportRecord:
    """Record an export, also in the audit trail. The reason is redacted first."""
    reason = clean_reason(details.reason, identifiers_of(lookup)) if details.reason else ""
    with transaction.atomic():
        export = ExportRecord.objects.create(
            lookup=lookup,
            user=requester.user,
            system_user=requester.system_user,
            origin=requester.origin,
            how=how,
            format=details.format,
            preset=details.preset,
            budget=details.budget,
            tokens=details.tokens,
            issue_id=details.issue_id[:100],
            redacted=details.redacted,
            reason=reason,
        )
        record(
            _action(details, how),
            requester.actor,
            target=lookup.audit_target,
            customer_hash=lookup.customer_hash,
            detail={
                "how": how.value,
                "format": details.format,
                "preset": details.preset,
                "budget": details.budget,
                "tokens": details.tokens,
                "model": details.model,
                "problem": details.issue_id[:100],
            },
            words=reason,
        )
    return export


def _action(details: ExportDetails, how: ExportMethod) -> Action:
    if not details.redacted:
        return Action.REVEALED
    return Action.COPIED if how == ExportMethod.COPIED else Action.EXPORTED


def available_presets() -> tuple[Preset, ...]:
    """Return the presets to choose from: no prompt, then the admins' prompts in their order."""
    rows = ExportPreset.objects.filter(is_active=True)
    return (NO_PRESET, *(row.as_preset() for row in rows))


def get_preset(name: str) -> Preset:
    """Return the available preset of that name. Raise `ExportRefused` if there is none."""
    if name == NO_PRESET.name:
        return NO_PRESET
    presets = {preset.name: preset for preset in available_presets()}
    if name in presets:
        return presets[name]
    known = ", ".join(presets)
    raise ExportRefused(f"There is no preset with that name. Choose one of: {known}.")
