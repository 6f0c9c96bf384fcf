"""Entries as files: lossless round trips, and the messages for invalid files."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.known_errors.catalogue import VERSIONED_FIELDS, normalize_text, validate_entry
from apps.known_errors.files import from_text, to_text
from apps.known_errors.patterns import PartRefused
from tests.known_errors.entries import build_entry

_LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_AWKWARD = st.sampled_from(
    ("---", "## Workaround", "\\## Tell the customer", "## tell the CUSTOMER ", "\n", "\x85", "# x")
)
TEXTS = st.lists(st.one_of(_AWKWARD, st.text(_LETTERS, max_size=12)), max_size=8).map(
    lambda parts: normalize_text("\n".join(parts))
)
_IN_LINES = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
LINES = st.text(_IN_LINES, min_size=1, max_size=40).map(
    lambda text: " ".join(text.replace("\n", " ").replace("\r", " ").split())
)
DAYS = st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(
    title=LINES.filter(bool),
    texts=st.tuples(TEXTS.filter(bool), TEXTS, TEXTS),
    value=LINES.filter(bool),
    owner=LINES,
    days=st.tuples(DAYS, DAYS),
    is_active=st.booleans(),
)
def test_round_trip_is_lossless(
    title: str,
    texts: tuple[str, str, str],
    value: str,
    owner: str,
    days: tuple[date | None, date | None],
    is_active: bool,
) -> None:
    entry = build_entry(
        title=title,
        pattern={"message": {"contains": value}, "release": {"from": "2.10"}},
        explanation=texts[0],
        reply=texts[1],
        workaround=texts[2],
        owner=owner,
        planned_for=days[0],
        valid_from=days[1],
        is_active=is_active,
        links=[{"label": value, "address": "https://tickets.example/7"}],
    )
    written = to_text(entry)
    back = from_text(written.encode(), "other")
    for name in VERSIONED_FIELDS:
        assert getattr(back, name) == getattr(entry, name), name
    assert to_text(back) == written


def file(front: str, body: str = "It is so.") -> bytes:
    """Return the content of a file with this front matter and body."""
    return f"---\n{front}\n---\n\n{body}\n".encode()


def test_handwritten_file_is_read() -> None:
    entry = from_text(
        file(
            "title: Card declined\n"
            "pattern:\n  type:\n    exact: PaymentDeclined\n  release: {from: 2.10, until: 3.0}\n"
            "state: planned\nplanned_for: 2026-11-26\nin_use: no\n"
            "links:\n- label: Ticket\n  address: https://tickets.example/7",
            "The bank says no.\n\n## Details\n\nMore.\n\n## Workaround\n\nAnother card.\n\n"
            "## Tell the customer\n\n{greeting}\n\nSorry.",
        ),
        "card-declined",
    )
    assert (entry.slug, entry.title, entry.is_active) == ("card-declined", "Card declined", False)
    assert entry.pattern["release"] == {"from": "2.10", "until": "3.0"}
    assert (entry.state, entry.planned_for) == ("planned", date(2026, 11, 26))
    assert entry.explanation == "The bank says no.\n\n## Details\n\nMore."
    assert (entry.workaround, entry.reply) == ("Another card.", "{greeting}\n\nSorry.")
    assert validate_entry(entry) == []


GOOD = "title: A\npattern: {issue: WEB-1}"


@pytest.mark.parametrize(
    ("content", "part", "sentence"),
    [
        (b"no front matter", "front matter", "It doesn't start with a --- line."),
        (b"---\ntitle: A\n", "front matter", "between two --- lines"),
        (file("- a\n- b"), "front matter", "It needs values such as title:"),
        (b"\xff\xfe", "file", "It isn't UTF-8 text."),
        (file(GOOD, "x" * 70_000), "file", "It is larger than 64 KB."),
        (file("a: &x [1]\nb: [*x, *x]"), "front matter", "Anchors (&) and aliases (*)"),
        (file("title: !!python/object/apply:os.system [id]"), "front matter", "Tags (!)"),
        (file("title: !!binary aGk="), "front matter", "Tags (!)"),
        (file("title: " + "[" * 5000), "front matter", "It is nested too deeply."),
        (file("title: 'open"), "front matter", "isn't valid YAML. See line"),
        (file(f"{GOOD}\ntitle: B"), "front matter", "A name appears twice"),
        (file(f"{GOOD}\ncause: B"), "front matter", "There is no field named “cause”."),
        (file("title: [a]\npattern: {issue: WEB-1}"), "title", "It needs one plain value."),
        (file("title: A\npattern: nothing"), "pattern", "Say what it looks like"),
        (file("title: A\npattern: {type: {like: a}}"), "type", "needs one of exact"),
        (file("title: A\npattern: {type: {expression: '(a'}}"), "type", "has no closing )"),
        (file(f"{GOOD}\nplanned_for: tomorrow"), "planned_for", "“tomorrow” isn't a date."),
        (file(f"{GOOD}\nin_use: maybe"), "in_use", "Write true or false."),
        (file(f"{GOOD}\nlinks: [https://a.example]"), "links", "a label and an address"),
        (file(GOOD, "A\n\n## Workaround\n\nB\n\n## Workaround\n\nC"), "text", "appears twice"),
    ],
)
def test_invalid_file_names_the_part_and_the_reason(
    content: bytes, part: str, sentence: str
) -> None:
    with pytest.raises(PartRefused) as refused:
        from_text(content, "a")
    assert refused.value.part == part
    assert sentence in str(refused.value)


def test_files_differ_only_in_changed_fields() -> None:
    one = to_text(build_entry(owner="Payments", links=[]))
    other = to_text(build_entry(owner="Billing", links=[]))
    lines = zip(one.split("\n"), other.split("\n"), strict=True)
    assert [pair for pair in lines if pair[0] != pair[1]] == [("owner: Payments", "owner: Billing")]
