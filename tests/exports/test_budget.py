"""The token limit is never exceeded, and the most important facts are cut last."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.events.answer import Answer
from apps.events.event import EventBody, ExceptionInfo
from apps.exports import (
    ExportRefused,
    Format,
    Rendered,
    estimate_tokens,
    json_format,
    markdown,
    render,
)
from apps.exports.document import Setting, build, fit
from apps.exports.facts import LADDER, Detail, Document
from tests.examples import examples
from tests.exports.answers import (
    MARKER,
    REPLY,
    afternoon,
    detailed,
    event,
    frame,
    hostile,
    issue,
    recursion,
)
from tests.exports.answers import answer as answered

FORMATS: tuple[Format, ...] = ("markdown", "json", "text")


def every_format(answer: object, budget: int) -> list[Rendered]:
    """Return the export in all four formats, in the form for a language model."""
    return [
        render(
            answer,  # type: ignore[arg-type]
            format=kind,
            marker=MARKER,
            budget=budget,
            preset=REPLY,
            zone="America/Argentina/ComodRivadavia",
            inside_block=True,
        )
        for kind in FORMATS
    ]


@settings(max_examples=examples(20), deadline=None)
@given(st.text(max_size=300), st.integers(400, 50_000))
def test_no_text_exceeds_the_limit(text: str, budget: int) -> None:
    for export in every_format(hostile(text), budget):
        assert export.tokens <= budget
        assert export.tokens == estimate_tokens(export.text)


@pytest.mark.parametrize("budget", [400, 700, 2000, 6000, 50_000])
@pytest.mark.parametrize("size", [(0, 1), (1, 1), (20, 8)])
def test_no_result_exceeds_the_limit(budget: int, size: tuple[int, int]) -> None:
    for export in every_format(afternoon(*size), budget):
        assert export.tokens <= budget


@pytest.mark.parametrize(
    "text", ["\U000e0041" * 900, "龘" * 900, "ﷺ" * 900, "\x1b" * 900, "`" * 900]
)
def test_lowest_limit_fits_the_costliest_texts(text: str) -> None:
    for export in every_format(hostile(text), 400):
        assert export.tokens <= 400
        assert "2026-11-20T14:05:00Z" in export.text
        assert "complete" in export.text


def test_default_limit_fits_the_crash_frames_of_fifteen_errors() -> None:
    export = render(afternoon(15, 15), format="markdown", marker=MARKER)

    assert export.text.count("- crash `shop/checkout/views.py:101 step_101: total_101") == 15


def test_recursion_keeps_its_crash_frame_and_counts_repeated_frames() -> None:
    for export in every_format(recursion(250), 6000):
        assert "total_40 = cart.total" in export.text
        assert export.tokens <= 6000
        assert [left.count for left in export.omitted if left.what == "repeated frames"] == [247]


def test_type_message_crash_frame_and_last_breadcrumb_are_cut_last() -> None:
    text = render(afternoon(1, 1), format="markdown", marker=MARKER, budget=1000).text

    assert "PaymentDeclined: `Card was declined by the bank for order 0`" in text
    assert "crash `shop/checkout/views.py:101" in text
    assert "api/cart/11" in text
    assert "api/cart/0 " not in text


@pytest.mark.parametrize("result", [afternoon(1, 1), afternoon(12, 1), detailed()])
def test_low_limit_fits_the_error_and_its_crash_frame(result: Answer) -> None:
    for export in every_format(result, 500):
        for fact in ("PaymentDeclined", "Card was declined", "checkout/views.py", "step_101"):
            assert fact in export.text, f"{export.suffix} lacks {fact}"


def test_long_path_keeps_its_end() -> None:
    path = f"https://shop.example/static/{'chunks/' * 20}payment/main.js"
    one = replace(frame(7), file=path)
    deep = replace(
        event(1, 1), body=EventBody(exceptions=(ExceptionInfo("E", "v", frames=(one,)),))
    )
    for export in every_format(answered(deep), 500):
        assert "/payment/main.js" in export.text


def test_higher_limit_never_means_fewer_facts() -> None:
    answer = afternoon(40, 8)
    sizes = [
        len(render(answer, format="markdown", marker=MARKER, budget=budget).text)
        for budget in (400, 800, 1600, 3200, 6400, 12_800, 25_600)
    ]

    assert sizes == sorted(sizes)


def test_most_detailed_level_that_fits_is_used() -> None:
    def build_it(detail: Detail) -> Document:
        return build(afternoon(6, 3), setting=Setting(MARKER, budget=6000), detail=detail)

    steps = [build_it(detail) for detail in LADDER]
    for write in (markdown.render, json_format.render, json_format.render_block):
        costs = [estimate_tokens(write(step)) for step in steps]
        for budget in (500, 1000, 1500, 2000, 3000, 4500):
            richest = next(step for step, cost in zip(steps, costs, strict=True) if cost <= budget)
            assert fit(build_it, write, budget) == richest


def test_equal_results_give_identical_exports() -> None:
    one, other = (render(afternoon(), format="markdown", marker=MARKER).text for _ in range(2))

    assert one == other


def test_omissions_are_listed() -> None:
    export = render(afternoon(40, 8), format="json", marker=MARKER, budget=5000)

    counts = {left.what: left.count for left in export.omitted}
    listed = len(json.loads(export.text)["events"])
    assert counts["further events"] == 40 - listed > 0
    assert counts["breadcrumbs"] > 0


@pytest.mark.parametrize("budget", [-1, 0, 399, 1_000_001])
def test_limit_out_of_range_is_refused(budget: int) -> None:
    with pytest.raises(ExportRefused, match="from 400 to 1,000,000 tokens"):
        render(afternoon(), format="json", marker=MARKER, budget=budget)


def test_header_that_does_not_fit_raises() -> None:
    with pytest.raises(ValueError, match="longer than 10 tokens"):
        fit(
            lambda detail: build(afternoon(), setting=Setting(MARKER), detail=detail),
            markdown.render,
            10,
        )


def test_further_events_of_an_issue_take_one_line_each() -> None:
    result = answered(*(event(number, 1) for number in range(3)), issues=(issue(1),))
    text = render(result, format="markdown", marker=MARKER, budget=50_000).text

    assert text.count("\n- again ") == 2
    assert text.count("- crash `shop") == 1
