"""Wildcards in search values, as Sentry reads them.

`*` after an even number of backslashes is a wildcard, `\\*` is a star. A value with wildcards at
its ends only is compared as prefix, suffix or infix, where a lone backslash stays itself. With a
wildcard in the middle it becomes a regular expression, and there every backslash is an escape
and disappears.
"""

from __future__ import annotations

import re

WILDCARD = re.compile(r"(?<!\\)(?:\\\\)*\*")


def is_wildcard(value: str) -> bool:
    """True when the value holds at least one live `*`."""
    return bool(WILDCARD.search(value))


def unescaped(value: str) -> str:
    """The exact text a value without wildcards stands for: `\\*` is `*`, all else is literal."""
    return value.replace("\\*", "*")


def pattern_of(value: str) -> re.Pattern[str]:
    """The anchored, case-insensitive pattern of a value with wildcards."""
    found = list(WILDCARD.finditer(value))
    leads = bool(found) and found[0].span() == (0, 1)
    trails = bool(found) and found[-1].end() == len(value) and (len(found) > 1 or not leads)
    if len(found) == leads + trails:
        inner = value[1 if leads else 0 : -1 if trails else None]
        text = ".*" * leads + re.escape(unescaped(inner)) + ".*" * trails
    else:
        text = _regex(value)
    return re.compile(text + r"\Z", re.IGNORECASE | re.DOTALL)


def _regex(value: str) -> str:
    made = []
    at = 0
    while at < len(value):
        if value[at] == "\\" and at + 1 < len(value):
            made.append(re.escape(value[at + 1]))
            at += 2
            continue
        made.append(".*" if value[at] == "*" else re.escape(value[at]))
        at += 1
    return "".join(made)
