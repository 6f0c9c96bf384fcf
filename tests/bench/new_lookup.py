"""What a new lookup costs in addition to Sentry's time: `python -m tests.bench.new_lookup`.

Each stage alone, in CPU time of one core, with bodies that differ in their texts, after the process
has seen others. The page is its contents without the template.
"""

import gc
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, islice
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import django
from pydantic import TypeAdapter

from apps.events.answer import Answer

Result = TypeVar("Result")
Target = tuple[str, str, bool]

SIZES = (10, 50, 500)
AIM_MS = 400
_ZONE = ZoneInfo("Europe/Berlin")


def measure() -> list[Target]:
    """Print the table and return whether the target was met."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    _stages(30, 900)
    gc.freeze()  # as a server does with what it has loaded
    print("A new lookup without Sentry's time, in ms of CPU, and MB of JSON a second\n")
    totals = {}
    for number, size in enumerate(SIZES):
        length, stages = _stages(size, number)
        totals[size] = sum(stages.values()) * 1000
        columns = [
            f"{name} {seconds * 1000:.0f} ({length / seconds / 1e6:.1f})"
            for name, seconds in stages.items()
        ]
        print(f"  {size:4} bodies  {totals[size]:6.0f}  {'  '.join(columns)}")
    print()
    took = totals[50]
    return [("a new lookup of 50 bodies in 400 ms of CPU", f"{took:.0f} ms", took <= AIM_MS)]


def _stages(size: int, seed: int) -> tuple[int, dict[str, float]]:
    """Return the bytes of JSON, and the seconds of each stage."""
    from apps.crypto import seal_as  # noqa: PLC0415 - after `django.setup`
    from apps.events.once import rule_cache  # noqa: PLC0415
    from apps.events.rules.engine import rule_for  # noqa: PLC0415
    from apps.exports import render  # noqa: PLC0415
    from apps.redaction.engine import redact  # noqa: PLC0415
    from apps.sentry.parsing import parse_full_event  # noqa: PLC0415
    from apps.web.presenters.result import ResultPage  # noqa: PLC0415
    from tests import samples  # noqa: PLC0415
    from tests.exports.sample_answers import raw_answer  # noqa: PLC0415
    from tests.web.answers import lookup  # noqa: PLC0415

    names = list(islice(cycle((*samples.known(), *samples.held_out())), size))
    bodies = [_varied(samples.load(name), f"{seed:x}a{n:x}") for n, name in enumerate(names)]
    texts = [json.dumps(body) for body in bodies]
    stages: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Result]) -> Result:
        started = time.thread_time()
        with rule_cache():  # as around each request
            result = work()
        stages[name] = time.thread_time() - started
        return result

    parsed = timed("parse", lambda: [parse_full_event(json.loads(text), ()) for text in texts])
    read = raw_answer(names)
    events = tuple(
        replace(event, title=one.title, message=one.message, body=one.body)
        for event, one in zip(read.events, parsed, strict=True)
        if one
    )
    answer = timed("redact", partial(redact, replace(read, events=events)))
    timed("sentences", lambda: list(map(rule_for, answer.events)))
    stored = TypeAdapter(Answer)
    timed("seal", lambda: seal_as("bench", stored.dump_json(answer)))
    now = datetime.now(UTC)
    marker = "k7Qm2xT9vLpW"
    with rule_cache():  # one request
        timed("page", partial(ResultPage, answer, lookup(), zone=_ZONE, now=now))
        timed("export", lambda: render(answer, format="markdown", marker=marker, budget=6000))
    return sum(map(len, texts)), stages


def _varied(value: object, mark: str) -> Any:
    """Return the value with the mark in all texts with blanks, and in the names in addresses."""
    if isinstance(value, dict):
        return {name: _varied(inner, mark) for name, inner in value.items()}
    if isinstance(value, list):
        return [_varied(inner, mark) for inner in value]
    return f"{value} {mark}" if isinstance(value, str) and " " in value else value


if __name__ == "__main__":
    for what, measured, is_met in measure():
        print(f"  {'ok    ' if is_met else 'MISSED'}  {what}: {measured}")
