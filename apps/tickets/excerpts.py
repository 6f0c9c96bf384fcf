"""A few words around what was found, so that a person sees where it was read."""

from apps.tickets.reading import Excerpt

_AROUND = 48
_LONGEST_FOUND = 160


def excerpt(text: str, start: int, end: int) -> Excerpt:
    """The place from `start` to `end` with up to 48 characters on each side, on one line."""
    before = text[max(0, start - _AROUND) : start]
    if start > _AROUND:
        before = f"… {before.partition(' ')[2]}"
    after = text[end : end + _AROUND]
    if end + _AROUND < len(text):
        after = f"{after.rpartition(' ')[0]} …"
    found = _one_line(text[start:end])
    if len(found) > _LONGEST_FOUND:
        found = f"{found[:_LONGEST_FOUND]} …"
    return Excerpt(before=_one_line(before), found=found, after=_one_line(after))


def _one_line(text: str) -> str:
    """Line breaks and long gaps as one blank; blanks at the ends stay, as one."""
    left = " " if text[:1].isspace() else ""
    right = " " if text[-1:].isspace() else ""
    return f"{left}{' '.join(text.split())}{right}" if text.strip() else left
