"""The question that goes before the data. A preset never changes the facts."""

from dataclasses import dataclass

NO_PRESET = "none"


@dataclass(frozen=True, slots=True)
class Preset:
    """A named question: `label` is what people choose, `instruction` what a model is told."""

    name: str
    label: str
    instruction: str


PRESETS = (
    Preset(NO_PRESET, "No question", ""),
    Preset(
        "explain",
        "What happened?",
        "Explain to a support agent in plain words what went wrong for this customer, in order of "
        "time. Say what is certain and what is a guess. Use only the data below.",
    ),
    Preset(
        "reply",
        "Reply to the customer",
        "Write a short, friendly reply to the customer: what went wrong and what happens next. "
        "Plain words, no promises. Use only the data below.",
    ),
    Preset(
        "bug",
        "Bug report for engineering",
        "Write a bug report: title, what happened, steps as far as they are known, expected and "
        "actual result, error with code location, release, who is affected, links. "
        "Use only the data below.",
    ),
    Preset(
        "cause",
        "Likely cause",
        "Name the most likely cause and the place in the code, the evidence for it, what speaks "
        "against it, and what to check next. Use only the data below.",
    ),
)
PRESET_BY_NAME = {preset.name: preset for preset in PRESETS}
