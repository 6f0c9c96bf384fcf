"""Measure lookups and exports next to what they are compared with. Ends with status 0 anyway."""

import os
import platform
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from apps.events.answer import Signal
from tests.bench import agents, exports, incident, known_errors, new_lookup, pages, review
from tests.bench.readers import Reading, ideal_rounds, ours, plain
from tests.bench.sentry_process import Sentry, running_sentry

LATENCY_S = 0.1
SIZES = ((1, 1), (9, 3), (12, 4), (50, 1), (100, 10), (260, 13), (500, 20))
AIMS = ((9, 3), (12, 4), (260, 13))
GROWTH = (10, 50, 100, 200, 400)
TIMES = 3


def main() -> None:
    """Print the tables and whether the targets were met."""
    print(
        f"Measured on {os.cpu_count()} CPUs with Python {platform.python_version()}; "
        f"the demo Sentry, in a process of its own, waits {LATENCY_S * 1000:.0f} ms a call.\n"
    )
    with running_sentry() as sentry, TemporaryDirectory() as folder:
        sentry.set_latency(LATENCY_S)
        targets = [*_side_by_side(sentry), *_growth(sentry), *_activity(sentry)]
        agents.set_up(Path(folder), sentry)
        targets += _crowd(sentry)
    targets += incident.measure()
    targets += exports.measure()
    targets += known_errors.measure()
    targets += new_lookup.measure()
    targets += pages.measure()
    print("Targets")
    for what, measured, is_met in targets:
        print(f"  {'ok    ' if is_met else 'MISSED'}  {what}: {measured}")
    print()
    review.measure()


Target = tuple[str, str, bool]


def _median(sentry: Sentry, customer: str) -> Reading:
    """Our reading whose time is the middle one of three."""
    readings = sorted((ours(sentry, customer) for _ in range(TIMES)), key=lambda one: one.seconds)
    return readings[len(readings) // 2]


def _side_by_side(sentry: Sentry) -> list[Target]:
    print(
        "A cold lookup (ours: the middle one of three). Ideal: rounds x latency, four calls at a\n"
        "time, the facts of the issues included. Plain: the list, then event by event, as many\n"
        "as we read in full; for all of them it is reckoned.\n"
    )
    print(
        "  events issues in full |  our calls      kB    ours |  rounds ideal   ideal  ours/ideal |"
        "  calls   plain  plain/ours  all of them"
    )
    targets: list[Target] = []
    for events, issues in SIZES:
        sentry.forget_events()
        sentry.lay_out("measured", events, issues)
        mine = _median(sentry, "measured")
        answer = mine.answer
        if answer is None or not answer.complete or len(answer.events) != events:
            raise RuntimeError(f"The answer for {events} events is not whole.")
        rounds = ideal_rounds(answer)
        ideal = rounds * LATENCY_S
        theirs = plain(sentry, "measured", answer.bodies_read)
        unread = (events - answer.bodies_read) * theirs.seconds / theirs.event_calls
        print(
            f"  {events:6} {issues:6} {answer.bodies_read:7} |"
            f" {mine.event_calls:6} + {mine.issue_calls} {mine.traffic.size / 1000:7.1f}"
            f" {_ms(mine.seconds)} |"
            f" {mine.traffic.rounds:7} {rounds:5} {_ms(ideal)} {mine.seconds / ideal:11.2f} |"
            f" {theirs.event_calls:6} {_ms(theirs.seconds)} {theirs.seconds / mine.seconds:11.1f}"
            f" {_ms(theirs.seconds + unread):>12}"
        )
        if (events, issues) in AIMS:
            ratio = mine.seconds / ideal
            name = f"{events} events in {issues} issues"
            took = mine.traffic.rounds
            targets += [
                (f"{name}: {rounds} rounds", str(took), took <= rounds),
                (f"{name}: at most 1.25 x ideal", f"{ratio:.2f}", ratio <= 1.25),
            ]
    print("\n  Our calls: those for events + those for the facts of the issues.\n")
    return targets


def _growth(sentry: Sentry) -> list[Target]:
    print("Growth, in five issues\n\n  events      ours  ms per event")
    each: list[float] = []
    for events in GROWTH:
        sentry.forget_events()
        sentry.lay_out("growing", events, 5)
        seconds = median(ours(sentry, "growing").seconds for _ in range(TIMES))
        each.append(seconds * 1000 / events)
        print(f"  {events:6}  {_ms(seconds)} {each[-1]:13.1f}")
    print()
    falling = all(later < earlier for earlier, later in pairwise(each))
    return [("time per event falls with their number", f"{each[0]:.1f} to {each[-1]:.1f}", falling)]


def _activity(sentry: Sentry) -> list[Target]:
    """What logs and spans add: time without errors, and calls with them."""
    print("Logs and requests\n\n                            without      with   their calls")
    both = (Signal.LOGS, Signal.SPANS)
    targets: list[Target] = []
    for errors in (0, 9):
        sentry.forget_events()
        sentry.lay_out("active" if errors else "nobody", 9, 3)
        sentry.lay_out_activity("active", 5)
        pairs = [(ours(sentry, "active", ()), ours(sentry, "active", both)) for _ in range(9)]
        plain, seconds = (median(one.seconds for one in part) for part in zip(*pairs, strict=True))
        readings = [one for _plain, one in pairs]
        calls = max(one.answer.beside.calls for one in readings if one.answer)
        name = f"{errors} errors" if errors else "no errors"
        print(f"  {name:20} {_ms(plain):>12} {_ms(seconds):>12} {calls:8}")
        ratio = seconds / plain
        targets.append(
            (f"{name}: 3 calls more", str(calls), calls <= 3)
            if errors
            else (f"{name}: at most 1.15 x the time", f"{ratio:.2f}", ratio <= 1.15)
        )
    print()
    return targets


def _crowd(sentry: Sentry) -> list[Target]:
    sentry.forget_events()
    crowd = agents.measure(sentry)
    one, all_of_them = sum(crowd.calls_of_one.values()), sum(crowd.calls_of_all.values())
    print("Through the site's services: 12 events in 4 issues, database and cache included\n")
    print("                       calls      time")
    print(f"  one agent            {one:5}  {_ms(crowd.seconds_of_one)}")
    print(f"  {agents.AGENTS} agents at once    {all_of_them:5}  {_ms(crowd.seconds_of_all)}")
    print(f"  a repeat             {crowd.calls_of_repeat:5}  {_ms(crowd.seconds_of_repeat)}\n")
    same = crowd.calls_of_all == crowd.calls_of_one
    return [
        (f"{agents.AGENTS} at once cost the calls of one", f"{all_of_them} and {one}", same),
        ("a repeat costs no call", str(crowd.calls_of_repeat), crowd.calls_of_repeat == 0),
    ]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:5.0f} ms"


if __name__ == "__main__":
    main()
