"""Pages, cursors and the Link header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from apps.demo.exchange import Ask, bad

CURSOR = re.compile(r"-?\d+(?:\.\d+)?:(\d+):[01]")
MAX_PER_PAGE = 100

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list and the header that leads to its neighbours."""

    items: Sequence[T]
    link: str

    @property
    def headers(self) -> dict[str, str]:
        """The Link header, ready to send."""
        return {"Link": self.link}


def per_page_of(ask: Ask, name: str = "per_page") -> int:
    """How many items a page may have: 1 to 100, 100 by default. Raises ApiError 400."""
    told = ask.one(name)
    if told is None:
        return MAX_PER_PAGE
    try:
        number = int(told)
    except ValueError as error:
        raise bad(f"Invalid {name} parameter.") from error
    if not 1 <= number <= MAX_PER_PAGE:
        raise bad(f"Invalid {name} value. Must be between 1 and {MAX_PER_PAGE}.")
    return number


def offset_of(ask: Ask) -> int:
    """Where the page starts, from a cursor `value:offset:is_prev`. Raises ApiError 400."""
    told = ask.one("cursor")
    if told is None:
        return 0
    match = CURSOR.fullmatch(told)
    if match is None:
        raise bad("Invalid cursor parameter.")
    return int(match.group(1))


def page_of(ask: Ask, items: Sequence[T], size: int) -> Page[T]:
    """The page a request asks for. Offsets shift when new items come in, as in Sentry."""
    offset = offset_of(ask)
    return Page(items[offset : offset + size], link_header(ask, offset, size, len(items)))


def link_header(ask: Ask, offset: int, size: int, total: int) -> str:
    """Both neighbours, always; `results` says whether going there is of use."""
    back = (f"0:{max(offset - size, 0)}:1", "previous", offset > 0)
    onward = (f"0:{offset + size}:0", "next", offset + size < total)
    return ", ".join(_link(ask, *neighbour) for neighbour in (back, onward))


def _link(ask: Ask, cursor: str, rel: str, results: bool) -> str:
    kept = {name: values for name, values in ask.params.items() if name != "cursor"}
    address = f"{ask.base_url}{ask.path}?{urlencode(kept, doseq=True)}&cursor={cursor}"
    return f'<{address}>; rel="{rel}"; results="{str(results).lower()}"; cursor="{cursor}"'
