"""All rules of plain words in the order in which they are asked; the first that fits tells."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from apps.events.event import Event
from apps.events.rules.client_side import BROWSER, DEVICE, DOINGS, INPUT
from apps.events.rules.outside import ACCESS, BUSINESS, NETWORK, PAYMENT, PAYMENT_SERVICE, SERVICES
from apps.events.rules.rule import Clue, Rule, clue_of_last_call, clues
from apps.events.rules.server_side import CODE, DATA, FILES, MONITORS, PARTS, SERVER

RULES: tuple[Rule, ...] = (
    *MONITORS,
    *PAYMENT,
    *FILES,
    *PARTS,
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
    *DOINGS,
    *CODE,
)
_SURE = tuple(rule for rule in RULES if not rule.vague)
_VAGUE = tuple(rule for rule in RULES if rule.vague and not rule.broad)
_BROAD = tuple(rule for rule in RULES if rule.broad)


_found: ContextVar[dict[int, tuple[Event, Rule | None]] | None] = ContextVar("found", default=None)


@contextmanager
def rules_asked_once() -> Iterator[None]:
    """Inside, each event is held against the rules once. It is all forgotten at the end."""
    token = _found.set({})
    try:
        yield
    finally:
        _found.reset(token)


def rule_for(event: Event) -> Rule | None:
    """The rule that tells what the event means; a sure one for a cause before a vague one.

    Where its own words tell nothing, the call that failed just before does.
    """
    found = _found.get()
    if found is None:
        return _rule_for(event)
    if id(event) not in found:
        found[id(event)] = (event, _rule_for(event))  # held, so that no other event gets its id
    return found[id(event)][1]


def _rule_for(event: Event) -> Rule | None:
    seen = clues(event)
    called = clue_of_last_call(event)
    return (
        _first(_SURE, seen)
        or _first(_VAGUE, seen)
        or (called and _first(_SURE, (called,)))
        or _first(_BROAD, seen)
    )


def _first(rules: Sequence[Rule], seen: Sequence[Clue]) -> Rule | None:
    return next((rule for clue in seen for rule in rules if rule.fits(clue)), None)
