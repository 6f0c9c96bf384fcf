"""Exceptions and their frames in an event body."""

from collections.abc import Iterator, Mapping

from apps.events.event import ExceptionInfo, Frame
from apps.sentry.lenient import flag, integer, items, mapping, mappings, text


def parse_exceptions(entries: Mapping[str, object]) -> Iterator[ExceptionInfo]:
    """The raised exception first: SDKs send the innermost cause first."""
    data = mapping(entries.get("exception"))
    values = mappings(data.get("values")) or mappings([data.get("value")])
    fallback = _thread_frames(entries)
    for place, raw in enumerate(reversed(values)):
        frames = _frames(raw)
        if not frames and place == 0:
            frames = fallback
        yield ExceptionInfo(
            type=text(raw.get("type")),
            value=text(raw.get("value")),
            module=text(raw.get("module")),
            handled=flag(mapping(raw.get("mechanism")).get("handled")),
            frames=frames,
        )
    if not values and fallback:
        yield ExceptionInfo(frames=fallback)


def _thread_frames(entries: Mapping[str, object]) -> tuple[Frame, ...]:
    """The crashed thread's frames, or the current one's, for events whose exception has none."""
    threads = mappings(mapping(entries.get("threads")).get("values"))
    for mark in ("crashed", "current"):
        for thread in threads:
            if flag(thread.get(mark)) and _frames(thread):
                return _frames(thread)
    return ()


def _frames(raw: Mapping[str, object]) -> tuple[Frame, ...]:
    """The crash site first: Sentry sends the oldest call first."""
    stack = mapping(raw.get("stacktrace"))
    return tuple(_frame(frame) for frame in reversed(mappings(stack.get("frames"))))


def _frame(raw: Mapping[str, object]) -> Frame:
    return Frame(
        file=text(raw.get("filename")) or text(raw.get("absPath")) or text(raw.get("package")),
        line=integer(raw.get("lineNo")),
        column=integer(raw.get("colNo")),
        function=text(raw.get("function")) or text(raw.get("instructionAddr")),
        module=text(raw.get("module")),
        in_app=flag(raw.get("inApp")) is True,
        code=tuple(_code(raw.get("context"))),
        variables=dict(mapping(raw.get("vars"))),
    )


def _code(value: object) -> Iterator[tuple[int, str]]:
    for line in items(value):
        if isinstance(line, list) and len(line) == 2:
            number = integer(line[0])
            if number is not None:
                yield number, line[1] if isinstance(line[1], str) else ""
