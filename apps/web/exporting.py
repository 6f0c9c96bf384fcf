"""The export of a result as a person chose it: format, budget, preset."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from apps.exports import DEFAULT_BUDGET, ExportRefused, Rendered, render
from apps.lookups.presets import preset_of
from apps.lookups.services import LookupResult

Format = Literal["markdown", "xml", "json"]

FORMATS: tuple[tuple[Format, str], ...] = (
    ("markdown", "Markdown"),
    ("xml", "XML"),
    ("json", "JSON"),
)
_BY_SUFFIX: dict[str, Format] = {"md": "markdown", "xml": "xml", "json": "json"}


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen; a budget of None stands for all there is.

    JSON `for_llm` stands inside the marked block that says it is data; for programs it is plain.
    """

    format: Format = "markdown"
    budget: int | None = DEFAULT_BUDGET
    preset: str = "none"
    for_llm: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """A rendered export with the choice it came from."""

    choice: Choice
    rendered: Rendered

    @property
    def format(self) -> str:
        """The chosen format's name."""
        return self.choice.format

    @property
    def budget(self) -> int | None:
        """The chosen budget in tokens."""
        return self.choice.budget

    @property
    def preset(self) -> str:
        """The chosen preset's name."""
        return self.choice.preset

    @property
    def text(self) -> str:
        """The text itself."""
        return self.rendered.text

    @property
    def tokens(self) -> int:
        """About how many tokens the text has."""
        return self.rendered.tokens


def read_choice(values: Mapping[str, str], *, suffix: str = "") -> Choice:
    """The choice from query parameters. Raises `ExportRefused` for one that makes no sense.

    A file ending decides the format; JSON as a file is whole unless a budget is asked for.
    """
    chosen = _BY_SUFFIX.get(suffix) if suffix else values.get("format", "markdown")
    format_: Format | None = next((name for name, _label in FORMATS if name == chosen), None)
    if format_ is None:
        raise ExportRefused("Please choose Markdown, XML or JSON.")
    typed = values.get("budget", "").strip()
    default = None if suffix == "json" else DEFAULT_BUDGET
    if typed and not (typed.isascii() and typed.isdigit() and len(typed) < 9):
        raise ExportRefused("Please give the budget as a whole number of tokens.")
    return Choice(
        format=format_,
        budget=int(typed) if typed else default,
        preset=values.get("preset", "") or "none",
        for_llm=not suffix or values.get("for") == "llm",
    )


def export_of(result: LookupResult, choice: Choice) -> Export:
    """Render the result. Raises `ExportRefused`."""
    rendered = render(
        result.answer,
        format=choice.format,
        budget=choice.budget,
        preset=preset_of(choice.preset),
        lookup_id=str(result.lookup.uuid),
        marker=result.lookup.marker,
        from_cache=result.lookup.from_cache,
        zone=result.lookup.zone,
        inside_block=choice.for_llm,
    )
    return Export(choice, rendered)
