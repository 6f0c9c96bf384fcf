"""Export and import of entries as Markdown files with YAML front matter.

All values are read as text (a release 2.10 must not become 2.1), and input is treated as hostile.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Any, NamedTuple

import yaml
from django.core.exceptions import ValidationError

from apps.audit.trail import Actor, audited_transaction
from apps.known_errors.catalogue import (
    VERSIONED_FIELDS,
    Refusal,
    changed_fields,
    field_label,
    normalize_text,
    save_entry,
    validate_entry,
)
from apps.known_errors.models import KnownError
from apps.known_errors.patterns import (
    PartRefused,
    has_invalid_characters,
    parse_pattern,
    pattern_values,
)

MAX_FILE_BYTES = 64 * 1024
_NOT_TEXT = "A value contains a character that isn't allowed in text."
_MAX_DEPTH = 5
_MAX_PARTS = 1000
_MAX_REFUSALS = 10
# The same in a file and in the model.
_FIELDS = (
    *("title", "pattern", "state", "planned_for", "fixed_in", "owner", "links"),
    *("valid_from", "valid_until"),
)
_REPLY, _WORKAROUND = "Tell the customer", "Workaround"
_HEADING = rf"## (?:{_REPLY}|{_WORKAROUND})[ \t]*"
_TO_ESCAPE = re.compile(rf"^(\\*{_HEADING})$", re.MULTILINE | re.IGNORECASE)
_ESCAPED = re.compile(rf"^\\(\\*{_HEADING})$", re.MULTILINE | re.IGNORECASE)
_SECTION = re.compile(rf"^{_HEADING}$", re.MULTILINE | re.IGNORECASE)
_FENCE = re.compile(r"^-{3,}\s*$", re.MULTILINE)
_YES_OR_NO = {"true": True, "yes": True, "false": False, "no": False}


class _Dumper(yaml.SafeDumper):
    """Indents lists, so that no value can start a line that would end the front matter."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)


# The C parser is about ten times faster.
_BaseLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(_BaseLoader):  # type: ignore[misc]
    """Loads every scalar as text and rejects duplicate keys."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _value in node.value if isinstance(key, yaml.ScalarNode)]
        if len(names) < len(node.value) or len(set(names)) < len(names):
            raise PartRefused("A name appears twice or isn't valid.", "front matter")
        built: dict[Any, Any] = super().construct_mapping(node, deep)
        return built


def _load(text: str) -> Any:
    try:
        _check_events(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a BaseLoader builds only text, lists and dicts
    except yaml.YAMLError as refused:
        if "Unicode character escape code" in str(refused):
            raise PartRefused(_NOT_TEXT, "front matter") from None
        mark = getattr(refused, "problem_mark", None)
        where = f" See line {mark.line + 1}." if mark else ""
        sentence = f"The part between the two --- lines isn't valid YAML.{where}"
        raise PartRefused(sentence, "front matter") from None


def _check_events(text: str) -> None:
    """Reject aliases, tags, invalid characters, and deep or long YAML before building anything."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_BaseLoader)):
        if count > _MAX_PARTS:
            raise PartRefused("It has too many values.", "front matter")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise PartRefused("Anchors (&) and aliases (*) aren't supported.", "front matter")
        if getattr(event, "tag", None):
            raise PartRefused("Tags (!) aren't supported.", "front matter")
        if has_invalid_characters(getattr(event, "value", None) or ""):
            raise PartRefused(_NOT_TEXT, "front matter")
        if depth > _MAX_DEPTH:
            raise PartRefused("It is nested too deeply.", "front matter")


def to_text(entry: KnownError) -> str:
    """Return the file of an entry; equal entries give identical files."""
    fields: dict[str, Any] = {"name": entry.slug}
    fields |= {name: getattr(entry, name) for name in _FIELDS}
    fields["state"] = str(entry.state)
    fields["links"] = [{name: link[name] for name in ("label", "address")} for link in entry.links]
    fields["in_use"] = "" if entry.is_active else False
    front = yaml.dump(
        {name: value for name, value in fields.items() if value not in (None, "", [])},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=float("inf"),
    )
    body = _escaped(entry.explanation)
    for heading, text in ((_REPLY, entry.reply), (_WORKAROUND, entry.workaround)):
        if text:
            body += f"\n\n## {heading}\n\n{_escaped(text)}"
    return f"---\n{front}---\n\n{body}\n"


def _escaped(text: str) -> str:
    return _TO_ESCAPE.sub(r"\\\1", text)


