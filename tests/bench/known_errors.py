"""A thousand known errors against five hundred events, compared with trying each in turn."""

import re
import string
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, CatalogEntry, SearchScope
from apps.events.event import Event, EventBody, ExceptionInfo, Issue
from apps.events.identifier import parse_customer
from apps.events.query import Question, Window
from apps.known_errors.matching import Catalogue, Entry, build_catalogue, match
from apps.known_errors.patterns import parse_pattern

ENTRIES, EVENTS, TIMES = 1000, 500, 5
_AIM_S = 0.05
_NOW = datetime.now(UTC)
Words = Callable[[int], str]
Target = tuple[str, str, bool]


def measure() -> list[Target]:
    """Print how long each catalogue takes for each answer; returns the target."""
    chance = Random(7)  # noqa: S311 - the same catalogues on every machine
    vocabulary = [
        "".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 9))) for _ in range(3000)
    ]

    def words(count: int) -> str:
        return " ".join(chance.choices(vocabulary, k=count))

    answers = {
        "alike": _answer(3, lambda number: f"Card issuer declined order {number % 4}"),
        "all different": _answer(EVENTS, lambda number: f"{words(14)} {number}"),
        "long, of a and b": _answer(EVENTS, lambda number: "".join(chance.choices("ab", k=900))),
    }
    print(
        f"{ENTRIES} known errors, {EVENTS} events: the middle one of {TIMES}. Plain: Python's own\n"
        "expressions, each pattern for each event in turn, ended after ten seconds.\n"
    )
    print("  catalogue            events                 ours     plain  plain/ours  unchecked")
    slowest = 0.0
    for kind, patterns in _catalogues(chance, words).items():
        catalogue = build_catalogue(
            Entry(CatalogEntry(f"k{number}", "", ""), parse_pattern(pattern))
            for number, pattern in enumerate(patterns)
        )
        for name, answer in answers.items():
            ours, unchecked = _ours(catalogue, answer)
            theirs, ended = _plain(patterns, answer)
            slowest = max(slowest, ours)
            print(
                f"  {kind:20} {name:18} {ours * 1000:5.0f} ms {theirs * 1000:6.0f} ms"
                f" {'>' if ended else ' '}{theirs / ours:9.0f}  {unchecked:9}"
            )
    print()
    what = f"{ENTRIES} known errors x {EVENTS} events, the slowest (aim 50 ms)"
    return [(what, f"{slowest * 1000:.0f} ms", slowest <= _AIM_S)]


def _catalogues(chance: Random, words: Words) -> dict[str, list[dict[str, object]]]:
    def mixed(number: int) -> dict[str, object]:
        kinds: tuple[dict[str, object], ...] = (
            {"issue": str(number)},
            {"type": {"exact": f"E{number % 9}Error"}, "message": {"contains": words(1)}},
            {"message": {"contains": words(2)}},
            {"culprit": {"contains": f"view{number}"}, "release": {"from": "2.1", "until": "2.4"}},
            {"message": {"expression": rf"{words(1)}\s+.*{words(1)}"}},
        )
        return kinds[number % len(kinds)]

    def each(make: Callable[[int], dict[str, object]]) -> list[dict[str, object]]:
        return [make(number) for number in range(ENTRIES)]

    return {
        "mixed": each(mixed),
        "single words": each(lambda _: {"message": {"contains": words(1)}}),
        "all overlap": each(lambda _: {"type": {"contains": "error"}}),
        "that would explode": each(
            lambda n: {"message": {"expression": f"(a|b)*a(a|b){{12}}x{n}"}}
        ),
        "expressions alone": each(
            lambda _: {"message": {"expression": f"(?:{words(1)}|{words(1)}) [a-z]+"}}
        ),
    }


def _answer(issues: int, message: Callable[[int], str]) -> Answer:
    events = tuple(
        Event(
            id=f"{number:032x}",
            timestamp=_NOW - timedelta(seconds=number),
            project="web",
            issue_id=str(number % issues),
            title=f"E{number % 7}Error",
            culprit=f"app.view{number % 50} in call",
            release=f"web@2.{number % 9}",
            body=EventBody(
                exceptions=(ExceptionInfo(type=f"E{number % 7}Error", value=message(number)),)
            ),
        )
        for number in range(EVENTS)
    )
    return Answer(
        question=Question(parse_customer("4711"), Window(_NOW, 5)),
        searched=SearchScope("acme"),
        events=events,
        issues=tuple(Issue(id=str(number), title="Error") for number in range(issues)),
        complete=True,
        fetched_at=_NOW,
        events_total=len(events),
    )


def _ours(catalogue: Catalogue, answer: Answer) -> tuple[float, int]:
    took, unchecked = [], 0
    for _ in range(TIMES):
        started = time.perf_counter()
        unchecked = match(catalogue, answer, zone=ZoneInfo("UTC")).unchecked
        took.append(time.perf_counter() - started)
    return median(took), unchecked


def _plain(patterns: list[dict[str, object]], answer: Answer) -> tuple[float, bool]:
    """Seconds, and whether it was ended before it was through."""
    started = time.perf_counter()
    rules = [_plain_rules(pattern) for pattern in patterns]
    for pattern in rules:
        for event in answer.events:
            if time.perf_counter() - started > 10:
                return time.perf_counter() - started, True
            texts = _plain_texts(event)
            all(rule.search(texts[name]) for name, rule in pattern)
    return time.perf_counter() - started, False


def _plain_rules(pattern: dict[str, object]) -> list[tuple[str, re.Pattern[str]]]:
    rules = []
    for name, rule in pattern.items():
        if isinstance(rule, dict) and name != "release":
            ((way, value),) = rule.items()
            rules.append(
                (name, re.compile(value if way == "expression" else re.escape(value), re.I))
            )
        elif name == "issue":
            rules.append((name, re.compile(rf"{rule}\Z")))
    return rules


def _plain_texts(event: Event) -> dict[str, str]:
    raised = event.body.exceptions[0] if event.body else ExceptionInfo()
    return {
        "issue": event.issue_id or "",
        "type": raised.type or "",
        "message": raised.value or "",
        "culprit": event.culprit or "",
    }
