"""Old habits of wording stay out of pages and messages, and documents mention files that exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from apps.events.rules.engine import all_rules

ROOT = Path(__file__).resolve().parents[1]
OUTDATED = re.compile(
    r"\b(any more|somebody|anybody|everybody|whoever|by itself|e-mails?|user names?"
    r"|catalogue of|colours?|cancelled|told|stands (?:there|in|below|above)|switched (?:on|off)"
    r"|screen recordings?|hand(?:ed)? over|no longer kept|is kept)\b",
    re.IGNORECASE,
)
# Data that programs or stored rows use, and words of other programs.
ALLOWED = {"cancelled", "hand over"}


def templates() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "templates").rglob("*.*")):
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(), flags=re.DOTALL)
        yield str(path.relative_to(ROOT)), re.sub(r"<[^>]*>", " ", text)


def messages() -> Iterator[tuple[str, str]]:
    for folder in ("apps", "triage_site"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if {"migrations", "demo"} & set(path.parts):
                continue
            for text in literals(ast.parse(path.read_text())):
                yield str(path.relative_to(ROOT)), text
    for rule in all_rules():
        yield "rules", rule.sentence
    for text in re.findall(r'"(.*)"', (ROOT / "apps/lookups/problems.toml").read_text()):
        yield "problems.toml", text


def literals(tree: ast.Module) -> Iterator[str]:
    """Yield the strings with a blank in them that are no docstrings."""
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and " " in node.value
            and id(node) not in docstrings
        ):
            yield node.value


def test_no_page_and_no_message_uses_an_outdated_term() -> None:
    found = [
        f"{where}: {hit[0]} in {text.strip()[:80]!r}"
        for where, text in (*templates(), *messages())
        for hit in OUTDATED.finditer(text)
        if not (hit[0] in ALLOWED or text in ALLOWED) and "(?" not in text
    ]
    assert found == []


def test_documents_mention_only_files_that_exist() -> None:
    folders = ("apps", "tests", "triage_site", "templates", "docs")
    files = [str(path) for folder in folders for path in (ROOT / folder).rglob("*.*")]
    missing = [
        f"{document.name}: {name}"
        for document in (*ROOT.glob("[A-Z]*.md"), *(ROOT / "docs").glob("*.md"))
        if document.name != "CHANGELOG.md"
        for name in re.findall(r"`([\w/]+\.(?:py|xz|txt|html))`", document.read_text())
        if not (ROOT / name).exists() and not any(file.endswith(f"/{name}") for file in files)
    ]
    assert missing == ["decisions.md: checkout.py"]  # an example of a customer's name
