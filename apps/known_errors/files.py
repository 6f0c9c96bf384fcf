"""An entry as a file: Markdown with front matter, so that a repository can hold and review it.

All values are read as text, so that a release 2.10 stays 2.10; files from elsewhere are hostile.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Any

import frontmatter
import yaml
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from frontmatter.default_handlers import YAMLHandler

from apps.audit.trail import Actor, one_act
from apps.known_errors.catalogue import (
    NAMES,
    SAID,
    differing,
    no_text,
    refusals_of,
    save_entry,
    tidy,
)
from apps.known_errors.models import KnownError
from apps.known_errors.patterns import PatternRefused, pattern_from, values_of

LARGEST = 64 * 1024
_DEEPEST = 5
_PARTS = (
    *("name", "title", "pattern", "state", "planned_for", "fixed_in", "owner", "links"),
    *("valid_from", "valid_until", "in_use"),
)
_REPLY, _WORKAROUND = "Tell the customer", "Workaround"
_HEADING = rf"## (?:{_REPLY}|{_WORKAROUND})[ \t]*"
_TO_ESCAPE = re.compile(rf"^(\\*{_HEADING})$", re.MULTILINE | re.IGNORECASE)
_ESCAPED = re.compile(rf"^\\(\\*{_HEADING})$", re.MULTILINE | re.IGNORECASE)
_SECTION = re.compile(rf"^{_HEADING}$", re.MULTILINE | re.IGNORECASE)
_YES_OR_NO = {"true": True, "yes": True, "false": False, "no": False}


class FileRefused(ValueError):
    """A file that cannot be read as an entry: why, and the part of it that is meant."""

    def __init__(self, sentence: str, part: str) -> None:
        super().__init__(sentence)
        self.part = part


class _Dumper(yaml.SafeDumper):
    """Lists are indented, and no value leads to a line that could end the front matter."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)


class _Loader(yaml.BaseLoader):
    """Every value is text; a name that is given twice is refused."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _value in node.value if isinstance(key, yaml.ScalarNode)]
        if len(names) < len(node.value) or len(set(names)) < len(names):
            raise FileRefused("A name appears twice or isn't valid.", "front matter")
        return super().construct_mapping(node, deep)


class _Handler(YAMLHandler):
    def load(self, fm: str, **_kwargs: object) -> Any:
        try:
            _check_events(fm)
            return yaml.load(fm, Loader=_Loader)  # noqa: S506 - it makes text and nothing else
        except yaml.YAMLError as refused:
            mark = getattr(refused, "problem_mark", None)
            where = f" See line {mark.line + 1}." if mark else ""
            said = f"The part between the two --- lines isn't valid YAML.{where}"
            raise FileRefused(said, "front matter") from None


def _check_events(text: str) -> None:
    """Refuse what could grow, or become anything but text, before it is put together."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise FileRefused("Anchors (&) and aliases (*) aren't supported.", "front matter")
        if getattr(event, "tag", None):
            raise FileRefused("Tags (!) aren't supported.", "front matter")
        if no_text(getattr(event, "value", None) or ""):
            raise FileRefused(
                "A value contains a character that isn't allowed in text.", "front matter"
            )
        if depth > _DEEPEST:
            raise FileRefused("It is nested too deep.", "front matter")


