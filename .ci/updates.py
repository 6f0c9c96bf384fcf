"""Report outdated pins and pins with known vulnerabilities; see `updates`."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


def main(tools: str, *names: str) -> int:
    """Return 1 if a pin has a known vulnerability, else 0."""
    for name in names:
        _report_newer(Path(tools), name)
    found = [_report_vulnerable(Path(tools), f"{name}.txt") for name in names]
    return int(any(found))


def _report_newer(tools: Path, name: str) -> None:
    """Report what `make lock` would change."""
    options = (
        *("--universal", "--python-version", "3.11", "--upgrade"),
        *("--no-header", "--no-annotate"),
    )
    latest = _PIN.findall(_run(tools / "uv", "pip", "compile", "--quiet", *options, f"{name}.in"))
    pinned = set(_PIN.findall(Path(f"{name}.txt").read_text()))
    if not latest:
        print(f"NOT CHECKED: couldn't look up newer versions of {name}.")
        return
    newer = [pin for pin in latest if pin not in pinned]  # one can have a pin per Python version
    for one, version in newer:
        print(f"newer: {one} {version}")
    print(f"{name}: {len(newer)} of {len(latest)} pins are outdated.")


def _report_vulnerable(tools: Path, file: str) -> bool:
    options = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json")
    output = _run(tools / "pip-audit", "-r", file, *options)
    try:
        rows: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        print(f"NOT CHECKED: couldn't look up vulnerabilities in {file}.")
        return False
    skipped = [row["name"] for row in rows if "skip_reason" in row]
    found = [(row, one) for row in rows for one in row.get("vulns", [])]
    for row, one in found:
        fixed = ", ".join(one["fix_versions"]) or "no version yet"
        print(f"VULNERABLE: {row['name']} {row['version']}: {one['id']}, fixed in {fixed}")
    if skipped:
        print(f"NOT CHECKED: {len(skipped)} of {len(rows)} pins of {file}.")
    print(f"{file}: {len(rows) - len(skipped)} pins checked, {len(found)} known vulnerabilities.")
    return bool(found)


def _run(*command: str | Path) -> str:
    try:
        process = subprocess.run(  # noqa: S603 - our own tools
            [str(part) for part in command],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return process.stdout


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
