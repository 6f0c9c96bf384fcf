"""Pytest hooks: slow tests, tests that share a server, and times by folder."""

import os
from collections import Counter, defaultdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

SLOW = Path(__file__).with_name("slow.txt")
# Tests that share a server or a browser, by prefix of their IDs: the same process runs them.
SHARED = {
    "tests/browser/": "browser",
    "tests/attacks/test_stored_xss.py": "hostile site",
    "tests/attacks/test_injection.py": "production server",
    "tests/attacks/test_headers.py": "production server",
    "tests/attacks/test_forgery.py": "production server",
    "tests/attacks/test_request_sizes.py": "production server",
    "tests/attacks/test_admin_host.py": "server apart",
    "tests/attacks/test_on_postgres.py": "postgres",
    "tests/accounts/test_accounts_postgres.py": "postgres",
    "tests/accounts/test_oidc.py": "provider",
    "tests/audit/test_guards_postgres.py": "postgres",
    "tests/audit/test_writers.py": "postgres",
    "tests/explain/test_spending.py": "postgres",
    "tests/jobs/test_kills.py": "postgres",
    "tests/lookups/test_postgres.py": "postgres",
}


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of cores plus one: some tests wait for a browser or a clock."""
    return (os.cpu_count() or 1) + 1


class ServersOnce(LoadScopeScheduling):  # type: ignore[misc]  # xdist carries no types
    """Distributes tests one by one, but those that share a server to the same process."""

    def _split_scope(self, nodeid: str) -> str:
        return next((name for start, name in SHARED.items() if nodeid.startswith(start)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ServersOnce:
    """Replace `--dist loadgroup`, which has no effect with pytest 9.2 and xdist 3.8."""
    return ServersOnce(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests listed in `slow.txt`."""
    patterns = slow_patterns()
    unused = set(patterns)
    by_file = defaultdict(list)
    for one in patterns:
        by_file[one.lstrip("!").partition("::")[0]].append(one)
    for item in items:
        path, _, _ = item.nodeid.partition("::")
        matching = [one for one in by_file[path] if fnmatchcase(item.nodeid, one.lstrip("!"))]
        unused -= set(matching)
        if matching and not matching[-1].startswith("!"):
            item.add_marker("slow")
    if unused and config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        raise pytest.UsageError(f"{SLOW.name} lists tests that do not exist: {sorted(unused)}")


def slow_patterns() -> list[str]:
    """Return the first column of `slow.txt`; the second is the reason."""
    lines = SLOW.read_text().splitlines()
    rows = [line for line in lines if line and not line.startswith("#")]
    without = [row for row in rows if len(row.split(maxsplit=1)) != 2]
    if without:
        raise pytest.UsageError(f"{SLOW.name} gives no reason for: {without}")
    return [row.split()[0] for row in rows]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the total seconds of each folder over all processes."""
    seconds: defaultdict[str, float] = defaultdict(float)
    count: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                part = "/".join(report.nodeid.split("/")[:2]).partition("::")[0]
                seconds[part] += report.duration
                count[part] += report.when == "call"
    terminalreporter.section("seconds by part")
    for part, total in sorted(seconds.items(), key=lambda one: -one[1]):
        terminalreporter.write_line(f"{total:7.1f}  {part} ({count[part]} tests)")
