"""Texts with variables in braces, such as {greeting}: checked when saved, filled in when used."""

from collections.abc import Collection, Mapping
from string import Formatter

from apps.events.answer import FixState, Known

# What a reply may hold, with what stands there then.
REPLY_VARIABLES: Mapping[str, str] = {
    "greeting": "“Hello Jane,” or just “Hello,” if no name was typed",
    "moment": "when it happened, on the customer's clock",
    "planned_for": "the day the fix is planned for",
    "fixed_in": "the release that has the fix",
}


class TextRefused(ValueError):
    """A text whose variables cannot be filled in; says which one, and what to do."""


def check_variables(text: str, allowed: Collection[str]) -> frozenset[str]:
    """The variables in the text. Raises `TextRefused` for one that is not there to be had."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise TextRefused(
            "A brace { or } is on its own. Write {{ or }} for the letter itself."
        ) from None
    found = set()
    for _before, name, style, conversion in parts:
        if name is None:
            continue
        if style or conversion or name not in allowed:
            offered = ", ".join(f"{{{one}}}" for one in allowed)
            raise TextRefused(f"There is no variable {{{name[:40]}}}. There are: {offered}.")
        found.add(name)
    return frozenset(found)


def check_reply(known: Known) -> None:
    """Refuse a reply with a variable that would be empty. Raises `TextRefused`."""
    used = check_variables(known.reply, REPLY_VARIABLES)
    if "planned_for" in used and (known.state is not FixState.PLANNED or not known.planned_for):
        raise TextRefused("The reply uses {planned_for}, but no date is planned.")
    if "fixed_in" in used and (known.state is not FixState.FIXED or not known.fixed_in):
        raise TextRefused("The reply uses {fixed_in}, but no release is given.")


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables filled in; values are taken as they are, braces too.

    The text must have been checked for these variables.
    """
    told = (
        (before, values[name] if name else "") for before, name, *_rest in Formatter().parse(text)
    )
    return "".join(before + value for before, value in told)
