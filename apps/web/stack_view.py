"""A chain of exceptions as the pages show it: our own code open, libraries folded."""

from collections.abc import Mapping
from dataclasses import dataclass

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


BRIEF = Limits(own_frames=8, library_frames=20, steps=20, text=600)
FULL = Limits(own_frames=500, library_frames=500, steps=500, text=20_000)


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of source; `is_hit` marks the one that failed."""

    number: int
    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class FrameView:
    """One call: where it stands, the code around it, what the variables held."""

    place: str
    function: str
    lines: tuple[CodeLine, ...]
    variables: tuple[Row, ...]


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
    rest = [frame for frame in exception.frames if frame is not crash]
    own = [frame for frame in rest if frame.in_app]
    library = [frame for frame in rest if not frame.in_app]
    shown_own, shown_library = own[: limits.own_frames], library[: limits.library_frames]
    return ExceptionView(
        type=clipped(exception.type or "Error", 200),
        value=clipped(exception.value or "", limits.text),
        is_cause=is_cause,
        crash=None if crash is None else _frame(crash, limits),
        own=tuple(_frame(frame, limits) for frame in shown_own),
        library=tuple(_frame(frame, limits) for frame in shown_library),
        left_out=len(rest) - len(shown_own) - len(shown_library),
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
        (str(name), clipped(plain_value(value), longest)) for name, value in values.items()
    )


def _frame(frame: Frame, limits: Limits) -> FrameView:
    lines = tuple(
        CodeLine(number, clipped(text, _LONGEST_LINE), number == frame.line)
        for number, text in frame.code
    )
    known = dict(list(frame.variables.items())[:_MOST_VARIABLES])
    return FrameView(
        place=_place(frame) or "an unknown place",
        function=clipped(frame.function or "", 200),
        lines=lines,
        variables=rows(known, longest=min(limits.text, 400)),
    )


def _place(frame: Frame) -> str:
    file = clipped(frame.file or frame.module or "", 200)
    if frame.line is None:
        return file
    return f"{file}:{frame.line}" if file else f"line {frame.line}"
