"""Code, `docs/settings.md`, and `.env.example` have the same variables."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_READ = re.compile(
    r"\b(?:boolean|choices?|database|environ\.get|host_url|hostname|hosts|integer|key|listed|money|networks|origins"
    r'|path|proxies|redis_url|secret_list|service_url|site_path|text|webhook_secret|words)\(\s*"([A-Z_]+)"'
)
# `make run` sets these for the processes it starts; PORT has its own section.
INTERNAL = {"PORT", "TRIAGE_DEMO", "TRIAGE_DEMO_PORT", "TRIAGE_SERVER", "TRIAGE_WARNED_OF"}
INTERNAL |= {"TRIAGE_STATIC_ROOT"}  # set in the image
# No setting but where settings are, and another name for SCRIPT_NAME.
APART = {"TRIAGE_ENV_FILE", "FORCE_SCRIPT_NAME"}


def variables_in_code() -> set[str]:
    sources = [file.read_text() for file in (ROOT / "triage_site").glob("*.py")]
    return {name for source in sources for name in _READ.findall(source)} - INTERNAL


def test_the_settings_page_lists_exactly_the_variables() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    listed = [name for row in rows for name in re.findall(r"`([A-Z_]+)`", row[0])]
    assert sorted(set(listed) | APART) == sorted(variables_in_code())
    assert len(listed) == len(set(listed))
    assert len(rows) <= 40, "make one a constant before you add another"
    assert all(len(row) == 4 and all(row) for row in rows), "each has a default and a reason"


def test_the_example_lists_every_variable_once_except_the_files_own_path() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    assert sorted(listed) == sorted(variables_in_code() - APART)
