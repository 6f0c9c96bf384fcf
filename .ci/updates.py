"""Tell which pins are behind and which have known vulnerabilities; see `updates`."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


def main(tools: str, *names: str) -> int:
    """1 when a pin has a known vulnerability, else 0; what could not be looked up is told."""
    for name in names:
        _tell_newer(Path(tools), name)
    found = [_tell_holes(Path(tools), f"{name}.txt") for name in names]
    return int(any(found))


def _tell_newer(tools: Path, name: str) -> None:
    """What `make lock` would change today."""
    asked = ("--universal", "--python-version", "3.11", "--upgrade", "--no-header", "--no-annotate")
    told = _PIN.findall(_run(tools / "uv", "pip", "compile", "--quiet", *asked, f"{name}.in"))
    pinned = set(_PIN.findall(Path(f"{name}.txt").read_text()))
    if not told:
        print(f"NOT LOOKED: the index could not be asked for newer versions of {name}.")
        return
    newer = [pin for pin in told if pin not in pinned]  # one name may have a pin for each Python
    for one, version in newer:
        print(f"newer: {one} {version}")
    print(f"{name}: {len(newer)} of {len(told)} pins are behind what make lock would take.")


def _tell_holes(tools: Path, file: str) -> bool:
    asked = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json")
    told = _run(tools / "pip-audit", "-r", file, *asked)
    try:
        rows: list[dict[str, Any]] = json.loads(told)["dependencies"]
    except (ValueError, KeyError, TypeError):
        print(f"NOT LOOKED: nobody could be asked about vulnerabilities in {file}.")
        return False
    skipped = [row["name"] for row in rows if "skip_reason" in row]
    holes = [(row, hole) for row in rows for hole in row.get("vulns", [])]
    for row, hole in holes:
        fixed = ", ".join(hole["fix_versions"]) or "nothing yet"
        print(f"VULNERABLE: {row['name']} {row['version']}: {hole['id']}, fixed in {fixed}")
    if skipped:
        print(f"NOT LOOKED: nothing is known about {len(skipped)} of {len(rows)} pins of {file}.")
    print(
        f"{len(rows) - len(skipped)} pins of {file} were looked up, {len(holes)} holes are known."
    )
    return bool(holes)


def _run(*command: str | Path) -> str:
    try:
        ended = subprocess.run(  # noqa: S603 - our own tools
            [str(part) for part in command],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