def from_text(content: bytes, stem: str) -> KnownError:
    """Return the unsaved, unvalidated entry of a file. Raises `PartRefused`.

    `stem`, the file name without its extension, is the default for the entry's name.
    """
    if len(content) > MAX_FILE_BYTES:
        raise PartRefused(f"It is larger than {MAX_FILE_BYTES // 1024} KB.", "file")
    try:
        text = normalize_text(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise PartRefused("It isn't UTF-8 text.", "file") from None
    if not re.match(r"---\s*\n", text):
        raise PartRefused("It doesn't start with a --- line.", "front matter")
    parts = _FENCE.split(text, 2)
    fields = _load(parts[1]) if len(parts) == 3 else None
    if not isinstance(fields, dict) or not fields:
        raise PartRefused("It needs values such as title: between two --- lines.", "front matter")
    sections = _sections(parts[2].strip())
    for name in fields:
        if name not in ("name", *_FIELDS, "in_use"):
            raise PartRefused(f"There is no field named “{name[:40]}”.", "front matter")
    return KnownError(
        slug=_line(fields, "name") or stem,
        title=_line(fields, "title"),
        pattern=_pattern(fields.get("pattern", "")),
        explanation=sections[""],
        reply=sections.get(_REPLY.lower(), ""),
        workaround=sections.get(_WORKAROUND.lower(), ""),
        state=_line(fields, "state") or KnownError.State.OPEN,
        planned_for=_date(fields, "planned_for"),
        fixed_in=_line(fields, "fixed_in"),
        owner=_line(fields, "owner"),
        links=list(_links(fields.get("links"))),
        valid_from=_date(fields, "valid_from"),
        valid_until=_date(fields, "valid_until"),
        is_active=_is_in_use(_line(fields, "in_use")),
    )


def _sections(body: str) -> dict[str, str]:
    """Split the body into its sections, by lowercase heading; "" is the text before the first."""
    headings = list(_SECTION.finditer(body))
    ends = [heading.start() for heading in headings] + [len(body)]
    sections = {"": body[: ends[0]]}
    for heading, end in zip(headings, ends[1:], strict=True):
        name = heading[0].removeprefix("## ").strip().lower()
        if name in sections:
            raise PartRefused(f"The heading “{heading[0].strip()}” appears twice.", "text")
        sections[name] = body[heading.end() : end]
    return {name: _ESCAPED.sub(r"\1", normalize_text(text)) for name, text in sections.items()}


def _line(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise PartRefused("It needs one plain value.", name)
    return value.strip()


def _date(fields: Mapping[str, object], name: str) -> date | None:
    text = _line(fields, name)
    if text in ("", "~", "null"):
        return None
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise PartRefused(f"“{text[:40]}” isn't a date. Write it as 2026-11-26.", name)


def _is_in_use(text: str) -> bool:
    if text.lower() not in ("", *_YES_OR_NO):
        raise PartRefused("Write true or false.", "in_use")
    return _YES_OR_NO.get(text.lower(), True)


def _pattern(values: object) -> dict[str, object]:
    if not isinstance(values, Mapping):
        raise PartRefused("Say what it looks like, such as issue: WEB-12.", "pattern")
    return pattern_values(parse_pattern(values))


def _links(value: object) -> Iterator[dict[str, str]]:
    for row in value if isinstance(value, list) else filter(None, [value]):
        match row:
            case {"label": str(label), "address": str(address), **rest} if not rest:
                yield {"label": label.strip(), "address": address.strip()}
            case _:
                raise PartRefused("Each link needs a label and an address.", "links")


# Import: all files or none, matched to entries by name.


class File(NamedTuple):
    """A file to import."""

    name: str
    content: bytes


class RefusedFile(NamedTuple):
    """Why a file cannot be imported; `part` names the field or section at fault."""

    name: str
    part: str
    sentence: str


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """An entry as it will be saved, and the fields (`parts`) that change."""

    entry: KnownError
    parts: tuple[str, ...]
    is_new: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the changed fields in words."""
        return tuple(map(field_label, self.parts))


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do. If a file is refused, nothing is imported."""

    changes: tuple[PlannedChange, ...] = ()
    unchanged: tuple[str, ...] = ()
    refused: tuple[RefusedFile, ...] = ()


def plan_import(files: Iterable[File]) -> ImportPlan:
    """Compare the files with the catalog, without saving anything."""
    read: list[tuple[File, KnownError]] = []
    refused: list[RefusedFile] = []
    waiting = list(files)
    while waiting and len(refused) < _MAX_REFUSALS:
        file = waiting.pop(0)
        try:
            entry = from_text(file.content, PurePath(file.name).stem)
        except PartRefused as error:
            refused.append(RefusedFile(file.name, error.part, str(error)))
            continue
        read.append((file, entry))
        reasons = list(validate_entry(entry))
        try:
            KnownError._meta.get_field("slug").clean(entry.slug, entry)
        except ValidationError as error:
            reasons += [Refusal("name", message) for message in error.messages]
        refused += [RefusedFile(file.name, *reason) for reason in reasons]
    names = Counter(entry.slug for _file, entry in read)
    for file, entry in read:
        if names[entry.slug] > 1:
            sentence = f"Another file also uses the name {entry.slug}."
            refused.append(RefusedFile(file.name, "name", sentence))
    if waiting:
        name = f"{len(waiting)} more file{'s' if len(waiting) > 1 else ''}"
        refused.append(RefusedFile(name, "not checked", "Fix the problems above first."))
    if refused:
        return ImportPlan(refused=tuple(refused))
    return _compare([entry for _file, entry in read])


def _compare(entries: list[KnownError]) -> ImportPlan:
    slugs = [entry.slug for entry in entries]
    stored = {entry.slug: entry for entry in KnownError.objects.filter(slug__in=slugs)}
    changes, unchanged = [], []
    for entry in entries:
        before = stored.get(entry.slug)
        parts = changed_fields(before, entry) if before else VERSIONED_FIELDS
        if not parts:
            unchanged.append(entry.slug)
            continue
        if before:
            for part in parts:
                setattr(before, part, getattr(entry, part))
        changes.append(PlannedChange(before or entry, parts, is_new=before is None))
    return ImportPlan(tuple(changes), tuple(unchanged))


def import_files(files: Iterable[File], actor: Actor) -> ImportPlan:
    """Import all files or none. Compares them with the catalog again in the same transaction."""
    with audited_transaction():
        plan = plan_import(files)
        for planned in plan.changes:
            parts = () if planned.is_new else planned.parts
            change = "added from a file" if planned.is_new else "changed by a file"
            save_entry(planned.entry, change=change, parts=parts, actor=actor)
    return plan
