"""The customers of the demo: whom to look up, when, and what went wrong for them then."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

STARTED_VARIABLE = "TRIAGE_DEMO_STARTED"


@dataclass(frozen=True)
class DemoCustomer:
    """One suggestion: type the identifier and the moment, and this is what there is to see.

    `key` names the customer inside the demo only. The moment is in UTC, on the minute.
    """

    key: str
    identifier: str
    moment: datetime
    what: str


CAST = (
    ("ada", "1001", 25, "Card declined three times, then the cart broke; a replay and feedback"),
    ("hanna", "hanna.berg@example.se", 75, "No error then; one 14 minutes before, one later"),
    ("nils", "nils.berg@example.se", 80, "Never seen: known to the shop by another e-mail"),
    ("leo", "leo.martin@example.fr", 90, "No error then but a dead button; trouble an hour before"),
    ("mia", "mia+shop@example.org", 180, "Timeouts at the checkout, in German; one names no user"),
    ("mallory", "mallory@example.net", 240, "Hostile texts and secrets that must not leak"),
    ("kowalski", "CORP\\kowalski", 300, "Invoices: a chain of .NET exceptions"),
    ("nadia", "NADIA.HADDAD@EXAMPLE.COM", 420, "The Android app crashes, in Arabic"),
    ("oda", "3003", 540, "Odd events: no stack, 250 frames, message only, a background job"),
    ("pepe", 'José "Pepe" Muñoz', 1560, "The shipping partner refuses, an upload is too large"),
    ("busy", "20417", 1800, "About 140 events in one hour over six issues"),
    (
        "yara",
        "9b2f6c1e-4d7a-4f0e-8a53-2c6d1e9b7f10",
        2880,
        "iPhone: a crash, an out-of-memory kill, a native fault",
    ),
    ("sakura", "sakura_田中", 3000, "React Native, Elixir and Rust errors, in Japanese"),
    ("beatriz", "beatriz.costa@example.pt", 4200, "Sent round in a circle while signing in"),
)


def started_at() -> datetime:
    """The moment the demo's story is told from, rounded down to the minute, in UTC.

    Taken from the environment variable `TRIAGE_DEMO_STARTED` (ISO) so that the site and the
    demo server agree; without it, now. Raises ValueError when the variable holds no ISO time.
    """
    told = os.environ.get(STARTED_VARIABLE)
    moment = datetime.fromisoformat(told) if told else datetime.now(UTC)
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(second=0, microsecond=0)


def customers(now: datetime | None = None) -> tuple[DemoCustomer, ...]:
    """The customers to try, the most recent first. `now` is the story's start, see above."""
    start = now or started_at()
    return tuple(
        DemoCustomer(key, identifier, start - timedelta(minutes=minutes), what)
        for key, identifier, minutes, what in CAST
    )
