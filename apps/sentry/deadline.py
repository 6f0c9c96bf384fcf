"""The time a whole lookup may take."""

import time


class Deadline:
    """The moment by which a whole lookup must be done, counted from its making."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left; 0 when the time is over."""
        return max(0.0, self._end - time.monotonic())
