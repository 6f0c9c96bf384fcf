"""Logs and error reports without words of a customer: what an error was and where.

The text of an error can quote a question, a row or an address, and so can the values around it.
"""

import logging
import traceback
from collections.abc import ItemsView
from types import TracebackType
from typing import Any

from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter
from gunicorn.glogging import Logger

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class WordlessFormatter(logging.Formatter):
    """Of an error its kind and the places it came through, and those of what caused it."""

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - logging's name
        """One line for the error and one for each cause."""
        told: list[str] = []
        error = ei[1]
        while error is not None and len(told) < 10:
            frames = traceback.extract_tb(error.__traceback__)[-12:]
            places = " < ".join(f"{one.name} {one.filename}:{one.lineno}" for one in frames[::-1])
            told.append(f"{type(error).__name__} in {places or 'no known place'}")
            error = error.__cause__ or error.__context__
        return "\n  because of ".join(told)

    def format(self, record: logging.LogRecord) -> str:
        """Without what another formatter has already written of the error."""
        record.exc_text = None
        try:
            return super().format(record)
        finally:
            record.exc_text = None


class NothingOfTheRequest(SafeExceptionReporterFilter):
    """Also with DEBUG on, a report holds no setting, no form, no cookie and no variable."""

    def get_safe_settings(self) -> dict[str, Any]:
        """None: they hold the token and the addresses of the database and the cache."""
        return {}

    def get_safe_request_meta(self, _request: HttpRequest | None) -> dict[str, Any]:
        """None: it holds the query, the referrer and the environment."""
        return {}

    def get_safe_cookies(self, _request: HttpRequest | None) -> dict[str, Any]:
        """None."""
        return {}

    def get_post_parameters(self, _request: HttpRequest | None) -> dict[str, Any]:
        """None: a form names the customer."""
        return {}

    def get_traceback_frame_variables(self, _request: Any, _tb_frame: Any) -> ItemsView[str, Any]:
        """None."""
        return {}.items()


class WordlessReporter(ExceptionReporter):
    """Nor does it hold the error's text or the address."""

    def get_traceback_data(self) -> dict[str, Any]:
        """What a report is made of."""
        told: dict[str, Any] = super().get_traceback_data()
        for frame in told["frames"]:
            cause = frame.get("exc_cause")
            frame["exc_cause"] = type(cause).__name__ if cause else None
        hidden = {"exception_value": "not shown", "exception_notes": "", "unicode_hint": ""}
        no_query = {"request_GET_items": [], "request_insecure_uri": "not shown"}
        return {**told, **hidden, **no_query, "request_FILES_items": []}


# What the server itself writes: no query, no referrer, no header, no text of an error.

ACCESS_FORMAT = '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's log, whose errors would quote the address with what was asked."""

    def setup(self, cfg: Any) -> None:
        """Give its handlers a formatter without words."""
        super().setup(cfg)
        formatter = WordlessFormatter(self.error_fmt, self.datefmt)
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter)

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """A request that cannot be read is told without what it was."""
        told = msg.partition(": ")[0] if msg.startswith("Invalid request") else msg
        super().warning(told, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """What kind of error it was and where; gunicorn also hands over the error itself."""
        told = str(msg).partition(" %s")[0] if args else "The worker failed"
        self.error_log.log(logging.ERROR, told, exc_info=True, **kwargs)
