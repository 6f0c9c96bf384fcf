"""All rules of plain words in the order of precedence: reading and matching them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from enum import Enum
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from apps.events.event import Event
from apps.events.once import found_once
from apps.events.patterns import PatternFile
from apps.events.rules.rule import (
    FAILURE,
    Example,
    Place,
    Reading,
    Rule,
    Side,
    Symptom,
    UserAction,
    last_call_symptom,
    symptoms_of,
)

# Reading the rules

_FILES = ("client_side.toml", "outside.toml", "server_side.toml")
_GROUPS = (
    *("monitors", "payment", "files", "components", "access", "data", "business", "device"),
    *("browser", "input", "server", "payment_service", "network", "services", "operations"),
    *("code", "unclear"),
)
_PATTERNS = ("text", "calls", "files")
_ENUMS: dict[str, type[Enum]] = {"place": Place, "action": UserAction, "reads": Reading}
_TYPES: dict[str, type] = {
    **dict.fromkeys(("sentence", *_PATTERNS, *_ENUMS), str),
    **dict.fromkeys(("types", "statuses", "mechanisms", "sides"), list),
    **dict.fromkeys(("paying", "vague", "broad", "slight", "may_have_paid"), bool),
    "example": dict,
}


@cache  # not at import: it takes 40 ms, and most commands need no rules
def all_rules() -> tuple[Rule, ...]:
    """Return all rules. Raise ValueError if a file is wrong."""
    found: list[tuple[str, list[Rule]]] = []
    for name in _FILES:
        try:
            found += rules_in((Path(__file__).parent / name).read_text("utf-8")).items()
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    groups = dict(found)
    if len(groups) < len(found) or groups.keys() != set(_GROUPS):
        raise ValueError("the files and _GROUPS must have the same groups, each once")
    return tuple(rule for group in _GROUPS for rule in groups[group])


def rules_in(text: str) -> dict[str, list[Rule]]:
    """Return the rules of a file by group. Raise ValueError, which names the rule that is wrong."""
    file = PatternFile(text)
    found = {}
    for name, defaults in file.tables.items():
        rows = defaults.pop("rules", [])
        found[name] = [_rule(defaults | row, file) for row in rows]
    return found


def _rule(row: dict[str, Any], file: PatternFile) -> Rule:
    expand = partial(file.expand, words=row.pop("words", ""))
    try:
        return Rule(**{key: _value(key, value, expand) for key, value in row.items()})
    except (TypeError, ValueError) as error:
        raise ValueError(f"rule {row.get('sentence')!r}: {error}") from error


def _value(key: str, value: Any, expand: Callable[[str], str]) -> Any:
    if key not in _TYPES:
        raise ValueError(f"unknown key {key}")
    kind = type(value)
    if kind is not _TYPES[key]:
        raise ValueError(f"{key} has to be a {_TYPES[key].__name__}")
    if key in _PATTERNS:
        return expand(value)
    if key in _ENUMS:
        return _member(_ENUMS[key], value)
    if key == "example":
        return Example(**value)
    if key == "sides":
        return frozenset(_member(Side, name) for name in value)
    if key in ("types", "mechanisms"):
        return frozenset(name.lower() for name in value)
    return frozenset(value) if key == "statuses" else value


def _member(kind: type[Enum], name: str) -> Enum:
    if name.upper() not in kind.__members__:
        raise ValueError(f"{name} is not a {kind.__name__}")
    return kind[name.upper()]


# Matching


class _Rules(NamedTuple):
    sure: list[Rule]
    vague: list[Rule]
    broad: list[Rule]
    of_code: list[Rule]


@cache
def _rules() -> _Rules:
    rules = all_rules()
    return _Rules(
        sure=[rule for rule in rules if not (rule.vague or rule.broad)],
        vague=[rule for rule in rules if rule.vague],
        broad=[rule for rule in rules if rule.broad],
        of_code=[rule for rule in rules if rule.reads in (Reading.NAMES, Reading.CODE)],
    )


# Rules by a digest of what they read: errors repeat, and hundreds of rules take milliseconds.
_found: dict[bytes, Rule | None] = {}
_MAX_FOUND = 20_000


@found_once
def rule_for(event: Event) -> Rule | None:
    """Return the rule that explains the event; a sure one for a cause precedes a vague one.

    If the event itself matches nothing specific, try the failed call just before it.
    """
    read = (tuple(symptoms_of(event)), last_call_symptom(event), event.level in ("info", "debug"))
    digest = blake2b(repr(read).encode("utf-8", "surrogatepass"), digest_size=16).digest()
    try:
        return _found[digest]
    except KeyError:
        rule = _match(*read)
    if len(_found) >= _MAX_FOUND:
        _found.clear()
    _found[digest] = rule
    return rule


def _match(all_symptoms: Iterable[Symptom], call: Symptom | None, is_quiet: bool) -> Rule | None:
    symptoms = list(_without_names_of_code(all_symptoms))
    if is_quiet:
        # A note that says nothing failed can still name something that fails elsewhere.
        symptoms = [one for one in symptoms if FAILURE.search(one.line)]
    rules = _rules()
    return (
        _first(rules.sure, symptoms)
        or _first(rules.vague, symptoms)
        or (call and _first(rules.sure, (call,)))
        or _first(rules.broad, symptoms)
    )


def _without_names_of_code(symptoms: Iterable[Symptom]) -> Iterator[Symptom]:
    """Yield the symptoms, those of errors in the program's code without the names in them."""
    is_code = False
    for symptom in symptoms:
        if not (symptom.is_quoted and is_code):
            is_code = any(rule.matches(symptom) for rule in _rules().of_code)
            yield replace(symptom, is_code=True) if is_code else symptom


def _first(rules: Sequence[Rule], symptoms: Sequence[Symptom]) -> Rule | None:
    return next((rule for one in symptoms for rule in rules if rule.matches(one)), None)
