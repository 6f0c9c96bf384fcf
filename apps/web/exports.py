"""The export of a result as a person chose it: question, format, budget, one problem or all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from apps.accounts.preferences import has_shortcuts
from apps.exports import DEFAULT_BUDGET, ExportRefused, Rendered, render
from apps.lookups.answers import LookupResult
from apps.lookups.exports import Exported, preset_of, presets
from apps.lookups.known_errors import with_replies
from apps.web.access import person_of
from apps.web.presenters.formatting import redaction_receipt, today_in

Format = Literal["markdown", "xml", "json"]

FORMATS: tuple[tuple[Format, str], ...] = (
    ("markdown", "Markdown"),
    ("xml", "XML"),
    ("json", "JSON"),
)
SIZES = (2000, 6000, 16000)
_BY_SUFFIX: dict[str, Format] = {"md": "markdown", "xml": "xml", "json": "json"}
_BETWEEN_DIGITS = str.maketrans("", "", ", '\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")


class ChoiceRefused(ExportRefused):
    """A choice that makes no sense: why, and the field that it was made in."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen; a budget of None stands for all there is, no issue for all of them.

    JSON `for_llm` stands inside the marked block that says it is data; for programs it is plain.
    """

    format: Format = "markdown"
    budget: int | None = DEFAULT_BUDGET
    preset: str = "none"
    issue_id: str = ""
    for_llm: bool = False

    @property
    def suffix(self) -> str:
        """The ending of a file of it."""
        return next(suffix for suffix, name in _BY_SUFFIX.items() if name == self.format)

    @property
    def query(self) -> str:
        """The choice as an address holds it, but for the issue."""
        budget = "" if self.budget is None else self.budget
        return urlencode({"preset": self.preset, "format": self.format, "budget": budget})


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

    @property
    def suffix(self) -> str:
        """The ending of a file of it."""
        return self.rendered.suffix

    @property
    def is_shortened(self) -> bool:
        """Whether something was left out, as the text itself says in full."""
        return bool(self.rendered.omitted)

    @property
    def query(self) -> str:
        """The choice as an address holds it, but for the issue."""
        return self.choice.query

    @property
    def exported(self) -> Exported:
        """What the record of it says."""
        choice = self.choice
        return Exported(
            format=choice.format,
            tokens=self.tokens,
            preset=choice.preset,
            budget=choice.budget,
            issue_id=choice.issue_id,
        )


def read_choice(values: Mapping[str, str], *, suffix: str = "") -> Choice:
    """The choice from query parameters. Raises `ChoiceRefused` for one that makes no sense.

    A file ending decides the format; JSON as a file is whole unless a budget is asked for.
    """
    chosen = _BY_SUFFIX.get(suffix) if suffix else values.get("format", "markdown")
    format_: Format | None = next((name for name, _label in FORMATS if name == chosen), None)
    if format_ is None:
        raise ChoiceRefused("Please choose Markdown, XML or JSON.", "format")
    typed = values.get("budget", "").translate(_BETWEEN_DIGITS)
    default = None if suffix == "json" else DEFAULT_BUDGET
    if typed and not (typed.isascii() and typed.isdigit() and len(typed) < 9):
        raise ChoiceRefused("Enter the token limit as a whole number.", "budget")
    return Choice(
        format=format_,
        budget=int(typed) if typed else default,
        preset=values.get("preset", "") or "none",
        issue_id=values.get("issue", ""),
        for_llm=not suffix or values.get("for") == "llm",
    )


def export_of(result: LookupResult, choice: Choice) -> Export:
    """Render the result. Raises `ChoiceRefused`."""
    try:
        preset = preset_of(choice.preset)
    except ExportRefused as refused:
        raise ChoiceRefused(str(refused), "preset") from refused
    zone = result.lookup.zone
    today = today_in(zone)
    try:
        rendered = render(
            with_replies(result.answer, zone=ZoneInfo(zone), today=today),
            format=choice.format,
            budget=choice.budget,
            preset=preset,
            lookup_id=str(result.lookup.uuid),
            marker=result.lookup.marker,
            from_cache=result.lookup.from_cache,
            zone=zone,
            inside_block=choice.for_llm,
            issue_id=choice.issue_id or None,
            today=today,
        )
    except ExportRefused as refused:
        raise ChoiceRefused(str(refused), "budget") from refused
    return Export(choice, rendered)


def panel_context(request: HttpRequest, result: LookupResult, export: Export) -> dict[str, Any]:
    """What the panel beside the result prints."""
    return {
        "lookup": result.lookup,
        "export": export,
        "presets": presets(),
        "formats": FORMATS,
        "sizes": SIZES,
        "shortcuts": has_shortcuts(person_of(request)),
        "receipt": redaction_receipt(result.answer.redaction),
    }
