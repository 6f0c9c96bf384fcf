"""Redaction's speed, and its growth on hostile text: `python -m tests.bench.redaction`."""

import sys
import time

from apps.redaction.engine import Ledger, redact_text

LINES = (
    "2026-11-20 14:05:00,123 ERROR checkout.views payment failed for order 10023 after 3 tries: "
    "upstream timed out (110) while reading https://pay.example.com/v1/charges?page=2",
    '  File "/app/shop/views.py", line 214, in checkout\n'
    '    charge = gateway.charge(cart.total, currency="EUR")',
    '{"level":"info","msg":"cart updated","cart_id":"8821","items":3,"user":{"plan":"gold"}}',
    "GET /api/v1/products?category=shoes&page=3 200 in 123 ms",
    "jane@example.com logged in from 203.0.113.9 with password=hunter2",
    "button.add-to-cart > span.label clicked",
)
HOSTILE = (
    *(
        "a",
        "1 ",
        "a@",
        ":",
        "eyJ",
        "-----BEGIN ",
        "password=",
        '"',
        "0.",
        "4242 ",
        "?code=",
        "://a:",
    ),
    *("\\", "f:", "+1", "tel ", "token ", "Cookie: a=b; ", "password='", "%22", "A", "DE89 "),
    *("card:", "A_B=", "key={", "/token/", "failing row contains (", "insert into u (a) values ("),
)


def seconds(text: str) -> float:
    """How much of a processor's time one redaction of the text takes."""
    started = time.process_time()
    redact_text(text, Ledger(frozenset({"1001", "jane@example.com"})))
    return time.process_time() - started


def main() -> int:
    """Prints both; fails when ten times the text takes more than twenty times as long."""
    for label, count in (("distinct lines", 1), ("repeated lines", 400)):
        text = "\n".join(LINES * count)
        repeated = max(1, 400 // count)
        spent = sum(seconds(text) for _ in range(repeated))
        print(f"{label}: {len(text) * repeated / spent / 1e6:.1f} MB/s")
    bad = 0
    for unit in HOSTILE:
        short, long = (seconds(unit * (size // len(unit))) for size in (20_000, 200_000))
        growth = long / max(short, 1e-3)
        bad += growth > 20
        print(f"{unit!r:20} 20 KB {short:.3f} s, 200 KB {long:.3f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
