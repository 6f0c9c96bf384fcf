"""Customers in Sentry's search language."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from apps.events.event import Event
from apps.events.identifier import parse_customer
from apps.events.query import EXACTLY, Customer
from apps.sentry.search import (
    covers_any_case,
    is_exact,
    matched_fields,
    part_for,
    person_clauses,
    quote,
    search_for,
    search_for_all,
)
from tests.conftest import question

HEX = "7ca573c0f4814912aaa9bdc77d1a7d51"


@pytest.mark.parametrize(
    ("value", "text", "exact"),
    [
        ("1001", '"1001"', True),
        ('a"b', '"a\\"b"', True),
        ("*", '"\\*"', True),
        ("* OR level:error", '"\\* OR level:error"', True),
        ("[a,b]", '"[a,b]"', True),
        ("DOMAIN\\user", '"DOMAIN\\user"', True),
        ("x\\", '"x*"', False),
        ('a\\"b', '"a*b"', False),
        ("a\\*b", '"a*b"', False),
        ('a\\\\"b', '"a*b"', False),
        ("C\\a\\*b\\", '"C*a*b*"', False),
    ],
)
def test_value_cannot_leave_its_quotes(value: str, text: str, exact: bool) -> None:
    assert (quote(value), is_exact(value)) == (text, exact)


def test_all_fields_are_searched_at_once_in_parentheses() -> None:
    """Patterns ignore case, so they find any capitals. The narrower ones find fewer others."""
    search = search_for(question("Jane@Example.com"))
    assert search.text == (
        '(user.id:"Jane@Example.com*" OR user.email:"Jane@Example.com*" '
        'OR user.username:"Jane@Example.com*")'
    )
    assert search.narrower
    assert search.narrower.text == (
        '(user.id:"Jane@Exa*ple.com" OR user.email:"Jane@Exa*ple.com" '
        'OR user.username:"Jane@Exa*ple.com")'
    )
    assert search.narrower.narrower
    assert search.narrower.narrower.text == (
        '(user.id:"Jane@Example.com" OR user.email:"Jane@Example.com" '
        'OR user.email:"jane@example.com" OR user.username:"Jane@Example.com")'
    )


def test_label_limits_search_and_rows_to_its_field() -> None:
    lookup = question("username:77")
    assert search_for(lookup).text == '(user.username:"77")'
    assert matched_fields(row(id="77"), lookup.customer) == ()
    assert matched_fields(row(id="77", username="77"), lookup.customer) == ("user.username",)


@pytest.mark.parametrize(
    ("typed", "values", "narrower"),
    [
        ("1001", ["1001"], None),
        ("田中", ["田中"], None),
        ('a"b', ['a\\"b*'], ['a\\"b']),
        ("CORP\\anna", ["CORP*anna*"], ["CORP*a*na"]),
        ("a{2}*", ["a*2*\\**"], ["a{2}\\*"]),
        ("Straße", ["Straße*", "strasse*"], ["Str*ße", "str*sse"]),
        ("STRASSE", ["STRASSE*", "straße*"], ["STR*SSE", "str*ße"]),
        ("Jess Weiß", ["Je* Wei**"], ["Je* W*i*"]),
    ],
)
def test_values_with_capitals_are_searched_by_pattern(
    typed: str, values: list[str], narrower: list[str] | None
) -> None:
    search = search_for(replace(question(typed), fields=("user.id",)))
    for values_of, one in ((values, search), (narrower, search.narrower)):
        clauses = [f'user.id:"{value}"' for value in values_of or ()]
        assert (one and one.text) == (f"({' OR '.join(clauses)})" if clauses else None)


def test_configured_tags_are_quoted_too() -> None:
    lookup = replace(question('7"1'), fields=("user.id", "tags[account_id]"))
    assert search_for(lookup).text == '(user.id:"7\\"1" OR tags[account_id]:"7\\"1")'


def test_hex_id_is_searched_as_user_trace_and_event() -> None:
    text = search_for(question(HEX)).text
    assert f'user.id:"{HEX}*"' in text
    assert f'trace:"{HEX}"' in text
    assert f'id:"{HEX}"' in text


def row(**identities: str) -> Event:
    pairs = tuple((f"user.{name}", value) for name, value in identities.items())
    return Event(id=HEX, timestamp=datetime(2026, 11, 20, tzinfo=UTC), identities=pairs)


@pytest.mark.parametrize(
    ("typed", "event", "fields"),
    [
        ("1001", row(id="1001"), ("user.id",)),
        ("1001", row(id="10010", username="1001"), ("user.username",)),
        ("jane@example.com", row(email="JANE@example.com"), ("user.email",)),
        ("jane", row(username="Jane"), ("user.username",)),
        ("straße", row(username="STRASSE"), ("user.username",)),
        ("jane", row(username="Jane1"), ()),
        ("1001", row(), ()),
    ],
)
def test_only_the_customers_rows_match(typed: str, event: Event, fields: tuple[str, ...]) -> None:
    customer: Customer = parse_customer(typed)
    assert matched_fields(event, customer) == fields


def test_letters_whose_case_a_newer_server_may_heed_are_covered() -> None:
    """It ignores the case of ASCII letters; of others, patterns or spellings have to do."""
    for typed, values in (
        ("ana@x.org", ["ana@x.org"]),
        ("JOSÉ@x.org", ["JOSÉ@x.org", "josé@x.org", "JOS*@x.org"]),
        ("ąa", ["ąa", "Ąa"]),
        ("Яна", ["Яна", "яна", "ЯНА", "ЯНа", "ЯнА", "яНА", "яНа", "янА"]),
    ):
        lookup = replace(question(typed), fields=("user.email",))
        clauses = [f'user.email:"{value}"' for value in values]
        assert person_clauses(lookup, ("user.email",)) == clauses, typed
        assert covers_any_case(typed)
    assert not covers_any_case("Екатерина")


def test_many_customers_are_one_search() -> None:
    """Values without many spellings are listed; clauses are grouped, so that few are nested."""
    rows: list[tuple[list[str], tuple[str, ...], str]] = [
        (["17"], ("user.id",), '(user.id:"17")'),
        (["17", "u1"], ("user.id",), '(user.id:["17","U1","u1"])'),
        (["17", "k1"], ("user.id",), '(user.id:["17","K1","k1","\u212a1"])'),
        (["a b", "1"], ("user.id",), '(user.id:"1" OR user.id:"a b*")'),
        (["1*", "2\\"], ("user.id",), '(user.id:"1\\*" OR user.id:"2*")'),
        (
            ["anna.meyer1@x.example", "2"],
            ("user.id", "user.email"),
            '(user.id:"2" OR user.email:"2" OR user.id:"anna.mey*r1@x.example"'
            ' OR user.email:"anna.mey*r1@x.example")',
        ),
        (["straße"], ("user.id",), '(user.id:"str*ße" OR user.id:"str*sse")'),
    ]
    for texts, fields, expected in rows:
        customers = [parse_customer(f"{EXACTLY}{text}") for text in texts]
        found = search_for_all(part_for(one, fields) for one in customers)
        assert found == expected, texts
    hexes = [parse_customer(digit * 32) for digit in "ab"]
    found = search_for_all(part_for(one, ("user.id",)) for one in hexes)
    listed = f'["{"a" * 32}","{"b" * 32}"]'
    assert found.startswith(f"(trace:{listed} OR id:{listed} OR user.id:")
    assert "trace" not in search_for_all([part_for(hexes[0], ("user.id",), with_ids=False)])
    many = search_for_all(
        part_for(parse_customer(f"{EXACTLY}name-{number}"), ("user.id",)) for number in range(30)
    )
    assert many.count("((") == 1
    assert max(group.count(" OR ") for group in many.split(") OR (")) < 12
