"""The second part of the benchmark: tokens and facts of an export, its speed, the redaction's."""

from itertools import pairwise

from apps.exports.tokens import estimate_tokens
from tests import samples
from tests.bench.export_figures import (
    dump,
    kept_in,
    ours,
    raw,
    redaction_speeds,
    seconds_for,
    spread,
)
from tests.exports.sample_answers import sample_answer

Target = tuple[str, str, bool]

GROWTH = (10, 50, 100, 500, 1000)
TEN_IN_THREE = (4, 3, 3)


def measure() -> list[Target]:
    """Print the tables and return whether the targets were met."""
    redaction = _redaction()
    names = [*samples.known(), *samples.held_out()]
    return [*_side_by_side(names), *_facts(names), *_growth(names), *redaction]


def _side_by_side(names: list[str]) -> list[Target]:
    print(
        "Exports in estimated tokens: ours (Markdown, everything it has), a plain dump of each\n"
        "event in turn (same facts, same redaction), the raw JSON.\n"
    )
    print("                                      ours     dump      raw   dump/ours   raw/ours")
    alone = [(sample_answer([name]), [name]) for name in names]
    each = [(ours(answer), dump(answer), raw(own)) for answer, own in alone]
    columns = zip(*each, strict=True)
    mean = [sum(map(estimate_tokens, column)) // len(names) for column in columns]
    rows = [("one event (mean of all samples)", mean)]
    varied, repeated = spread(15), _ten_in_three()
    for label, own in (("15 varied events", varied), ("10 events in 3 issues", repeated)):
        answer = sample_answer(own)
        texts = (ours(answer), dump(answer), raw(own))
        rows.append((label, list(map(estimate_tokens, texts))))
    for label, (mine, plain, everything) in rows:
        print(
            f"  {label:32} {mine:8} {plain:8} {everything:8} {plain / mine:11.1f}"
            f" {everything / mine:10.1f}"
        )
    print()
    mine, plain, _raw = rows[-1][1]
    saved = 1 - mine / plain
    return [
        ("10 events in 3 issues: 60 % fewer tokens than the dump", f"{saved:.0%}", saved >= 0.6),
        _fifteen(varied),
    ]


def _ten_in_three() -> list[str]:
    return [name for name, times in zip(spread(3), TEN_IN_THREE, strict=True) for _ in range(times)]


def _fifteen(varied: list[str]) -> Target:
    answer = sample_answer(varied)
    text = ours(answer, 6000)
    kept = kept_in(answer, text)
    crash, wanted = kept.found["crash frame"], kept.wanted["crash frame"]
    summary = f"{crash} of {wanted} in {estimate_tokens(text)} tokens"
    return ("15 varied events with all crash frames in 6,000 tokens", summary, crash == wanted)


def _facts(names: list[str]) -> list[Target]:
    print("Facts kept of all samples, each exported alone in 6,000 tokens\n")
    print("  kind             facts     ours     dump")
    answers = [sample_answer([name]) for name in names]
    mine = [kept_in(answer, ours(answer, 6000)) for answer in answers]
    plain = [kept_in(answer, dump(answer)) for answer in answers]
    lacking = 0
    for kind in sorted({kind for kept in mine for kind in kept.wanted}):
        wanted = sum(kept.wanted[kind] for kept in mine)
        found = sum(kept.found[kind] for kept in mine)
        dumped = sum(kept.found[kind] for kept in plain)
        lacking += wanted - found
        print(f"  {kind:15} {wanted:7} {found / wanted:8.1%} {dumped / wanted:8.1%}")
    print()
    return [("every fact of a sample in its export", f"{lacking} missing", lacking == 0)]


def _growth(names: list[str]) -> list[Target]:
    print("Time of an export in 6,000 tokens\n\n  events      time   ms per event")
    each = []
    for events in GROWTH:
        seconds = min(seconds_for(names, events) for _ in range(3))
        each.append(seconds * 1000 / events)
        print(f"  {events:6} {seconds * 1000:6.0f} ms {each[-1]:14.2f}")
    print()
    linear = all(later <= earlier * 1.1 for earlier, later in pairwise(each))
    return [("export: time per event does not grow", f"{each[0]:.2f} to {each[-1]:.2f}", linear)]


def _redaction() -> list[Target]:
    first, again = redaction_speeds()
    print(
        f"Redaction, in MB of raw events a second: {first:.1f} for new events, {again:.1f} again\n"
    )
    return [("redaction above 5 MB/s", f"{first:.1f} MB/s for new events", first > 5)]


if __name__ == "__main__":
    for what, measured, is_met in measure():
        print(f"  {'ok    ' if is_met else 'MISSED'}  {what}: {measured}")
