"""How a level looks: a shape and a word, so that nobody needs the colour."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LevelMark:
    """`shape` is one of fatal, error, warning, info; `rank` is 0 for the worst."""

    shape: str
    word: str
    rank: int


_MARKS = {
    "fatal": LevelMark("fatal", "fatal", 0),
    "error": LevelMark("error", "error", 1),
    "warning": LevelMark("warning", "warning", 2),
    "info": LevelMark("info", "info", 3),
    "debug": LevelMark("info", "debug", 4),
}


def level_mark(level: str | None) -> LevelMark:
    """The mark of a level; one that is not known counts as an error, as it does for Sentry."""
    return _MARKS.get(level or "", _MARKS["error"])
