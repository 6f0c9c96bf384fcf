"""Parsing of patterns, and the messages for invalid ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.known_errors.patterns import (
    ExpressionRefused,
    PartRefused,
    compile_expression,
    parse_pattern,
    pattern_values,
    required_literals,
)
from tests.examples import examples

SIGNS = (
    *("a", "b", "K", "s", "é", " ", ".", "*", "+", "?", "|", "^", "$", "]", "}", "{2}", "{0,1}"),
    *("(", ")", "(?:", "(?i)", "[ab]", "[^a]", "[]a]", r"[\]]", r"\d", r"\.", r"\b", r"\Q", r"\E"),
)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("(?=x)", "Looking ahead"),
        ("(?<!x)y", "Looking back"),
        (r"(a)\1", "Referring back to a group"),
        ("(", "An opening ( has no closing )"),
        (")", "A closing ) has no opening ("),
        ("[ab", r"Write \[ for the character itself"),
        ("*a", "nothing before it"),
        ("a**", "two repetition signs in a row"),
        ("a{1001}", "up to 1000"),
        ("[z-a]", "runs backwards"),
        ("(?:ab){1000}", "too large"),
        ("a" * 501, "500 characters"),
        ("a*", "matches any text"),
        ("(?P<n", "The engine (RE2) refuses it"),
    ],
)
def test_invalid_expression_is_explained(expression: str, message: str) -> None:
    with pytest.raises(PartRefused) as refused:
        parse_pattern({"message": {"expression": expression}})

    assert message in str(refused.value)
    assert refused.value.part == "message"


@pytest.mark.parametrize(
    ("values", "part", "message"),
    [
        ({}, "pattern", "Enter at least an issue"),
        ({"project": "web"}, "pattern", "Enter at least an issue"),
        ({"release": {"from": "1.0"}}, "pattern", "Enter at least an issue"),
        ({"title": "x"}, "pattern", "no field named “title”"),
        ({"type": {"is": "x"}}, "type", "needs one of exact, contains, expression"),
        ({"type": "x"}, "type", "needs one of"),
        ({"type": {"exact": "x", "contains": "y"}}, "type", "not several"),
        ({"type": {"exact": ["x"]}}, "type", "isn't text"),
        ({"message": {"contains": "x" * 501}}, "message", "longer than 500"),
        ({"message": {"contains": "a\0b"}}, "message", "isn't allowed in text"),
        ({"message": {"expression": "a\ud83d"}}, "message", "isn't allowed in text"),
        (
            {"issue": "1", "release": {"from": "2.0", "until": "1.0"}},
            "release",
            "The last affected release is older",
        ),
        ({"issue": "1", "release": {"from": "2.0", "until": "main"}}, "release", "We can't tell"),
        ({"issue": True}, "issue", "isn't text"),
        ({"issue": "1", "log": {"contains": "x"}}, "log", "failures without an error"),
        ({"type": {"exact": "x"}, "request": {"contains": "y"}}, "request", "without an error"),
        ({"log": {"contains": "x"}, "request": {"contains": "y"}}, "log", "no other text"),
    ],
)
def test_invalid_pattern_is_explained(values: dict[str, object], part: str, message: str) -> None:
    with pytest.raises(PartRefused) as refused:
        parse_pattern(values)

    assert message in str(refused.value)
    assert refused.value.part == part


def test_patterns_survive_serialization() -> None:
    release = {"from": "2.1", "until": "2.4"}
    texts = {"type": {"exact": "KeyError"}, "message": {"expression": r"order \d+"}}
    for values in (
        {"issue": "WEB-1", "project": "web", **texts, "release": release},
        {"project": "web", "log": {"contains": "no webhook"}, "release": release},
        {"request": {"expression": r"/cart/coupon 4\d\d"}},
    ):
        assert pattern_values(parse_pattern(values)) == values


def test_blank_values_are_ignored() -> None:
    pattern = parse_pattern(
        {"issue": " 7 ", "type": {"exact": " "}, "message": None, "release": {}}
    )

    assert pattern_values(pattern) == {"issue": "7"}


@settings(max_examples=examples(2000), deadline=None)
@given(
    st.lists(st.sampled_from(SIGNS), min_size=1, max_size=7).map("".join),
    st.text(alphabet="abKks\N{LATIN SMALL LETTER LONG S}\N{KELVIN SIGN} é.]}{QE", max_size=9),
)
def test_every_match_contains_the_required_literals(expression: str, text: str) -> None:
    try:
        fits = compile_expression(expression).search(text)
    except ExpressionRefused:
        return
    rows = required_literals(expression)

    assert not fits or not rows or any(all(part in text.casefold() for part in row) for row in rows)


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("timeout|timed out", (("timeout",), ("timed out",))),
        (r"Card \w+ declined", (("card ", " declined"),)),
        ("ab?c", (("a", "c"),)),
        ("ab+c", (("ab", "c"),)),
        (r"(?i)foo\.bar", (("foo.bar",),)),
        ("(foo)", (("foo",),)),
        ("(foo)?bar", (("bar",),)),
        ("(foo|bar)+ baz", (("foo", " baz"), ("bar", " baz"))),
        ("a(b|c(d|e))", (("a", "b"), ("a", "c", "d"), ("a", "c", "e"))),
        ("(foo|) baz", ((" baz",), ("foo", " baz"))),
        ("(a|b)(a|b)(a|b)(a|b)(a|b)z", None),
        (r"\d+", ()),
        ("foo|", ()),
        (r"foo\x41", ()),
    ],
)
def test_required_literals(expression: str, rows: tuple[tuple[str, ...], ...] | None) -> None:
    found = required_literals(expression)

    assert sorted(found) == sorted(rows) if rows is not None else len(found) <= 16
