"""Measure the review on a million lookups, on SQLite and PostgreSQL, next to a plain admin list.

    python -m tests.bench.review [RECORDS] [--days DAYS] [--keep FILE]

`--keep` leaves the SQLite file for looking at it. The plain list is Django's admin over a copy of
the table with no index but on the key and the time: filters, search and count as it has them.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.postgres import running_postgres

RECORDS, DAYS = 1_000_000, 60


def main() -> None:
    """Both databases, one after the other."""
    asked = argparse.ArgumentParser(description="Measure the review.")
    asked.add_argument("records", nargs="?", type=int, default=RECORDS)
    asked.add_argument("--days", type=int, default=DAYS)
    asked.add_argument("--keep", type=Path)
    chosen = asked.parse_args()
    measure(chosen.records, chosen.days, chosen.keep)


def measure(records: int = RECORDS, days: int = DAYS, keep: Path | None = None) -> None:
    """Print the tables of both databases; `keep` is the SQLite file to fill and leave."""
    with TemporaryDirectory() as folder:
        file = (keep or Path(folder) / "review.sqlite3").resolve()
        _run("SQLite", f"sqlite:///{file}", records, days, is_kept=keep is not None)
    with running_postgres() as url:
        _run("PostgreSQL", url, records, days, is_kept=False)


def _run(name: str, url: str, records: int, days: int, *, is_kept: bool) -> None:
    print(f"The review with {records:,} lookups of {days} days, {name}\n", flush=True)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {
        **kept,
        "DATABASE_URL": url,
        "SECRET_KEY": "only-for-the-bench-" * 3,
        "TRIAGE_ENV_FILE": os.devnull,
        "TRIAGE_HTTPS": "0",
        "DJANGO_SETTINGS_MODULE": "triage_site.settings",
    }
    command = [sys.executable, "-m", "tests.bench.review_pages", str(records), str(days)]
    subprocess.run([*command, "keep"] if is_kept else command, env=environment, check=True)


if __name__ == "__main__":
    main()
