"""Things that go wrong on purpose: error answers, delays, cut connections."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field, fields
from typing import Any

from apps.demo.exchange import Answer, bad


@dataclass(frozen=True)
class Fault:
    """What happens to requests whose path and query match `path`, a regular expression.

    `times`: how often, None for always; `after`: how many matching requests pass unharmed
    first. `status`, `body`, `content_type` and `headers` change the answer, a header of None is
    taken away. Without `status` and `body` the usual answer is made. `delay_s` waits before
    answering, `drip_s` waits in the middle of the body. `drop`: `before` hangs up without a
    word, `middle` hangs up after half the body.
    """

    path: str
    times: int | None = 1
    after: int = 0
    status: int | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    body: Any = None
    content_type: str | None = None
    delay_s: float = 0.0
    drip_s: float = 0.0
    drop: str | None = None

    @property
    def answers_itself(self) -> bool:
        """True when the usual answer is not even made."""
        return self.status is not None or self.body is not None

    def answer(self) -> Answer:
        """The fault's own answer; a body that is no text goes out as JSON."""
        text = self.body if isinstance(self.body, str) else None
        if self.body is None:
            text = ""
        return Answer(self.body, status=self.status or 200, text=text)

    def spoil(self, answer: Answer) -> Answer:
        """The answer with the fault's headers and content type."""
        changed = {name: value for name, value in self.headers.items() if value is not None}
        kept = {name: value for name, value in answer.headers.items() if name not in self.headers}
        return Answer(
            answer.payload,
            status=answer.status,
            headers=kept | changed,
            text=answer.text,
            content_type=self.content_type or answer.content_type,
        )


class Faults:
    """The faults in waiting, first come first served."""

    def __init__(self) -> None:
        """None at first."""
        self._lock = threading.Lock()
        self._waiting: list[list[Any]] = []

    def add(self, fault: Fault) -> None:
        """Let it happen to the next requests that match."""
        with self._lock:
            self._waiting.append([fault, fault.after, fault.times])

    def clear(self) -> None:
        """Let nothing more go wrong."""
        with self._lock:
            self._waiting.clear()

    def take(self, target: str) -> Fault | None:
        """The fault that befalls this path and query, counted as used."""
        with self._lock:
            for entry in self._waiting:
                fault, passing, left = entry
                if left == 0 or not re.search(fault.path, target):
                    continue
                if passing:
                    entry[1] -= 1
                    continue
                entry[2] = None if left is None else left - 1
                return fault if isinstance(fault, Fault) else None
            return None


def fault_from(values: dict[str, Any]) -> Fault:
    """A fault from JSON. Raises ApiError 400 for unknown keys or a pattern that is none."""
    unknown = sorted(set(values) - {one.name for one in fields(Fault)})
    if unknown or "path" not in values:
        raise bad(f"A fault needs a path; unknown keys: {', '.join(unknown) or 'none'}.")
    try:
        re.compile(str(values["path"]))
    except re.error as error:
        raise bad(f"The path is no regular expression: {error}.") from error
    return Fault(**values)
