"""Breadcrumbs in exports: each appears once, and repeats are collapsed."""

from dataclasses import replace
from datetime import timedelta

from apps.events.event import Breadcrumb
from apps.exports import render
from tests.exports.answers import MARKER, MOMENT, answer, event, issue


def test_repeated_breadcrumbs_are_collapsed() -> None:
    one = event(1, 1)
    assert one.body
    clicks = tuple(
        Breadcrumb(MOMENT - timedelta(seconds=9 - place), category="ui.click", message="button.pay")
        for place in range(4)
    )
    answered = answer(replace(one, body=replace(one.body, breadcrumbs=clicks)))
    text = render(answered, format="markdown", marker=MARKER).text
    assert "\n-9 ui.click: button.pay (4 times, the last -6 s)\n" in text
    assert text.count("button.pay") == 1


def test_shared_breadcrumbs_appear_once() -> None:
    first, again = event(1, 1), event(1, 2)
    twin = replace(again, id="c" * 32)
    result = answer(first, twin, issues=(issue(1), issue(2)))
    text = render(result, format="markdown", marker=MARKER, budget=50_000).text

    assert text.count("/api/cart/5 200") == 1
