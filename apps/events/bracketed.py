"""Objects and lists as running text holds them, in JSON or as a program prints its own values."""

import re

_LONGEST = 4000
_QUOTE = r"\\{0,8}[\"']"
# What is written out, and not a placeholder or a piece of a program: `{"a": 1}`, `{ a: 'x' }`.
_OBJECT = rf"\{{\s{{0,40}}(?:{_QUOTE}|:\w|[A-Za-z_]\w{{0,60}}\s?:\s{{0,2}}[\"'\d])"
_OBJECT_OR_LIST = re.compile(rf"{_OBJECT}|\[\s{{0,40}}(?:{_OBJECT}|{_QUOTE})")
_ONE_TEXT = re.compile(r"\[\s?(?:[bBuU])?\\{0,8}[\"'][^\"'\\\n]{0,1000}\\{0,8}[\"']\s?\]")
_PART = re.compile(
    r"\"(?:[^\"\\]|\\.){0,1000}+\"|'(?:[^'\\]|\\.){0,1000}+'"
    r"|\\{1,8}\"[^\"\\]{0,1000}+\\{1,8}\"|[\[\]{}()]",
    re.DOTALL,
)


def end_of_object(text: str, start: int) -> int | None:
    """Where the object or the list of several ends that begins here, None when none does.

    One that was cut short ends with the text, or where it is longer than any is.
    """
    if not _OBJECT_OR_LIST.match(text, start) or _ONE_TEXT.match(text, start):
        return None
    last, depth = min(len(text), start + _LONGEST), 0
    for part in _PART.finditer(text, start, last):
        sign = part.group()
        if sign in "[{(":
            depth += 1
        elif sign in "]})":
            depth -= 1
            if not depth:
                return part.end()
    return last
