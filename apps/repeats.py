"""Counting repetitions, so that things anyone can repeat at will are not recorded each time."""

import time
from collections import Counter
from threading import Lock

MAX_KEYS = 1000


class PerMinute:
    """Counts of this process for the current minute, by key. Surplus keys count together."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self._minute = 0

    def count(self, key: str) -> int:
        """Count one more, and return how many there were within the minute."""
        now = int(time.time() // 60)
        with self._lock:
            if now != self._minute:
                self._counts.clear()
                self._minute = now
            if key not in self._counts and len(self._counts) >= MAX_KEYS:
                key = "all the others"
            self._counts[key] += 1
            return self._counts[key]

    def clear(self) -> None:
        """Start over."""
        with self._lock:
            self._counts.clear()


def is_due(count: int, limit: int) -> bool:
    """Return whether to write this one: up to the limit, and then each power of ten."""
    return count <= limit or (count >= 10 and str(count).strip("0") == "1")
