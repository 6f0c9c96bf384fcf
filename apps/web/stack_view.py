"""A chain of exceptions as the pages show it: our own code open, libraries folded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from apps.events.event import ExceptionInfo, Frame
from apps.web.wording import clipped, plain_value

Row = tuple[str, str]

_LONGEST_LINE = 300
_MOST_VARIABLES = 40


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one event is printed."""

    own_frames: int
    library_frames: int
    steps: int
    text: int
    raw_steps: bool = False


BRIEF = Limits(own_frames=8, library_frames=20, steps=20, text=600)
FULL = Limits(own_frames=500, library_frames=500, steps=500, text=20_000, raw_steps=True)


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of source; `is_hit` marks the one that failed."""

    number: int
    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class FrameView:
    """One call: where it stands, the code around it, what the variables held.

    `times` counts the same call in a row, as in a recursion.
    """

    place: str
    function: str
    lines: tuple[CodeLine, ...]
    variables: tuple[Row, ...]
    times: int = 1


@dataclass(frozen=True, slots=True)
class ExceptionView:
    """One exception. `crash` comes first, then `own` code, then `library` code.

    `left_out` counts the calls that are not printed.
    """

    type: str
    value: str
    is_cause: bool
    crash: FrameView | None
    own: tuple[FrameView, ...]
    library: tuple[FrameView, ...]
    left_out: int


def exception_view(exception: ExceptionInfo, *, is_cause: bool, limits: Limits) -> ExceptionView:
    """The exception with its frames sorted into what matters and what does not."""
    crash = exception.crash_frame
    rest = list(exception.frames)
    if crash is not None:
        rest.remove(crash)
    own = _frames([frame for frame in rest if frame.in_app], limits.own_frames, limits)
    library = _frames([f for f in rest if not f.in_app], limits.library_frames, limits)
    return ExceptionView(
        type=clipped(exception.type or "Error", 200),
        value=clipped(exception.value or "", limits.text),
        is_cause=is_cause,
        crash=None if crash is None else _frame(crash, limits),
        own=own,
        library=library,
        left_out=len(rest) - sum(frame.times for frame in (*own, *library)),
    )


def crash_line(exception: ExceptionInfo) -> str:
    """Where it broke in one line: charge(), checkout/pay.py:118."""
    frame = exception.crash_frame
    if frame is None:
        return ""
    function = f"{clipped(frame.function, 80)}()" if frame.function else ""
    return ", ".join(part for part in (function, _place(frame)) if part)


def rows(values: Mapping[str, object], *, longest: int) -> tuple[Row, ...]:
    """Names and values as text."""
    return tuple(
        (clipped(str(name), 100), clipped(plain_value(value), longest))
        for name, value in values.items()
    )


def _frames(frames: Sequence[Frame], most: int, limits: Limits) -> tuple[FrameView, ...]:
    """The first calls, the same one in a row only once."""
    shown: list[FrameView] = []
    for _place_and_name, same in groupby(frames, key=lambda f: (f.file, f.line, f.function)):
        if len(shown) == most:
            break
        calls = list(same)
        shown.append(replace(_frame(calls[0], limits), times=len(calls)))
    return tuple(shown)


def _frame(frame: Frame, limits: Limits) -> FrameView:
    lines = tuple(
        CodeLine(number, clipped(text, _LONGEST_LINE), number == frame.line)
        for number, text in frame.code
    )
    known = dict(list(frame.variables.items())[:_MOST_VARIABLES])
    return FrameView(
        place=_place(frame) or "an unknown location",
        function=clipped(frame.function or "", 200),
        lines=lines,
        variables=rows(known, longest=min(limits.text, 400)),
    )


def _place(frame: Frame) -> str:
    file = clipped(frame.file or frame.module or "", 200)
    if frame.line is None:
        return file
    return f"{file}:{frame.line}" if file else f"line {frame.line}"
