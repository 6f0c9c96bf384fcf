"""The questions that people can put before an export."""

from apps.exports import PRESETS, ExportRefused, Preset


def preset_of(name: str) -> Preset:
    """The preset of that name. Raises `ExportRefused` when there is none."""
    for preset in PRESETS:
        if preset.name == name:
            return preset
    known = ", ".join(preset.name for preset in PRESETS)
    raise ExportRefused(f"There is no preset of that name. There are {known}.")
