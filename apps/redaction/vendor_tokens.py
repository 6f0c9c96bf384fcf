"""Finding vendors' tokens, whose forms `patterns.toml` lists.

A pattern is searched only in a text that contains its prefix or hint.
"""

import re
from collections.abc import Iterator

from apps.redaction.shapes import Found, bounded_start, read_patterns

_TABLES = read_patterns("patterns.toml").tables

# Only long runs of characters can be tokens, and only from the start of a word, so that the
# patterns that begin with the word's first two characters are all that must be tried.
_LONG_RUN = re.compile(r"[\w.~+/=:$|!-]{14,4000}+")
_START = re.compile(bounded_start("[A-Za-z0-9]", unless_after="A-Za-z0-9_-"))
_MAX_LENGTH_OF_WORDS, _MAX_LENGTH_OF_IDS = 24, 500
_DIGIT = re.compile(r"[0-9]")

PREFIXED = {
    start: re.compile(
        "|".join(
            re.escape(prefix) + rest
            for prefix, rest in _TABLES["tokens"].items()
            if prefix.startswith(start)
        )
    )
    for start in {prefix[:2] for prefix in _TABLES["tokens"]}
}
WITHOUT_PREFIX = tuple(
    (hint, re.compile(bounded_start(first, unless_after="A-Za-z0-9_-", ahead=rest) + rest))
    for hint, first, rest in _TABLES["without_prefix"]
)


def long_runs(text: str) -> list[re.Match[str]]:
    """Return the runs with a digit, only capitals, or a long word."""
    return [run for run in _LONG_RUN.finditer(text) if _can_be_token(run.group())]


def _can_be_token(run: str) -> bool:
    if _DIGIT.search(run) or run.isupper():
        return True
    return _MAX_LENGTH_OF_WORDS < len(run) < _MAX_LENGTH_OF_IDS and "/" not in run


def tokens_with_prefix(text: str, runs: list[re.Match[str]]) -> Iterator[Found]:
    """Yield the tokens of known vendors in these runs, in order."""
    done = 0
    for run in runs:
        for first in _START.finditer(text, *run.span()):
            start = first.start()
            pattern = PREFIXED.get(text[start : start + 2]) if start >= done else None
            token = pattern.match(text, start) if pattern else None
            if token:
                done = token.end()
                yield Found(start, done, "token")
