"""The question that goes before the data. A preset never changes the facts."""

from dataclasses import dataclass

from apps.exports.tokens import estimate_tokens

# Held back from every budget, whatever the question, so that the facts stay the same: a tenth, and
# no less than the usual questions take.
MOST_QUESTION_TOKENS = 100
_LEAST_HELD_BACK = 50


@dataclass(frozen=True, slots=True)
class Preset:
    """A named question: `label` is what people choose, `instruction` what a model is told."""

    name: str
    label: str
    instruction: str

    @property
    def question(self) -> str:
        """What stands before the data, with the blank line between; empty without a question."""
        return f"{self.instruction}\n\n" if self.instruction else ""

    @property
    def tokens(self) -> int:
        """About how many tokens the question takes."""
        return estimate_tokens(self.question)


def held_back(budget: int) -> int:
    """How many tokens of a budget are for the question, used or not."""
    return min(MOST_QUESTION_TOKENS, max(_LEAST_HELD_BACK, budget // 10))


NO_PRESET = Preset("none", "No prompt", "")
