"""What hostile text costs compared with plain text of its length: `python -m tests.bench.hostile`.

From every pattern of a pass it writes openings and near misses, repeats them to a text, and
compares the CPU time with that of plain text: a log's, which is prose with times and numbers. It
prints the worst and fails above `AIM`.
"""

import argparse
import importlib
import itertools
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import django

_parser: Any = importlib.import_module("re._parser")  # has no types

AIM = 5.0
_SCREENED = 8_000
_SIZES = (1_000, 8_000, 64_000, 1_000_000)
_PLAIN = (
    "2026-11-20 10:15:02 INFO Order 4711 was shipped in 312 ms, and 7 of 12 items are left in "
    "the cart. "
)
_WORDS = map("".join, itertools.product("abcdefgh", repeat=12))
_RUNS = (
    "\x01",
    "\u200d",
    "\ufe0f",
    "\u00df",
    "\u0130",
    "4111-1111-1111-1111 ",
    "a",
    "A",
    "0",
    " ",
    "(",
    "[",
    "{",
    "<",
    '"',
    "'",
    "\\",
    "/",
    ":",
    "=",
    ".",
    "-",
    "_",
    "%",
)


def opening(parsed: Any, chance: random.Random) -> str:
    """Return a text that the parsed pattern matches, but for what lookarounds forbid."""
    return "".join(_written(op, value, chance) for op, value in parsed)


def _written(op: Any, value: Any, chance: random.Random) -> str:
    name, text = str(op), ""
    if name == "LITERAL":
        text = chr(value)
    elif name in ("NOT_LITERAL", "ANY"):
        text = "a" if value != ord("a") else "b"
    elif name == "IN":
        text = _of_class(value, chance)
    elif name.endswith("_REPEAT"):
        low, high, inner = value
        count = chance.choice((low, low, min(int(high), low + 1), min(int(high), low + 9)))
        text = "".join(opening(inner, chance) for _ in range(count))
    elif name in ("SUBPATTERN", "ATOMIC_GROUP"):
        text = opening(value[3] if name == "SUBPATTERN" else value, chance)
    elif name == "BRANCH":
        text = opening(chance.choice(value[1]), chance)
    return text


def _of_class(items: list[Any], chance: random.Random) -> str:
    op, value = chance.choice(items)
    name = str(op)
    if name == "LITERAL":
        return chr(value)
    if name == "RANGE":
        return chr(chance.randint(*value))
    if name == "CATEGORY":
        return {"DIGIT": "4", "SPACE": " "}.get(str(value).rpartition("_")[2], "w")
    allowed = re.compile(_negated(items))
    return chance.choice([char for char in "aA4 .:/-=x" if allowed.match(char)] or ["~"])


def _negated(items: list[Any]) -> str:
    parts = []
    for op, value in items:
        if str(op) == "LITERAL":
            parts.append(re.escape(chr(value)))
        elif str(op) == "RANGE":
            parts.append(f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}")
        elif str(op) == "CATEGORY":
            kind = str(value).rpartition("_")[2][0].lower()
            parts.append(f"\\{kind.upper() if 'NOT' in str(value) else kind}")
    return f"[^{''.join(parts)}]"


def patterns_of(*modules: str) -> list[re.Pattern[str]]:
    """Return all compiled patterns of these modules, also those in tuples, shapes, and rules."""
    found: dict[str, re.Pattern[str]] = {}
    for module in modules:
        names = vars(importlib.import_module(module))
        for value in (*names.values(), names["all_rules"]() if "all_rules" in names else None):
            found |= {one.pattern: one for one in _patterns_in(value, 0)}
    return list(found.values())


def _patterns_in(value: object, depth: int) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list) and depth < 3:
        for one in value:
            yield from _patterns_in(one, depth + 1)
    elif isinstance(value, dict) and depth < 3:
        yield from _patterns_in(list(value.values()), depth)
    else:
        for name in ("pattern", "text", "calls", "files"):
            inner = getattr(value, name, None)
            if isinstance(inner, re.Pattern):
                yield inner
            elif type(value).__name__ == "Rule" and inner:
                yield re.compile(inner)


def units(patterns: list[re.Pattern[str]], per_pattern: int, seed: int) -> Iterator[str]:
    """Yield short texts to repeat: the beginnings of what each pattern matches, and their mixes."""
    chance = random.Random(seed)  # noqa: S311 - no secrets
    yield from _RUNS
    before: list[str] = []
    for pattern in patterns:
        parsed = _parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
        for _ in range(per_pattern):
            whole = opening(parsed, chance)[:300]
            for unit in {whole, whole[: chance.randint(1, len(whole) or 1)], whole[:-1]}:
                if unit:
                    yield unit
                    yield unit + chance.choice((" ", "\n", ", ", *_RUNS))
                    before.append(unit)
            yield chance.choice(before) + chance.choice(before)


