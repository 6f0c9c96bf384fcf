"""Exports of results: what the reader chose, the text, and its record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.audit.models import Action
from apps.events.grouping import UNGROUPED
from apps.exports import ExportRefused, Rendered, family_named, render
from apps.exports.facts import NO_PRESET, Preset
from apps.exports.tokens import DEFAULT_BUDGET, FAMILIES, Family
from apps.known_errors.catalogue import with_replies
from apps.lookups import answers, records
from apps.lookups.access import Requester
from apps.lookups.cache import JsonForm
from apps.lookups.models import ExportMethod, ExportPreset, ExportRecord, Lookup
from apps.lookups.problems import NO_SUCH_EVENT, LookupFailed

Format = Literal["markdown", "json", "text"]

FORMATS: tuple[tuple[Format, str], ...] = (("markdown", "Markdown"), ("json", "JSON"))
SIZES = (2000, 6000, 16000)
_BY_SUFFIX: dict[str, Format] = {"md": "markdown", "json": "json"}
_RENDERED = JsonForm(Rendered)
_DIGIT_SEPARATORS = str.maketrans("", "", ", '\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen options. A budget of None means no limit, an empty `issue_id` all issues,
    and an empty `event_id` all events.

    With `for_llm`, JSON is wrapped in the block that marks it as data. `model` is the family that
    tokens are counted for, and `marking` replaces each space in recorded text with a mark.
    """

    format: Format = "markdown"
    budget: int | None = DEFAULT_BUDGET
    preset: str = "none"
    issue_id: str = ""
    event_id: str = ""
    for_llm: bool = False
    model: str = ""
    marking: bool = False

    @property
    def family(self) -> Family:
        """The family of models, or the default one. Raise `ExportRefused` for an unknown name."""
        return family_named(self.model or settings.TRIAGE_EXPORT_MODEL)

    @property
    def suffix(self) -> str:
        return next(suffix for suffix, name in _BY_SUFFIX.items() if name == self.format)

    @property
    def query(self) -> str:
        """The choice as a query string, without the issue."""
        budget = "" if self.budget is None else self.budget
        values = {"preset": self.preset, "format": self.format, "budget": budget}
        if self.family.name != settings.TRIAGE_EXPORT_MODEL:
            values["model"] = self.family.name
        return urlencode(values | {"marking": "1"} if self.marking else values)


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
    raise ExportRefused(f"There is no prompt with that name. Choose one of: {known}.", "preset")


def read_choice(values: Mapping[str, str], *, suffix: str = "") -> Choice:
    """Return the choice in query parameters. Raise `ExportRefused` if it is invalid.

    A file extension decides the format; a JSON file has no token limit by default.
    """
    chosen = _BY_SUFFIX.get(suffix) if suffix else values.get("format", "markdown")
    format_: Format | None = next((name for name, _label in FORMATS if name == chosen), None)
    if format_ is None:
        raise ExportRefused("Choose Markdown or JSON.", "format")
    typed = values.get("budget", "").translate(_DIGIT_SEPARATORS)
    default = None if suffix == "json" else DEFAULT_BUDGET
    if typed and not (typed.isascii() and typed.isdigit() and len(typed) < 9):
        raise ExportRefused("Enter the token limit as a whole number.", "budget")
    choice = Choice(
        format=format_,
        budget=int(typed) if typed else default,
        preset=values.get("preset", "") or "none",
        issue_id=values.get("issue", ""),
        for_llm=not suffix or values.get("for") == "llm",
        model=values.get("model", ""),
        marking=values.get("marking") == "1",
    )
    return replace(choice, model=choice.family.name)


