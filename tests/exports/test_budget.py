"""The token limit is never exceeded, and the most important facts are cut last."""

import json
import re
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.events.answer import Answer
from apps.events.event import Breadcrumb, EventBody, ExceptionInfo
from apps.exports import ExportRefused, Format, Rendered, render
from apps.exports.document import DocumentBuilder, fit
from apps.exports.facts import NO_PRESET, Detail, Document
from apps.exports.markdown import markdown_text
from apps.exports.tokens import FAMILIES, estimate_tokens
from tests import samples
from tests.examples import examples
from tests.exports.answers import (
    MARKER,
    MOMENT,
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
from tests.exports.sample_answers import sample_answer
from tests.exports.tokenizer import count

pytestmark = pytest.mark.usefixtures("one_request")

FORMATS: tuple[Format, ...] = ("markdown", "json", "text")


def every_format(answer: object, budget: int) -> list[Rendered]:
    """Return the export in all formats, in the form for a language model."""
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


@pytest.mark.parametrize("budget", [400, 700, 6000, 50_000])
def test_no_result_exceeds_the_limit(budget: int) -> None:
    for result in (answered(), afternoon(1, 1), afternoon(20, 8), recursion(250)):
        for export in every_format(result, budget):
            assert export.tokens == count(export.text) <= budget


@pytest.mark.parametrize(
    "text", ["\U000e0041" * 900, "龘" * 900, "ﷺ" * 900, "\x1b" * 900, "`" * 900]
)
def test_lowest_limit_fits_the_costliest_texts(text: str) -> None:
    answer = hostile(text)
    without_errors = replace(answer, events=(), issues=(), events_total=0)
    for export in (*every_format(answer, 400), *every_format(without_errors, 400)):
        assert export.tokens <= 400
        assert "2026-11-20T14:05:00Z" in export.text
        assert "complete" in export.text


def test_default_limit_fits_the_crash_frames_of_fifteen_errors() -> None:
    export = render(afternoon(15, 15), format="markdown", marker=MARKER)

    assert export.text.count(" crash shop/checkout/views.py:101 step_101: total_101") == 15


def test_recursion_keeps_its_crash_frame_and_counts_repeated_frames() -> None:
    for export in every_format(recursion(250), 6000):
        assert "total_40 = cart.total" in export.text
        assert export.tokens <= 6000
        assert "repeated frames 247" in export.text or export.suffix == "json"


def test_type_message_crash_frame_and_last_breadcrumb_are_cut_last() -> None:
    text = render(afternoon(1, 1), format="markdown", marker=MARKER, budget=600).text

    assert "PaymentDeclined: Card was declined by the bank for order 0\n" in text
    assert " crash shop/checkout/views.py:101" in text
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


def long_fields() -> dict[str, Answer]:
    """Return results in which one thing is far longer than any limit."""
    long, one = "lorem ipsum dolor sit 12345 " * 3000, event(1, 1)
    body = one.body or EventBody()
    raised = body.exceptions[0]
    bodies = {
        "message": EventBody(message=long),
        "value": replace(body, exceptions=(replace(raised, value=long),)),
        "extra": replace(body, extra={"basket": long}),
        "tags": replace(body, tags=tuple((f"tag {n}", f"value {n}") for n in range(400))),
        "variable": replace(
            body, exceptions=(replace(raised, frames=(replace(frame(7), variables={"x": long}),)),)
        ),
        "code": replace(
            body, exceptions=(replace(raised, frames=(replace(frame(1), code=((1, long),)),)),)
        ),
        "frames": replace(
            body, exceptions=(replace(raised, frames=tuple(frame(n) for n in range(400))),)
        ),
        "threads": replace(body, lists={"threads": "\n".join(f"{n} wait" for n in range(400))}),
        "breadcrumb": replace(body, breadcrumbs=(Breadcrumb(MOMENT, message=long),)),
    }
    return {name: answered(replace(one, body=one_body)) for name, one_body in bodies.items()}


def test_limit_is_used_if_something_is_left_out() -> None:
    results = {
        "afternoon": afternoon(20, 8),
        "one problem": afternoon(30, 1),
        "samples": sample_answer(samples.known()[:8]),
        "details": detailed(),
    }
    few: tuple[tuple[int, Format], ...] = ((500, "markdown"), (6000, "text"))
    both: tuple[tuple[int, Format], ...] = ((1100, "json"), (6000, "markdown"))
    for name, result in (*results.items(), *long_fields().items()):
        for budget, kind in (*few, *both) if name in results else both:
            export = render(result, format=kind, marker=MARKER, budget=budget)
            used = count(export.text) / budget
            assert used <= 1, (name, budget, kind)
            assert used >= 0.92 or not export.omitted, (name, budget, kind, used)


def test_limit_is_reached_in_few_attempts() -> None:
    long = long_fields()
    results = {
        "issues": sample_answer([*samples.known(), *samples.held_out()][:40]),
        "a long text": long["value"],
        "long extra": long["extra"],
    }
    for name, result in results.items():
        builder = DocumentBuilder(result, MARKER)
        tried: list[Detail] = []

        def attempt(
            detail: Detail,
            builder: DocumentBuilder = builder,
            tried: list[Detail] = tried,
        ) -> Document:
            tried.append(detail)
            return builder.build(detail)

        fit(attempt, markdown_text, 6000, int)
        assert len(tried) <= 16, name


def test_least_limit_with_everything_is_named() -> None:
    for kind, preset in (*product(FORMATS, (NO_PRESET,)), ("markdown", REPLY)):
        for result in (afternoon(9, 3), detailed()):
            more = {"format": kind, "marker": MARKER, "preset": preset}
            cut = render(result, budget=700, **more)  # type: ignore[arg-type]
            found = re.search(r'A limit of ([\d,]+) tokens|"least_budget":(\d+)', cut.text)
            assert found, kind
            least = int((found[1] or found[2]).replace(",", ""))
            assert not render(result, budget=least, **more).omitted, kind  # type: ignore[arg-type]
            assert render(result, budget=least - 1, **more).omitted, kind  # type: ignore[arg-type]


def test_what_no_limit_includes_is_listed_separately() -> None:
    text = render(recursion(250), format="text", marker=MARKER).text
    values = json.loads(render(recursion(250), format="json", marker=MARKER, budget=6000).text)

    assert "Event page only: repeated frames 247." in text
    assert "Left out" not in text
    assert values["elsewhere"] == [{"what": "repeated frames", "count": 247}]
    assert (values["omitted"], values["least_budget"]) == ([], None)


def test_limit_is_counted_for_the_family_of_models() -> None:
    result = afternoon(20, 4)
    for family in FAMILIES:
        export = render(result, format="markdown", marker=MARKER, budget=2000, family=family)
        assert export.tokens == family.count(count(export.text)), family.name
        assert 0.92 * 2000 <= export.tokens <= 2000, family.name
    claude = next(family for family in FAMILIES if family.name == "claude")
    with pytest.raises(ExportRefused, match="from 680 to 1,000,000 tokens"):
        render(result, format="json", marker=MARKER, budget=679, family=claude)


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
            DocumentBuilder(afternoon(), MARKER).build,
            markdown_text,
            10,
            int,
        )


def test_further_events_of_an_issue_take_one_line_each() -> None:
    result = answered(*(event(number, 1) for number in range(3)), issues=(issue(1),))
    text = render(result, format="markdown", marker=MARKER, budget=50_000).text

    assert text.count("\nagain ") == 2
    assert text.count(" crash shop") == 1
