"""How calls to the language model can fail. `failures.toml` has each failure in plain words."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from apps.lookups.problems import Problem

# fmt: off
Reason = Literal[
    "budget", "share", "crowded", "still_answering", "unreachable", "address_refused",
    "key_refused", "model_unknown", "rate_limited", "account_empty", "too_long", "content_refused",
    "request_refused", "server_error", "too_slow", "broken_off", "unreadable", "cut_off",
]
# fmt: on

_FILE = Path(__file__).parent / "failures.toml"
_FAILURES: dict[Any, dict[str, Any]] = tomllib.loads(_FILE.read_text("utf-8"))
BY_STATUS: dict[int, Reason] = {
    status: reason for reason, row in _FAILURES.items() for status in row.get("statuses", ())
}
BY_CODE: dict[str, Reason] = {
    code: reason for reason, row in _FAILURES.items() for code in row.get("codes", ())
}


class ModelFailed(Exception):
    """The call failed, or the answer is incomplete.

    `detail` is for admins and never quotes the message, the key, or the server. `left` is today's
    remaining budget in words. `was_free` means that the call certainly cost nothing.
    """

    def __init__(
        self, reason: Reason, detail: str = "", *, retry_after: int | None = None, left: str = ""
    ) -> None:
        super().__init__(detail)
        row = {"code": reason, **_FAILURES[reason]}
        self.was_free = bool(row.pop("was_free", False))
        shown = {name: value for name, value in row.items() if name not in ("statuses", "codes")}
        problem = Problem(**shown, detail=detail)
        if retry_after is not None:
            step = f"Try again in {retry_after} second{'' if retry_after == 1 else 's'}."
            problem = replace(problem, next_step=step, retry_after=retry_after)
        if left:
            problem = replace(problem, next_step=f"Left today: {left}. {problem.next_step}")
        self.problem = problem
