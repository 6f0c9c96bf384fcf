"""The log of API requests, so that a test can say what was asked and how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One answered request. `ms` is how long the server took; a dropped one has status 0.

    `started` is in seconds of the process's own clock, to tell which calls overlapped.
    """

    method: str
    path: str
    query: dict[str, list[str]]
    status: int
    ms: float
    started: float = 0.0


class CallLog:
    """Calls in the order they were answered."""

    def __init__(self) -> None:
        """Empty at first."""
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        """Note one."""
        with self._lock:
            self._calls.append(call)

    def all(self) -> list[Call]:
        """All of them so far."""
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        """Start anew."""
        with self._lock:
            self._calls.clear()
