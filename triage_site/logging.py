"""Logs and error reports without customer data: only the type of an error and its location.

Error messages and variables can contain identifiers, table rows, and URLs.
"""

import logging
import traceback
from collections.abc import ItemsView
from types import TracebackType
from typing import Any

from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter
from gunicorn.glogging import Logger

from apps.redis_outage import PerMinute, is_due

_LINES_PER_MINUTE = 10
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class SafeFormatter(logging.Formatter):
    """Formats an error and its causes as types and locations."""

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - logging's name
        """Return one line for the error and one for each cause."""
        lines: list[str] = []
        error = ei[1]
        while error is not None and len(lines) < 10:
            frames = traceback.extract_tb(error.__traceback__)[-12:]
            places = " < ".join(f"{one.name} {one.filename}:{one.lineno}" for one in frames[::-1])
            lines.append(f"{type(error).__name__} in {places or 'an unknown place'}")
            error = error.__cause__ or error.__context__
        return "\n  because of ".join(lines)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Add how often the line was repeated; see `RepeatFilter`."""
        repeats = getattr(record, "repeats", 0)
        times = f" ({repeats} times this minute)" if repeats else ""
        return super().formatMessage(record) + times

    def format(self, record: logging.LogRecord) -> str:
        """Ignore the text that another formatter has cached."""
        record.exc_text = None
        try:
            return super().format(record)
        finally:
            record.exc_text = None


class RepeatFilter(logging.Filter):
    """Drops lines that repeat, so that no one can flood the log.

    Ten lines of a kind pass per minute, and then the 100th, 1000th, ... with the number so far. A
    kind is a message, without the paths that Django adds, and the place of its error.
    """

    def __init__(self) -> None:
        super().__init__()
        self._counts = PerMinute()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line passes."""
        error = record.exc_info[1] if record.exc_info else None
        frames = traceback.extract_tb(error.__traceback__)[-1:] if error else []
        place = "".join(f"{type(error).__name__} {one.filename}:{one.lineno}" for one in frames)
        facts = () if record.name.startswith("django.") else record.args  # paths, and the like
        kind = f"{record.name} {record.levelno} {record.msg} {facts} {place}"
        count = self._counts.count(kind)
        record.repeats = count if count > _LINES_PER_MINUTE else 0
        return is_due(count, _LINES_PER_MINUTE)


class EmptyRequestFilter(SafeExceptionReporterFilter):
    """Removes settings, forms, cookies, and variables, even with DEBUG on."""

    def get_safe_settings(self, request: object = None) -> dict[str, Any]:
        return {}

    get_safe_request_meta = get_safe_cookies = get_post_parameters = get_safe_settings

    def get_traceback_frame_variables(
        self, request: object, tb_frame: object
    ) -> ItemsView[str, Any]:
        return {}.items()


class SafeReporter(ExceptionReporter):
    """Removes the error's message and the URL."""

    def get_traceback_data(self) -> dict[str, Any]:
        """Return the data of the report."""
        data: dict[str, Any] = super().get_traceback_data()
        for frame in data["frames"]:
            cause = frame.get("exc_cause")
            frame["exc_cause"] = type(cause).__name__ if cause else None
        return data | {
            "exception_value": "not shown",
            "exception_notes": "",
            "unicode_hint": "",
            "request_GET_items": [],
            "request_FILES_items": [],
            "request_insecure_uri": "not shown",
        }


# gunicorn's logs: no query, referrer, header, or error message.
ACCESS_FORMAT = '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'


class SafeServerLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's logger, whose errors would contain URLs."""

    def setup(self, cfg: Any) -> None:
        """Set the safe formatter."""
        super().setup(cfg)
        formatter = SafeFormatter(self.error_fmt, self.datefmt)
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter)
            handler.addFilter(RepeatFilter())

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log an invalid request without its content."""
        text = msg.partition(": ")[0] if msg.startswith("Invalid request") else msg
        super().warning(text, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log type and location of the error; gunicorn would log its message, too."""
        text = str(msg).partition(" %s")[0] if args else "The worker failed"
        self.error_log.log(logging.ERROR, text, exc_info=True, **kwargs)
