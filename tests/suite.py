"""Pytest hooks: slow tests, tests that share a server, and times by folder."""

import gc
import os
from collections import Counter, defaultdict
from collections.abc import Generator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

SLOW = Path(__file__).with_name("slow.txt")
# Tests that share a server, a browser, or a library that is slow to import, by prefix of their IDs:
# the same process runs them.
SHARED = {
    "tests/browser/": "browser",
    "tests/mcp/": "assistants",
    "tests/attacks/test_assistants.py": "assistants",
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
    "tests/explain/": "postgres",  # and the library of a model
    "tests/jobs/test_kills.py": "postgres",
    "tests/lookups/test_postgres.py": "postgres",
    "tests/web/test_worker.py": "gunicorn",
}


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of cores plus one: some tests wait for a browser or a clock."""
    return (os.cpu_count() or 1) + 1


class ServersOnce(LoadScopeScheduling):  # type: ignore[misc]  # xdist carries no types
    """Distributes test functions; those that share a server are run by the same process."""

    def _split_scope(self, nodeid: str) -> str:
        shared = (name for start, name in SHARED.items() if nodeid.startswith(start))
        return next(shared, nodeid.partition("[")[0])

    def _pending_of(self, workload: dict[str, dict[str, bool]]) -> int:
        """Forget what is done: counting it again after each test would take seconds."""
        for scope in [scope for scope, tests in workload.items() if all(tests.values())]:
            del workload[scope]
        return sum(list(tests.values()).count(False) for tests in workload.values())


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ServersOnce:
    """Replace `--dist loadgroup`, which has no effect with pytest 9.2 and xdist 3.8."""
    return ServersOnce(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while the tests are collected, nor ever among what was collected."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out a file of slow tests only, since importing what they use takes seconds."""
    if config.option.markexpr == "not slow" and collection_path.is_relative_to(config.rootpath):
        path = collection_path.relative_to(config.rootpath).as_posix()
        return path in slow_files(slow_patterns()) or None
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests listed in `slow.txt`."""
    patterns = slow_patterns()
    unused = set(patterns)
    if config.option.markexpr == "not slow":
        unused -= {f"{path}::*" for path in slow_files(patterns)}
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


def slow_files(patterns: list[str]) -> set[str]:
    """Return the files in which every test is slow."""
    count = Counter(one.lstrip("!").partition("::")[0] for one in patterns)
    return {path for path in count if count[path] == 1 and f"{path}::*" in patterns}


@cache
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
