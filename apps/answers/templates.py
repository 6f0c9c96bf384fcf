"""Templates of drafts: their variables, filling them in without holes, Markdown and plain text."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from urllib.parse import quote
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, KnownMatch
from apps.events.grouping import Group, group_by_issue
from apps.known_errors.patterns import filled
from apps.redaction.engine import Ledger, redact_text

MAX_DRAFT_LENGTH = 20_000


class Kind(StrEnum):
    """Whom a draft is for: the customer, or the people who mend it."""

    REPLY = "reply"
    ESCALATION = "escalation"


# What a template may hold, by its kind, with what stands there then.
VARIABLES: Mapping[Kind, Mapping[str, str]] = {
    Kind.REPLY: {
        "greeting": "“Hello Jane,” or just “Hello,” if no name was typed",
        "moment": "when it happened, on the customer's clock",
        "happened": "what went wrong, in plain words for the customer",
        "how_often": "how often, and between what times",
        "sorry": "an apology, unless the known error's reply includes one",
        "known_reply": "what the known error tells the customer, without its greeting",
        "fix": "whether a fix is out or planned, unless the reply says so",
        "workaround": "what helps until then, from the known error",
        "next": "the next step, if no known error gives one",
        "unsure": "what we couldn't see, if the result isn't complete",
        "agent": "the sender's full name, from their account",
    },
    Kind.ESCALATION: {
        "title": "the first problem in one line, with its issue and project",
        "summary": "the first sentence of the result",
        "moment": "the reported time, in the lookup's time zone and in UTC",
        "completeness": "how complete the list of events is",
        "notices": "what is missing or odd, as a list",
        "problems": "each problem with its facts and links, as lists",
        "impact": "how many customers, since when, and whether it continues, as a list",
        "known": "the known errors that fit, with their state and links, as a list",
        "steps": "what the program noted before, oldest first, as a list",
        "releases": "the releases that the customer had",
        "environments": "the environments that it happened in",
        "lookup": "the address of this lookup, where the customer is named",
        "hidden": "what was hidden or left out",
        "agent": "the sender's full name, from their account",
    },
}


def filled_out(body: str, values: Mapping[str, str]) -> str:
    """The template with its variables filled in, and without holes.

    A line whose variables are all empty is left out; so are the headings above it, and lines that
    end with a colon, where nothing else is left of their paragraph. The template must have been
    checked for these variables.
    """
    paragraphs = (_paragraph(one, values) for one in re.split(r"\n\s*\n", body))
    return "\n\n".join(one for one in paragraphs if one)


def _paragraph(text: str, values: Mapping[str, str]) -> str:
    lines = text.split("\n")
    kept = [line for line in lines if not _is_hole(line, values)]
    if len(kept) < len(lines) and all(_leads_on(line) for line in kept):
        return ""
    return "\n".join(_joined(line, values) for line in kept).strip("\n")


def _leads_on(line: str) -> bool:
    """Whether the line says nothing where nothing stands below it."""
    return line.startswith("#") or line.rstrip().endswith(":")


def _joined(line: str, values: Mapping[str, str]) -> str:
    """Filled in; where something empty stood between words, one blank is enough."""
    indent = line[: len(line) - len(line.lstrip(" "))]
    told = filled(re.sub(r" +", " ", line.strip(" ")), values)
    if any(not values.get(name, "") and f"{{{name}}}" in line for name in values):
        told = re.sub(r" {2,}", " ", told).replace(" .", ".").strip(" ")
    return f"{indent}{told}"


def _is_hole(text: str, values: Mapping[str, str]) -> bool:
    """Whether there are variables in it, and none of them says anything."""
    bare = filled(text, dict.fromkeys(values, ""))
    marked = filled(text, dict.fromkeys(values, "\0"))
    return bare != marked and filled(text, values) == bare


_HEADING = re.compile(r"#{1,6} +(.*?)[ #]*\Z")


def plain_of(markdown: str) -> str:
    """The same as plain text: headings with a colon, code without its ticks."""
    return "\n".join(map(_plain_line, markdown.split("\n")))


def _plain_line(line: str) -> str:
    heading = _HEADING.match(line)
    if heading:
        told = "".join(_without_ticks(heading[1]))
        return told if told.endswith((":", ".", "?")) else f"{told}:"
    return "".join(_without_ticks(line))


def _without_ticks(line: str) -> Iterator[str]:
    """Each code span by what stands in it. Costs no more than the length of the line."""
    runs = list(re.finditer("`+", line))
    closing: dict[int, int] = {}
    next_same: dict[int, int] = {}
    for place in range(len(runs) - 1, -1, -1):
        length = len(runs[place][0])
        if length in next_same:
            closing[place] = next_same[length]
        next_same[length] = place
    position = place = 0
    while place < len(runs):
        end = closing.get(place)
        if end is None:
            place += 1
            continue
        yield line[position : runs[place].start()]
        inside = line[runs[place].end() : runs[end].start()]
        padded = len(inside) > 2 and inside[0] == inside[-1] == " " and inside.strip()
        yield inside[1:-1] if padded else inside
        position, place = runs[end].end(), end + 1
    yield line[position:]


_ADDRESS = re.compile(r"https?://[^\s<>\[\]()`*]+")
_SIGNS = re.compile(r"[\\`*\[\]<&|~]|(?<!\w)_|_(?!\w)")
_AT_HEAD = re.compile(r"(\s*)([#>+=-]|\d{1,9}(?=[.)]))")


def markdown_of(text: str) -> str:
    """Plain text as Markdown that reads the same: nothing of it is markup, its lines stay."""
    paragraphs = re.split(r"\n\s*\n", text.strip("\n"))
    return "\n\n".join("\\\n".join(map(_escaped, one.split("\n"))) for one in paragraphs)


def _escaped(line: str) -> str:
    pieces, position = [], 0
    for found in _ADDRESS.finditer(line):
        pieces += [_SIGNS.sub(r"\\\g<0>", line[position : found.start()]), found[0]]
        position = found.end()
    pieces.append(_SIGNS.sub(r"\\\g<0>", line[position:]))
    told = "".join(pieces).strip()
    head = _AT_HEAD.match(told)
    if head is None:
        return told
    sign = head[2]
    return f"{sign}\\{told[len(sign) :]}" if sign.isdigit() else f"\\{told}"


# What a draft is made of: an answer as its reader may see it, and who asks for it.


@dataclass(frozen=True, slots=True)
class About:
    """An answer and the problems of it that a draft is about.

    `zone` is the lookup's, `name` the customer's as somebody typed it, `agent` the full name of
    who writes. `lookup_link` leads to the lookup, `marker` is the lookup's own.
    """

    answer: Answer
    issue_ids: tuple[str, ...]
    zone: ZoneInfo
    today: date
    marker: str
    name: str = ""
    agent: str = ""
    lookup_link: str = ""

    @property
    def groups(self) -> tuple[Group, ...]:
        """The problems, the most telling first."""
        return tuple(one for one in group_by_issue(self.answer) if one.issue_id in self.issue_ids)

    @property
    def best_known(self) -> tuple[tuple[Group, KnownMatch], ...]:
        """The best match of each problem that is known, each known error once."""
        best: dict[str, tuple[Group, KnownMatch]] = {}
        for group in self.groups:
            for match in self.answer.known.of(group.issue_id)[:1]:
                best.setdefault(match.known.slug, (group, match))
        return tuple(best.values())


# An escalation as a person edited it, with personal data and secrets taken out.

_FIRST_NUMBER = 1001  # far from the aliases that stand in the draft already
_ALIASES = re.compile(r"(<[a-z][a-z-]{1,20}(?:-\d{1,6})?>)")


@dataclass(frozen=True, slots=True)
class Checked:
    """The text, and how much of which kind was hidden in it."""

    text: str
    hidden: dict[str, int]


def checked(text: str, *, drafted: str, names: Collection[str]) -> Checked:
    """Redact the lines that are not as they were drafted: what was drafted is redacted already.

    `names` is what the customer is known by.
    """
    own = frozenset(drafted.split("\n"))
    ledger = Ledger(frozenset(names), first_number=_FIRST_NUMBER)
    pieces = []
    for is_own, lines in groupby(text.split("\n"), key=own.__contains__):
        joined = "\n".join(lines)
        pieces.append(joined if is_own else _redacted(joined, ledger))
    return Checked("\n".join(pieces), dict(Counter(ledger.counts)))


def _redacted(text: str, ledger: Ledger) -> str:
    """What is hidden already stays as it is, even where the customer is called by its number."""
    parts = _ALIASES.split(text)
    return "".join(
        part if place % 2 else redact_text(part, ledger) for place, part in enumerate(parts)
    )


# A draft as a link that a mail program opens (RFC 6068).

# What mail programs and browsers on all systems take of an address.
MAX_MAILTO_LENGTH = 1900


def mail_link(subject: str, text: str) -> str:
    """The link, without a recipient; empty where it would be too long for some mail programs."""
    lines = "\r\n".join(text.splitlines())
    link = f"mailto:?subject={quote(subject, safe='')}&body={quote(lines, safe='')}"
    return link if len(link) <= MAX_MAILTO_LENGTH else ""
