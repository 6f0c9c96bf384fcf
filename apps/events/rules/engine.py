"""All rules of plain words in the order of precedence."""

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

from apps.events.event import Event
from apps.events.once import once
from apps.events.rules.client_side import BROWSER, DEVICE, INPUT, OPERATIONS
from apps.events.rules.outside import ACCESS, BUSINESS, NETWORK, PAYMENT, PAYMENT_SERVICE, SERVICES
from apps.events.rules.rule import Reading, Rule, Symptom, last_call_symptom, symptoms_of
from apps.events.rules.server_side import (
    CODE,
    COMPONENTS,
    DATA,
    FILES,
    MONITORS,
    SERVER,
    UNCLEAR,
)

RULES: tuple[Rule, ...] = (
    *MONITORS,
    *PAYMENT,
    *FILES,
    *COMPONENTS,
    *ACCESS,
    *DATA,
    *BUSINESS,
    *DEVICE,
    *BROWSER,
    *INPUT,
    *SERVER,
    *PAYMENT_SERVICE,
    *NETWORK,
    *SERVICES,
    *OPERATIONS,
    *CODE,
    *UNCLEAR,
)
_SURE = tuple(rule for rule in RULES if not (rule.vague or rule.broad))
_VAGUE = tuple(rule for rule in RULES if rule.vague)
_OF_CODE = tuple(rule for rule in RULES if rule.reads in (Reading.NAMES, Reading.CODE))
_BROAD = tuple(rule for rule in RULES if rule.broad)

# A note that says nothing failed can still contain the name of something that fails elsewhere.
_FAILURE = re.compile(
    r"fail|error|exception|denied|declin|reject|refus|expir|abort|invalid|exceed|unable|lost|timed"
    r"|time.?out|crash|block|broken|wrong|missing|insuffic|not |n't |no |un(?:able|avail|expected)"
    r"|too |already|could|cannot|click|feedback|regress|slow|n\+1|cancel|closed|out of|detected"
    r"|fehl|nicht|erreur|chou|fall|err\b"
)


def rule_for(event: Event) -> Rule | None:
    """Return the rule that explains the event; a sure one for a cause precedes a vague one.

    If the event itself matches nothing specific, try the failed call just before it.
    """
    return once(_find_rule, event)


# Rules by a digest of what they read: errors repeat, and hundreds of rules take milliseconds.
_found: dict[bytes, Rule | None] = {}
_MAX_FOUND = 20_000


def _find_rule(event: Event) -> Rule | None:
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
        symptoms = [one for one in symptoms if _FAILURE.search(one.line)]
    return (
        _first(_SURE, symptoms)
        or _first(_VAGUE, symptoms)
        or (call and _first(_SURE, (call,)))
        or _first(_BROAD, symptoms)
    )


def _without_names_of_code(symptoms: Iterable[Symptom]) -> Iterator[Symptom]:
    """Yield the symptoms, those of errors in the program's code without the names in them."""
    is_code = False
    for symptom in symptoms:
        if not (symptom.is_quoted and is_code):
            is_code = any(rule.matches(symptom) for rule in _OF_CODE)
            yield symptom.as_code_error() if is_code else symptom


def _first(rules: Sequence[Rule], symptoms: Sequence[Symptom]) -> Rule | None:
    return next((rule for one in symptoms for rule in rules if rule.matches(one)), None)
