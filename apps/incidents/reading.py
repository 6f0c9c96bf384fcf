"""Read a list of customers: pasted lines, or one column of a CSV file.

Every line is accounted for before Triage asks Sentry: it names a customer, repeats one, can't be
looked up, or is empty. Line numbers are those of the text.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import getaddresses
from itertools import takewhile
from time import thread_time

from apps.crypto import hash_customer
from apps.events.identifier import MAX_CUSTOMER_LENGTH, MAX_LINK_LENGTH, stored_text
from apps.events.incident import IncidentCustomer
from apps.events.query import EXACTLY, Customer, CustomerRefused, counted

MAX_CUSTOMERS = 2000
MAX_LINES = 2 * MAX_CUSTOMERS
MAX_LIST_LENGTH = 500_000
MAX_CPU_S = 2.0
WHOLE_LINE = -1
_SEPARATORS = "\t;,|"
_MAX_COLUMNS = 50
_MAX_WORDS = 6
_PLACEHOLDERS = frozenset((
    *("n/a", "#n/a", "null", "nil", "none", "nan", "undefined", "unknown", "anonymous", "guest"),
    *("unbekannt", "anonym", "gast", "inconnu", "anonyme", "desconocido"),
))  # fmt: skip
_SEEN_ROWS = 200  # enough to tell columns apart
_MAX_SHOWN = 80
_BULLET = re.compile(r"^(?:[-*\u2022\u2013]|\d{1,4}[.)])\s+(?=\S)")

_AS_TEXT = re.compile(r'="(.*)"')
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[Ee]\+\d{1,3}")
_MAX_TITLES = 3

ReadCustomer = Callable[[str], Customer]


class ListRefused(ValueError):
    """The text is no list of customers; the message says why."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A line that isn't looked up, as far as it can be shown, and why."""

    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column to choose: its number from 0, its heading, and its first value."""

    index: int
    name: str
    example: str


@dataclass(frozen=True, slots=True)
class CustomerList:
    """The customers of a list, each once, and the lines that are left out.

    `typed` has the text to store for each customer, by line. `columns` is empty unless the text has
    several; `column` is the one that was read, and `heading` its first cell if that names it.
    `empty` counts the lines without text.
    """

    customers: tuple[IncidentCustomer, ...]
    typed: Mapping[int, str]
    duplicates: tuple[Remark, ...] = ()
    refused: tuple[Remark, ...] = ()
    columns: tuple[Column, ...] = ()
    column: int = WHOLE_LINE
    heading: str = ""
    empty: int = 0

    @property
    def shortened(self) -> tuple[Remark, ...]:
        """The lines that are only looked up in part, such as what follows a label."""
        names = ((one.line, one.customer.identifier) for one in self.customers)
        return tuple(
            Remark(line, self.typed[line], name) for line, name in names if self.typed[line] != name
        )

    @property
    def left_out(self) -> dict[str, int]:
        """Return how many lines are left out, by the reason."""
        return {
            "repeated": len(self.duplicates),
            "unreadable": len(self.refused),
            "heading": int(bool(self.heading)),
            "empty": self.empty,
        }


def account_of(customers: int, left_out: Mapping[str, int]) -> str:
    """Return what became of all lines: “6 lines: 4 customers, 2 repeated”. It adds up."""
    names = {"repeated": "repeated", "unreadable": "that can’t be looked up", "empty": "empty"}
    parts = [counted(customers, "customer")]
    parts += [f"{count:,} {names[why]}" for why in names if (count := left_out.get(why, 0))]
    parts += ["1 heading"] if left_out.get("heading") else []
    return f"{counted(customers + sum(left_out.values()), 'line')}: {', '.join(parts)}"


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: tuple[str, ...]


def decode_list(content: bytes) -> str:
    """Return the text of a file as spreadsheets save it. Raise `ListRefused`."""
    is_utf_16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if is_utf_16 else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ListRefused("We can’t read this file. Save it as CSV or as plain text.")


def read_list(text: str, read: ReadCustomer, *, column: int | None = None) -> CustomerList:
    """Read the customers in a text, by default in its likeliest column. Raise `ListRefused`."""
    if len(text) > MAX_LIST_LENGTH:
        raise ListRefused(f"That list is too long: the limit is {MAX_LIST_LENGTH:,} characters.")
    lines = _json_items(text) or text.removeprefix("\ufeff").splitlines()
    if sum(map(bool, map(str.strip, lines))) > MAX_LINES:
        raise ListRefused(f"That list has too many lines. {_AT_MOST}")
    rows, empty = _table(lines), 0
    titles = _titles(rows, read)
    rows = rows[len(titles) :]
    columns = _columns(rows, read) if rows else ()
    indexes = [WHOLE_LINE, *(one.index for one in columns)]
    if column not in indexes:
        column = _likeliest(rows, indexes[1:], read) if rows else WHOLE_LINE
    if column == WHOLE_LINE:
        items = _items(lines)
        titles = []
        rows = [_Row(n, (line,)) for n, line in enumerate(items, 1) if line.strip()]
        empty = len(items) - len(rows)
        if len(rows) > MAX_LINES:
            raise ListRefused(f"That list has too many lines. {_AT_MOST}")
    found = _read_column(rows, max(column, 0), read)
    above = (Remark(row.line, " ".join(row.cells).strip(), _ABOVE) for row in titles)
    refused = (*above, *found.refused)
    return replace(found, refused=refused, columns=columns, column=column, empty=empty)


def read_items(items: Sequence[str], read: ReadCustomer) -> CustomerList:
    """Read a list in which each item is one customer, as programs send it."""
    rows = [_Row(number, (" ".join(item.split()),)) for number, item in enumerate(items, 1)]
    return _read_column(rows, 0, read, may_have_heading=False)


_ABOVE = "This line is above the table."
_AT_MOST = f"Look up to {MAX_CUSTOMERS:,} customers at a time."


def _read_column(
    rows: Sequence[_Row], index: int, read: ReadCustomer, *, may_have_heading: bool = True
) -> CustomerList:
    has_heading = may_have_heading and bool(rows) and _heading_of(rows, read)(index)
    ends = thread_time() + MAX_CPU_S
    first_line: dict[str, int] = {}
    customers: list[IncidentCustomer] = []
    typed: dict[int, str] = {}
    duplicates: list[Remark] = []
    refused: list[Remark] = []
    for row in rows[has_heading:]:
        text = _BULLET.sub("", row.cells[index].strip()) if index < len(row.cells) else ""
        text = found[1] if (found := _AS_TEXT.fullmatch(text)) else text
        shown = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
        if thread_time() > ends:
            raise ListRefused("This list takes too long to read. Check that it is a list.")
        try:
            customer = _read_one(text, read)
        except CustomerRefused as why:
            refused.append(Remark(row.line, shown, f"{why} {why.next_step}".strip()))
            continue
        known = first_line.setdefault(hash_customer(customer.identifier), row.line)
        if known != row.line:
            duplicates.append(Remark(row.line, shown, f"The same customer as in line {known}."))
            continue
        customers.append(IncidentCustomer(row.line, customer))
        typed[row.line] = stored_text(text, customer)
    if len(customers) > MAX_CUSTOMERS:
        raise ListRefused(f"That list has {len(customers):,} customers. {_AT_MOST}")
    heading = rows[0].cells[index].strip() if has_heading else ""
    return CustomerList(tuple(customers), typed, tuple(duplicates), tuple(refused), heading=heading)


def _read_one(text: str, read: ReadCustomer) -> Customer:
    if not text:
        raise CustomerRefused("This line has no customer.")
    limit = MAX_LINK_LENGTH if "://" in text else MAX_CUSTOMER_LENGTH + 100
    if len(text) > limit:
        raise CustomerRefused("That’s too long for a customer.")
    if not any(map(str.isalnum, text)):
        raise CustomerRefused("This has no letters or digits.")
    customer = read(text)
    if not text.casefold().startswith(EXACTLY):
        if _SHORTENED.fullmatch(text):
            raise CustomerRefused("A spreadsheet has shortened this number.", may_be_exact=True)
        if customer.identifier.casefold() in _PLACEHOLDERS:
            raise CustomerRefused("This stands for an unknown customer.", may_be_exact=True)
        if len(text.split()) > _MAX_WORDS or text[-1] in "!?" or (text[-1] == ":" and " " in text):
            raise CustomerRefused("This reads like a sentence.", may_be_exact=True)
    if not customer.is_named:
        raise CustomerRefused(f"This is the ID of a {customer.kind}. Look it up alone.")
    return customer


def _items(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines, or the parts of the only line, which may be a list in itself."""
    filled = [line for line in lines if line.strip()]
    if len(filled) != 1 or "://" in filled[0]:
        return lines
    if filled[0].count("@") > 1 and "<" in filled[0]:  # people, as in the head of an email
        people = getaddresses([filled[0].replace(";", ",")])
        addresses = [address for _name, address in people if address]
        return addresses if len(addresses) == filled[0].count("@") else lines
    if '"' in filled[0]:
        return lines
    parts = re.split(r"[,;\t]", filled[0])
    is_list = len(parts) > 1 and all(len(part.split()) == 1 for part in parts if part.strip())
    return parts if is_list else lines