def create_export(result: answers.LookupResult, choice: Choice) -> Rendered:
    """Return the result rendered, from cache if nothing has changed. Raise `ExportRefused`."""
    preset, zone = get_preset(choice.preset), result.lookup.zone
    today = timezone.now().astimezone(ZoneInfo(zone)).date()
    family, known = choice.family, result.answer.known
    basis = repr((choice, family, preset, zone, today, known, result.lookup.from_cache))
    stored = _RENDERED.read(answers.get_derived("export", result.lookup, result.projects, basis))
    if stored is not None:
        return stored
    rendered = render_result(result, choice, preset, today=today)
    content = _RENDERED.dump_json(rendered)
    answers.put_derived("export", result.lookup, result.projects, basis, content)
    return rendered


def render_result(
    result: answers.LookupResult,
    choice: Choice,
    preset: Preset = NO_PRESET,
    *,
    customer: str = "<customer>",
    today: date | None = None,
) -> Rendered:
    """Return the result in the chosen form, as of a day in its zone. Raise `ExportRefused`."""
    lookup, zone = result.lookup, ZoneInfo(result.lookup.zone)
    today = today or timezone.now().astimezone(zone).date()
    return render(
        with_replies(result.answer, zone=zone, today=today),
        format=choice.format,
        budget=choice.budget,
        preset=preset,
        customer=customer,
        lookup_id=str(lookup.uuid),
        marker=lookup.marker,
        from_cache=lookup.from_cache,
        zone=lookup.zone,
        inside_block=choice.for_llm,
        issue_id=choice.issue_id or None,
        event_id=choice.event_id or None,
        today=today,
        family=choice.family,
        datamarking=choice.marking,
    )


def export_result(result: answers.LookupResult, choice: Choice, requester: Requester) -> Rendered:
    """Return the export for a program, and record it. Raise `ExportRefused`."""
    choice = replace(choice, model=choice.family.name)
    rendered, how = create_export(result, choice), ExportMethod.PRINTED
    record_export(result.lookup, choice, rendered.tokens, requester=requester, how=how)
    return rendered


def record_export(
    lookup: Lookup,
    choice: Choice,
    tokens: int,
    *,
    requester: Requester,
    how: ExportMethod,
    redacted: bool = True,
    reason: str = "",
) -> None:
    """Record an export without its content, also in the audit trail.

    `reason`, as typed, justifies one without redaction. It is redacted first.
    """
    reason = records.clean_reason(reason, records.identifiers_of(lookup)) if reason else ""
    issue_id = choice.issue_id[:100]
    facts = {"format": choice.format, "preset": choice.preset, "budget": choice.budget}
    facts["tokens"] = tokens
    detail = {"how": how.value, **facts, "model": choice.model, "problem": issue_id}
    action = Action.COPIED if how == ExportMethod.COPIED else Action.EXPORTED
    action = action if redacted else Action.REVEALED
    with transaction.atomic():
        ExportRecord.objects.create(
            lookup=lookup,
            user=requester.user,
            system_user=requester.system_user,
            origin=requester.origin,
            how=how,
            **facts,
            issue_id=issue_id,
            redacted=redacted,
            reason=reason,
        )
        records.record_action(action, requester.actor, lookup, words=reason, **detail)
    records.EXPORTS.add("lookup", choice.format, "yes" if redacted else "no")


def export_event(lookup_id: str, event_id: str, choice: Choice, requester: Requester) -> Rendered:
    """Return an event's export for a program, counted and recorded. Raise `LookupFailed`."""
    records.count_call(requester.user, "event_reads")
    result = answers.stored_result(lookup_id, requester)
    answer = result.answer
    is_listed = any(event.id == event_id for event in answer.events)
    event = answers.read_event(result.lookup, answer, event_id) if is_listed else None
    if event is None:
        raise LookupFailed(NO_SUCH_EVENT)
    events = tuple(event if one.id == event_id else one for one in answer.events)
    choice = replace(choice, issue_id=event.issue_id or UNGROUPED, event_id=event_id)
    return export_result(replace(result, answer=replace(answer, events=events)), choice, requester)


def panel_choices() -> dict[str, Any]:
    """Return what can be chosen in the export panel."""
    return {
        "presets": available_presets(),
        "formats": FORMATS,
        "sizes": SIZES,
        "families": FAMILIES,
    }
