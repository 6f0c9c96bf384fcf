"""Documents for operators quote the site word for word, and their links lead somewhere."""

import re
from html import unescape
from pathlib import Path

from tests.shell import ROOT

GUIDES = [*ROOT.glob("docs/*.md"), *ROOT.glob("*.md")]


def printed_by(file: Path) -> str:
    """Return a source or template with whole sentences, and "…" for what is filled in."""
    source = re.sub(r"\"\s+f?\"|{%.*?%}|<[^>\n]+>", "", file.read_text())
    return unescape(re.sub(r"{{.*?}}|\{[^{}\n]*\}|%[ds]", "…", source))


def test_troubleshooting_quotes_what_the_site_prints() -> None:
    patterns = ("apps/**/*.py", "apps/**/*.toml", "triage_site/*.py", "templates/**/*.html")
    printed = "\n".join(printed_by(file) for pattern in patterns for file in ROOT.glob(pattern))
    quotes = re.findall(r"^> (.+)$", (ROOT / "docs/troubleshooting.md").read_text(), re.MULTILINE)
    assert len(quotes) > 20
    assert not [quote for quote in quotes if quote.strip("… ") not in printed]


def anchors(file: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_links_lead_to_files_and_sections() -> None:
    for guide in GUIDES:
        for target in re.findall(r"\]\(([^)\s]+)\)", guide.read_text()):
            path, _hash, anchor = target.partition("#")
            if "://" in path:
                continue
            file = (guide.parent / path) if path else guide
            assert file.exists(), f"{guide.name}: {target}"
            assert not anchor or anchor in anchors(file), f"{guide.name}: {target}"