def to_text(entry: KnownError) -> str:
    """The file of an entry; the same entry gives the same letters."""
    told: dict[str, object] = {
        "name": entry.slug,
        "title": entry.title,
        "pattern": entry.pattern,
        "state": str(entry.state),
        "planned_for": entry.planned_for,
        "fixed_in": entry.fixed_in,
        "owner": entry.owner,
        "links": [{name: link[name] for name in ("label", "address")} for link in entry.links],
        "valid_from": entry.valid_from,
        "valid_until": entry.valid_until,
        "in_use": "" if entry.is_active else False,
    }
    kept = {name: value for name, value in told.items() if value not in (None, "", [])}
    front = yaml.dump(kept, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
    body = _escaped(entry.explanation)
    for heading, text in ((_REPLY, entry.reply), (_WORKAROUND, entry.workaround)):
        if text:
            body += f"\n\n## {heading}\n\n{_escaped(text)}"
    return f"---\n{front}---\n\n{body}\n"


def _escaped(text: str) -> str:
    """The text so that none of its lines is taken for a heading of ours."""
    return _TO_ESCAPE.sub(r"\\\1", text)


def from_text(content: bytes, stem: str) -> KnownError:
    """The entry of a file, not checked and not saved; `stem` is the file's name without its end.

    Raises `FileRefused`.
    """
    if len(content) > LARGEST:
        raise FileRefused(f"It is larger than {LARGEST // 1024} KB.", "file")
    try:
        text = tidy(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise FileRefused("It isn't UTF-8 text.", "file") from None
    if not re.match(r"---\s*\n", text):
        raise FileRefused("It doesn't start with a --- line.", "front matter")
    told, body = frontmatter.parse(text, handler=_Handler())
    if not told:
        said = "It needs values such as title: between two --- lines."
        raise FileRefused(said, "front matter")
    return _entry(told, _sections(body), stem)


def _entry(told: Mapping[str, object], sections: Mapping[str, str], stem: str) -> KnownError:
    for name in told:
        if name not in _PARTS:
            raise FileRefused(f"There is no field named “{name[:40]}”.", "front matter")
    return KnownError(
        slug=_line(told, "name") or stem,
        title=_line(told, "title"),
        pattern=_pattern(told.get("pattern", "")),
        explanation=sections[""],
        reply=sections.get(_REPLY.lower(), ""),
        workaround=sections.get(_WORKAROUND.lower(), ""),
        state=_line(told, "state") or KnownError.State.OPEN,
        planned_for=_day(told, "planned_for"),
        fixed_in=_line(told, "fixed_in"),
        owner=_line(told, "owner"),
        links=_links(told.get("links", "")),
        valid_from=_day(told, "valid_from"),
        valid_until=_day(told, "valid_until"),
        is_active=_is_in_use(_line(told, "in_use")),
    )


def _sections(body: str) -> dict[str, str]:
    found = {"": body}
    marks = list(_SECTION.finditer(body))
    if marks:
        found[""] = body[: marks[0].start()]
    ends = [mark.start() for mark in marks[1:]] + [len(body)]
    for mark, end in zip(marks, ends, strict=False):
        name = mark[0].removeprefix("## ").strip().lower()
        if name in found:
            raise FileRefused(f"The heading “{mark[0].strip()}” appears twice.", "text")
        found[name] = body[mark.end() : end]
    return {name: _ESCAPED.sub(r"\1", tidy(text)) for name, text in found.items()}


def _line(told: Mapping[str, object], name: str) -> str:
    value = told.get(name, "")
    if not isinstance(value, str):
        raise FileRefused("It needs one plain value.", name)
    return value.strip()


def _day(told: Mapping[str, object], name: str) -> date | None:
    text = _line(told, name)
    if text in ("", "~", "null"):
        return None
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise FileRefused(f"“{text[:40]}” isn't a date. Write it as 2026-11-26.", name)


def _is_in_use(text: str) -> bool:
    if text.lower() not in ("", *_YES_OR_NO):
        raise FileRefused("Write true or false.", "in_use")
    return _YES_OR_NO.get(text.lower(), True)


def _pattern(told: object) -> dict[str, object]:
    if not isinstance(told, Mapping):
        raise FileRefused("Say what it looks like, such as issue: WEB-12.", "pattern")
    try:
        return values_of(pattern_from(told))
    except PatternRefused as refused:
        raise FileRefused(str(refused), refused.part) from None


def _links(told: object) -> list[dict[str, str]]:
    rows = told if isinstance(told, list) else [told] if told else []
    return [_link(row) for row in rows]


def _link(row: object) -> dict[str, str]:
    if isinstance(row, dict) and set(row) == {"label", "address"}:
        label, address = row["label"], row["address"]
        if isinstance(label, str) and isinstance(address, str):
            return {"label": label.strip(), "address": address.strip()}
    raise FileRefused("Each link needs a label and an address.", "links")


# Taking entries in from files: all of them or none, by name.


@dataclass(frozen=True, slots=True)
class File:
    """A file by its name."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that cannot be taken in, the part of it that is meant, and why."""

    name: str
    part: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Taken:
    """An entry as it would be, the parts that change, and whether it is new."""

    entry: KnownError
    parts: tuple[str, ...]
    is_new: bool

    @property
    def told(self) -> tuple[str, ...]:
        """The parts in words."""
        return tuple(NAMES.get(part, part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Plan:
    """What taking these files in would do; with a refused one it cannot be done."""

    changes: tuple[Taken, ...]
    unchanged: tuple[str, ...]
    refused: tuple[RefusedFile, ...]


def plan_of(files: Iterable[File]) -> Plan:
    """What the files hold, against what the catalogue has. Nothing is written."""
    read: list[tuple[File, KnownError]] = []
    refused: list[RefusedFile] = []
    for file in files:
        try:
            entry = from_text(file.content, PurePath(file.name).stem)
        except FileRefused as said:
            refused.append(RefusedFile(file.name, said.part, str(said)))
            continue
        against = _against(entry)
        refused += [RefusedFile(file.name, part, sentence) for part, sentence in against]
        read.append((file, entry))
    names = Counter(entry.slug for _file, entry in read)
    for file, entry in read:
        if names[entry.slug] > 1:
            said_twice = f"Another file also uses the name {entry.slug}."
            refused.append(RefusedFile(file.name, "name", said_twice))
    return _compared([entry for _file, entry in read], tuple(refused))


def _against(entry: KnownError) -> list[tuple[str, str]]:
    found = [(refusal.part, refusal.sentence) for refusal in refusals_of(entry)]
    try:
        KnownError._meta.get_field("slug").clean(entry.slug, entry)
    except ValidationError as refused:
        found += [("name", message) for message in refused.messages]
    return found


def _compared(entries: list[KnownError], refused: tuple[RefusedFile, ...]) -> Plan:
    if refused:
        return Plan((), (), refused)
    known = {one.slug: one for one in KnownError.objects.filter(slug__in=[e.slug for e in entries])}
    changes, unchanged = [], []
    for entry in entries:
        before = known.get(entry.slug)
        parts = differing(before, entry) if before else SAID
        if not parts:
            unchanged.append(entry.slug)
            continue
        if before:
            for part in parts:
                setattr(before, part, getattr(entry, part))
        changes.append(Taken(before or entry, parts, is_new=before is None))
    return Plan(tuple(changes), tuple(unchanged), ())


def carry_out(files: Iterable[File], *, actor: Actor, user: User | None) -> Plan:
    """Take the files in, all or none, by what the catalogue holds at that moment."""
    with one_act():
        plan = plan_of(files)
        for taken in plan.changes:
            parts = () if taken.is_new else taken.parts
            change = "added from a file" if taken.is_new else "changed by a file"
            save_entry(taken.entry, change=change, parts=parts, actor=actor, user=user)
    return plan