def _json_items(text: str) -> list[str]:
    """Return the texts and numbers of a JSON array, or nothing if it is something else."""
    if not text.lstrip("\ufeff \r\n").startswith("["):
        return []
    try:
        items = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return []
    plain = all(isinstance(one, str | int) for one in items)
    return [" ".join(str(one).split()) for one in items] if plain else []


# Tables


def _titles(rows: Sequence[_Row], read: ReadCustomer) -> Sequence[_Row]:
    """Return the rows above the headings, such as the name of the table in a merged cell."""
    for count, row in enumerate(rows[: _MAX_TITLES + 1]):
        if sum(map(bool, row.cells)) > 1:
            return rows[:count] if any(_read_label(cell, read) for cell in row.cells) else []
    return []


def _table(lines: Sequence[str]) -> list[_Row]:
    """Return the rows of a text with several columns; none for a plain list."""
    broken = []
    for separator in _SEPARATORS:
        try:
            rows = list(_rows(lines, separator))
        except csv.Error:
            broken.append(separator)
            continue
        if _is_regular(rows):
            return _capped(rows)
        if len(rows) == 1 and len(rows[0].cells) > 1:  # the others are empty
            return []
    unquoted = ([_row(n, line.split(one)) for n, line in enumerate(lines, 1)] for one in broken)
    found = ([row for row in rows if any(row.cells)] for rows in unquoted)
    return next(map(_capped, filter(_is_regular, found)), [])