def texts(unit: str, size: int) -> Iterator[str]:
    """Yield texts of this length: the unit repeated, in lines, nested, and before a long run."""
    count = size // len(unit) + 1
    yield (unit * count)[:size]
    yield "".join(f"{unit}{number}\n" for number in range(count))[:size]
    yield "".join(f"{bracket}{unit}" for bracket in "([{<\"'" * count)[:size]
    for run in ("a", "4", " "):
        yield (unit + run * size)[:size]


@dataclass(frozen=True)
class Pass:
    """Something that reads text. Each text is made distinct, so that nothing is cached."""

    name: str
    modules: tuple[str, ...]
    read: Callable[[str], object]

    def seconds(self, text: str, times: int = 3) -> float:
        """Return the CPU seconds for the text, the best of a few."""
        best = 1e9
        for _ in range(times):
            distinct = f"{next(_WORDS)} {text}"
            started = time.thread_time()
            self.read(distinct)
            best = min(best, time.thread_time() - started)
        return best


def _redacted(text: str) -> object:
    from apps.redaction.engine import Ledger, redact_text  # noqa: PLC0415

    return redact_text(text, Ledger(frozenset({"jane@example.com"}), seconds=1e9))


def _event(**parts: Any) -> Any:
    from apps.events.event import Event, EventBody  # noqa: PLC0415

    now = datetime(2026, 11, 20, tzinfo=UTC)
    return Event(id="0" * 32, timestamp=now, platform="python", body=EventBody(**parts))


def _explained(text: str) -> object:
    from apps.events.event import ExceptionInfo  # noqa: PLC0415
    from apps.events.rules.engine import rule_for  # noqa: PLC0415

    return rule_for(_event(exceptions=(ExceptionInfo(type="Error", value=text),), message=text))


def _phrased(text: str) -> object:
    from apps.events.breadcrumb_text import breadcrumb_phrase  # noqa: PLC0415
    from apps.events.event import Breadcrumb  # noqa: PLC0415

    kinds = ("ui.click", "navigation", "query", "http", "ui.lifecycle", "console")
    crumbs = [Breadcrumb(category=kind, message=text, data={"url": text}) for kind in kinds]
    event = _event()
    return [breadcrumb_phrase(crumb, event) for crumb in crumbs]


