"""What redacting hostile text costs, in steps: calls of functions, of ours and of Python's.

Unlike seconds, they are the same in each run. They don't count what a pattern does inside one
search; `python -m tests.bench.hostile` measures that, and the patterns are bounded.
"""

import sys
from types import FrameType

from apps.redaction import engine
from apps.redaction.engine import Ledger, redact_text, redact_value

# Beginnings and near misses that once cost up to a hundred times as much as prose.
_OPENINGS = (
    *("sid=[", "(token=", "api_key=[/", "(1Password=", "key='", '\\"token\\":', "name='-'\\n="),
    *("1.1.1.1:", "8.8.4.4 ", "4111 ", "4111111111111111 ", "444 44444", "GR134:", "4 ", "::1"),
    *("a@", "a@b.co ", "https://a:b@", "'--token', ", "--a b", "-p aB3", "tel 1", "+49 "),
    *("password=hunter2 ", '"password":"x1y",', "ssn#:  ':'444 444444\n", "AKIA", "Key (a)=("),
    'auth":[\'"\', ".\'"\n /-',
    "12:34:56:78:9a:bc ",
)
# The same with values that differ, so that nothing is cached.
_SERIES = (
    *("{0:x}\n", "a{0:x}:\n", '"{0:x}\n', "w{0:x}@ ", "a{0:x}_key=b{0:x} ", "203.0.{0}.9 "),
    *("u{0:x}@b.co\n", "password=h{0:x} ", "4111 1111 {0:04d} 1111\n", "sk_live_{0:016x} "),
)
_HIDDEN = "<unchecked-1>"


def _steps(text: str) -> int:
    engine._harmless.clear()
    steps = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal steps
        steps += event in ("call", "c_call")

    ledger = Ledger(frozenset({"jane@example.com"}), seconds=1e9)
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        redact_text(text, ledger)
    finally:
        sys.setprofile(before)
    return steps


def _texts(size: int) -> dict[str, str]:
    """Return texts of this length by what repeats in them, also in turn with something else."""
    pairs = list(map("".join, zip(_OPENINGS, reversed(_OPENINGS), strict=True)))
    units = [*_OPENINGS, *pairs, *(f"{opening}([" for opening in _OPENINGS[:9])]
    texts = {unit: (unit * (size // len(unit) + 1))[:size] for unit in units}
    for form in _SERIES:
        texts[form] = "".join(map(form.format, range(size // 3)))[:size]
    return texts


def test_no_text_takes_more_steps_than_its_length_allows() -> None:
    for size in (1_000, 4_000):
        for unit, text in _texts(size).items():
            assert _steps(text) < 1_000 + 6 * size, (size, unit)


def test_text_with_too_many_candidates_is_hidden_as_a_whole() -> None:
    ledger = Ledger(frozenset())
    for unit in ("a@b.co ", "8.8.4.4 ", "password=hunter2 ", "sk_live_0123456789 "):
        assert redact_text(unit * 400, Ledger(frozenset())) == _HIDDEN, unit
    lines = redact_text("mail a@b.co to c@d.eu\n" * 400, ledger)
    assert "@" not in lines
    assert lines.startswith("mail <email-1> to <email-2>\n")
    assert lines.endswith(f"\n{_HIDDEN}")


def test_long_list_of_customers_is_still_readable() -> None:
    row = '{{"id": {0}, "email": "jane.doe.{0}@example.com", "phone": "+49 170 12345{0:02d}"}}'
    rows = ", ".join(map(row.format, range(90)))
    redacted = redact_text(f"import of [{rows}] failed", Ledger(frozenset()))
    assert "<email-90>" in redacted
    assert "<phone-90>" in redacted


def test_text_beyond_the_time_limit_is_hidden_as_a_whole() -> None:
    ledger = Ledger(frozenset(), seconds=-1)
    assert redact_text("Mail jane@example.com", ledger) == _HIDDEN
    assert redact_text(_HIDDEN, ledger) == _HIDDEN
    value = {"page": 1, "cart": [{"shoes": "red"}, {"shoes": "blue"}]}
    assert redact_value(value, ledger) == "<unchecked-2>"
    assert redact_value([], ledger) == []
    assert ledger.counts == {"unchecked": 2}
