"""The questions that people can put before an export, as admins write them, and no question."""

from apps.exports import ExportRefused, Preset
from apps.exports.facts import NO_PRESET
from apps.lookups.models import ExportPreset


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
