"""How calls to the language model can fail. `failures.toml` has each failure in plain words."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Literal

from apps.lookups.problems import Problem

_FAILURES = tomllib.loads((Path(__file__).parent / "failures.toml").read_text("utf-8"))
# fmt: off
Reason = Literal[
    "budget", "share", "crowded", "still_answering", "unreachable", "address_refused",
    "key_refused", "model_unknown", "rate_limited", "account_empty", "too_long", "content_refused",
    "request_refused", "server_error", "too_slow", "broken_off", "unreadable", "cut_off",
]
# fmt: on


class ModelFailed(Exception):
    """The call failed, or the answer is incomplete.

    `detail` is for admins and never quotes the message, the key, or the server. `left` is today's
    remaining budget in words. `was_free` means that the call certainly cost nothing.
    """

    def __init__(
        self, reason: Reason, detail: str = "", *, retry_after: int | None = None, left: str = ""
    ) -> None:
        super().__init__(detail)
        row = {"code": reason, "detail": detail, **_FAILURES[reason]}
        self.was_free = bool(row.pop("was_free", False))
        problem = Problem(**row)
        if retry_after is not None:
            step = f"Try again in {retry_after} second{'' if retry_after == 1 else 's'}."
            problem = replace(problem, next_step=step, retry_after=retry_after)
        if left:
            problem = replace(problem, next_step=f"Left today: {left}. {problem.next_step}")
        self.problem = problem
