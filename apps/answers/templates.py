"""Draft templates: variables, filling in, and conversion between Markdown and plain text."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.db import models

from apps.events.answer import Answer, KnownMatch
from apps.events.grouping import Problem, find_problem, problems_of
from apps.events.observations import troubles_of
from apps.events.releases import customer_release
from apps.known_errors.patterns import check_variables, fill_variables

MAX_DRAFT_LENGTH = 20_000


class Kind(models.TextChoices):
    """Kinds of drafts, by their recipient."""

    REPLY = "reply", "reply to the customer"
    ESCALATION = "escalation", "escalation to engineering"


_FILE = Path(__file__).parent / "variables.toml"
VARIABLES: Mapping[Kind, Mapping[str, str]] = {
    Kind(kind): texts for kind, texts in tomllib.loads(_FILE.read_text("utf-8")).items()
}


def fill_template(body: str, values: Mapping[str, str]) -> str:
    """Fill in a template whose variables were checked before.

    Lines whose variables are all empty are left out, and so are headings and lines ending with a
    colon if nothing else remains of their paragraph.
    """
    paragraphs = (_paragraph(one, values) for one in re.split(r"\n\s*\n", body))
    return "\n\n".join(filter(None, paragraphs))


def _paragraph(text: str, values: Mapping[str, str]) -> str:
    filled, has_content, is_whole = [], False, True
    for line in text.split("\n"):
        used = [values[name] for name in check_variables(line, values)]
        if used and not any(used):
            is_whole = False
            continue
        filled.append(_fill_line(line, values, has_gaps=not all(used)))
        has_content |= not (line.startswith("#") or line.rstrip().endswith(":"))
    return "\n".join(filled).strip("\n") if has_content or is_whole else ""


def _fill_line(line: str, values: Mapping[str, str], *, has_gaps: bool) -> str:
    """Fill in a line, without the double spaces that empty variables leave."""
    indent = line[: len(line) - len(line.lstrip(" "))]
    text = fill_variables(re.sub(r" +", " ", line.strip(" ")), values)
    if has_gaps:
        text = re.sub(r" {2,}", " ", text).replace(" .", ".").strip(" ")
    return f"{indent}{text}"


def to_plain_text(markdown: str) -> str:
    """Convert Markdown to plain text: headings get a colon, code spans lose their backticks."""
    return "\n".join(map(_plain_line, markdown.split("\n")))


def _plain_line(line: str) -> str:
    heading = re.match("#{1,6} +", line)
    text = line[heading.end() :].rstrip(" #") if heading else line
    text = "".join(_strip_backticks(text)) if "`" in text else text
    return text if not heading or text.endswith((":", ".", "?")) else f"{text}:"


def _strip_backticks(line: str) -> Iterator[str]:
    """Yield the line with code spans replaced by their content, in linear time."""
    runs = list(re.finditer("`+", line))
    closing = [0] * len(runs)  # for each, the next one of the same length, or 0
    following: dict[str, int] = {}
    for place in range(len(runs) - 1, -1, -1):
        closing[place] = following.get(runs[place][0], 0)
        following[runs[place][0]] = place
    position = place = 0
    while place < len(runs):
        end = closing[place]
        if not end:
            place += 1
            continue
        yield line[position : runs[place].start()]
        inside = line[runs[place].end() : runs[end].start()]
        padded = len(inside) > 2 and inside[0] == inside[-1] == " " and inside.strip()
        yield inside[1:-1] if padded else inside
        position, place = runs[end].end(), end + 1
    yield line[position:]


_ADDRESS = re.compile(r"https?://[^\s<>\[\]()`*]+")
_MARKUP = str.maketrans({sign: f"\\{sign}" for sign in "\\`*[]<&|~"})
_EDGE_OF_WORD = re.compile(r"(?<!\w)_|_(?!\w)")
_BLOCK_MARKUP = re.compile(r"^(\d{1,9}(?=[.)])|(?=[#>+=-]))", re.MULTILINE)


def to_markdown(text: str) -> str:
    """Convert plain text to Markdown that renders the same, with all markup escaped."""
    pieces, position = [], 0
    for found in _ADDRESS.finditer(text):
        pieces += [_escaped(text[position : found.start()]), found[0]]
        position = found.end()
    pieces.append(_escaped(text[position:]))
    lines = "\n".join(map(str.strip, "".join(pieces).strip().split("\n")))
    blocks = re.split("\n{2,}", _BLOCK_MARKUP.sub(r"\1\\", lines))
    return "\n\n".join(block.replace("\n", "\\\n") for block in blocks)


def _escaped(text: str) -> str:
    return _EDGE_OF_WORD.sub(r"\\_", text.translate(_MARKUP))


@dataclass(frozen=True, slots=True)
class About:
    """The subject of a draft: a result as its reader can see it, and the chosen problems.

    `zone` and `marker` are the lookup's. `name` is the customer's typed name, and `agent` the
    writer's full name. `shared` says how many customers had the problems, if the events are those
    of several.
    """

    answer: Answer
    issue_ids: tuple[str, ...]
    zone: ZoneInfo
    today: date
    marker: str
    name: str = ""
    agent: str = ""
    lookup_link: str = ""
    shared: str = ""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return the chosen problems in order of rank."""
        problems = problems_of(self.answer)
        chosen = [find_problem(problems, issue_id) for issue_id in self.issue_ids]
        return tuple(problem for problem in problems if problem in chosen)

    @property
    def best_known(self) -> tuple[tuple[str | None, KnownMatch], ...]:
        """Return the best match of each known problem, with the release the customer was on.

        Each known error is there only once. Without errors, it is that of the most serious failure.
        """
        known, best = self.answer.known, dict[str, tuple[str | None, KnownMatch]]()
        for problem in self.problems:
            for match in problem.known_in(known)[:1]:
                release = customer_release(problem.group_of(match.issue_id))
                best.setdefault(match.known.slug, (release, match))
        for trouble in () if self.answer.events else troubles_of(self.answer)[:1]:
            for match in known.for_issue(trouble.rows[0].id)[:1]:
                best[match.known.slug] = trouble.rows[0].release, match
        return tuple(best.values())


# Longer URLs don't work in all browsers and mail programs.
MAX_MAILTO_LENGTH = 1900


def mailto_link(subject: str, text: str) -> str:
    """Return a mailto link (RFC 6068) without a recipient; empty if it would be too long."""
    lines = "\r\n".join(text.splitlines())
    link = f"mailto:?subject={quote(subject, safe='')}&body={quote(lines, safe='')}"
    return link if len(link) <= MAX_MAILTO_LENGTH else ""
