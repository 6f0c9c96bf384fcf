"""Counts requests the way Sentry's rate limiter does and says so in every answer."""

from __future__ import annotations

import threading
import time

from apps.demo.exchange import Answer
from apps.demo.settings import Settings

CONCURRENT_LIMIT = 15


class Limiter:
    """Fixed windows of `rate_window_s` seconds, one counter per endpoint."""

    def __init__(self, settings: Settings) -> None:
        """Reads its numbers from the settings anew for every request."""
        self._settings = settings
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, int], int] = {}

    def count(self, endpoint: str) -> tuple[bool, dict[str, str]]:
        """Count one request. Returns whether it is over the limit, and the headers to send."""
        limit, span = self._settings.rate_limit, self._settings.rate_window_s
        window = int(time.time()) // span
        with self._lock:
            used = self._counts.get((endpoint, window), 0) + 1
            self._counts[(endpoint, window)] = used
        headers = {
            "X-Sentry-Rate-Limit-Limit": str(limit),
            "X-Sentry-Rate-Limit-Remaining": str(max(limit - used, 0)),
            "X-Sentry-Rate-Limit-Reset": str((window + 1) * span),
            "X-Sentry-Rate-Limit-ConcurrentLimit": str(CONCURRENT_LIMIT),
            "X-Sentry-Rate-Limit-ConcurrentRemaining": str(CONCURRENT_LIMIT - 1),
        }
        return self._settings.rate_limited and used > limit, headers

    def refusal(self) -> Answer:
        """The 429. Its content type is HTML although the body is JSON, and it names no
        Retry-After (Sentry API: rate limits)."""
        limit, span = self._settings.rate_limit, self._settings.rate_window_s
        text = (
            "You are attempting to use this endpoint too frequently. "
            f"Limit is {limit} requests in {span} seconds"
        )
        return Answer({"detail": text}, status=429, content_type="text/html; charset=utf-8")
