"""Our plain sentences as they are said to the customer, not about them."""

import re
from collections.abc import Callable

# The longer forms first: each turns what is told of somebody into what is told to them.
_TURNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(\b[Tt]he customer\b.*?)\bthey are\b"), lambda found: f"{found[1]}you are"),
    (re.compile(r"\b([Tt])he customer's\b"), lambda found: _cased(found[1], "your")),
    (re.compile(r"\b([Tt])he customer was\b"), lambda found: _cased(found[1], "you were")),
    (re.compile(r"\b([Tt])he customer (?:has|had)\b"), lambda found: _cased(found[1], "you had")),
    (re.compile(r"\b([Tt])he customer does\b"), lambda found: _cased(found[1], "you do")),
    (re.compile(r"\b([Tt])he customer is\b"), lambda found: _cased(found[1], "you are")),
    (re.compile(r"\b([Tt])he customer\b"), lambda found: _cased(found[1], "you")),
)


def spoken_to(sentence: str) -> str:
    """A sentence of `events.summary` to the customer: "Your browser is too old for the page." """
    for pattern, turned in _TURNS:
        sentence = pattern.sub(turned, sentence)
    return sentence


def _cased(first: str, words: str) -> str:
    return words[0].upper() + words[1:] if first == "T" else words
