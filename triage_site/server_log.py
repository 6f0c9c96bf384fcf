"""What the server itself writes: no query, no referrer, no header, no text of an error."""

import logging
from typing import Any

from gunicorn.glogging import Logger

from triage_site.logs import WordlessFormatter

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
