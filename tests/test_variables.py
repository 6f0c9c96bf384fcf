"""The variables that the program reads, `docs/settings.md` and `.env.example` are the same ones."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_READ = re.compile(
    r"\b(?:amount|boolean|choices|database|environ\.get|host|long_texts|origins|path|redis_address|text"
    r'|service_address|web_address|whole_number|words)\(\s*"([A-Z_]+)"'
)
# `make run` sets these for the programs that it starts; PORT is told beside it.
OURS = {"PORT", "TRIAGE_DEMO", "TRIAGE_DEMO_PORT", "TRIAGE_SERVER"}


def read_by_the_program() -> set[str]:
    sources = [file.read_text() for file in (ROOT / "triage_site").glob("*.py")]
    return {name for source in sources for name in _READ.findall(source)} - OURS


def test_the_list_of_settings_tells_every_variable_and_no_other() -> None:
    rows = re.findall(r"^\| (`[A-Z][^|]*)\|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)]
    assert sorted(told) == sorted(read_by_the_program())


def test_the_example_has_every_variable_once_but_the_one_that_names_the_file() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    assert sorted(listed) == sorted(read_by_the_program() - {"TRIAGE_ENV_FILE"})
