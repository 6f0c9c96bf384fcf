"""The trail as people and programs take it along: plain words, CSV and JSON lines."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from io import StringIO
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from apps.audit.models import Action, Entry
from apps.audit.trail import opened

MOST_LISTED = 10_000
ORIGINS = {"web": "web page", "api": "API", "cli": "command line", "system": "Triage itself"}
_COLUMNS = (
    *("sequence", "at", "action", "actor_id", "actor", "origin", "address", "target"),
    *("customer_hash", "detail", "words_hash", "previous", "digest"),
)
# What a spreadsheet takes for a formula at the start of a cell, wide forms too.
_FORMULA = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Pages of the newest entries; it never counts more than it lists."""

    @cached_property
    def count(self) -> int:
        """How many are listed: at most ten thousand, whatever there is."""
        assert isinstance(self.object_list, QuerySet)  # noqa: S101 - the admin's list is one
        return int(self.object_list.order_by()[:MOST_LISTED].count())

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than is listed."""
        return self.count >= MOST_LISTED


def told(detail: Mapping[str, Any]) -> str:
    """The small facts of an entry on one line; what is empty is left out."""
    named = {name: fact for name, fact in detail.items() if fact not in ("", None, [], False)}
    return ", ".join(f"{name.replace('_', ' ')}: {_fact(fact)}" for name, fact in named.items())


def _fact(fact: Any) -> str:
    if fact is True:
        return "yes"
    if isinstance(fact, list):
        more = f" and {len(fact) - 3} more" if len(fact) > 3 else ""
        return " ".join(str(one) for one in fact[:3]) + more
    return str(fact)


def csv_lines(entries: QuerySet[Entry], *, words: bool) -> Iterator[str]:
    """The entries as CSV, line by line, every cell quoted and none a formula."""
    yield csv_line(_names(words))
    for entry in entries.iterator(chunk_size=1000):
        yield csv_line(_row(entry, words).values())


def json_lines(entries: QuerySet[Entry], *, words: bool) -> Iterator[str]:
    """The entries as JSON, one object on each line."""
    for entry in entries.iterator(chunk_size=1000):
        yield json.dumps(_row(entry, words)) + "\n"


def csv_line(facts: Iterable[object]) -> str:
    """One line of CSV, every cell quoted and none a formula."""
    text = StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([safe_cell(fact) for fact in facts])
    return text.getvalue()


def safe_cell(fact: object) -> str:
    """The fact as a cell that a spreadsheet shows and does not work out."""
    if isinstance(fact, dict):
        return json.dumps(fact, sort_keys=True)
    text = "" if fact is None else str(fact)
    is_worked_out = text.lstrip().startswith(_FORMULA) or (text and text[0] < " ")
    return f"'{text}" if is_worked_out else text


def _names(words: bool) -> list[str]:
    return [*_COLUMNS, "words"] if words else [*_COLUMNS]


def _row(entry: Entry, words: bool) -> dict[str, Any]:
    row = {name: getattr(entry, name) for name in _COLUMNS}
    row["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    row["action"] = str(Action(entry.action)) if entry.action in Action else entry.action
    if words:
        row["words"] = words_of_entry(entry)
    return row


def words_of_entry(entry: Entry) -> str:
    """What was typed for the entry; empty when nothing was, or it was erased."""
    typed = getattr(entry, "words", None)
    return opened(typed) if typed else ""
