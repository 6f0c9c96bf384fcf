"""The demo Sentry in a process of its own, so that it does not share our interpreter's time."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import requests

from apps.demo.world import World
from tests.demo_sentry import DemoSentry

MOMENT = (datetime.now(UTC) - timedelta(days=2)).replace(microsecond=0)
TOKEN = "demo-token"
ORGANIZATION = "acme"
_AT_A_TIME = 500


def _serve(link: Connection) -> None:
    with DemoSentry(World(), token=TOKEN, organization=ORGANIZATION) as demo:
        link.send(demo.url)
        with suppress(EOFError):
            link.recv()


@dataclass(frozen=True)
class Traffic:
    """What calls cost: how often one had to wait for another, and the bytes of their bodies."""

    rounds: int
    size: int

    @classmethod
    def of(cls, calls: Sequence[dict[str, Any]]) -> "Traffic":
        """Of calls as the demo records them; those for optional data don't count."""
        ends: list[tuple[float, int]] = []
        counted = sorted((one for one in calls if not _is_optional(one)), key=_started)
        for call in counted:
            before = (rounds for end, rounds in ends if end <= call["started"])
            ends.append((call["started"] + call["ms"] / 1000, 1 + max(before, default=0)))
        return cls(max((one for _, one in ends), default=0), sum(one["size"] for one in counted))


def _started(call: dict[str, Any]) -> float:
    started: float = call["started"]
    return started


def _is_optional(call: dict[str, Any]) -> bool:
    query = " ".join(call["query"].get("query", ()))
    is_other_list = call["path"].endswith(("/replays/", "/releases/"))
    is_activity = call["query"].get("dataset") in (["logs"], ["spans"])
    return is_other_list or is_activity or "!has:" in query or "feedback" in query


class Sentry:
    """The running demo, changed and read through its own endpoints."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._control = f"{url}/_demo"

    def set_latency(self, seconds: float) -> None:
        """Every API answer waits so long."""
        self._ok(requests.put(f"{self._control}/settings", json={"latency_s": seconds}, timeout=10))

    def lift_limit(self) -> None:
        """Report a rate limit that no one reaches."""
        limit = {"rate_limit": 1_000_000}
        self._ok(requests.put(f"{self._control}/settings", json=limit, timeout=10))

    def lay_out(self, customer: str, events: int, issues: int) -> None:
        """Events of that customer a second apart around the moment, by turns in the issues.

        Somebody else has as many in the same issues and seconds.
        """
        rows = [
            {
                "user_id": who,
                "timestamp": (MOMENT + timedelta(seconds=place - events // 2)).isoformat(),
                "issue": f"Issue {place % issues}",
                "project": "web",
            }
            for place in range(events)
            for who in (customer, "somebody-else")
        ]
        for first in range(0, len(rows), _AT_A_TIME):
            some = rows[first : first + _AT_A_TIME]
            self._ok(requests.post(f"{self._control}/events", json=some, timeout=60))

    def lay_out_activity(self, customer: str, seconds: int) -> None:
        """A slow request of that customer each second, its query, and a log, in a trace each.

        On the day before, the same request was fast.
        """
        items = []
        for second in range(-10, seconds):
            is_own = second >= 0
            when = MOMENT + timedelta(seconds=second, hours=0 if is_own else -3)
            trace = {"trace": f"{second + 99:032x}"}
            request = {"transaction": "/cart", "is_transaction": True, "span.op": "http.server"}
            took = {"span.duration": 41_000.0 if is_own else 400.0}
            for kind, columns in (
                ("spans", request | took | trace | {"user.id": customer if is_own else None}),
                ("spans", trace | {"span.op": "db", "span.duration": 9.0}),
                ("logs", trace | {"message": "Slow", "severity": "warn"}),
            ):
                place = {"kind": kind, "when": when.isoformat(), "project": "web"}
                items.append({**place, "columns": columns, "tags": {}})
        self._ok(requests.post(f"{self._control}/items", json=items, timeout=60))

    def forget_events(self) -> None:
        """Empty the world."""
        self._ok(requests.delete(f"{self._control}/events", timeout=10))

    def forget_calls(self) -> None:
        """Begin counting anew."""
        self._ok(requests.delete(f"{self._control}/calls", timeout=10))

    def calls(self) -> Sequence[str]:
        """The paths that were asked for since."""
        return [call["path"] for call in self._recorded()]

    def answered_lists(self) -> Counter[str]:
        """Return how often each list of a customer's events was answered, by its search."""
        lists = (call for call in self._recorded() if call["path"].endswith("/events/"))
        searches = (call["query"] for call in lists if call["status"] == 200)
        return Counter(str(query) for query in searches if "customer-" in str(query["query"]))

    def fail(self, fault: dict[str, Any]) -> None:
        """Let calls fail as `tests.demo_sentry.Fault` describes, until `recover`."""
        self._ok(requests.post(f"{self._control}/faults", json=fault, timeout=10))

    def recover(self) -> None:
        """Remove the faults."""
        self._ok(requests.delete(f"{self._control}/faults", timeout=10))

    def traffic(self) -> Traffic:
        """What they cost."""
        return Traffic.of(self._recorded())

    def _recorded(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = requests.get(f"{self._control}/calls", timeout=10).json()
        return calls

    def _ok(self, response: requests.Response) -> None:
        response.raise_for_status()


@contextmanager
def running_sentry() -> Iterator[Sentry]:
    """A demo Sentry on a free port, for as long as the block lasts."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Sentry(ours.recv())
    finally:
        ours.close()
        process.join(10)
