"""The check for updates fails only for known vulnerabilities, and reports failed lookups."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "updates.py"
VULNERABILITY = {"id": "CVE-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}


def checked(folder: Path, audit: str, newest: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the check of one pin with tools that print these outputs."""
    for tool, output in (("pip-audit", audit), ("uv", newest)):
        program = folder / tool
        program.write_text(f"#!{sys.executable}\nprint({output!r})\n")
        program.chmod(0o755)
    (folder / "some.in").write_text("one\n")
    (folder / "some.txt").write_text("one==1.0 \\\n    --hash=sha256:0\n")
    command = [sys.executable, str(SCRIPT), str(folder), str(folder / "some")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def audit_of(**row: object) -> str:
    return json.dumps({"dependencies": [{"name": "one", "version": "1.0", "vulns": [], **row}]})


def test_a_known_vulnerability_fails_and_is_named(tmp_path: Path) -> None:
    ended = checked(tmp_path, audit_of(vulns=[VULNERABILITY]))

    assert ended.returncode == 1
    assert "VULNERABLE: one 1.0: CVE-1, fixed in 1.1" in ended.stdout


@pytest.mark.parametrize("audit", ["", "[]", "{}", audit_of(skip_reason="not found")])
def test_a_failed_lookup_is_reported_and_does_not_fail(tmp_path: Path, audit: str) -> None:
    ended = checked(tmp_path, audit)

    assert ended.returncode == 0
    assert ended.stdout.count("NOT CHECKED") == 2


def test_a_newer_version_is_reported_and_does_not_fail(tmp_path: Path) -> None:
    ended = checked(tmp_path, audit_of(), newest="one==1.1")

    assert ended.returncode == 0
    assert "newer: one 1.1" in ended.stdout
    assert "NOT CHECKED" not in ended.stdout
