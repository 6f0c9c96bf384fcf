"""Code, `docs/settings.md`, and `.env.example` have the same variables."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_READ = re.compile(
    r"\b(?:boolean|choices?|database|environ\.get|host_url|hostname|integer|key|listed|money|origins"
    r'|path|proxies|redis_url|secret_list|service_url|text|words)\(\s*"([A-Z_]+)"'
)
# `make run` sets these for the processes it starts; PORT has its own section.
INTERNAL = {"PORT", "TRIAGE_DEMO", "TRIAGE_DEMO_PORT", "TRIAGE_SERVER"}


def variables_in_code() -> set[str]:
    sources = [file.read_text() for file in (ROOT / "triage_site").glob("*.py")]
    return {name for source in sources for name in _READ.findall(source)} - INTERNAL


def test_the_settings_page_lists_exactly_the_variables() -> None:
    rows = re.findall(r"^\| (`[A-Z][^|]*)\|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    listed = [name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)]
    assert sorted(listed) == sorted(variables_in_code())


def test_the_example_lists_every_variable_once_except_the_files_own_path() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    assert sorted(listed) == sorted(variables_in_code() - {"TRIAGE_ENV_FILE"})