def _capped(rows: Sequence[_Row]) -> list[_Row]:
    return [replace(row, cells=row.cells[:_MAX_COLUMNS]) for row in rows]


def _is_regular(rows: Sequence[_Row]) -> bool:
    """Return whether most rows have the same number of cells, apart from titles above them."""
    above = len(list(takewhile(lambda row: len(row.cells) == 1, rows[:_MAX_TITLES])))
    if any(map(_is_clear, (cell for row in rows[above : above + 1] for cell in row.cells))):
        above = 0
    widths = Counter(len(row.cells) for row in rows[above:])
    width, times = widths.most_common(1)[0] if widths else (1, 0)
    return len(rows) > 1 and 1 < width <= _MAX_COLUMNS and times >= 0.8 * (len(rows) - above)


def _rows(lines: Sequence[str], separator: str) -> Iterator[_Row]:
    reader = csv.reader([f"{line}\n" for line in lines], delimiter=separator, strict=True)
    start = 1
    for cells in reader:
        if any(map(str.strip, cells)):
            yield _row(start, cells)
        start = reader.line_num + 1


def _row(line: int, cells: Sequence[str]) -> _Row:
    return _Row(line, tuple(" ".join(cell.split()) for cell in cells))


def _columns(rows: Sequence[_Row], read: ReadCustomer) -> tuple[Column, ...]:
    is_heading = _heading_of(rows, read)
    columns = []
    for index in range(max(len(row.cells) for row in rows)):
        has_heading = is_heading(index)
        cells = [row.cells[index] for row in rows if index < len(row.cells)]
        name = cells[0] if has_heading and cells else ""
        example = next(filter(None, cells[has_heading:]), "")
        columns.append(Column(index, name[:_MAX_SHOWN], example[:_MAX_SHOWN]))
    return tuple(columns)


def _heading_of(rows: Sequence[_Row], read: ReadCustomer) -> Callable[[int], bool]:
    """Return whether the first row names the columns, as a function of the column."""
    first = rows[0].cells
    if any(_read_label(cell, read) for cell in first):
        return lambda _index: True
    if len(first) < 2 or any(map(_is_clear, first)):
        return lambda _index: False
    below = rows[1:_SEEN_ROWS]
    return lambda index: any(_is_clear(row.cells[index]) for row in below if index < len(row.cells))


def _read_label(cell: str, read: ReadCustomer) -> Customer | None:
    """Return a customer with this label, if people label identifiers so: “Customer ID.”"""
    if not 0 < len(cell) <= 40:
        return None
    try:
        customer = read(f"{cell}: 1001")
    except CustomerRefused:
        return None
    return customer if customer.identifier == "1001" else None


def _is_clear(cell: str) -> bool:
    return "@" in cell or any(map(str.isdigit, cell))


def _likeliest(rows: Sequence[_Row], indexes: Sequence[int], read: ReadCustomer) -> int:
    """Return the column that looks most like customers, the first if several do; or the line.

    A heading such as “User ID” says more than the values, and email addresses say more than a
    heading such as “Subject.”
    """
    seen = rows[:_SEEN_ROWS]
    if not any(_read_label(cell, read) for cell in rows[0].cells) and not any(
        _is_clear(cell) for row in seen for cell in row.cells
    ):
        return WHOLE_LINE

    def score(index: int) -> tuple[bool, bool, bool, bool]:
        cells = [row.cells[index] for row in seen if index < len(row.cells)]
        label = _read_label(cells[0], read) if cells else None
        has_emails = sum("@" in cell for cell in cells) > 0.5 * len(seen)
        is_clear = sum(map(_is_clear, cells)) > 0.5 * len(seen)
        return (bool(label and label.fields), has_emails, label is not None, is_clear)

    return max(indexes, key=lambda index: (score(index), -index))
