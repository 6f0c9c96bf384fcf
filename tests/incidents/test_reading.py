"""Reading a list: which lines are customers, and that no line is lost."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.events.identifier import parse_customer
from apps.incidents import reading
from apps.incidents.reading import WHOLE_LINE, CustomerList, ListRefused, decode_list, read_list

HEX = "550e8400-e29b-41d4-a716-446655440000"
# The text, then the line and identifier of each customer, then the lines that are left out.
ROWS: tuple[tuple[str, dict[int, str], set[int]], ...] = (
    ("1001\n\n1002\n", {1: "1001", 3: "1002"}, set()),
    ("jane@example.com\nJANE@example.com\nbob", {1: "jane@example.com", 3: "bob"}, {2}),
    ("email\njane@example.com", {2: "jane@example.com"}, set()),
    ("Kundennummer\r\n1001\r\n", {2: "1001"}, set()),
    ("1001, 1002; 1003", {1: "1001", 2: "1002", 3: "1003"}, set()),
    ("Jane Roe\nAnn Li", {1: "Jane Roe", 2: "Ann Li"}, set()),
    ("Doe, John\nRoe, Jane", {1: "Doe, John", 2: "Roe, Jane"}, set()),
    ("Jane <jane@example.com>\n- 1001\n2) x7", {1: "jane@example.com", 2: "1001", 3: "x7"}, set()),
    ("user.email:jane@example.com\nuser.id:1001", {1: "jane@example.com", 2: "1001"}, set()),
    ("id,name,plan\n1001,Jane,pro\n1002,Ann,free", {2: "1001", 3: "1002"}, set()),
    ("name;e-mail\nJane;jane@example.com\nBob;", {2: "jane@example.com"}, {3}),
    ('"subject","from"\n"a, b","1001"\n"two\nlines","1002"', {2: "1001", 3: "1002"}, set()),
    ("topic,requester\nx,jane@example.com\ny,bob@example.com",
     {2: "jane@example.com", 3: "bob@example.com"}, set()),
    ("1001\t5\n1002\t7\n1001\t8", {1: "1001", 2: "1002"}, {3}),
    (f"{HEX}\n{HEX.upper()}", {1: HEX}, {2}),
    (f"event:{HEX}\ntrace:{HEX}\n10.0.0.1\n1001", {4: "1001"}, {1, 2, 3}),
    ("see attachment, thanks!!\n*\n1001", {3: "1001"}, {1, 2}),
    ("Please check:\n1001\nn/a\nNULL\nexactly:null\nThanks!", {2: "1001", 5: "null"}, {1, 3, 4, 6}),
    ("level:error\n1001", {2: "1001"}, {1}),
    (f"{'x' * 400}\n1001", {2: "1001"}, {1}),
    ("Incident 4711,,\nname,email,id\nJane,jane@example.com,7", {3: "jane@example.com"}, {1}),
    ("sep=;\nid;plan\n1001;pro\n1002;free", {3: "1001", 4: "1002"}, {1}),
    ("1001\t\n1002\tBo\n1003\tAl", {1: "1001", 2: "1002", 3: "1003"}, set()),
    ('id,name\n1001,"Jane\n1002,Bo', {2: "1001", 3: "1002"}, set()),
    ("  1001\n1002\t\n\t1003", {1: "1001", 2: "1002", 3: "1003"}, set()),
    ('"a;b",1001\n"c;d",1002\n"e",1003"', {1: "1001", 2: "1002", 3: "1003"}, set()),
    ('["1001", 1002]', {1: "1001", 2: "1002"}, set()),
    ('Jane <jane@example.com>, "Li, Bo" <bo@example.com>; kim@example.com',
     {1: "jane@example.com", 2: "bo@example.com", 3: "kim@example.com"}, set()),
    ('="1001"\n1.00E+03\nexactly:1.00E+03', {1: "1001", 3: "1.00E+03"}, {2}),
    ("1001\u20281002\x851003", {1: "1001", 2: "1002", 3: "1003"}, set()),
)  # fmt: skip


def left_out(found: CustomerList) -> set[int]:
    return {remark.line for remark in (*found.duplicates, *found.refused)}


def test_each_line_is_read_as_what_it_says() -> None:
    for text, customers, others in ROWS:
        found = read_list(text, parse_customer)
        read = {one.line: one.customer.identifier for one in found.customers}
        assert (read, left_out(found)) == (customers, others), text


def test_a_column_can_be_chosen() -> None:
    text = "id,mail\n1001,jane@example.com\n1002,bob@example.com"
    for column, first in ((0, "1001"), (1, "jane@example.com")):
        found = read_list(text, parse_customer, column=column)
        assert found.customers[0].customer.identifier == first
        assert [one.name for one in found.columns] == ["id", "mail"]
    assert read_list(text, parse_customer, column=WHOLE_LINE).column == WHOLE_LINE


def test_files_of_spreadsheets_are_decoded() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert decode_list("Jürgen\n".encode(encoding)) == "Jürgen\n", encoding
    for content in (b"PK\x03\x04\x00\x00", b"\xff\xfe\x00"):
        with pytest.raises(ListRefused):
            decode_list(content)


def test_lists_that_are_too_long_or_take_too_long_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for text in ("1\n" * 4001, "x" * 500_001, "\n".join(map(str, range(2001)))):
        with pytest.raises(ListRefused):
            read_list(text, parse_customer)
    monkeypatch.setattr(reading, "MAX_CPU_S", 0)
    with pytest.raises(ListRefused, match="takes too long"):
        read_list("1001\n" * 9, parse_customer)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@given(st.lists(CELLS, max_size=12))
def test_every_line_with_text_is_accounted_for(lines: list[str]) -> None:
    """Splitting as the reader does, each line is a customer, left out, or the heading."""
    text = "\n".join(lines)
    found = read_list(text, parse_customer, column=WHOLE_LINE)
    split = text.removeprefix("\ufeff").splitlines()
    filled = {number for number, line in enumerate(split, 1) if line.strip()}
    named = {one.line for one in found.customers} | left_out(found)
    if len(filled) > 1:
        assert filled - named == ({min(filled)} if found.heading else set())
    assert len(named) == len(found.customers) + len(found.duplicates) + len(found.refused)


@example([("", ""), ("", ";")])
@given(st.lists(st.tuples(CELLS, CELLS), min_size=2, max_size=12))
def test_every_row_of_a_table_is_accounted_for(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    found = read_list(out.getvalue(), parse_customer, column=1)
    filled = sum(bool("".join(row).strip()) for row in rows)
    count = len(found.customers) + len(found.duplicates) + len(found.refused)
    if found.columns:
        assert count + bool(found.heading) in (filled, filled - 1)