def _neutralized(text: str) -> object:
    from apps.exports.escaping import Neutralizer, longest_run, one_line, truncate  # noqa: PLC0415

    clean = Neutralizer("a1b2c3d4e5").cut(text, len(text)).text
    return one_line(clean), longest_run(clean, "`"), truncate(clean, len(text) // 2)


def _imported(text: str) -> object:
    from apps.known_errors.files import File, plan_import  # noqa: PLC0415

    front = f"---\ntitle: x\npattern:\n  issue: A-1\n---\n{text}"
    return plan_import([File("a.md", text.encode()), File("b.md", front.encode())]).refused


def _searched(text: str) -> object:
    from apps.events.identifier import parse_customer  # noqa: PLC0415
    from apps.events.query import Customer, CustomerRefused, Question, Window  # noqa: PLC0415
    from apps.sentry.search import search_for  # noqa: PLC0415

    now, customer = datetime(2026, 11, 20, tzinfo=UTC), Customer(text[:200] or "x")
    with suppress(CustomerRefused):
        customer = parse_customer(text)
    return search_for(Question(customer=customer, window=Window(now, 60)))


def _observed(text: str) -> object:
    """Read the text as logs and requests, each row with a part of it."""
    from apps.events.answer import Answer, RelatedData, SearchScope  # noqa: PLC0415
    from apps.events.event import LogEntry, Span  # noqa: PLC0415
    from apps.events.observations import troubles_of  # noqa: PLC0415
    from apps.events.query import Customer, Question, Window  # noqa: PLC0415

    now, parts = datetime(2026, 11, 20, tzinfo=UTC), range(0, len(text), 250)
    rows = [(str(at), f"{text[at : at + 250]} {next(_WORDS)}") for at in parts]
    logs = [LogEntry(key, now, "error", part, "a", names_customer=True) for key, part in rows]
    spans = [
        Span(f"s{key}", now, 9, op, part, "internal_error", None, part, "a", names_customer=True)
        for (key, part), op in zip(rows, itertools.cycle(("http.client", "http.server", "task")))
    ]
    answer = Answer(
        question=Question(customer=Customer("x"), window=Window(now, 60)),
        searched=SearchScope("acme"),
        events=(),
        issues=(),
        complete=True,
        fetched_at=now,
        events_total=0,
        beside=RelatedData(logs=tuple(logs), spans=tuple(spans)),
    )
    return troubles_of(answer)


def _parsed(text: str) -> object:
    from apps.sentry.parsing import parse_body  # noqa: PLC0415

    entries = [
        {"type": "message", "data": {"formatted": text, "params": [text[:9]] * 9}},
        {"type": "request", "data": {"url": text, "query": text, "data": text, "cookies": text}},
    ]
    return parse_body({"title": text, "entries": entries, "tags": [[text, text]]})


def _read(text: str) -> object:
    """Read the text as a ticket and as a typed time, as far as their limits allow."""
    from apps.events.query import MomentRefused, parse_moment  # noqa: PLC0415
    from apps.tickets.reader import read_moment, read_ticket  # noqa: PLC0415
    from apps.tickets.text import MAX_TICKET_LENGTH, TicketRefused  # noqa: PLC0415

    zone, now = ZoneInfo("Europe/Berlin"), datetime(2026, 11, 20, tzinfo=UTC)
    for read in (parse_moment, read_moment):
        with suppress(MomentRefused):
            read(text[:100], zone=zone, now=now)
    with suppress(TicketRefused):
        return read_ticket(text[:MAX_TICKET_LENGTH], zone=zone, now=now)
    return None


def _drafted(text: str) -> object:
    from apps.answers.reply import name_in  # noqa: PLC0415
    from apps.answers.templates import (  # noqa: PLC0415
        MAX_DRAFT_LENGTH,
        fill_template,
        mailto_link,
        to_markdown,
        to_plain_text,
    )
    from apps.events.identifier import MAX_CUSTOMER_LENGTH  # noqa: PLC0415

    text = text[:MAX_DRAFT_LENGTH]
    filled = fill_template(
        "Hi {name}\n\n{what}\n{agent}:", {"name": text, "what": text, "agent": ""}
    )
    return (
        to_plain_text(filled),
        to_markdown(text),
        name_in(text[:MAX_CUSTOMER_LENGTH]),
        mailto_link(text, text),
    )


def passes() -> list[Pass]:
    """Return the passes; Django is set up first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    redaction = (
        *("addresses", "credentials", "customer", "engine", "keys", "named_values", "numbers"),
        *("shapes", "vendor_tokens"),
    )
    rules = (
        "apps.events.rules.rule",
        "apps.events.rules.names",
        "apps.events.rules.engine",
    )
    activity = ("activity_text", "log_text", "observations")
    tickets = (
        *("belonging", "customers", "dates", "moments", "reader", "text", "times"),
        "written",
    )
    return [
        Pass("redaction", tuple(f"apps.redaction.{name}" for name in redaction), _redacted),
        Pass("sentences", rules, _explained),
        Pass("breadcrumbs", ("apps.events.breadcrumb_text",), _phrased),
        Pass("exports", ("apps.exports.escaping", "apps.exports.markdown"), _neutralized),
        Pass("known errors", ("apps.known_errors.files",), _imported),
        Pass("searches", ("apps.events.identifier", "apps.sentry.search"), _searched),
        Pass("parsing", ("apps.sentry.parsing",), _parsed),
        Pass("activity", tuple(f"apps.events.{name}" for name in activity), _observed),
        Pass("tickets", tuple(f"apps.tickets.{name}" for name in tickets), _read),
        Pass("drafts", ("apps.answers.templates", "apps.answers.reply"), _drafted),
    ]


def main() -> int:
    """Print the worst texts of each pass; fail if one costs more than `AIM` times plain text."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", default="")
    arguments.add_argument("--each", type=int, default=3)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--worst", type=int, default=15)
    options = arguments.parse_args()
    worst = max(_measure(one, options) for one in passes() if options.only in one.name)
    return 1 if worst > AIM else 0


def _plain(size: int) -> str:
    return (_PLAIN * (size // len(_PLAIN) + 1))[:size]


def _measure(one: Pass, options: argparse.Namespace) -> float:
    patterns = patterns_of(*one.modules)
    plain = min(one.seconds(_plain(_SCREENED)) for _ in range(5))
    screened: dict[str, float] = {}
    for unit in units(patterns, options.each, options.seed):
        for kind, text in enumerate(texts(unit, _SCREENED)):
            if kind and len(unit) < 2:
                continue
            cost = one.seconds(text, 1) / plain
            if cost > AIM * 0.7:
                cost = min(cost, one.seconds(text, 2) / plain)
            key = f"{kind}|{unit}"
            screened[key] = max(cost, screened.get(key, 0))
    print(f"{one.name}: {len(patterns)} patterns, {len(screened)} texts")
    ordered = sorted(screened, key=screened.__getitem__, reverse=True)
    above = sum(cost > AIM for cost in screened.values())
    print(f"  {above} above {AIM:.0f} times plain text ({plain * 1e3:.2f} ms)")
    worst = screened[ordered[0]]
    for key in ordered[: options.worst]:
        ratios = []
        form, _, unit = key.partition("|")
        for size in _SIZES:
            text = list(texts(unit, size))[int(form)]
            times = 1 if size > 100_000 else 3
            ratios.append(one.seconds(text, times) / one.seconds(_plain(size), times))
        worst = max(worst, *ratios)
        by_size = " ".join(f"{ratio:6.1f}" for ratio in ratios)
        print(f"  {screened[key]:6.1f} | {by_size}  {form} {unit[:90]!r}")
    return worst


if __name__ == "__main__":
    sys.exit(main())
